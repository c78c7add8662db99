import { Injectable } from '@nestjs/common';
import { type BillingSettings, CatalogReader } from '@app/catalog';
import { Events, type NewEvent } from '@app/events';
import { type Actor, grouped, SYSTEM_ACTOR } from '@app/kernel';
import { CouponRedemptions } from './coupon-redemptions.service.js';
import { CreditBalances } from './credit-balances.service.js';
import { DocumentNumbersRepository } from './document-numbers.repository.js';
import { isNothing } from './domain/draft.js';
import { finalized } from './domain/finalize.js';
import type { Invoice } from './domain/invoice.js';
import { invoiceEvent } from './invoice-event.js';
import { InvoicePricing, type PricedInvoice } from './invoice-pricing.service.js';
import { InvoicesRepository } from './invoices.repository.js';
import { PaymentProviders } from './payment-providers.js';

/** The actor that finalizes, and the present of the customers. */
export interface FinalizationContext {
  now: Date;
  actor?: Actor;
}

/** Turns locked drafts into invoices: usage, discounts, taxes, number, seller, buyer and credit balance. */
@Injectable()
export class InvoiceFinalization {
  constructor(
    private readonly invoices: InvoicesRepository,
    private readonly pricing: InvoicePricing,
    private readonly numbers: DocumentNumbersRepository,
    private readonly balances: CreditBalances,
    private readonly coupons: CouponRedemptions,
    private readonly catalog: CatalogReader,
    private readonly providers: PaymentProviders,
    private readonly events: Events,
  ) {}

  /**
   * Finalizes drafts, at most one per subscription. A draft on which nothing is due is deleted instead. Numbers are
   * given in the order of the drafts, in the transaction that has locked them: a rollback leaves no gap.
   * @returns the invoices
   */
  async finalize(all: Invoice[], { now, actor = SYSTEM_ACTOR }: FinalizationContext): Promise<Invoice[]> {
    const settings = await this.settingsOf(all);
    const drafts = all.filter(({ productId }) => settings.has(productId));
    const empty = new Set(drafts.flatMap(({ id, lines }) => (lines.length === 0 ? [id] : [])));
    const priced = await this.pricing.price(drafts);
    const isDropped = ({ invoice }: PricedInvoice): boolean => isNothing(invoice, settings.get(invoice.productId)!);
    await this.invoices.deleteDrafts(priced.filter(isDropped).map(({ invoice }) => invoice));
    const kept = priced.filter((one) => !isDropped(one));
    const paid = await this.balances.apply(
      kept.map(({ invoice }) => invoice),
      now,
    );
    await this.useCoupons(kept);
    // Last: the lock on the numbers of a seller is held for the shortest time.
    const serials = await this.takeNumbers(kept);
    const after = kept.map(({ invoice, profile, language, customer }) => {
      const own = settings.get(invoice.productId)!;
      return finalized(invoice, {
        serial: serials.get(invoice.id)!,
        settings: own,
        profile,
        language,
        timeZone: customer.timezone,
        chargesMethods: this.providers.find(own.provider)?.chargesMethods ?? true,
        fromBalance: paid.get(invoice.id) ?? 0,
        now,
      });
    });
    await this.invoices.updateDrafts(after);
    await this.events.recordMany(
      after.flatMap((invoice) => eventsOf(invoice, { wasEmpty: empty.has(invoice.id), now, actor })),
    );
    return after;
  }

  /** Settings of the products. Drafts of a product whose billing is off wait until it is on again. */
  private async settingsOf(drafts: Invoice[]): Promise<Map<string, BillingSettings>> {
    const settings = new Map<string, BillingSettings>();
    for (const productId of new Set(drafts.map((draft) => draft.productId))) {
      const own = await this.catalog.billingOf(productId);
      if (own) settings.set(productId, own);
    }
    return settings;
  }

  /** In the order of the products, so that two transactions cannot deadlock here. */
  private async takeNumbers(priced: PricedInvoice[]): Promise<Map<string, number>> {
    const serials = new Map<string, number>();
    const byProduct = grouped(priced, ({ invoice }) => invoice.productId);
    for (const [productId, own] of [...byProduct].sort(([one], [other]) => (one < other ? -1 : 1))) {
      const first = await this.numbers.take(productId, 'invoice', own.length);
      own.forEach(({ invoice }, index) => serials.set(invoice.id, first + index));
    }
    return serials;
  }

  private async useCoupons(priced: PricedInvoice[]): Promise<void> {
    for (const { invoice, used } of priced) await this.coupons.usePeriod(used, invoice.billedAt);
  }
}

/** A draft that had no line has not been published as created. */
function eventsOf(
  invoice: Invoice,
  { wasEmpty, now: at, actor }: { wasEmpty: boolean; now: Date; actor: Actor },
): NewEvent[] {
  const created = invoiceEvent('invoice.created', invoice, { at, actor });
  const paid = invoiceEvent('invoice.paid', invoice, { at, actor, before: { status: 'open' } });
  return [
    ...(wasEmpty ? [created] : []),
    invoiceEvent('invoice.finalized', invoice, { at, actor, before: { status: 'draft' } }),
    ...(invoice.status === 'paid' ? [paid] : []),
  ];
}

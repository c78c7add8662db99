import { Injectable } from '@nestjs/common';
import { InvoicePreviews } from '@app/billing';
import type { EntitlementTerms } from '@app/catalog';
import { type Customer, CustomersService } from '@app/customers';
import { EntitlementsService, EntitlementSnapshots } from '@app/entitlements';
import { MeteringService } from '@app/metering';
import {
  type BillingAnchor,
  type ChangePreview,
  LifecycleService,
  netOf,
  type Subscription,
  upcomingCharge,
} from '@app/subscriptions';
import { PreviewedInvoiceDto } from '../invoices/dto/preview-invoice.dto.js';
import { InvoicePresenter } from '../invoices/invoice-presenter.js';
import {
  type BillingAnchorPreviewDto,
  ChangePreviewDto,
  type EntitlementChangesDto,
  namedTerms,
  type OverLimitDto,
  ProrationLineDto,
} from './dto/preview.dto.js';
import { SubscriptionPresenter } from './subscription-presenter.js';

type Selection = Parameters<LifecycleService['previewChange']>[1];

/** Previews a change with the pure function that applies it. */
@Injectable()
export class PreviewChangeOperation {
  constructor(
    private readonly lifecycle: LifecycleService,
    private readonly customers: CustomersService,
    private readonly snapshots: EntitlementSnapshots,
    private readonly entitlements: EntitlementsService,
    private readonly metering: MeteringService,
    private readonly invoices: InvoicePreviews,
    private readonly presenter: SubscriptionPresenter,
    private readonly invoicePresenter: InvoicePresenter,
  ) {}

  /** @throws DomainError the errors of the change */
  async preview(subscription: Subscription, selection: Selection): Promise<ChangePreviewDto> {
    const preview = await this.lifecycle.previewChange(subscription, selection);
    const { subscription: after, at } = preview.transition;
    const customer = await this.customers.getById(after.customerId);
    const presented = await this.presented(preview, customer);
    return {
      effectiveAt:
        after.scheduledChange && selection.when === 'period_end' ? new Date(after.scheduledChange.effectiveAt) : at,
      ...presented,
      entitlements: await this.changes(customer, presented.subscription.product, preview, selection.when === 'now'),
    };
  }

  /** @throws DomainError the errors of the command */
  async previewAnchor(subscription: Subscription, anchor: BillingAnchor): Promise<BillingAnchorPreviewDto> {
    const preview = await this.lifecycle.previewBillingAnchor(subscription, anchor);
    const { nextAnchor, currentPeriodEnd } = preview.transition.subscription;
    const presented = await this.presented(preview);
    return { effectiveAt: (nextAnchor && currentPeriodEnd) ?? preview.transition.at, ...presented };
  }

  private async presented(
    { before, transition }: ChangePreview,
    customer?: Customer,
  ): Promise<Omit<BillingAnchorPreviewDto, 'effectiveAt'>> {
    const { subscription: after, prorationLines = [], at } = transition;
    const invoice = await this.invoices.nextIfBilled({ before, transition, from: at });
    return {
      lines: prorationLines.map(ProrationLineDto.of),
      total: { amount: netOf(prorationLines), currency: after.price.currency },
      nextCharge: upcomingCharge(after),
      invoice: invoice && PreviewedInvoiceDto.of(await this.invoicePresenter.one(invoice)),
      subscription: await this.presenter.one(after, customer),
    };
  }

  private async changes(
    customer: Customer,
    product: string,
    { before, transition: { subscription } }: ChangePreview,
    now: boolean,
  ): Promise<EntitlementChangesDto> {
    const snapshot = (await this.snapshots.getFresh(customer.key))!;
    const after = now ? subscription : (subscription.scheduledChange ?? subscription);
    const { gained, lost, changed } = await this.entitlements.difference(snapshot, before, after);
    const shrunk = [
      ...changed.map(({ feature, after: terms }) => ({ feature, terms })),
      ...lost.map(({ feature, terms }) => ({ feature, terms: nothingOf(terms) })),
    ];
    const over = await Promise.all(
      shrunk.map(({ feature, terms }) => this.overLimit({ customer, product, feature }, terms, now)),
    );
    return {
      gained: gained.map(({ feature, terms }) => namedTerms(feature, terms)),
      lost: lost.map(({ feature, terms }) => namedTerms(feature, terms)),
      changed: changed.map((one) => ({
        feature: one.feature,
        before: namedTerms(one.feature, one.before),
        after: namedTerms(one.feature, one.after),
      })),
      overLimit: over.filter((one) => one !== null),
    };
  }

  /** Usage in windows restarts with the next window; usage without a window does not. */
  private async overLimit(
    meter: { customer: Customer; product: string; feature: string },
    terms: EntitlementTerms,
    now: boolean,
  ): Promise<OverLimitDto | null> {
    if (terms.type !== 'metered' || terms.limit === null || !(now || terms.window === 'none')) return null;
    const { used = 0, reserved = 0 } = await this.metering.check({ ...meter, quantity: 1 });
    const taken = used + reserved;
    return taken > terms.limit ? { feature: meter.feature, used: taken, limit: terms.limit } : null;
  }
}

const nothingOf = (terms: EntitlementTerms): EntitlementTerms =>
  terms.type === 'metered' ? { ...terms, limit: 0 } : terms;

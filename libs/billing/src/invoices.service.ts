import { Injectable } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import { type Customer, CustomerTime } from '@app/customers';
import { Events } from '@app/events';
import {
  type Actor,
  DomainError,
  newId,
  notFound,
  type Page,
  type PageRequest,
  type ScopeFilter,
  toPage,
} from '@app/kernel';
import { Database } from '@app/platform';
import { draftTotals, emptyDraft } from './domain/draft.js';
import type { Invoice } from './domain/invoice.js';
import { assertInvoiceStep } from './domain/invoice-status.js';
import { type ManualLine, manualLines } from './domain/manual-line.js';
import { assertNoneUnderWay } from './domain/payment.js';
import { Dunning } from './dunning.service.js';
import { invoiceEvent } from './invoice-event.js';
import { InvoiceFinalization } from './invoice-finalization.service.js';
import { type FoundInvoice, type InvoiceFilter, InvoicesRepository } from './invoices.repository.js';
import { UsageRelease } from './usage-release.service.js';

/** A command on one invoice. */
export interface InvoiceCommand {
  invoice: Pick<Invoice, 'id' | 'customerId'>;
  actor: Actor;
  reason?: string;
}

/** A manual invoice: what was sold beside the subscriptions. */
export interface ManualInvoice {
  customer: Customer;
  productId: string;
  currency: string;
  lines: ManualLine[];
  actor: Actor;
}

/** Reads invoices, and changes them on request. */
@Injectable()
export class InvoicesService {
  constructor(
    private readonly invoices: InvoicesRepository,
    private readonly finalization: InvoiceFinalization,
    private readonly dunning: Dunning,
    private readonly catalog: CatalogReader,
    private readonly time: CustomerTime,
    private readonly database: Database,
    private readonly events: Events,
    private readonly usage: UsageRelease,
  ) {}

  /**
   * An invoice by id.
   * @throws DomainError `invoice_not_found`
   * @example const { status, due } = await invoices.get(id);
   */
  async get(id: string): Promise<Invoice> {
    return (await this.invoices.find(id)) ?? invoiceNotFound();
  }

  /** Finalized invoices by the start of their number, or by their serial number. */
  search(text: string, scope: ScopeFilter, limit: number): Promise<FoundInvoice[]> {
    return this.invoices.search(text, scope, limit);
  }

  /** Lists invoices, newest first. */
  async list(page: PageRequest, filter: InvoiceFilter): Promise<Page<Invoice>> {
    return toPage(await this.invoices.list(page, filter), page.limit);
  }

  /**
   * Creates a draft with manual lines. It is finalized by request.
   * @throws DomainError `billing_off`, `amount_too_large`
   * @example
   * const lines = [{ description: 'Workshop', quantity: 2, unitAmount: 50_000 }];
   * await invoices.create({ customer, productId, currency: 'EUR', lines, actor });
   */
  create({ customer, productId, currency, lines, actor }: ManualInvoice): Promise<Invoice> {
    return this.database.transaction(async () => {
      if (!(await this.catalog.billingOf(productId)))
        throw new DomainError('conflict', 'billing_off', 'Billing is off for this product; switch it on first.');
      const now = await this.time.of(customer);
      const written = manualLines(lines, { currency, now });
      const invoice: Invoice = {
        ...emptyDraft({ id: newId(), now }),
        customerId: customer.id,
        productId,
        subscriptionId: null,
        testClockId: customer.testClockId,
        purpose: 'manual',
        billedAt: now,
        currency,
        lines: written,
        ...draftTotals(written),
        period: { start: now, end: now },
        usageFrom: null,
        finalizeAt: null,
      };
      await this.invoices.insertMany([invoice]);
      await this.events.record(invoiceEvent('invoice.created', invoice, { at: now, actor }));
      return invoice;
    });
  }

  /**
   * Finalizes a draft now: it gets its number and never changes again. One that waits for late usage waits no longer;
   * usage that arrives later is on the next invoice.
   * @throws DomainError `invoice_not_found`, `invoice_status_conflict`, `billing_off`, `nothing_due`
   * @example await invoices.finalize({ invoice, actor });
   */
  finalize({ invoice, actor }: InvoiceCommand): Promise<Invoice> {
    return this.database.transaction(async () => {
      const draft = await this.lock(invoice);
      assertInvoiceStep(draft, 'finalize');
      if (!(await this.catalog.billingOf(draft.productId)))
        throw new DomainError('conflict', 'billing_off', 'Billing is off for this product; switch it on first.');
      const [finalized] = await this.finalization.finalize([draft], { now: await this.time.of(draft), actor });
      if (!finalized)
        throw new DomainError('conflict', 'nothing_due', 'Nothing is due on this draft, so there is no invoice.');
      return finalized;
    });
  }

  /**
   * Voids an open invoice: nothing is due any more, its number stays. Its usage is charged again by the next invoice.
   * @throws DomainError `invoice_not_found`, `invoice_status_conflict`, `invoice_partly_settled`, `payment_under_way`
   * @example await invoices.void({ invoice, actor, reason: 'wrong address' });
   */
  void(command: InvoiceCommand): Promise<Invoice> {
    return this.database.transaction(async () => {
      const open = await this.lock(command.invoice);
      assertInvoiceStep(open, 'void');
      if (open.paid !== 0 || open.credited !== 0)
        throw new DomainError(
          'conflict',
          'invoice_partly_settled',
          'A part of this invoice is paid or credited; create a credit note for the rest instead.',
          { paid: open.paid, credited: open.credited },
        );
      assertNoneUnderWay(await this.invoices.findPaymentUnderWay(open));
      const changes = { status: 'void', due: 0, nextAttemptAt: null } as const;
      const after = await this.save(open, changes, { ...command, type: 'invoice.voided' });
      await this.usage.release(open);
      await this.dunning.recover(open, command.actor);
      return after;
    });
  }

  /**
   * Marks an open invoice as uncollectible: it is not collected any more, but a later payment is still possible.
   * @throws DomainError `invoice_not_found`, `invoice_status_conflict`, `payment_under_way`
   * @example await invoices.markUncollectible({ invoice, actor, reason: 'insolvent' });
   */
  markUncollectible(command: InvoiceCommand): Promise<Invoice> {
    return this.database.transaction(async () => {
      const open = await this.lock(command.invoice);
      assertInvoiceStep(open, 'mark_uncollectible');
      assertNoneUnderWay(await this.invoices.findPaymentUnderWay(open));
      const changes = { status: 'uncollectible', nextAttemptAt: null } as const;
      return this.save(open, changes, { ...command, type: 'invoice.marked_uncollectible' });
    });
  }

  private async save(
    before: Invoice,
    changes: Partial<Invoice>,
    { type, actor, reason }: InvoiceCommand & { type: 'invoice.voided' | 'invoice.marked_uncollectible' },
  ): Promise<Invoice> {
    const now = await this.time.of(before);
    const after = { ...before, ...changes, version: before.version + 1, updatedAt: now };
    await this.invoices.settle([after]);
    const { status, due } = before;
    await this.events.record(invoiceEvent(type, after, { at: now, actor, reason, before: { status, due } }));
    return after;
  }

  private async lock(invoice: Pick<Invoice, 'id' | 'customerId'>): Promise<Invoice> {
    return (await this.invoices.lock(invoice)) ?? invoiceNotFound();
  }
}

function invoiceNotFound(): never {
  throw notFound('invoice');
}

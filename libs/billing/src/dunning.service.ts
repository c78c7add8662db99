import { Injectable } from '@nestjs/common';
import { CatalogReader, type DunningEnd } from '@app/catalog';
import { CustomersService } from '@app/customers';
import { Events } from '@app/events';
import { type Actor, DomainError, SYSTEM_ACTOR } from '@app/kernel';
import { LifecycleService } from '@app/subscriptions';
import { CheckoutsRepository } from './checkouts/checkouts.repository.js';
import { CollectionRepository } from './collection.repository.js';
import { afterFailure } from './domain/dunning.js';
import type { Invoice } from './domain/invoice.js';
import { changed, uncollectible } from './domain/settlement.js';
import { invoiceEvent } from './invoice-event.js';
import { InvoicesRepository } from './invoices.repository.js';

const UTC = 'UTC';
const REASON = 'dunning';
/** Time for the command that replaces a canceled payment. Milliseconds. */
const REPLACEMENT_MS = 15 * 60_000;
/** A subscription that has ended, or whose status does not permit the transition, stays as it is. */
const TOLERATED = new Set(['subscription_ended', 'transition_not_allowed', 'subscription_not_found']);

/** Why and when the collection of an invoice failed. */
export interface Failure {
  code: string;
  now: Date;
  /** Another payment method was chosen while the payment was under way: when it is charged. */
  retryAt?: Date | null;
}

/** The consequences of invoices whose collection fails, and of those that are paid after all. */
@Injectable()
export class Dunning {
  constructor(
    private readonly invoices: InvoicesRepository,
    private readonly collection: CollectionRepository,
    private readonly lifecycle: LifecycleService,
    private readonly catalog: CatalogReader,
    private readonly customers: CustomersService,
    private readonly events: Events,
    private readonly checkouts: CheckoutsRepository,
  ) {}

  /**
   * Records that the collection of a locked invoice failed: it is retried on a later day, or given up, and its
   * subscription is past due, or ends as the settings of the product say. Needs a transaction.
   * @returns the invoice as written
   * @example await dunning.fail(invoice, { code: 'no_payment_method', now });
   */
  async fail(invoice: Invoice, { code, now, retryAt = null }: Failure): Promise<Invoice> {
    if (invoice.status !== 'open') return invoice;
    if (await this.checkouts.ofInvoice({ customerId: invoice.customerId, invoiceId: invoice.id }))
      return this.failCheckout(invoice, { code, now });
    const settings = await this.catalog.billingOf(invoice.productId);
    const { retryDays, finally: end } = settings?.dunning ?? { retryDays: [], finally: 'keep' };
    const timeZone = await this.zoneOf(invoice.customerId);
    const failed: Invoice = {
      ...changed(invoice, now),
      ...afterFailure(invoice, { retryDays, timeZone, now, retryAt }),
    };
    const hasEnded = failed.nextAttemptAt === null;
    const after = hasEnded ? { ...uncollectible(failed, now), version: failed.version } : failed;
    await this.invoices.settle([after]);
    const more = { failureCode: code, nextAttemptAt: failed.nextAttemptAt };
    await this.events.recordMany([
      invoiceEvent('invoice.payment_failed', failed, { at: now, more }),
      ...(hasEnded
        ? [invoiceEvent('invoice.marked_uncollectible', after, { at: now, before: { status: 'open' }, reason: REASON })]
        : []),
    ]);
    if (invoice.failedAt === null) await this.recordPayment(invoice, 'failed');
    if (hasEnded) await this.endSubscription(invoice, end);
    return after;
  }

  /**
   * Records that a payment of a locked invoice was canceled for another command, which follows. Should it not follow,
   * because its process dies, the invoice is collected later. Needs a transaction.
   */
  async waitForReplacement(invoice: Invoice, now: Date): Promise<void> {
    if (invoice.status !== 'open') return;
    const isCheckout = await this.checkouts.ofInvoice({ customerId: invoice.customerId, invoiceId: invoice.id });
    const nextAttemptAt = isCheckout ? null : new Date(now.getTime() + REPLACEMENT_MS);
    await this.invoices.settle([{ ...changed(invoice, now), nextAttemptAt }]);
  }

  /**
   * Makes the subscription of an invoice that had failed active again, when nothing is due on the invoice any more and
   * no other invoice of it is overdue. Needs the transaction that wrote the invoice.
   */
  async recover(before: Invoice, actor: Actor = SYSTEM_ACTOR): Promise<void> {
    if (before.failedAt === null || before.subscriptionId === null) return;
    if (await this.collection.hasOtherOverdue(before)) return;
    await this.recordPayment(before, 'succeeded', actor);
  }

  /** A checkout waits for another payment until it is given up: nothing that is late has been delivered. */
  private async failCheckout(invoice: Invoice, { code, now }: { code: string; now: Date }): Promise<Invoice> {
    const after = { ...changed(invoice, now), nextAttemptAt: null };
    await this.invoices.settle([after]);
    const more = { failureCode: code, nextAttemptAt: null };
    await this.events.record(invoiceEvent('invoice.payment_failed', after, { at: now, more }));
    return after;
  }

  private recordPayment(invoice: Invoice, outcome: 'failed' | 'succeeded', actor = SYSTEM_ACTOR): Promise<void> {
    return this.onSubscription(invoice, (subscription) =>
      this.lifecycle.recordPayment({ subscription, actor, reason: REASON }, outcome),
    );
  }

  private async endSubscription(invoice: Invoice, end: DunningEnd): Promise<void> {
    if (end === 'keep') return;
    await this.onSubscription(invoice, (subscription) => {
      const command = { subscription, actor: SYSTEM_ACTOR, reason: REASON };
      return end === 'cancel' ? this.lifecycle.cancel(command, 'now') : this.lifecycle.pauseUnpaid(command);
    });
  }

  private async onSubscription(
    { customerId, subscriptionId }: Invoice,
    command: (subscription: { id: string; customerId: string }) => Promise<unknown>,
  ): Promise<void> {
    if (subscriptionId === null) return;
    try {
      await command({ id: subscriptionId, customerId });
    } catch (error) {
      if (!(error instanceof DomainError && TOLERATED.has(error.code))) throw error;
    }
  }

  /** The zone of a deleted customer is not known any more. */
  private async zoneOf(customerId: string): Promise<string> {
    try {
      return (await this.customers.getById(customerId)).timezone;
    } catch (error) {
      if (error instanceof DomainError && error.code === 'customer_not_found') return UTC;
      throw error;
    }
  }
}

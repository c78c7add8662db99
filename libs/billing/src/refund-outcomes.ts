import { Injectable } from '@nestjs/common';
import { CustomerTime } from '@app/customers';
import { Events } from '@app/events';
import { Clock } from '@app/kernel';
import { CreditBalances } from './credit-balances.service.js';
import type { Payment, Refund } from './domain/payment.js';
import { nextCheckAt } from './domain/payment-check.js';
import { withRefunded } from './domain/payment-progress.js';
import { ForeignRefunds } from './foreign-refunds.js';
import { InvoicesRepository } from './invoices.repository.js';
import { paymentEvent } from './payment-event.js';
import type { ProviderRefund, RefundOutcome } from './payment-provider.js';
import { PaymentsRepository } from './payments.repository.js';
import { RefundsRepository } from './refunds.repository.js';

/** Brings refunds to the state that the provider has. */
@Injectable()
export class RefundOutcomes {
  constructor(
    private readonly refunds: RefundsRepository,
    private readonly payments: PaymentsRepository,
    private readonly invoices: InvoicesRepository,
    private readonly foreign: ForeignRefunds,
    private readonly balances: CreditBalances,
    private readonly time: CustomerTime,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /**
   * Applies the refunds that a provider reports to a locked payment. Needs a transaction.
   * @returns true when something changed
   */
  async applyAll(payment: Payment, reported: ProviderRefund[], now: Date): Promise<boolean> {
    if (reported.length === 0) return false;
    const known = await this.refunds.ofPayments(payment.customerId, [payment.id]);
    let current = payment;
    let isChanged = false;
    for (const one of reported) {
      const refund = known.find(
        ({ id, providerId }) =>
          id === one.idempotencyKey || (providerId !== null && providerId === one.outcome.providerId),
      );
      const after = refund
        ? await this.apply(current, refund, one.outcome, now)
        : await this.foreign.add(current, one, now);
      isChanged ||= after !== null;
      current = after ?? current;
    }
    return isChanged;
  }

  /**
   * Applies the outcome of a refund to a locked payment. Money that could not be paid back goes to the credit balance,
   * and can be refunded from there.
   * Needs a transaction.
   * @returns the payment; null when nothing changed
   */
  async apply(payment: Payment, refund: Refund, outcome: RefundOutcome, now: Date): Promise<Payment | null> {
    if (refund.status === 'failed' || refund.status === outcome.status) return null;
    if (outcome.status === 'pending') return null;
    const providerId = refund.providerId ?? outcome.providerId;
    const failureCode = outcome.status === 'failed' ? outcome.code : null;
    const after: Refund = { ...refund, status: outcome.status, providerId, failureCode, checkAt: null, updatedAt: now };
    await this.refunds.update(after);
    const more = { refund: refund.id, refundAmount: refund.amount, creditNote: refund.creditNoteId };
    if (outcome.status === 'succeeded') {
      await this.events.record(paymentEvent('payment.refunded', payment, { at: now, more }));
      return payment;
    }
    return this.giveBack(payment, after, now);
  }

  /** Records the answer of the provider to a refund; null: it gave none. Needs a transaction. */
  async record(known: Refund, outcome: RefundOutcome | null): Promise<void> {
    const payment = await this.payments.lock({ customerId: known.customerId, id: known.paymentId });
    const refund = await this.refunds.find(known);
    if (refund?.status !== 'pending' || !payment) return;
    const invoice = await this.invoices.find(payment.invoiceId);
    const now = await this.time.of(invoice!);
    if (outcome && outcome.status !== 'pending') await this.apply(payment, refund, outcome, now);
    else await this.wait(refund, outcome, now);
  }

  /** Notes when the provider is queried again about a refund that is under way. */
  private async wait(refund: Refund, outcome: RefundOutcome | null, now: Date): Promise<void> {
    const providerId = refund.providerId ?? outcome?.providerId ?? null;
    const checkAt = nextCheckAt(refund, this.clock.now());
    await this.refunds.update({ ...refund, providerId, checkAt, updatedAt: later(refund.createdAt, now) });
  }

  private async giveBack(payment: Payment, refund: Refund, now: Date): Promise<Payment> {
    const excess = payment.excess + refund.amount;
    const after = { ...withRefunded(payment, payment.refunded - refund.amount, now), excess };
    await this.payments.update(after);
    const { amount, creditNoteId, invoiceId, failureCode } = refund;
    await this.balances.move(payment, {
      amount,
      kind: 'refund',
      creditNoteId,
      invoiceId,
      reason: failureCode,
      at: now,
    });
    const more = { refund: refund.id, refundAmount: amount, creditNote: creditNoteId, refundFailureCode: failureCode };
    await this.events.record(paymentEvent('payment.refund_failed', after, { at: now, more }));
    return after;
  }
}

/** A refund that was tried is updated later than it was created; in one that was not, both times are equal. */
const later = (createdAt: Date, now: Date): Date => (now > createdAt ? now : new Date(createdAt.getTime() + 1));

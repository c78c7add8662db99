import { Injectable } from '@nestjs/common';
import { CustomerTime } from '@app/customers';
import { Events } from '@app/events';
import { type Actor, DomainError, notFound } from '@app/kernel';
import { Database } from '@app/platform';
import { CreditBalances } from './credit-balances.service.js';
import { CreditNoteWriter } from './credit-note-writer.js';
import type { Invoice } from './domain/invoice.js';
import type { Payment, Refund } from './domain/payment.js';
import { refundableParts, refundParts } from './domain/refund.js';
import { InvoicesRepository } from './invoices.repository.js';
import { paymentEvent } from './payment-event.js';
import { PaymentsRepository } from './payments.repository.js';
import { RefundRequests } from './refund-requests.js';

export interface RefundCommand {
  /** Left out: all that was not refunded yet. */
  amount?: number;
  reason: string;
  actor: Actor;
}

/** Refunds of payments. */
@Injectable()
export class Refunds {
  constructor(
    private readonly payments: PaymentsRepository,
    private readonly invoices: InvoicesRepository,
    private readonly writer: CreditNoteWriter,
    private readonly requests: RefundRequests,
    private readonly balances: CreditBalances,
    private readonly events: Events,
    private readonly time: CustomerTime,
    private readonly database: Database,
  ) {}

  /**
   * Refunds a payment in full or part: its excess first, from the credit balance, then through a credit note against
   * its invoice. A worker makes the refund at the provider. Concurrent refunds are never more than the payment.
   * @throws DomainError `payment_not_found`, `payment_not_refundable`, `refund_too_large`
   * @example await refunds.refund(payment, { amount: 500, reason: 'outage', actor });
   */
  refund(known: Pick<Payment, 'customerId' | 'id' | 'invoiceId'>, command: RefundCommand): Promise<Payment> {
    return this.database.transaction(async () => {
      const invoice = await this.invoices.lock({ customerId: known.customerId, id: known.invoiceId });
      const payment = await this.payments.lock(known);
      if (!invoice || !payment) throw notFound('payment');
      assertRefundable(payment);
      const most = refundableParts(payment, {
        balance: payment.excess > 0 ? await this.balances.lock(payment) : 0,
        creditable: invoice.status === 'void' ? 0 : invoice.total - invoice.credited - invoice.due,
      });
      const parts = refundParts(command.amount ?? payment.amount - payment.refunded, most);
      if (!parts) throw refundTooLarge(most.fromBalance + most.credited);
      const now = await this.time.of(invoice);
      const rest = parts.fromBalance > 0 ? await this.refundExcess(payment, parts.fromBalance, command, now) : payment;
      if (parts.credited > 0) await this.refundCredited({ invoice, payment: rest }, parts.credited, command, now);
      return (await this.payments.find(payment.id))!;
    });
  }

  /** The refunds of a payment, oldest first. */
  of(payment: Payment): Promise<Refund[]> {
    return this.requests.ofPayment(payment);
  }

  private async refundExcess(
    payment: Payment,
    amount: number,
    { reason, actor }: RefundCommand,
    now: Date,
  ): Promise<Payment> {
    const { invoiceId } = payment;
    await this.balances.move(payment, { amount: -amount, kind: 'refund', invoiceId, reason, at: now });
    const after = await this.requests.createOfExcess(payment, amount, now);
    const more = { refundAmount: amount };
    await this.events.record(paymentEvent('payment.refund_requested', after, { at: now, actor, reason, more }));
    return after;
  }

  private async refundCredited(
    { invoice, payment }: { invoice: Invoice; payment: Payment },
    amount: number,
    { reason, actor }: RefundCommand,
    now: Date,
  ): Promise<void> {
    const note = await this.writer.write(invoice, { amount }, { refundable: amount, reason, actor, now });
    await this.requests.create([payment], amount, { creditNoteId: note.id, invoiceId: null, now });
  }
}

function assertRefundable({ status }: Payment): void {
  if (status === 'succeeded' || status === 'partially_refunded') return;
  throw new DomainError('conflict', 'payment_not_refundable', `The payment is ${status}.`, { paymentStatus: status });
}

const refundTooLarge = (refundable: number): DomainError =>
  new DomainError('conflict', 'refund_too_large', '`refundable` says how much of the payment is left.', { refundable });

import { Injectable } from '@nestjs/common';
import { Clock, newId } from '@app/kernel';
import type { Payment, Refund } from './domain/payment.js';
import { withRefunded } from './domain/payment-progress.js';
import { creditablePart } from './domain/refund.js';
import { PaymentsRepository } from './payments.repository.js';
import { RefundsRepository } from './refunds.repository.js';

/** The document of refunds, and when they are made. */
interface RefundTerms extends Pick<Refund, 'creditNoteId' | 'invoiceId'> {
  now: Date;
}

/** Stores refunds that a worker then makes at the provider. */
@Injectable()
export class RefundRequests {
  constructor(
    private readonly refunds: RefundsRepository,
    private readonly payments: PaymentsRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * Requests refunds of an amount over locked payments, in their order, each as far as it reaches. Needs a transaction.
   * @throws Error when the payments do not reach: a bug of the caller
   */
  async create(payments: Payment[], amount: number, terms: RefundTerms): Promise<void> {
    let left = amount;
    const refunds: Refund[] = [];
    for (const payment of payments) {
      const part = Math.min(left, creditablePart(payment));
      if (part === 0) continue;
      left -= part;
      await this.payments.update(withRefunded(payment, payment.refunded + part, terms.now));
      refunds.push(this.refundOf(payment, part, terms));
    }
    if (left > 0) throw new Error(`The payments do not reach for a refund: ${left} are left.`);
    await this.refunds.insertMany(refunds);
  }

  /**
   * Requests a refund of what was moved to the credit balance; the caller takes it from there. Needs a transaction that
   * has locked the payment.
   * @returns the payment as written
   */
  async createOfExcess(payment: Payment, amount: number, now: Date): Promise<Payment> {
    const after = { ...withRefunded(payment, payment.refunded + amount, now), excess: payment.excess - amount };
    await this.payments.update(after);
    await this.refunds.insertMany([this.refundOf(payment, amount, { creditNoteId: null, invoiceId: null, now })]);
    return after;
  }

  /** The refunds of a payment, oldest first. */
  ofPayment({ customerId, id }: Payment): Promise<Refund[]> {
    return this.refunds.ofPayments(customerId, [id]);
  }

  private refundOf(
    { customerId, id, currency }: Payment,
    amount: number,
    { creditNoteId, invoiceId, now }: RefundTerms,
  ): Refund {
    return {
      id: newId(),
      customerId,
      paymentId: id,
      creditNoteId,
      invoiceId,
      amount,
      currency,
      status: 'pending',
      providerId: null,
      failureCode: null,
      checkAt: this.clock.now(),
      createdAt: now,
      updatedAt: now,
    };
  }
}

import { Injectable, Logger } from '@nestjs/common';
import { newId, SYSTEM_ACTOR } from '@app/kernel';
import { CreditBalances } from './credit-balances.service.js';
import { CreditNoteWriter } from './credit-note-writer.js';
import type { Payment, Refund } from './domain/payment.js';
import { withRefunded } from './domain/payment-progress.js';
import { refundableParts, refundParts } from './domain/refund.js';
import { InvoicesRepository } from './invoices.repository.js';
import type { ProviderRefund } from './payment-provider.js';
import { PaymentsRepository } from './payments.repository.js';
import { RefundsRepository } from './refunds.repository.js';

const REASON = 'refunded at the payment provider';

/**
 * Refunds that were made at the provider, not here. The excess of the payment is taken from the credit balance, the
 * rest gets a credit note, so that the books agree.
 */
@Injectable()
export class ForeignRefunds {
  private readonly logger = new Logger('Refunds');

  constructor(
    private readonly refunds: RefundsRepository,
    private readonly payments: PaymentsRepository,
    private readonly invoices: InvoicesRepository,
    private readonly writer: CreditNoteWriter,
    private readonly balances: CreditBalances,
  ) {}

  /**
   * Records a refund of a locked payment that this service did not request. Needs a transaction that has locked the
   * invoice.
   * @returns the payment; null when nothing changed
   */
  async add(payment: Payment, { outcome, amount }: ProviderRefund, now: Date): Promise<Payment | null> {
    if (outcome.status !== 'succeeded') return null;
    const invoice = (await this.invoices.lock({ customerId: payment.customerId, id: payment.invoiceId }))!;
    const most = refundableParts(payment, {
      balance: payment.excess > 0 ? await this.balances.lock(payment) : 0,
      creditable: invoice.status === 'paid' ? invoice.total - invoice.credited : 0,
    });
    const parts = refundParts(amount, most);
    if (!parts) {
      const message = 'A refund at the provider is more than is left of its payment; correct it by hand';
      this.logger.error({ message, payment: payment.id, refund: outcome.providerId, amount });
      return null;
    }
    const { fromBalance, credited } = parts;
    if (fromBalance > 0)
      await this.balances.move(payment, {
        amount: -fromBalance,
        kind: 'refund',
        invoiceId: invoice.id,
        reason: REASON,
        at: now,
      });
    const terms = { refundable: credited, reason: REASON, actor: SYSTEM_ACTOR, now };
    const note = credited > 0 ? await this.writer.write(invoice, { amount: credited }, terms) : null;
    const refund: Refund = {
      id: newId(),
      customerId: payment.customerId,
      paymentId: payment.id,
      creditNoteId: note?.id ?? null,
      invoiceId: null,
      amount,
      currency: payment.currency,
      status: 'succeeded',
      providerId: outcome.providerId,
      failureCode: null,
      checkAt: null,
      createdAt: now,
      updatedAt: now,
    };
    await this.refunds.insertMany([refund]);
    const after = {
      ...withRefunded(payment, payment.refunded + amount, now),
      excess: payment.excess - fromBalance,
    };
    await this.payments.update(after);
    return after;
  }
}

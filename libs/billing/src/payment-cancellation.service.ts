import { Injectable } from '@nestjs/common';
import { DomainError } from '@app/kernel';
import { Charges } from './charges.service.js';
import { PAYMENT_UNDER_WAY } from './domain/payment.js';
import { PaymentsRepository } from './payments.repository.js';
import { reachable } from './reachable.js';

/** Cancels a charge that waits for its payer, for another command on its invoice. */
@Injectable()
export class PaymentCancellation {
  constructor(
    private readonly payments: PaymentsRepository,
    private readonly charges: Charges,
  ) {}

  /**
   * Runs a command on an invoice. When it is refused because a charge waits for its payer, the charge is canceled at
   * the provider, so that the payer cannot confirm it any more, and the command runs again. A payer that was faster
   * wins: the command finds the invoice paid. Not in a transaction.
   * @throws DomainError `payment_under_way` while the outcome of a payment is not known, `provider_unavailable`
   * @example await cancellation.instead(() => invoices.void({ invoice, actor, reason }));
   */
  async instead<T>(command: () => Promise<T>): Promise<T> {
    try {
      return await command();
    } catch (error) {
      if (!(error instanceof DomainError && error.code === PAYMENT_UNDER_WAY)) throw error;
      const payment = await this.payments.find(error.details['payment'] as string);
      if (payment?.status !== 'requires_action') throw error;
      await reachable(() => this.charges.cancel(payment, { isReplaced: true }));
      return command();
    }
  }
}

import { Injectable, Logger } from '@nestjs/common';
import { CustomersService } from '@app/customers';
import { Database } from '@app/platform';
import type { Payment } from './domain/payment.js';
import { PaymentAccounts } from './payment-accounts.service.js';
import { PaymentOutcomes } from './payment-outcomes.js';
import {
  type ChargeOutcome,
  type ChargeRequest,
  type ProviderCharge,
  ProviderUnavailable,
} from './payment-provider.js';
import { PaymentRecords } from './payment-records.js';
import { ProviderCalls } from './provider-calls.js';

/**
 * Charges payment methods. A payment is stored and committed before the provider is called, and its outcome is stored
 * after: when a process or the database fails in between, a worker finds the payment and queries the provider.
 */
@Injectable()
export class Charges {
  private readonly logger = new Logger('Charges');

  constructor(
    private readonly records: PaymentRecords,
    private readonly outcomes: PaymentOutcomes,
    private readonly accounts: PaymentAccounts,
    private readonly customers: CustomersService,
    private readonly calls: ProviderCalls,
    private readonly database: Database,
  ) {}

  /**
   * Calls the provider for a stored payment and applies the outcome. Not in a transaction. When the answer is lost, the
   * provider is queried immediately, and a worker queries it again later.
   * @param options.mayExist true: the charge may have been made before, so the provider is queried first
   * @throws Error inside of a transaction: a rollback would lose the payment of a charge
   */
  async execute(payment: Payment, { mayExist = false } = {}): Promise<void> {
    if (this.database.inTransaction) throw new Error('A payment is charged after the commit of its transaction.');
    try {
      const request = await this.requestOf(payment);
      const charge = await this.chargeOnce(payment, request, mayExist);
      await this.outcomes.apply(payment.provider, charge);
    } catch (error) {
      await this.records.checkLater(payment);
      const reason = error instanceof Error ? error.message : String(error);
      const message = 'The outcome of a payment is not known; the provider is queried again later';
      if (error instanceof ProviderUnavailable) this.logger.log({ message, payment: payment.id, reason });
      else this.logger.error({ message, payment: payment.id, reason });
    }
  }

  /** The charge of a payment at its provider; null when there is none. @throws ProviderUnavailable */
  async find(payment: Payment): Promise<ProviderCharge | null> {
    const { provider: name, providerId } = payment;
    if (providerId !== null) return this.calls.call(name, (provider) => provider.getCharge(providerId));
    const request = await this.requestOf(payment);
    return this.calls.call(name, (provider) => provider.findCharge({ providerId, request }));
  }

  /**
   * Cancels a charge that its payer has not confirmed, and applies what became of it: it may have succeeded. Not in a
   * transaction.
   * @param options.isReplaced true: for another command on the invoice, so it is no failure of the payer
   * @throws ProviderUnavailable
   */
  async cancel(payment: Payment, options: { isReplaced?: boolean } = {}): Promise<void> {
    const outcome = await this.calls.call(payment.provider, (provider) => provider.cancelCharge(payment.providerId!));
    await this.outcomes.apply(payment.provider, chargeOf(payment, outcome), options);
  }

  /** Cancels a charge that its payer has not confirmed in time; a later run tries again when it cannot. */
  async giveUp(payment: Payment): Promise<void> {
    try {
      await this.cancel(payment);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.log({ message: 'A charge was not canceled; will retry', payment: payment.id, reason });
    }
  }

  private async chargeOnce(payment: Payment, request: ChargeRequest, mayExist: boolean): Promise<ProviderCharge> {
    const { provider: name, providerId } = payment;
    const find = (): Promise<ProviderCharge | null> =>
      this.calls.call(name, (provider) => provider.findCharge({ providerId, request }));
    const charge = async (): Promise<ProviderCharge> =>
      chargeOf(payment, await this.calls.call(name, (provider) => provider.charge(request)));
    if (mayExist) return (await find()) ?? charge();
    try {
      return await charge();
    } catch (error) {
      if (!(error instanceof ProviderUnavailable)) throw error;
      const found = await find();
      if (!found) throw error;
      return found;
    }
  }

  /** The same payment always makes the same request: a provider refuses a key that comes back with another one. */
  private async requestOf(payment: Payment): Promise<ChargeRequest> {
    const { invoice, method } = await this.records.read(payment);
    const account =
      (await this.accounts.find(payment.customerId, payment.provider)) ??
      (await this.accounts.ensure(await this.customers.getById(payment.customerId), payment.provider));
    return {
      idempotencyKey: `${payment.invoiceId}:${payment.attempt}`,
      amount: payment.amount,
      currency: payment.currency,
      account,
      method: method.providerId,
      description: invoice.number!,
      metadata: { invoice: payment.invoiceId, payment: payment.id, customer: payment.customerId },
    };
  }
}

/** An outcome as a charge with nothing else to report. */
const chargeOf = (
  { id, customerId, invoiceId, amount, currency }: Payment,
  outcome: ChargeOutcome,
): ProviderCharge => ({
  outcome,
  amount,
  currency,
  metadata: { invoice: invoiceId, payment: id, customer: customerId },
  refunded: 0,
  refunds: [],
  disputed: false,
});

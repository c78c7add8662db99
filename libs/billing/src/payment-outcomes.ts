import { Injectable } from '@nestjs/common';
import { CustomerTime } from '@app/customers';
import { Events } from '@app/events';
import { Clock } from '@app/kernel';
import { Database } from '@app/platform';
import type { Payment, ProviderName } from './domain/payment.js';
import { paymentAfter } from './domain/payment-progress.js';
import { nextCheckAt } from './domain/payment-check.js';
import { InvoicesRepository } from './invoices.repository.js';
import { paymentEvent } from './payment-event.js';
import type { ProviderCharge } from './payment-provider.js';
import { PaymentSettlement } from './payment-settlement.js';
import { PaymentsRepository } from './payments.repository.js';
import { RefundOutcomes } from './refund-outcomes.js';

/**
 * `applied`: the payment changed. `unchanged`: it was in this state already. `unknown`: no payment of this service has
 * this charge; nothing changed.
 */
export type AppliedOutcome = 'applied' | 'unchanged' | 'unknown';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Brings payments, refunds and invoices to the state that the provider has. */
@Injectable()
export class PaymentOutcomes {
  constructor(
    private readonly payments: PaymentsRepository,
    private readonly invoices: InvoicesRepository,
    private readonly settlement: PaymentSettlement,
    private readonly refunds: RefundOutcomes,
    private readonly time: CustomerTime,
    private readonly database: Database,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /**
   * Applies the state of a charge at the provider to its payment, refunds and invoice, in one transaction. Any order
   * and any number of calls lead to the same end: a state never goes back to an earlier one.
   * @param options.isReplaced true: a failure was requested by a command that follows, so no dunning begins
   */
  async apply(provider: ProviderName, charge: ProviderCharge, { isReplaced = false } = {}): Promise<AppliedOutcome> {
    const payment = await this.find(provider, charge);
    return payment ? this.database.transaction(() => this.applyTo(payment, charge, isReplaced)) : 'unknown';
  }

  private async applyTo(known: Payment, charge: ProviderCharge, isReplaced: boolean): Promise<AppliedOutcome> {
    const invoice = await this.invoices.lock({ customerId: known.customerId, id: known.invoiceId });
    const before = await this.payments.lock(known);
    const now = await this.time.of(invoice!);
    const checkAt = nextCheckAt(before!, this.clock.now());
    const { payment, move, isDisputed } = paymentAfter(before!, charge, { now, checkAt });
    if (payment !== before) await this.payments.update(payment);
    if (isDisputed) await this.events.record(paymentEvent('payment.disputed', payment, { at: now }));
    const settled = move === null ? payment : await this.settlement.settle(invoice!, payment, { now, isReplaced });
    const refunded = await this.refunds.applyAll(settled, charge.refunds, now);
    return payment === before && !refunded ? 'unchanged' : 'applied';
  }

  /** The payment of a charge; null when it is not of this service, or not what the payment says. */
  private async find(provider: ProviderName, { outcome, ...charge }: ProviderCharge): Promise<Payment | null> {
    const { providerId } = outcome;
    const byId = providerId === null ? null : await this.payments.findByProvider(provider, providerId);
    const { payment: id } = charge.metadata;
    const payment = byId ?? (id !== undefined && UUID.test(id) ? await this.payments.find(id) : null);
    if (!payment || payment.provider !== provider) return null;
    const isOther = payment.providerId !== null && providerId !== null && payment.providerId !== providerId;
    const isWrong = payment.amount !== charge.amount || payment.currency !== charge.currency;
    return isOther || isWrong ? null : payment;
  }
}

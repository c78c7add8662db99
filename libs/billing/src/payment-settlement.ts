import { Injectable } from '@nestjs/common';
import { Events } from '@app/events';
import { type Actor, SYSTEM_ACTOR } from '@app/kernel';
import { CheckoutCompletion } from './checkouts/checkout-completion.js';
import { CreditBalances } from './credit-balances.service.js';
import type { Invoice } from './domain/invoice.js';
import type { Payment } from './domain/payment.js';
import { withPayment } from './domain/settlement.js';
import { Dunning } from './dunning.service.js';
import { invoiceEvent } from './invoice-event.js';
import { InvoicesRepository } from './invoices.repository.js';
import { paymentEvent } from './payment-event.js';
import { PaymentsRepository } from './payments.repository.js';

/** The instant, actor and reason of a settlement. */
interface Settling {
  now: Date;
  actor?: Actor;
  reason?: string;
  /** True: a failure that a command requested, which follows. */
  isReplaced?: boolean;
}

/** The effects of a new status of a payment on its invoice, its subscription and the credit balance. */
@Injectable()
export class PaymentSettlement {
  constructor(
    private readonly payments: PaymentsRepository,
    private readonly invoices: InvoicesRepository,
    private readonly balances: CreditBalances,
    private readonly dunning: Dunning,
    private readonly events: Events,
    private readonly checkouts: CheckoutCompletion,
  ) {}

  /**
   * Applies a payment whose status has just changed to its locked invoice. Needs a transaction.
   * @returns the payment as written
   */
  async settle(invoice: Invoice, payment: Payment, settling: Settling): Promise<Payment> {
    const { now: at } = settling;
    if (payment.status === 'succeeded') return this.succeed(invoice, payment, settling);
    if (payment.status === 'failed') {
      const more = { hard: payment.hard };
      await this.events.record(paymentEvent('payment.failed', payment, { at, before: { status: 'pending' }, more }));
      const retryAt = invoice.nextAttemptAt;
      if (settling.isReplaced) await this.dunning.waitForReplacement(invoice, at);
      else await this.dunning.fail(invoice, { code: payment.failureCode ?? 'declined', now: at, retryAt });
    } else if (payment.status === 'requires_action') {
      const more = { payment: payment.id, actionUrl: payment.actionUrl };
      await this.events.record(invoiceEvent('invoice.payment_action_required', invoice, { at, more }));
    }
    return payment;
  }

  private async succeed(
    known: Invoice,
    received: Payment,
    { now: at, actor = SYSTEM_ACTOR, reason }: Settling,
  ): Promise<Payment> {
    const invoice = await this.checkouts.complete(known, at);
    const { invoice: after, excess } = withPayment(invoice, { amount: received.amount, now: at });
    if (after !== invoice) await this.invoices.settle([after]);
    const payment = { ...received, excess };
    if (excess > 0) {
      await this.payments.update(payment);
      await this.balances.move(invoice, {
        amount: excess,
        kind: 'adjustment',
        invoiceId: invoice.id,
        reason: 'overpaid',
        at,
      });
    }
    const isPaid = after.status === 'paid' && invoice.status !== 'paid';
    const before = { status: invoice.status, paid: invoice.paid, due: invoice.due };
    await this.events.recordMany([
      paymentEvent('payment.succeeded', payment, { at, actor, reason, before: { status: 'pending' } }),
      ...(isPaid ? [invoiceEvent('invoice.paid', after, { at, actor, reason, before })] : []),
    ]);
    if (isPaid) await this.dunning.recover(invoice, actor);
    return payment;
  }
}

import { Injectable } from '@nestjs/common';
import { Clock, newId } from '@app/kernel';
import { Database } from '@app/platform';
import type { Invoice } from './domain/invoice.js';
import type { Payment, PaymentMethod } from './domain/payment.js';
import { nextCheckAt } from './domain/payment-check.js';
import { CHECK_LEASE_MS } from './domain/provider-times.js';
import { changed } from './domain/settlement.js';
import { InvoicesRepository } from './invoices.repository.js';
import { PaymentMethodsRepository } from './payment-methods.repository.js';
import { PaymentsRepository } from './payments.repository.js';

/** Stores payments that are about to be charged. */
@Injectable()
export class PaymentRecords {
  constructor(
    private readonly payments: PaymentsRepository,
    private readonly invoices: InvoicesRepository,
    private readonly methods: PaymentMethodsRepository,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Stores the next attempt to pay what is due on a locked invoice. Needs a transaction, and its commit before the
   * provider is called.
   */
  async start(invoice: Invoice, method: PaymentMethod, now: Date): Promise<Payment> {
    const payment = newPayment(invoice, {
      provider: method.provider,
      paymentMethodId: method.id,
      checkAt: new Date(this.clock.now().getTime() + CHECK_LEASE_MS),
      now,
    });
    await this.payments.insert(payment);
    await this.invoices.settle([{ ...changed(invoice, now), attempts: payment.attempt, nextAttemptAt: null }]);
    return payment;
  }

  /** The invoice of a payment, and its method, also when the method was removed since. */
  async read({
    customerId,
    invoiceId,
    paymentMethodId,
  }: Payment): Promise<{ invoice: Invoice; method: PaymentMethod }> {
    const invoice = await this.invoices.find(invoiceId);
    const method = await this.methods.findAny(customerId, paymentMethodId!);
    return { invoice: invoice!, method: method! };
  }

  /** Notes when the provider is queried again about a payment whose outcome is not known. */
  checkLater(known: Payment): Promise<void> {
    return this.database.transaction(async () => {
      const payment = await this.payments.lock(known);
      if (payment?.status !== 'pending') return;
      await this.payments.update({ ...payment, checkAt: nextCheckAt(payment, this.clock.now()) });
    });
  }
}

/** The next attempt to pay what is due on an invoice. */
export const newPayment = (
  invoice: Invoice,
  { now, ...given }: Pick<Payment, 'provider' | 'paymentMethodId' | 'checkAt'> & { now: Date },
): Payment => ({
  id: newId(),
  customerId: invoice.customerId,
  productId: invoice.productId,
  invoiceId: invoice.id,
  providerId: null,
  attempt: invoice.attempts + 1,
  amount: invoice.due,
  refunded: 0,
  excess: 0,
  currency: invoice.currency,
  status: 'pending',
  failureCode: null,
  hard: false,
  actionUrl: null,
  reference: null,
  disputedAt: null,
  createdAt: now,
  updatedAt: now,
  ...given,
});

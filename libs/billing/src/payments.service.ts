import { Injectable } from '@nestjs/common';
import { CustomerTime } from '@app/customers';
import { type Actor, admits, notFound, type Page, type PageRequest, type ScopeFilter, toPage } from '@app/kernel';
import { Database } from '@app/platform';
import { Charges } from './charges.service.js';
import { CollectionDecisions } from './collection-decisions.js';
import { assertInvoiceStep } from './domain/invoice-status.js';
import type { Invoice } from './domain/invoice.js';
import { assertNoneUnderWay, type Payment } from './domain/payment.js';
import { changed } from './domain/settlement.js';
import { InvoicesRepository } from './invoices.repository.js';
import { newPayment } from './payment-records.js';
import { PaymentSettlement } from './payment-settlement.js';
import { type PaymentFilter, PaymentsRepository } from './payments.repository.js';

type InvoiceKey = Pick<Invoice, 'customerId' | 'id'>;

/** Payments of invoices: those that a caller requests, and those that arrived by bank transfer. */
@Injectable()
export class PaymentsService {
  constructor(
    private readonly payments: PaymentsRepository,
    private readonly invoices: InvoicesRepository,
    private readonly decisions: CollectionDecisions,
    private readonly settlement: PaymentSettlement,
    private readonly charges: Charges,
    private readonly time: CustomerTime,
    private readonly database: Database,
  ) {}

  /**
   * Stores the next attempt to pay an invoice. `charge` then charges it, when this is committed.
   * @param options.methodId the payment method; left out: the default of the customer
   * @throws DomainError `invoice_not_found`, `invoice_status_conflict`, `payment_under_way`,
   * `payment_method_not_found`, `no_payment_method`, `no_payment_methods`
   * @example const payment = await payments.charge(await payments.start(invoice));
   */
  start(known: InvoiceKey, options: { methodId?: string } = {}): Promise<Payment> {
    return this.database.transaction(async () => {
      const { invoice, now } = await this.lockPayable(known);
      return this.decisions.start(invoice, { ...options, now });
    });
  }

  /**
   * Charges a payment that `start` stored, once. Not in a transaction.
   * @returns the payment after it: a decline is no error, and one that is still `pending` is resolved later
   */
  async charge({ id }: Pick<Payment, 'id'>): Promise<Payment> {
    const payment = (await this.payments.find(id))!;
    if (payment.status !== 'pending' || payment.providerId !== null) return payment;
    await this.charges.execute(payment);
    return (await this.payments.find(id))!;
  }

  /**
   * Records that an invoice was paid by bank transfer, all that is due.
   * @throws DomainError `invoice_not_found`, `invoice_status_conflict`, `payment_under_way`
   * @example await payments.markPaid(invoice, { reference: 'TRX 4711', reason: 'statement of 3 May', actor });
   */
  markPaid(
    known: InvoiceKey,
    { reference, reason, actor }: { reference: string; reason: string; actor: Actor },
  ): Promise<Payment> {
    return this.database.transaction(async () => {
      const { invoice, now } = await this.lockPayable(known);
      const transfer = newPayment(invoice, { provider: 'manual', paymentMethodId: null, checkAt: null, now });
      const providerId = `transfer_${transfer.id}`;
      const payment: Payment = { ...transfer, providerId, reference, status: 'succeeded' };
      await this.payments.insert(payment);
      const attempted = { ...changed(invoice, now), attempts: payment.attempt };
      await this.invoices.settle([attempted]);
      return this.settlement.settle(attempted, payment, { now, actor, reason });
    });
  }

  /** An invoice in the scope. @throws DomainError `invoice_not_found` */
  async invoice(id: string, scope: ScopeFilter): Promise<Invoice> {
    const invoice = await this.invoices.find(id);
    if (!invoice || !admits(scope, invoice)) throw notFound('invoice');
    return invoice;
  }

  /** Lists payments, newest first. */
  async list(page: PageRequest, filter: PaymentFilter): Promise<Page<Payment>> {
    return toPage(await this.payments.list(page, filter), page.limit);
  }

  /** A payment in the scope. @throws DomainError `payment_not_found` */
  async get(id: string, scope: ScopeFilter): Promise<Payment> {
    const payment = await this.payments.find(id);
    if (!payment || !admits(scope, payment)) throw notFound('payment');
    return payment;
  }

  private async lockPayable(known: InvoiceKey): Promise<{ invoice: Invoice; now: Date }> {
    const invoice = await this.invoices.lock(known);
    if (!invoice) throw notFound('invoice');
    assertInvoiceStep(invoice, 'settle');
    assertNoneUnderWay(await this.payments.findUnderWay({ customerId: invoice.customerId, invoiceId: invoice.id }));
    return { invoice, now: await this.time.of(invoice) };
  }
}

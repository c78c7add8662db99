import { Injectable } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import { DomainError } from '@app/kernel';
import { CollectionRepository, type DueInvoice } from './collection.repository.js';
import { collectionAct, type CollectionSituation } from './domain/dunning.js';
import type { Invoice } from './domain/invoice.js';
import { isUnderWay, type Payment } from './domain/payment.js';
import { changed } from './domain/settlement.js';
import { Dunning } from './dunning.service.js';
import { InvoicesRepository } from './invoices.repository.js';
import { PaymentMethodsRepository } from './payment-methods.repository.js';
import { PaymentProviders } from './payment-providers.js';
import { PaymentRecords } from './payment-records.js';
import { PaymentsRepository } from './payments.repository.js';

/** Decides how an invoice is collected, and stores the decision. */
@Injectable()
export class CollectionDecisions {
  constructor(
    private readonly due: CollectionRepository,
    private readonly invoices: InvoicesRepository,
    private readonly payments: PaymentsRepository,
    private readonly methods: PaymentMethodsRepository,
    private readonly records: PaymentRecords,
    private readonly dunning: Dunning,
    private readonly catalog: CatalogReader,
    private readonly providers: PaymentProviders,
  ) {}

  /**
   * Takes the next step with an invoice that is due, unless another worker has it. Needs a transaction.
   * @returns the payment to charge after the commit; null when there is nothing to charge
   */
  async act(known: DueInvoice, now: Date): Promise<Payment | null> {
    const invoice = await this.due.lockIfDue(known, now);
    if (!invoice) return null;
    const situation = await this.situationOf(invoice, now);
    if (isUnderWay(situation.last)) return null;
    const act = collectionAct(invoice, situation);
    if (act.kind === 'charge') return this.records.start(invoice, act.method, now);
    if (act.kind === 'fail') await this.dunning.fail(invoice, { code: act.code, now });
    else await this.invoices.settle([{ ...changed(invoice, now), nextAttemptAt: act.until }]);
    return null;
  }

  /**
   * Stores the next attempt to pay an invoice, at the request of a caller. Needs a transaction that has locked it.
   * @param options.methodId the method to charge; left out: the default at the provider of the product
   * @throws DomainError `payment_method_not_found`, `no_payment_method`, `no_payment_methods`
   */
  async start(invoice: Invoice, { methodId, now }: { methodId?: string; now: Date }): Promise<Payment> {
    const { chargesMethods, method } = await this.situationOf(invoice, now);
    if (!chargesMethods)
      throw new DomainError('conflict', 'no_payment_methods', 'Invoices of this product are paid by bank transfer.');
    const chosen = methodId === undefined ? method : await this.methods.find(invoice.customerId, methodId);
    if (!chosen)
      throw methodId === undefined
        ? new DomainError('conflict', 'no_payment_method', 'The customer has no payment method; add one first.')
        : new DomainError('not_found', 'payment_method_not_found', 'There is no such payment method.');
    return this.records.start(invoice, chosen, now);
  }

  private async situationOf(invoice: Invoice, now: Date): Promise<CollectionSituation> {
    const settings = await this.catalog.billingOf(invoice.productId);
    const provider = settings && this.providers.find(settings.provider);
    const method = provider ? await this.methods.findChargeable(invoice.customerId, provider.name) : null;
    const last = await this.payments.findLast({ customerId: invoice.customerId, invoiceId: invoice.id });
    return { chargesMethods: provider?.chargesMethods ?? true, method: method, last, now };
  }
}

import { Injectable } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import { CollectionRepository, type OwedInvoice } from './collection.repository.js';
import type { ProviderName } from './domain/payment.js';
import { PaymentMethodsRepository } from './payment-methods.repository.js';

/** Invoices that a new payment method may pay, and the methods that were charged before it. */
export interface CollectedBefore {
  invoices: OwedInvoice[];
  methods: Map<ProviderName, string>;
}

/** Collects the overdue invoices of a customer soon after its payment method has changed. */
@Injectable()
export class OverdueCollection {
  constructor(
    private readonly collection: CollectionRepository,
    private readonly methods: PaymentMethodsRepository,
    private readonly catalog: CatalogReader,
  ) {}

  /**
   * Locks the open invoices of a customer that are charged automatically. Needs a transaction, before the customer is
   * locked: every other command locks the invoice first.
   */
  lockInvoices(customerId: string): Promise<OwedInvoice[]> {
    return this.collection.lockCharged(customerId);
  }

  /** The method that is charged at each provider. */
  chargeable(customerId: string): Promise<Map<ProviderName, string>> {
    return this.methods.chargeable(customerId);
  }

  /**
   * Makes the overdue invoices due now whose provider has another method to charge than before. An invoice whose
   * payment is under way is collected again when that payment fails. Needs the transaction that has locked them.
   */
  async collectSoon(customerId: string, before: CollectedBefore, now: Date): Promise<void> {
    const after = await this.methods.chargeable(customerId);
    const changed = [...after].filter(([provider, id]) => before.methods.get(provider) !== id).map(([name]) => name);
    if (changed.length === 0) return;
    const ids: string[] = [];
    for (const { id, productId } of before.invoices) {
      const settings = await this.catalog.billingOf(productId);
      if (settings && changed.includes(settings.provider)) ids.push(id);
    }
    if (ids.length > 0) await this.collection.bringForward(customerId, ids, now);
  }
}

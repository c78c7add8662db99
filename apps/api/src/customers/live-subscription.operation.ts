import { Injectable } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import type { Customer } from '@app/customers';
import { type CachedSnapshot, EntitlementSnapshots } from '@app/entitlements';
import { type Subscription, SubscriptionsService } from '@app/subscriptions';

/** Reads the live subscription of a customer: from a snapshot that the database has just confirmed, or from history. */
@Injectable()
export class LiveSubscriptionOperation {
  constructor(
    private readonly subscriptions: SubscriptionsService,
    private readonly snapshots: EntitlementSnapshots,
    private readonly catalog: CatalogReader,
  ) {}

  /** @throws DomainError `product_not_found`, `subscription_not_found`, `customer_not_found` */
  async get({
    customer,
    confirmed,
    product,
    at,
  }: {
    customer: Customer;
    confirmed: CachedSnapshot | null;
    product: string;
    at: Date | undefined;
  }): Promise<Subscription> {
    const { id: productId } = await this.catalog.getProduct(product);
    if (at) return this.subscriptions.getLive(customer.id, productId, at);
    const { subscriptions } = confirmed ?? (await this.snapshots.snapshotOf(customer, 'confirmed'));
    return this.subscriptions.liveOf(subscriptions.get(productId) ?? [], customer);
  }
}

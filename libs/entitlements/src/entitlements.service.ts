import { Injectable } from '@nestjs/common';
import { CatalogReader } from '@app/catalog';
import type { Customer } from '@app/customers';
import { Clock } from '@app/kernel';
import { isLive, SubscriptionsService } from '@app/subscriptions';
import { type Entitlement, entitlementOf, type Holder } from './domain/entitlement.js';

/** What customers may do now, derived from what they were sold. Reads the subscription afresh each time; plan versions never change. */
@Injectable()
export class EntitlementsService {
  constructor(
    private readonly catalog: CatalogReader,
    private readonly subscriptions: SubscriptionsService,
    private readonly clock: Clock,
  ) {}

  /** @throws DomainError `product_not_found`, `feature_not_found` */
  async entitlement(customer: Customer, productKey: string, featureKey: string): Promise<Entitlement> {
    const [entitlement] = await this.entitlements(customer, productKey, [featureKey]);
    return entitlement!;
  }

  /** One for each of the features named, in their order. @throws DomainError `product_not_found`, `feature_not_found` */
  async entitlements(customer: Customer, productKey: string, featureKeys: string[]): Promise<Entitlement[]> {
    const product = await this.catalog.getProduct(productKey);
    const features = await Promise.all(featureKeys.map((key) => this.catalog.getFeature(product.id, key)));
    const holder = await this.holder(customer, product.id);
    return features.map((feature) => entitlementOf(feature, holder, this.clock.now()));
  }

  /** Everything that the customer's plan says; nothing without a live subscription. @throws DomainError `product_not_found` */
  async all(customer: Customer, productKey: string): Promise<Entitlement[]> {
    const product = await this.catalog.getProduct(productKey);
    const holder = await this.holder(customer, product.id);
    if (!holder.version || !isLive(holder.subscription!.status)) return [];
    const features = await Promise.all(holder.version.entitlements.map(({ feature }) => this.catalog.getFeature(product.id, feature)));
    return features.map((feature) => entitlementOf(feature, holder, this.clock.now()));
  }

  private async holder(customer: Customer, productId: string): Promise<Holder> {
    const subscription = await this.subscriptions.findLatest(customer.id, productId);
    const version = subscription && (await this.catalog.getVersion(subscription.planId, subscription.planVersion));
    return { subscription, version, timezone: customer.timezone };
  }
}

import { Injectable } from '@nestjs/common';
import { CatalogReader, type Feature } from '@app/catalog';
import { Clock } from '@app/kernel';
import { STALENESS_MS } from '@app/platform';
import { asOf, isLive } from '@app/subscriptions';
import { type Entitlement, entitlementOf, holds, type Standing } from './domain/entitlement.js';
import type { Holder } from './domain/holder.js';
import type { KnownHolder } from './holders.service.js';

/** What customers may do now, derived from what they were sold, overrides and grants. Plan versions never change. */
@Injectable()
export class EntitlementsService {
  constructor(
    private readonly catalog: CatalogReader,
    private readonly clock: Clock,
  ) {}

  /** @throws DomainError `product_not_found`, `feature_not_found` */
  async entitlement(holder: KnownHolder, productKey: string, featureKey: string): Promise<Entitlement> {
    const known = this.recall(holder, productKey, featureKey);
    if (known) return known;
    const now = this.clock.now();
    const product = await this.catalog.getProduct(productKey);
    const feature = await this.catalog.getFeature(product.id, featureKey);
    const entitlement = await this.derive(feature, holder, now);
    holder.entitlements.set(`${productKey} ${featureKey}`, entitlement);
    return entitlement;
  }

  /** The same, if it was derived before and still holds. */
  recall(holder: KnownHolder, productKey: string, featureKey: string): Entitlement | null {
    if (holder.catalogRevision !== this.catalog.revision) {
      holder.entitlements.clear();
      holder.catalogRevision = this.catalog.revision;
    }
    const known = holder.entitlements.get(`${productKey} ${featureKey}`);
    return known && holds(known, this.clock.now()) ? known : null;
  }

  /** What the holder might do at another instant: nothing of it is kept. */
  async entitlementAt(holder: Holder, productKey: string, featureKey: string, at: Date): Promise<Entitlement> {
    const product = await this.catalog.getProduct(productKey);
    return this.derive(await this.catalog.getFeature(product.id, featureKey), holder, at);
  }

  /** The keys of everything that the plan, overrides and grants name; nothing without a live subscription. @throws DomainError `product_not_found` */
  async featureKeys(holder: Holder, productKey: string, at: Date = this.clock.now()): Promise<string[]> {
    const product = await this.catalog.getProduct(productKey);
    const stored = holder.subscriptions.get(product.id);
    const subscription = stored && asOf(stored, at);
    if (!subscription || !isLive(subscription.status)) return [];
    const { entitlements } = await this.catalog.getVersion(subscription.planId, subscription.planVersion);
    const named = new Set(entitlements.map(({ featureId }) => featureId));
    const extra = [...holder.overrides.keys(), ...holder.grants.keys()].filter((id) => !named.has(id));
    const extras = await this.catalog.featuresById([...new Set(extra)]);
    return [...entitlements.map(({ feature }) => feature), ...extras.filter(({ productId }) => productId === product.id).map(({ key }) => key)];
  }

  private async derive(feature: Feature, { customer, subscriptions, overrides, grants }: Holder, at: Date): Promise<Entitlement> {
    const stored = subscriptions.get(feature.productId);
    const subscription = stored ? asOf(stored, at) : null;
    const standing: Standing = {
      subscription,
      version: subscription && (await this.catalog.getVersion(subscription.planId, subscription.planVersion)),
      timezone: customer.timezone,
      override: overrides.get(feature.id) ?? null,
      grants: grants.get(feature.id) ?? [],
    };
    const entitlement = entitlementOf(feature, standing, at);
    // A feature may be archived without its holders being touched: the catalogue's own bound holds.
    const recheck = new Date(at.getTime() + STALENESS_MS);
    const { validUntil } = entitlement;
    return { ...entitlement, validUntil: validUntil && validUntil < recheck ? validUntil : recheck };
  }
}

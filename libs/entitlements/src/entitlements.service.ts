import { Injectable } from '@nestjs/common';
import { CatalogReader, type Feature } from '@app/catalog';
import { CustomerTime } from '@app/customers';
import { Clock } from '@app/kernel';
import { STALENESS_MS } from '@app/platform';
import { currentOf, isLive, type Subscription } from '@app/subscriptions';
import { type Entitlement, entitlementOf, isValidAt, type EntitlementInputs } from './domain/entitlement.js';
import type { EntitlementSnapshot } from './domain/entitlement-snapshot.js';
import { type PlanDifference, planDifference } from './domain/plan-difference.js';
import type { CachedSnapshot } from './entitlement-snapshots.service.js';

type SoldVersion = Pick<Subscription, 'planId' | 'planVersion'>;

/** What customers may do now, derived from what they were sold, overrides and grants. Plan versions never change. */
@Injectable()
export class EntitlementsService {
  constructor(
    private readonly catalog: CatalogReader,
    private readonly time: CustomerTime,
    private readonly clock: Clock,
  ) {}

  /** @throws DomainError `product_not_found`, `feature_not_found` */
  async resolve(holder: CachedSnapshot, productKey: string, featureKey: string): Promise<Entitlement> {
    const known = this.peek(holder, productKey, featureKey);
    if (known) return known;
    const now = await this.time.of(holder.customer);
    const product = await this.catalog.getProduct(productKey);
    const feature = await this.catalog.getFeature(product.id, featureKey);
    const entitlement = await this.derive(feature, holder, now);
    holder.entitlements.set(`${productKey} ${featureKey}`, entitlement);
    return entitlement;
  }

  /** The same, if it was derived before and still holds; never for customers of test clocks, whose present must be asked for. */
  peek(holder: CachedSnapshot, productKey: string, featureKey: string): Entitlement | null {
    if (holder.catalogRevision !== this.catalog.revision) {
      holder.entitlements.clear();
      holder.catalogRevision = this.catalog.revision;
    }
    if (holder.customer.testClockId !== null) return null;
    const known = holder.entitlements.get(`${productKey} ${featureKey}`);
    return known && isValidAt(known, this.clock.now()) ? known : null;
  }

  /** The cached entitlement, even if it is no longer valid. Null if it was never derived. For when the database is unavailable. */
  lastKnown(snapshot: CachedSnapshot, productKey: string, featureKey: string): Entitlement | null {
    return snapshot.entitlements.get(`${productKey} ${featureKey}`) ?? null;
  }

  /** What the holder might do at another instant: nothing of it is kept. */
  async resolveAt(holder: EntitlementSnapshot, productKey: string, featureKey: string, at: Date): Promise<Entitlement> {
    const product = await this.catalog.getProduct(productKey);
    return this.derive(await this.catalog.getFeature(product.id, featureKey), holder, at);
  }

  /** The keys of everything that the plan, overrides and grants name; nothing without a live subscription. @throws DomainError `product_not_found` */
  async featureKeys(holder: EntitlementSnapshot, productKey: string, at?: Date): Promise<string[]> {
    const product = await this.catalog.getProduct(productKey);
    const subscription = currentOf(
      holder.subscriptions.get(product.id) ?? [],
      at ?? (await this.time.of(holder.customer)),
    );
    if (!subscription || !isLive(subscription.status)) return [];
    const { entitlements } = await this.catalog.getVersion(subscription.planId, subscription.planVersion);
    const named = new Set(entitlements.map(({ featureId }) => featureId));
    const extra = [...holder.overrides.keys(), ...holder.grants.keys()].filter((id) => !named.has(id));
    const extras = await this.catalog.featuresById([...new Set(extra)]);
    return [
      ...entitlements.map(({ feature }) => feature),
      ...extras.filter(({ productId }) => productId === product.id).map(({ key }) => key),
    ];
  }

  /** What the holder would gain and lose by another plan. */
  async difference(
    { overrides }: EntitlementSnapshot,
    before: SoldVersion,
    after: SoldVersion,
  ): Promise<PlanDifference> {
    const [old, fresh] = await Promise.all(
      [before, after].map(({ planId, planVersion }) => this.catalog.getVersion(planId, planVersion)),
    );
    return planDifference(old!, fresh!, new Set(overrides.keys()));
  }

  private async derive(
    feature: Feature,
    { customer, subscriptions, overrides, grants }: EntitlementSnapshot,
    at: Date,
  ): Promise<Entitlement> {
    const contracts = subscriptions.get(feature.productId) ?? [];
    const subscription = currentOf(contracts, at);
    const standing: EntitlementInputs = {
      subscription,
      nextStartsAt: contracts.find(({ startedAt, endedAt }) => startedAt > at && endedAt === null)?.startedAt ?? null,
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

import { Injectable } from '@nestjs/common';
import { CatalogReader, type Feature } from '@app/catalog';
import { CustomerTime } from '@app/customers';
import { Clock } from '@app/kernel';
import { STALENESS_MS } from '@app/platform';
import { currentOf, isLive, type Subscription } from '@app/subscriptions';
import { type Entitlement, entitlementOf, isValidAt, type EntitlementInputs } from './domain/entitlement.js';
import type { EntitlementSnapshot } from './domain/entitlement-snapshot.js';
import { withAddOns } from './domain/add-on-terms.js';
import { type PlanDifference, planDifference } from './domain/plan-difference.js';
import type { CachedSnapshot } from './entitlement-snapshots.service.js';

type SoldVersion = Pick<Subscription, 'planId' | 'planVersion'>;

/** Derives entitlements from a customer's plan version, overrides and grants. Plan versions never change. */
@Injectable()
export class EntitlementsService {
  constructor(
    private readonly catalog: CatalogReader,
    private readonly time: CustomerTime,
    private readonly clock: Clock,
  ) {}

  /**
   * The customer's current entitlement to a feature, cached in the snapshot.
   * @throws DomainError `product_not_found`, `feature_not_found`
   * @example
   * const entitlement = await entitlements.resolve(snapshot, 'api', 'calls');
   */
  async resolve(snapshot: CachedSnapshot, productKey: string, featureKey: string): Promise<Entitlement> {
    const known = this.peek(snapshot, productKey, featureKey);
    if (known) return known;
    const now = await this.time.of(snapshot.customer);
    const product = await this.catalog.getProduct(productKey);
    const feature = await this.catalog.getFeature(product.id, featureKey);
    const entitlement = await this.derive(feature, snapshot, now);
    snapshot.entitlements.set(cacheKey(productKey, featureKey), entitlement);
    return entitlement;
  }

  /**
   * The cached entitlement, if it is still valid, without a wait. Null otherwise, and always for customers of test
   * clocks: their present must be read.
   * @example
   * const cached = entitlements.peek(snapshot, 'api', 'calls');
   * const entitlement = cached ?? (await entitlements.resolve(snapshot, 'api', 'calls'));
   */
  peek(snapshot: CachedSnapshot, productKey: string, featureKey: string): Entitlement | null {
    if (snapshot.catalogRevision !== this.catalog.revision) {
      snapshot.entitlements.clear();
      snapshot.catalogRevision = this.catalog.revision;
    }
    if (snapshot.customer.testClockId !== null) return null;
    const known = snapshot.entitlements.get(cacheKey(productKey, featureKey));
    return known && isValidAt(known, this.clock.now()) ? known : null;
  }

  /**
   * The cached entitlement, even if it is no longer valid, for when the database does not respond. Null if not cached.
   * @example
   * const policy = entitlements.lastKnown(snapshot, 'api', 'calls')?.feature.failurePolicy;
   */
  lastKnown(snapshot: CachedSnapshot, productKey: string, featureKey: string): Entitlement | null {
    return snapshot.entitlements.get(cacheKey(productKey, featureKey)) ?? null;
  }

  /**
   * The customer's entitlement to a feature at another instant. Never cached.
   * @throws DomainError `product_not_found`, `feature_not_found`
   * @example
   * const entitlement = await entitlements.resolveAt(snapshot, 'api', 'calls', at);
   */
  async resolveAt(
    snapshot: EntitlementSnapshot,
    productKey: string,
    featureKey: string,
    at: Date,
  ): Promise<Entitlement> {
    const product = await this.catalog.getProduct(productKey);
    return this.derive(await this.catalog.getFeature(product.id, featureKey), snapshot, at);
  }

  /**
   * Keys of all features that the plan, add-ons, overrides and grants name. Empty without a live subscription.
   * @throws DomainError `product_not_found`
   * @example
   * const keys = await entitlements.featureKeys(snapshot, 'api');
   */
  async featureKeys(snapshot: EntitlementSnapshot, productKey: string, at?: Date): Promise<string[]> {
    const product = await this.catalog.getProduct(productKey);
    const subscription = currentOf(
      snapshot.subscriptions.get(product.id) ?? [],
      at ?? (await this.time.of(snapshot.customer)),
    );
    if (!subscription || !isLive(subscription.status)) return [];
    const version = await this.catalog.getVersion(subscription.planId, subscription.planVersion);
    const entitlements = withAddOns(version.entitlements, subscription.addOns);
    const named = new Set(entitlements.map(({ featureId }) => featureId));
    const extra = [...snapshot.overrides.keys(), ...snapshot.grants.keys()].filter((id) => !named.has(id));
    const extras = await this.catalog.featuresById([...new Set(extra)]);
    return [
      ...entitlements.map(({ feature }) => feature),
      ...extras.filter(({ productId }) => productId === product.id).map(({ key }) => key),
    ];
  }

  /**
   * The features that a customer would gain, lose and have on other terms by a change of plan; add-ons stay.
   * @example
   * const { gained, lost } = await entitlements.difference(snapshot, subscription, { planId, planVersion });
   */
  async difference(
    { overrides }: EntitlementSnapshot,
    before: SoldVersion & Pick<Subscription, 'addOns'>,
    after: SoldVersion,
  ): Promise<PlanDifference> {
    const [old, fresh] = await Promise.all(
      [before, after].map(async ({ planId, planVersion }) => {
        const version = await this.catalog.getVersion(planId, planVersion);
        return { ...version, entitlements: withAddOns(version.entitlements, before.addOns) };
      }),
    );
    return planDifference(old!, fresh!, new Set(overrides.keys()));
  }

  private async derive(
    feature: Feature,
    { customer, subscriptions, overrides, grants }: EntitlementSnapshot,
    at: Date,
  ): Promise<Entitlement> {
    const ofProduct = subscriptions.get(feature.productId) ?? [];
    const subscription = currentOf(ofProduct, at);
    const inputs: EntitlementInputs = {
      subscription,
      nextStartsAt: ofProduct.find(({ startedAt, endedAt }) => startedAt > at && endedAt === null)?.startedAt ?? null,
      version: subscription && (await this.catalog.getVersion(subscription.planId, subscription.planVersion)),
      timezone: customer.timezone,
      override: overrides.get(feature.id) ?? null,
      grants: grants.get(feature.id) ?? [],
    };
    const entitlement = entitlementOf(feature, inputs, at);
    // Archiving a feature does not change its customers' versions: the staleness bound of the catalogue applies.
    const recheck = new Date(at.getTime() + STALENESS_MS);
    const { validUntil } = entitlement;
    return { ...entitlement, validUntil: validUntil && validUntil < recheck ? validUntil : recheck };
  }
}

const cacheKey = (productKey: string, featureKey: string): string => `${productKey} ${featureKey}`;

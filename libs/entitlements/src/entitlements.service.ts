import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import { CatalogReader, type Feature } from '@app/catalog';
import { CustomerTime } from '@app/customers';
import { Clock } from '@app/kernel';
import { currentOf, isLive, type Subscription } from '@app/subscriptions';
import { type Entitlement, entitlementOf, isValidAt, type EntitlementInputs } from './domain/entitlement.js';
import type { EntitlementSnapshot } from './domain/entitlement-snapshot.js';
import { withAddOns } from './domain/add-on-terms.js';
import { type PlanDifference, planDifference } from './domain/plan-difference.js';
import type { CachedSnapshot } from './entitlement-snapshots.service.js';

type SoldVersion = Pick<Subscription, 'planId' | 'planVersion'>;

/** A feature that the catalogue has confirmed. The object is replaced when its content changes. */
interface ConfirmedFeature {
  feature: Feature;
  /** The revision of the catalogue that confirmed it, and until when, on the process's monotonic clock in ms. */
  revision: number;
  until: number;
}

/**
 * How long a confirmed feature is used before the catalogue's cache is read again, in ms. Archiving a feature does not
 * change the versions of its customers, so it must be confirmed. Once per feature and not per customer: when each
 * entitlement expired after two seconds, checks spread over 10,000 customers derived a third of them again.
 */
const CONFIRMED_MS = 100;

/** Derives entitlements from a customer's plan version, overrides and grants. Plan versions never change. */
@Injectable()
export class EntitlementsService {
  /** By product key and feature key. Bounded by the catalogue: features are never deleted. */
  private readonly confirmed = new Map<string, Map<string, ConfirmedFeature>>();

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
    const feature = await this.confirm(productKey, featureKey);
    const cached = snapshot.entitlements.get(feature);
    if (cached && snapshot.customer.testClockId === null && isValidAt(cached, now)) return cached;
    const entitlement = await this.derive(feature, snapshot, now);
    for (const former of snapshot.entitlements.keys())
      if (former.id === feature.id) snapshot.entitlements.delete(former);
    snapshot.entitlements.set(feature, entitlement);
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
    const confirmed = this.confirmed.get(productKey)?.get(featureKey);
    if (!confirmed || confirmed.revision !== this.catalog.revision || performance.now() >= confirmed.until) return null;
    if (snapshot.customer.testClockId !== null) return null;
    const known = snapshot.entitlements.get(confirmed.feature);
    return known && isValidAt(known, this.clock.now()) ? known : null;
  }

  /**
   * The cached entitlement, even if it is no longer valid, for when the database does not respond. Null if not cached.
   * @example
   * const policy = entitlements.lastKnown(snapshot, 'api', 'calls')?.feature.failurePolicy;
   */
  lastKnown(snapshot: CachedSnapshot, productKey: string, featureKey: string): Entitlement | null {
    const confirmed = this.confirmed.get(productKey)?.get(featureKey);
    return (confirmed && snapshot.entitlements.get(confirmed.feature)) ?? null;
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
   * As `featureKeys`, now. Kept with the snapshot until time changes a subscription: overrides and grants of features
   * outside of the plan cost a query.
   * @throws DomainError `product_not_found`
   * @example
   * const keys = await entitlements.currentFeatureKeys(snapshot, 'api');
   */
  async currentFeatureKeys(snapshot: CachedSnapshot, productKey: string): Promise<string[]> {
    const { id } = await this.catalog.getProduct(productKey);
    const known = snapshot.featureKeys.get(id);
    if (known && this.clock.now().getTime() < snapshot.nextDueAt) return known;
    const keys = await this.featureKeys(snapshot, productKey);
    snapshot.featureKeys.set(id, keys);
    return keys;
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

  /** The feature as the catalogue has it: the same object as before, unless its content has changed. */
  private async confirm(productKey: string, featureKey: string): Promise<Feature> {
    const { revision } = this.catalog;
    const product = await this.catalog.getProduct(productKey);
    const current = await this.catalog.getFeature(product.id, featureKey);
    const ofProduct = this.confirmed.get(productKey) ?? new Map<string, ConfirmedFeature>();
    this.confirmed.set(productKey, ofProduct);
    const known = ofProduct.get(featureKey)?.feature;
    const feature = known && isDeepStrictEqual({ ...known }, { ...current }) ? known : current;
    ofProduct.set(featureKey, { feature, revision, until: performance.now() + CONFIRMED_MS });
    return feature;
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
    return entitlementOf(feature, inputs, at);
  }
}

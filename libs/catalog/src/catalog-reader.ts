import { Injectable } from '@nestjs/common';
import { Clock, DomainError } from '@app/kernel';
import { CacheInvalidations, Database, LoadingCache, STALENESS_MS } from '@app/platform';
import type { BillingSettings } from './domain/billing-settings.js';
import type { Feature, PlanVersion, Product } from './domain/catalog.js';
import { PlansRepository } from './plans.repository.js';
import { ProductsRepository } from './products.repository.js';

const MAX_ENTRIES = 10_000;

/**
 * The cached catalogue, for the hot path. TTL 2 s for products and features; published versions never expire, because
 * they never change.
 */
@Injectable()
export class CatalogReader {
  private readonly products: LoadingCache<Product>;
  /** Grows with each write that this instance knows of: values derived from an older revision are recomputed. */
  revision = 0;
  /** Time at which it last grew, in ms of the clock of the database. */
  changedAt = 0;
  private readonly productKeys: LoadingCache<string>;
  private readonly features: LoadingCache<Feature>;
  private readonly versions: LoadingCache<PlanVersion>;
  private readonly planIds: LoadingCache<string>;

  constructor(
    private readonly productRows: ProductsRepository,
    plans: PlansRepository,
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly invalidations: CacheInvalidations,
  ) {
    invalidations.subscribeToCatalog(() => this.clear());
    const aging = { max: MAX_ENTRIES, ttl: STALENESS_MS };
    const ageless = { max: MAX_ENTRIES };
    this.products = new LoadingCache(database, aging, async (key) => {
      const product = await productRows.findProduct(key);
      if (product) this.productKeys.set(product.id, key);
      return product;
    });
    this.productKeys = new LoadingCache(database, ageless, async (id) => (await productRows.findProductById(id))?.key);
    this.features = new LoadingCache(database, aging, (name) => productRows.findFeature(...namesOf(name)));
    this.planIds = new LoadingCache(database, ageless, async (name) => (await plans.find(...namesOf(name)))?.id);
    this.versions = new LoadingCache(database, ageless, (name) => {
      const [planId, version] = namesOf(name);
      return plans.findVersion(planId, Number(version));
    });
  }

  /**
   * A product by key; archived ones count as missing.
   * @throws DomainError `product_not_found`
   * @example const { id } = await catalog.getProduct('api');
   */
  async getProduct(key: string): Promise<Product> {
    const product = await this.products.load(key);
    if (!product || product.archivedAt)
      throw new DomainError('not_found', 'product_not_found', 'There is no product with this key.');
    return product;
  }

  /**
   * The key of an existing product, by id. Keys never change.
   * @example await catalog.productKey(subscription.productId); // 'default'
   */
  async productKey(id: string): Promise<string> {
    return (await this.productKeys.load(id))!;
  }

  /**
   * The billing settings of an existing product, by id; null when it is not billed. Archived products are billed on.
   * As old as the product in this cache: a request that has read its product reads nothing more.
   * @example const settings = await catalog.billingOf(subscription.productId);
   */
  async billingOf(productId: string): Promise<BillingSettings | null> {
    return (await this.products.load(await this.productKey(productId)))!.billing;
  }

  /**
   * A feature by key; archived ones too, because their entitlement denies them.
   * @throws DomainError `feature_not_found`
   */
  async getFeature(productId: string, key: string): Promise<Feature> {
    const feature = await this.features.load(`${productId} ${key}`);
    if (!feature) throw new DomainError('not_found', 'feature_not_found', 'The product has no feature with this key.');
    return feature;
  }

  /**
   * Features by id, in no particular order. Not cached.
   * @example const features = await catalog.featuresById([featureId]);
   */
  async featuresById(ids: string[]): Promise<Feature[]> {
    return ids.length === 0 ? [] : this.productRows.featuresById(ids);
  }

  /**
   * The id of a plan that was sold; cached, because keys never change.
   * @throws Error when it does not exist: sold plans are never deleted
   */
  async planId(productId: string, key: string): Promise<string> {
    const id = await this.planIds.load(`${productId} ${key}`);
    if (!id) throw new Error(`There is no plan ${key}.`);
    return id;
  }

  /**
   * A published version of a plan.
   * @throws Error when it does not exist: subscriptions keep the version they were sold, so it is never deleted
   * @example const { entitlements } = await catalog.getVersion(subscription.planId, subscription.planVersion);
   */
  async getVersion(planId: string, version: number): Promise<PlanVersion> {
    const cached = await this.versions.load(`${planId} ${version}`);
    if (!cached) throw new Error(`There is no version ${version} of plan ${planId}.`);
    return cached;
  }

  /**
   * Invalidates products, features and pages: on this instance now, on the others by a hint. Called after each write.
   * Inside a larger transaction, such as that of an Idempotency-Key, it invalidates again after the commit: others
   * still read the old rows until then.
   */
  async invalidate(): Promise<void> {
    this.clear();
    this.database.afterCommit(() => this.clear());
    await this.invalidations.publishCatalog();
  }

  private clear(): void {
    this.revision++;
    this.changedAt = this.clock.now().getTime();
    this.products.clear();
    this.features.clear();
  }
}

const namesOf = (name: string): [string, string] => name.split(' ') as [string, string];

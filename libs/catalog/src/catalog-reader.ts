import { CACHE_MANAGER } from '@nestjs/cache-manager';
import { Inject, Injectable } from '@nestjs/common';
import type { Cache } from 'cache-manager';
import { LRUCache } from 'lru-cache';
import { DomainError } from '@app/kernel';
import { fetchCached, STALENESS_MS } from '@app/platform';
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
  private readonly products: LRUCache<string, Product>;
  /** Grows with each write on this instance: values derived from an older revision are recomputed. */
  revision = 0;
  private readonly productKeys: LRUCache<string, string>;
  private readonly features: LRUCache<string, Feature>;
  private readonly versions: LRUCache<string, PlanVersion>;

  constructor(
    private readonly productRows: ProductsRepository,
    private readonly plans: PlansRepository,
    @Inject(CACHE_MANAGER) private readonly responses: Cache,
  ) {
    const aging = { max: MAX_ENTRIES, ttl: STALENESS_MS };
    this.products = new LRUCache({
      ...aging,
      fetchMethod: async (key) => (await productRows.findProduct(key)) ?? undefined,
    });
    this.productKeys = new LRUCache({
      max: MAX_ENTRIES,
      fetchMethod: async (id) => (await productRows.findProductById(id))?.key,
    });
    this.features = new LRUCache({
      ...aging,
      fetchMethod: async (key) => (await productRows.findFeature(...(key.split(' ') as [string, string]))) ?? undefined,
    });
    this.versions = new LRUCache({
      max: MAX_ENTRIES,
      fetchMethod: async (key) => {
        const [planId, version] = key.split(' ');
        return (await plans.findVersion(planId!, Number(version))) ?? undefined;
      },
    });
  }

  /**
   * A product by key; archived ones count as missing.
   * @throws DomainError `product_not_found`
   * @example const { id } = await catalog.getProduct('api');
   */
  async getProduct(key: string): Promise<Product> {
    const product = await fetchCached(this.products, key);
    if (!product || product.archivedAt)
      throw new DomainError('not_found', 'product_not_found', 'There is no product with this key.');
    return product;
  }

  /**
   * The key of an existing product, by id. Keys never change.
   * @example await catalog.productKey(subscription.productId); // 'default'
   */
  async productKey(id: string): Promise<string> {
    return (await fetchCached(this.productKeys, id))!;
  }

  /**
   * A feature by key; archived ones too, because their entitlement denies them.
   * @throws DomainError `feature_not_found`
   */
  async getFeature(productId: string, key: string): Promise<Feature> {
    const feature = await fetchCached(this.features, `${productId} ${key}`);
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

  /** The id of a plan that was sold. @throws Error when it does not exist: sold plans are never deleted */
  async planId(productId: string, key: string): Promise<string> {
    const plan = await this.plans.find(productId, key);
    if (!plan) throw new Error(`There is no plan ${key}.`);
    return plan.id;
  }

  /**
   * A published version of a plan.
   * @throws Error when it does not exist: subscriptions keep the version they were sold, so it is never deleted
   * @example const { entitlements } = await catalog.getVersion(subscription.planId, subscription.planVersion);
   */
  async getVersion(planId: string, version: number): Promise<PlanVersion> {
    const cached = await fetchCached(this.versions, `${planId} ${version}`);
    if (!cached) throw new Error(`There is no version ${version} of plan ${planId}.`);
    return cached;
  }

  /** Invalidates products and features. Called after each write on this instance. */
  invalidate(): void {
    this.revision++;
    this.products.clear();
    this.features.clear();
    void this.responses.clear();
  }
}

import { CACHE_MANAGER } from '@nestjs/cache-manager';
import { Inject, Injectable } from '@nestjs/common';
import type { Cache } from 'cache-manager';
import { LRUCache } from 'lru-cache';
import { DomainError } from '@app/kernel';
import { STALENESS_MS } from '@app/platform';
import type { Feature, PlanVersion, Product } from './domain/catalog.js';
import { PlansRepository } from './plans.repository.js';
import { ProductsRepository } from './products.repository.js';

const MAX_ENTRIES = 10_000;

/** The catalogue as the hot path reads it: products and features at most two seconds old, published versions for ever. */
@Injectable()
export class CatalogReader {
  private readonly products: LRUCache<string, Product>;
  /** Grows with each write on this instance: what was derived from the catalogue before it is derived again. */
  revision = 0;
  private readonly productKeys: LRUCache<string, string>;
  private readonly features: LRUCache<string, Feature>;
  private readonly versions: LRUCache<string, PlanVersion>;

  constructor(
    private readonly productRows: ProductsRepository,
    private readonly plans: PlansRepository,
    @Inject(CACHE_MANAGER) private readonly answers: Cache,
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

  /** @throws DomainError `product_not_found` */
  async getProduct(key: string): Promise<Product> {
    const product = await this.products.fetch(key);
    if (!product || product.archivedAt)
      throw new DomainError('not_found', 'product_not_found', 'There is no such product.');
    return product;
  }

  /** The key of a product that is known to exist: keys never change. */
  async productKey(id: string): Promise<string> {
    return (await this.productKeys.fetch(id))!;
  }

  /** An archived feature is found too: it is refused by its entitlement, not by its absence. @throws DomainError `feature_not_found` */
  async getFeature(productId: string, key: string): Promise<Feature> {
    const feature = await this.features.fetch(`${productId} ${key}`);
    if (!feature) throw new DomainError('not_found', 'feature_not_found', 'There is no such feature.');
    return feature;
  }

  /** Features that are known to exist, in no particular order. */
  async featuresById(ids: string[]): Promise<Feature[]> {
    return ids.length === 0 ? [] : this.productRows.featuresById(ids);
  }

  /** @throws Error when there is none: keys of plans that were sold never go. */
  async planId(productId: string, key: string): Promise<string> {
    const plan = await this.plans.find(productId, key);
    if (!plan) throw new Error(`There is no plan ${key}.`);
    return plan.id;
  }

  /** A published version of a plan. @throws Error when there is none: subscriptions hold on to the ones they were sold. */
  async getVersion(planId: string, version: number): Promise<PlanVersion> {
    const found = await this.versions.fetch(`${planId} ${version}`);
    if (!found) throw new Error(`There is no version ${version} of plan ${planId}.`);
    return found;
  }

  /** Forgets what may have changed: called after each write on this instance. */
  invalidate(): void {
    this.revision++;
    this.products.clear();
    this.features.clear();
    void this.answers.clear();
  }
}

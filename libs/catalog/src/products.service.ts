import { Injectable } from '@nestjs/common';
import { type Actor, Clock, DomainError, newId, type Page, type PageRequest, toPage } from '@app/kernel';
import { Events, type EventType } from '@app/events';
import { Database, isUniqueViolation } from '@app/platform';
import { CatalogReader } from './catalog-reader.js';
import { checkAggregation } from './domain/aggregation.js';
import type { Aggregation, FailurePolicy, Feature, FeatureType, Product } from './domain/catalog.js';
import { type CatalogDocument, type Changes, featureChange, noChanges } from './domain/catalog-document.js';
import { checkKey } from './domain/plan-content.js';
import { ProductsRepository } from './products.repository.js';

/** Input of `createFeature`. */
export interface NewFeature {
  key: string;
  name: string;
  type: FeatureType;
  /** Only for metered features. @default sum */
  aggregation?: Aggregation;
  unit?: string | null;
  failurePolicy?: FailurePolicy | null;
}

/** Products and their features. */
@Injectable()
export class ProductsService {
  constructor(
    private readonly products: ProductsRepository,
    private readonly reader: CatalogReader,
    private readonly database: Database,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /** Lists active products, newest first. @example await products.list({ after: null, limit: 20 }) */
  async list(page: PageRequest): Promise<Page<Product>> {
    return toPage(await this.products.listProducts(page), page.limit);
  }

  /**
   * Creates a product.
   * @throws DomainError `product_exists`, `invalid_fields`
   * @example await products.create({ key: 'api', name: 'API' }, actor);
   */
  create(input: { key: string; name: string }, actor: Actor): Promise<Product> {
    checkKey(input.key);
    const now = this.clock.now();
    const product: Product = {
      id: newId(),
      key: input.key,
      name: input.name,
      billing: null,
      portal: null,
      archivedAt: null,
      createdAt: now,
      updatedAt: now,
    };
    return this.insertUnique('products_key_unique', 'product_exists', async () => {
      await this.products.insertProduct(product);
      await this.record('product.created', { productId: product.id, id: product.id }, actor, null, {
        key: product.key,
        name: product.name,
      });
      return product;
    });
  }

  /** Renames or archives a product. @throws DomainError `product_not_found` */
  update(key: string, changes: { name?: string; archived?: true }, actor: Actor): Promise<Product> {
    return this.change(async () => {
      const product = await this.products.lockProduct(key);
      if (!product || product.archivedAt)
        throw new DomainError('not_found', 'product_not_found', 'There is no product with this key.');
      const updated = this.changed(product, changes);
      await this.products.updateProduct(product.id, updated);
      const eventState = ({ name }: Product): object => ({ key, name });
      await this.record(
        changes.archived ? 'product.archived' : 'product.updated',
        { productId: product.id, id: product.id },
        actor,
        eventState(product),
        eventState(updated),
      );
      return updated;
    });
  }

  /**
   * Lists the active features of a product, newest first.
   * @throws DomainError `product_not_found`
   * @example await products.listFeatures('default', { after: null, limit: 20 })
   */
  async listFeatures(productKey: string, page: PageRequest): Promise<Page<Feature>> {
    const { id } = await this.reader.getProduct(productKey);
    return toPage(await this.products.listFeatures(id, page), page.limit);
  }

  /**
   * One active feature.
   * @throws DomainError `feature_not_found`, `product_not_found`
   * @example await products.getFeature('default', 'api_calls')
   */
  async getFeature(productKey: string, key: string): Promise<Feature> {
    const { id } = await this.reader.getProduct(productKey);
    const feature = await this.products.findFeature(id, key);
    return feature && !feature.archivedAt ? feature : featureNotFound();
  }

  /**
   * Creates a feature on a product.
   * @throws DomainError `feature_exists`, `product_not_found`, `invalid_fields`
   * @example await products.createFeature('api', { key: 'api_calls', name: 'API calls', type: 'metered' }, actor);
   */
  async createFeature(productKey: string, input: NewFeature, actor: Actor): Promise<Feature> {
    checkKey(input.key);
    checkAggregation(input);
    const { id: productId } = await this.reader.getProduct(productKey);
    return this.insertUnique('features_key_unique', 'feature_exists', () =>
      this.insertFeature(productId, input, actor),
    );
  }

  /**
   * Updates or archives a feature. Checks of an archived feature are denied. Type and aggregation never change.
   * @throws DomainError `feature_not_found`
   */
  async updateFeature(
    productKey: string,
    key: string,
    changes: { name?: string; unit?: string | null; failurePolicy?: FailurePolicy | null; archived?: true },
    actor: Actor,
  ): Promise<Feature> {
    const { id: productId } = await this.reader.getProduct(productKey);
    return this.change(async () => {
      await this.products.lockProduct(productKey);
      const feature = (await this.products.findFeature(productId, key)) ?? featureNotFound();
      if (feature.archivedAt) return featureNotFound();
      const updated = this.changed(feature, changes);
      await this.products.updateFeature(feature.id, updated);
      const type = changes.archived ? 'feature.archived' : 'feature.updated';
      await this.record(type, feature, actor, eventPayload(feature), eventPayload(updated));
      return updated;
    });
  }

  /** Inserts a feature and records `feature.created`. Needs a transaction. */
  async insertFeature(productId: string, input: NewFeature, actor: Actor): Promise<Feature> {
    const now = this.clock.now();
    const feature: Feature = {
      ...input,
      id: newId(),
      productId,
      aggregation: input.aggregation ?? 'sum',
      unit: input.unit ?? null,
      failurePolicy: input.failurePolicy ?? null,
      archivedAt: null,
      createdAt: now,
      updatedAt: now,
    };
    await this.products.insertFeature(feature);
    await this.record('feature.created', feature, actor, null, {
      key: feature.key,
      name: feature.name,
      type: feature.type,
      aggregation: feature.aggregation,
    });
    return feature;
  }

  /** Replaces the features of a product by those of a document; missing ones are archived. Needs a transaction. */
  async applyFeatures(productId: string, features: CatalogDocument['features'], actor: Actor): Promise<Changes> {
    const stored = new Map((await this.products.featuresOf(productId)).map((feature) => [feature.key, feature]));
    const changes = noChanges();
    for (const wanted of features) {
      const feature = stored.get(wanted.key);
      const change = featureChange(feature, wanted);
      changes[change].push(wanted.key);
      if (change === 'created') await this.insertFeature(productId, wanted, actor);
      if (change === 'updated')
        await this.writeFeature(
          feature!,
          {
            name: wanted.name,
            unit: wanted.unit ?? null,
            failurePolicy: wanted.failurePolicy ?? null,
            archivedAt: null,
          },
          'feature.updated',
          actor,
        );
    }
    const kept = new Set(features.map(({ key }) => key));
    for (const feature of stored.values()) {
      if (kept.has(feature.key) || feature.archivedAt) continue;
      await this.writeFeature(feature, { archivedAt: this.clock.now() }, 'feature.archived', actor);
      changes.archived.push(feature.key);
    }
    return changes;
  }

  private async writeFeature(feature: Feature, after: Partial<Feature>, type: EventType, actor: Actor): Promise<void> {
    await this.products.updateFeature(feature.id, after);
    const { id, productId, key, name, unit, failurePolicy, archivedAt } = feature;
    await this.events.record({
      type,
      subject: { type: 'feature', id },
      productId,
      actor,
      before: { key, name, unit, failurePolicy, archivedAt },
      after: { key, ...after },
    });
  }

  private changed<T extends Product | Feature>(
    current: T,
    { archived, ...changes }: { archived?: true } & Partial<T>,
  ): T {
    const now = this.clock.now();
    const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
    return { ...current, ...given, archivedAt: archived ? now : current.archivedAt, updatedAt: now };
  }

  private async change<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.database.transaction(work);
    } finally {
      await this.reader.invalidate();
    }
  }

  private async insertUnique<T>(constraint: string, code: string, work: () => Promise<T>): Promise<T> {
    try {
      return await this.change(work);
    } catch (error) {
      if (isUniqueViolation(error, constraint))
        throw new DomainError('conflict', code, 'This key is in use; choose another key.');
      throw error;
    }
  }

  private record(
    type: EventType,
    { id, productId }: { id: string; productId: string },
    actor: Actor,
    before: object | null,
    after: object,
  ): Promise<void> {
    return this.events.record({ type, subject: { type: type.split('.')[0]!, id }, productId, actor, before, after });
  }
}

const eventPayload = ({ key, name, unit, failurePolicy }: Feature): object => ({ key, name, unit, failurePolicy });

function featureNotFound(): never {
  throw new DomainError('not_found', 'feature_not_found', 'The product has no feature with this key.');
}

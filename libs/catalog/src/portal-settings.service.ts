import { Injectable } from '@nestjs/common';
import { type Actor, Clock, DomainError } from '@app/kernel';
import { Events } from '@app/events';
import { Database } from '@app/platform';
import { CatalogReader } from './catalog-reader.js';
import type { Product } from './domain/catalog.js';
import { sameContent } from './domain/plan-content.js';
import {
  checkPortalSettings,
  type PortalSettings,
  portalSettingsOf,
  type RawPortalSettings,
} from './domain/portal-settings.js';
import { ProductsRepository } from './products.repository.js';

/** The settings of the portals of products. */
@Injectable()
export class PortalSettingsService {
  constructor(
    private readonly products: ProductsRepository,
    private readonly reader: CatalogReader,
    private readonly database: Database,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /**
   * The settings of a product; the defaults when it has none.
   * @throws DomainError `product_not_found`
   * @example const { name } = await settings.get('api');
   */
  async get(productKey: string): Promise<PortalSettings> {
    return portalSettingsOf(await this.reader.getProduct(productKey));
  }

  /**
   * Replaces the settings of a product. Omitted settings have their defaults.
   * @throws DomainError `product_not_found`, `invalid_fields`
   * @example await settings.put('api', { allowedReturnUrls: ['https://app.example/billing'] }, actor);
   */
  async put(productKey: string, raw: RawPortalSettings, actor: Actor): Promise<PortalSettings> {
    try {
      return await this.database.transaction(async () => {
        const product = await this.lock(productKey);
        if (product.archivedAt) throw productNotFound();
        const portal = checkPortalSettings(raw, { productName: product.name });
        await this.save(product, portal, actor);
        return portal;
      });
    } finally {
      await this.reader.invalidate();
    }
  }

  /** Makes the settings those of a document; null: the defaults. Needs a transaction. */
  async apply(productKey: string, raw: RawPortalSettings | null, actor: Actor): Promise<'changed' | 'unchanged'> {
    const product = await this.lock(productKey);
    const portal = raw && checkPortalSettings(raw, { productName: product.name, path: 'portal.' });
    return this.save(product, portal, actor);
  }

  private async lock(productKey: string): Promise<Product> {
    const product = await this.products.lockProduct(productKey);
    if (!product) throw productNotFound();
    return product;
  }

  private async save(
    { id, key, portal: before }: Product,
    portal: PortalSettings | null,
    actor: Actor,
  ): Promise<'changed' | 'unchanged'> {
    if (sameContent(before, portal)) return 'unchanged';
    await this.products.updateProduct(id, { portal, updatedAt: this.clock.now() });
    await this.events.record({
      type: 'product.portal_changed',
      subject: { type: 'product', id },
      productId: id,
      actor,
      before: { key, portal: before },
      after: { key, portal },
    });
    return 'changed';
  }
}

const productNotFound = (): DomainError =>
  new DomainError('not_found', 'product_not_found', 'There is no product with this key.');

import { Injectable } from '@nestjs/common';
import { type Actor, Clock, DomainError } from '@app/kernel';
import { Events } from '@app/events';
import { Database } from '@app/platform';
import { CatalogReader } from './catalog-reader.js';
import { type BillingSettings, checkBillingSettings, type RawBillingSettings } from './domain/billing-settings.js';
import type { Product } from './domain/catalog.js';
import { sameContent } from './domain/plan-content.js';
import { ProductsRepository } from './products.repository.js';

/** Whether and how products are billed. */
@Injectable()
export class BillingSettingsService {
  constructor(
    private readonly products: ProductsRepository,
    private readonly reader: CatalogReader,
    private readonly database: Database,
    private readonly events: Events,
    private readonly clock: Clock,
  ) {}

  /**
   * The settings of a product.
   * @throws DomainError `billing_off` when it is not billed, `product_not_found`
   * @example const { provider } = await settings.get('api');
   */
  async get(productKey: string): Promise<BillingSettings> {
    const { billing } = await this.reader.getProduct(productKey);
    if (!billing) throw new DomainError('not_found', 'billing_off', 'This product is not billed.');
    return billing;
  }

  /**
   * Replaces the settings of a product, which switches billing on. Omitted settings have their defaults.
   * @throws DomainError `product_not_found`, `invalid_fields`
   * @example await settings.put('api', { provider: 'sandbox' }, actor);
   */
  async put(productKey: string, raw: RawBillingSettings, actor: Actor): Promise<BillingSettings> {
    return (await this.change(productKey, raw, actor))!;
  }

  /**
   * Switches billing off: nothing new is invoiced. Issued invoices stay, and are paid on.
   * @throws DomainError `product_not_found`
   */
  async remove(productKey: string, actor: Actor): Promise<void> {
    await this.change(productKey, null, actor);
  }

  /** Makes the settings those of a document; null switches billing off. Needs a transaction. */
  async apply(productKey: string, raw: RawBillingSettings | null, actor: Actor): Promise<'changed' | 'unchanged'> {
    const { change } = await this.save(await this.lock(productKey), { raw, path: 'billing.' }, actor);
    return change;
  }

  private async change(
    productKey: string,
    raw: RawBillingSettings | null,
    actor: Actor,
  ): Promise<BillingSettings | null> {
    try {
      return await this.database.transaction(async () => {
        const product = await this.lock(productKey);
        if (product.archivedAt) throw productNotFound();
        return (await this.save(product, { raw }, actor)).billing;
      });
    } finally {
      await this.reader.invalidate();
    }
  }

  private async lock(productKey: string): Promise<Product> {
    const product = await this.products.lockProduct(productKey);
    if (!product) throw productNotFound();
    return product;
  }

  private async save(
    product: Product,
    { raw, path }: { raw: RawBillingSettings | null; path?: string },
    actor: Actor,
  ): Promise<{ billing: BillingSettings | null; change: 'changed' | 'unchanged' }> {
    const { id, key, name, billing: before } = product;
    const billing = raw && checkBillingSettings(raw, { productName: name, path });
    if (sameContent(before, billing)) return { billing, change: 'unchanged' };
    await this.products.updateProduct(id, { billing, updatedAt: this.clock.now() });
    await this.events.record({
      type: 'product.billing_changed',
      subject: { type: 'product', id },
      productId: id,
      actor,
      before: { key, billing: before },
      after: { key, billing },
    });
    return { billing, change: 'changed' };
  }
}

const productNotFound = (): DomainError =>
  new DomainError('not_found', 'product_not_found', 'There is no product with this key.');

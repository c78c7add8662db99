import { Injectable } from '@nestjs/common';
import { Clock } from '@app/kernel';
import { Events } from '@app/events';
import { Database } from '@app/platform';
import type { CatalogItem } from './catalog-items.repository.js';
import { CatalogItemsService } from './catalog-items.service.js';
import { CatalogReader } from './catalog-reader.js';
import {
  checkTaxRate,
  type RawTaxRate,
  type TargetKeys,
  type TaxRate,
  type TaxRateContent,
  taxRateContent,
} from './domain/tax-rate.js';
import { ProductKeysRepository } from './product-keys.repository.js';
import { ProductsRepository } from './products.repository.js';
import { TaxRatesRepository } from './tax-rates.repository.js';

/** Tax rates of products. Which of them a line has is decided by libs/billing. */
@Injectable()
export class TaxRatesService extends CatalogItemsService<RawTaxRate, TaxRateContent, TaxRate, TargetKeys> {
  protected readonly noun = 'tax_rate';
  protected readonly listName = 'taxRates';

  constructor(
    protected readonly rows: TaxRatesRepository,
    private readonly keys: ProductKeysRepository,
    protected readonly products: ProductsRepository,
    protected readonly reader: CatalogReader,
    protected readonly database: Database,
    protected readonly events: Events,
    protected readonly clock: Clock,
  ) {
    super();
  }

  /** The active tax rates of a product, by key. @example taxesOf(line, { rates: await taxRates.ofProduct(id), ... }) */
  async ofProduct(productId: string): Promise<TaxRate[]> {
    const rates = await this.rows.ofProduct(productId);
    return rates.filter(({ archivedAt }) => !archivedAt).sort((one, other) => (one.key < other.key ? -1 : 1));
  }

  protected contextOf(productId: string): Promise<TargetKeys> {
    return this.keys.keysOf(productId);
  }

  protected check(raw: RawTaxRate, keys: TargetKeys, path?: string): TaxRateContent {
    return checkTaxRate(raw, keys, path);
  }

  protected rawOf(taxRate: TaxRateContent): RawTaxRate {
    return taxRateContent(taxRate);
  }

  protected created(item: CatalogItem, content: TaxRateContent): TaxRate {
    return { ...item, ...content };
  }
}

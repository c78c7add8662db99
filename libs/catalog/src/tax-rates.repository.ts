import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import { TaxRateEntity } from './catalog.entities.js';
import { CatalogItemsRepository } from './catalog-items.repository.js';
import { type TaxRate, taxRateContent } from './domain/tax-rate.js';

/** Tax rates of products. */
@Injectable()
export class TaxRatesRepository extends CatalogItemsRepository<TaxRate, TaxRateEntity> {
  protected readonly entity = TaxRateEntity;

  constructor(protected readonly database: Database) {
    super();
  }

  protected itemOf({ content, ...row }: TaxRateEntity): TaxRate {
    return { ...row, ...content };
  }

  protected rowOf({ id, productId, key, archivedAt, createdAt, updatedAt, ...content }: TaxRate): TaxRateEntity {
    return { id, productId, key, content: taxRateContent(content), archivedAt, createdAt, updatedAt };
  }
}

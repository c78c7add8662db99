import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import { AddOnEntity } from './catalog.entities.js';
import { CatalogItemsRepository } from './catalog-items.repository.js';
import type { AddOn } from './domain/catalog.js';

/** Add-ons of products. */
@Injectable()
export class AddOnsRepository extends CatalogItemsRepository<AddOn, AddOnEntity> {
  protected readonly entity = AddOnEntity;

  constructor(protected readonly database: Database) {
    super();
  }

  protected itemOf(row: AddOnEntity): AddOn {
    return row;
  }

  protected rowOf(addOn: AddOn): AddOnEntity {
    return addOn;
  }
}

import { Injectable } from '@nestjs/common';
import { IsNull, LessThan } from 'typeorm';
import type { PageRequest } from '@app/kernel';
import { Database } from '@app/platform';
import { AddOnEntity } from './catalog.entities.js';
import type { AddOn } from './domain/catalog.js';

/** Add-ons of products. */
@Injectable()
export class AddOnsRepository {
  constructor(private readonly database: Database) {}

  find(productId: string, key: string): Promise<AddOn | null> {
    return this.database.manager.findOneBy(AddOnEntity, { productId, key });
  }

  /** All add-ons of a product, archived ones too, oldest first. */
  ofProduct(productId: string): Promise<AddOn[]> {
    return this.database.manager.find(AddOnEntity, { where: { productId }, order: { id: 'ASC' } });
  }

  list(productId: string, page: PageRequest): Promise<AddOn[]> {
    return this.database.manager.find(AddOnEntity, {
      where: { productId, archivedAt: IsNull(), ...(page.after ? { id: LessThan(page.after) } : {}) },
      order: { id: 'DESC' },
      take: page.limit + 1,
    });
  }

  async insert(addOn: AddOn): Promise<void> {
    await this.database.writer.insert(AddOnEntity, addOn);
  }

  async update(addOn: AddOn): Promise<void> {
    await this.database.writer.update(AddOnEntity, { id: addOn.id }, addOn);
  }
}

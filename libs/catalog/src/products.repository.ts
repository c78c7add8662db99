import { Injectable } from '@nestjs/common';
import { In, IsNull, LessThan } from 'typeorm';
import type { PageRequest } from '@app/kernel';
import { Database } from '@app/platform';
import { FeatureEntity, ProductEntity } from './catalog.entities.js';
import type { Feature, Product } from './domain/catalog.js';

/** Products and their features. */
@Injectable()
export class ProductsRepository {
  constructor(private readonly database: Database) {}

  findProduct(key: string): Promise<Product | null> {
    return this.database.manager.findOneBy(ProductEntity, { key });
  }

  findProductById(id: string): Promise<Product | null> {
    return this.database.manager.findOneBy(ProductEntity, { id });
  }

  /** Keys by id, of archived products too. */
  async keysOf(ids: string[]): Promise<Map<string, string>> {
    const rows = await this.database.query<{ id: string; key: string }>(
      'select id, key from products where id = any($1::uuid[])',
      [ids],
    );
    return new Map(rows.map(({ id, key }) => [id, key]));
  }

  /** Locks the product until the transaction ends: changes of its catalogue run one after another. */
  lockProduct(key: string): Promise<Product | null> {
    return this.database.writer.findOne(ProductEntity, { where: { key }, lock: { mode: 'for_no_key_update' } });
  }

  listProducts(page: PageRequest): Promise<Product[]> {
    return this.database.manager.find(ProductEntity, {
      where: { archivedAt: IsNull(), ...(page.after ? { id: LessThan(page.after) } : {}) },
      order: { id: 'DESC' },
      take: page.limit + 1,
    });
  }

  async insertProduct(product: Product): Promise<void> {
    await this.database.writer.insert(ProductEntity, product);
  }

  async updateProduct(id: string, changes: Partial<Product>): Promise<void> {
    await this.database.writer.update(ProductEntity, { id }, changes);
  }

  findFeature(productId: string, key: string): Promise<Feature | null> {
    return this.database.manager.findOneBy(FeatureEntity, { productId, key });
  }

  featuresById(ids: string[]): Promise<Feature[]> {
    return this.database.manager.findBy(FeatureEntity, { id: In(ids) });
  }

  /** All features of a product, archived ones too, oldest first. */
  featuresOf(productId: string): Promise<Feature[]> {
    return this.database.manager.find(FeatureEntity, { where: { productId }, order: { id: 'ASC' } });
  }

  listFeatures(productId: string, page: PageRequest): Promise<Feature[]> {
    return this.database.manager.find(FeatureEntity, {
      where: { productId, archivedAt: IsNull(), ...(page.after ? { id: LessThan(page.after) } : {}) },
      order: { id: 'DESC' },
      take: page.limit + 1,
    });
  }

  async insertFeature(feature: Feature): Promise<void> {
    await this.database.writer.insert(FeatureEntity, feature);
  }

  async updateFeature(id: string, changes: Partial<Feature>): Promise<void> {
    await this.database.writer.update(FeatureEntity, { id }, changes);
  }
}

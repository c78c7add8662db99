import { type EntityTarget, type FindOptionsOrder, type FindOptionsWhere, IsNull, LessThan } from 'typeorm';
import type { PageRequest } from '@app/kernel';
import type { Database } from '@app/platform';

/** The members of every item beside its content. */
export interface CatalogItem {
  id: string;
  productId: string;
  key: string;
  archivedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** The rows of one kind of items, such as coupons. */
export abstract class CatalogItemsRepository<Item extends CatalogItem, Row extends CatalogItem> {
  protected abstract readonly database: Database;
  protected abstract readonly entity: EntityTarget<Row>;

  protected abstract itemOf(row: Row): Item;
  protected abstract rowOf(item: Item): Row;

  async find(productId: string, key: string): Promise<Item | null> {
    const row = await this.database.manager.findOneBy(this.entity, { productId, key } as FindOptionsWhere<Row>);
    return row && this.itemOf(row);
  }

  /** Locks the row until the transaction ends. */
  async lock(productId: string, key: string): Promise<Item | null> {
    const row = await this.database.writer.findOne(this.entity, {
      where: { productId, key } as FindOptionsWhere<Row>,
      lock: { mode: 'for_no_key_update' },
    });
    return row && this.itemOf(row);
  }

  /** All items of a product, archived ones too, oldest first. */
  async ofProduct(productId: string): Promise<Item[]> {
    const rows = await this.database.manager.find(this.entity, {
      where: { productId } as FindOptionsWhere<Row>,
      order: { id: 'ASC' } as FindOptionsOrder<Row>,
    });
    return rows.map((row) => this.itemOf(row));
  }

  /** The active items of a product, newest first, one more than the page holds. */
  async list(productId: string, { after, limit }: PageRequest): Promise<Item[]> {
    const where = { productId, archivedAt: IsNull(), ...(after ? { id: LessThan(after) } : {}) };
    const rows = await this.database.manager.find(this.entity, {
      where: where as FindOptionsWhere<Row>,
      order: { id: 'DESC' } as FindOptionsOrder<Row>,
      take: limit + 1,
    });
    return rows.map((row) => this.itemOf(row));
  }

  async insert(item: Item): Promise<void> {
    await this.database.writer.insert(this.entity, this.rowOf(item) as never);
  }

  async update(item: Item): Promise<void> {
    await this.write(item.id, this.rowOf(item));
  }

  /** Writes the given columns. */
  protected async write(id: string, columns: Partial<Row>): Promise<void> {
    await this.database.writer.update(this.entity, { id }, columns as never);
  }
}

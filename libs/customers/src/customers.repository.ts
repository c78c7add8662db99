import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import type { PageRequest } from '@app/kernel';
import { Database } from '@app/platform';
import { CustomerEntity } from './customer.entity.js';
import type { Customer } from './domain/customer.js';

const MEMBER = `exists (select 1 from subscriptions s join products p on p.id = s.product_id where s.customer_id = customer.id and p.key = :product)`;

@Injectable()
export class CustomersRepository {
  constructor(private readonly database: Database) {}

  findByKey(key: string): Promise<Customer | null> {
    return this.database.manager.findOneBy(CustomerEntity, { key, deletedAt: IsNull() });
  }

  findById(id: string): Promise<Customer | null> {
    return this.database.manager.findOneBy(CustomerEntity, { id, deletedAt: IsNull() });
  }

  /** Of deleted customers too. */
  async keysOf(ids: string[]): Promise<Map<string, string>> {
    const rows = await this.database.query<{ id: string; key: string }>('select id, key from customers where id = any($1::uuid[])', [ids]);
    return new Map(rows.map(({ id, key }) => [id, key]));
  }

  /** Reads a customer and keeps others from changing it or its subscriptions until the transaction ends. */
  async lock(id: string): Promise<Customer | null> {
    return this.database.writer.findOne(CustomerEntity, { where: { id, deletedAt: IsNull() }, lock: { mode: 'for_no_key_update' } });
  }

  /** True when the customer has, or ever had, a subscription on the product. */
  async isMember(customerId: string, productKey: string): Promise<boolean> {
    const rows = await this.database.query(
      'select 1 from subscriptions s join products p on p.id = s.product_id where s.customer_id = $1 and p.key = $2 limit 1',
      [customerId, productKey],
    );
    return rows.length > 0;
  }

  /** Newest first; with a product only its members. */
  list(page: PageRequest, product: string | null): Promise<Customer[]> {
    const query = this.database.manager
      .createQueryBuilder(CustomerEntity, 'customer')
      .where('customer.deletedAt is null')
      .orderBy('customer.id', 'DESC')
      .limit(page.limit + 1);
    if (page.after) query.andWhere('customer.id < :after', { after: page.after });
    if (product) query.andWhere(MEMBER, { product });
    return query.getMany();
  }

  async insert(customer: Customer): Promise<void> {
    await this.database.writer.insert(CustomerEntity, customer);
  }

  async update(id: string, changes: Partial<Customer>): Promise<void> {
    await this.database.writer.update(CustomerEntity, { id }, changes);
  }
}

import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import type { PageRequest } from '@app/kernel';
import { Database, Pipeline, type Statement } from '@app/platform';
import { CustomerEntity } from './customer.entity.js';
import type { Customer } from './domain/customer.js';

const MEMBER = `exists (select 1 from subscriptions s join products p on p.id = s.product_id where s.customer_id = customer.id and p.key = :product)`;

const COLUMNS = `id, key, name, email, region, device_type as "deviceType", timezone, currency, first_subscription_id as "firstSubscriptionId",
  test_clock_id as "testClockId", deleted_at as "deletedAt", created_at as "createdAt", updated_at as "updatedAt"`;
const BY_KEY: Statement = { name: 'customer by key', text: `select ${COLUMNS} from customers where key = $1 and deleted_at is null` };
const BY_ID: Statement = { name: 'customer by id', text: `select ${COLUMNS} from customers where id = $1 and deleted_at is null` };

@Injectable()
export class CustomersRepository {
  constructor(
    private readonly database: Database,
    private readonly pipeline: Pipeline,
  ) {}

  findByKey(key: string): Promise<Customer | null> {
    return this.findOne(BY_KEY, key);
  }

  findById(id: string): Promise<Customer | null> {
    return this.findOne(BY_ID, id);
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

  /** Asked by nearly every request: past the entity mapper, on the short way where no transaction runs. */
  private async findOne(statement: Statement, value: string): Promise<Customer | null> {
    const read = this.database.inTransaction ? this.database.query<Customer>(statement.text, [value]) : this.pipeline.read<Customer>(statement, [value]);
    return (await read)[0] ?? null;
  }

  async insert(customer: Customer): Promise<void> {
    await this.database.writer.insert(CustomerEntity, customer);
  }

  async update(id: string, changes: Partial<Customer>): Promise<void> {
    await this.database.writer.update(CustomerEntity, { id }, changes);
  }
}

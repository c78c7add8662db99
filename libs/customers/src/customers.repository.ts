import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { Batcher, Database, type Outcome, PipelinedDatabase, type Statement } from '@app/platform';
import { CUSTOMER_COLUMNS, CustomerEntity } from './customer.entity.js';
import type { Customer } from './domain/customer.js';

/** Each looked up by itself, whatever the planner thinks of how many there are. */
const found = (column: 'key' | 'id', type: string): string =>
  `select c.* from unnest($1::${type}[]) asked cross join lateral (select ${CUSTOMER_COLUMNS} from customers where ${column} = asked and deleted_at is null) c`;
const BY_KEY: Statement = { name: 'customers by key', text: found('key', 'text') };
const BY_ID: Statement = { name: 'customers by id', text: found('id', 'uuid') };
const READS = { maxBatch: 256, maxQueued: 10_000, concurrency: 2 };

@Injectable()
export class CustomersRepository {
  private readonly byKey = new Batcher<string, Customer | null>((keys) => this.load(BY_KEY, keys, 'key'), READS);
  private readonly byId = new Batcher<string, Customer | null>((ids) => this.load(BY_ID, ids, 'id'), READS);

  constructor(
    private readonly database: Database,
    private readonly pipeline: PipelinedDatabase,
  ) {}

  /** Asked by nearly every request: what is asked while the last answer is under way is asked together. */
  findByKey(key: string): Promise<Customer | null> {
    return this.database.inTransaction ? this.findInTransaction(BY_KEY, key) : this.byKey.add(key);
  }

  findById(id: string): Promise<Customer | null> {
    return this.database.inTransaction ? this.findInTransaction(BY_ID, id) : this.byId.add(id);
  }

  /** Of deleted customers too. */
  async keysOf(ids: string[]): Promise<Map<string, string>> {
    const rows = await this.database.query<{ id: string; key: string }>(
      'select id, key from customers where id = any($1::uuid[])',
      [ids],
    );
    return new Map(rows.map(({ id, key }) => [id, key]));
  }

  /** Reads a customer and keeps others from changing it or its subscriptions until the transaction ends. */
  async lock(id: string): Promise<Customer | null> {
    return this.database.writer.findOne(CustomerEntity, {
      where: { id, deletedAt: IsNull() },
      lock: { mode: 'for_no_key_update' },
    });
  }

  private async findInTransaction(statement: Statement, value: string): Promise<Customer | null> {
    const [customer] = await this.database.query<Customer>(statement.text, [[value]]);
    return customer ?? null;
  }

  private async load(statement: Statement, asked: string[], by: 'key' | 'id'): Promise<Outcome<Customer | null>[]> {
    const rows = await this.pipeline.read<Customer>(statement, [[...new Set(asked)]]);
    const customers = new Map(rows.map((customer) => [customer[by], customer]));
    return asked.map((value) => ({ answer: customers.get(value) ?? null }));
  }

  async insert(customer: Customer): Promise<void> {
    await this.database.writer.insert(CustomerEntity, customer);
  }

  async update(id: string, changes: Partial<Customer>): Promise<void> {
    await this.database.writer.update(CustomerEntity, { id }, changes);
  }
}

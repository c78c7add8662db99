import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import {
  Batcher,
  type Connection,
  Database,
  insertList,
  type Outcome,
  PipelinedDatabase,
  type Statement,
} from '@app/platform';
import { CUSTOMER_COLUMNS, CustomerEntity } from './customer.entity.js';
import type { Customer } from './domain/customer.js';

/** One index lookup per value: the lateral join keeps that plan for any number of values the planner estimates. */
const selectBy = (column: 'key' | 'id', type: string): string =>
  `select c.* from unnest($1::${type}[]) wanted cross join lateral (select ${CUSTOMER_COLUMNS} from customers where ${column} = wanted and deleted_at is null) c`;
const BY_KEY: Statement = { name: 'customers by key', text: selectBy('key', 'text') };
const BY_ID: Statement = { name: 'customers by id', text: selectBy('id', 'uuid') };
const NEW_CUSTOMER = insertList(CustomerEntity);
const INSERT: Statement = { name: 'insert customer', text: `insert into customers ${NEW_CUSTOMER.sql}` };
const READS = { maxBatch: 256, maxQueued: 10_000, concurrency: 2 };

@Injectable()
export class CustomersRepository {
  private readonly byKey = new Batcher<string, Customer | null>((keys) => this.load(BY_KEY, keys, 'key'), READS);
  private readonly byId = new Batcher<string, Customer | null>((ids) => this.load(BY_ID, ids, 'id'), READS);

  constructor(
    private readonly database: Database,
    private readonly pipeline: PipelinedDatabase,
  ) {}

  /**
   * The customer with this key, deleted ones excluded. Nearly every request calls it, so concurrent calls are batched:
   * calls that arrive during a query share the next one. Inside a transaction it reads on the transaction's connection.
   */
  findByKey(key: string): Promise<Customer | null> {
    return this.database.inTransaction ? this.findInTransaction(BY_KEY, key) : this.byKey.add(key);
  }

  /** The customer with this id, deleted ones excluded. Batched as `findByKey`. */
  findById(id: string): Promise<Customer | null> {
    return this.database.inTransaction ? this.findInTransaction(BY_ID, id) : this.byId.add(id);
  }

  /** Keys by id, of deleted customers too. */
  async keysOf(ids: string[]): Promise<Map<string, string>> {
    const rows = await this.database.query<{ id: string; key: string }>(
      'select id, key from customers where id = any($1::uuid[])',
      [ids],
    );
    return new Map(rows.map(({ id, key }) => [id, key]));
  }

  /** Customers by id, deleted ones too. */
  findMany(ids: string[]): Promise<Customer[]> {
    return this.database.query(`select ${CUSTOMER_COLUMNS} from customers where id = any($1::uuid[])`, [ids]);
  }

  /** Locks a customer: no other transaction can change it or its subscriptions until this one ends. */
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

  private async load(statement: Statement, wanted: string[], by: 'key' | 'id'): Promise<Outcome<Customer | null>[]> {
    const rows = await this.pipeline.read<Customer>(statement, [[...new Set(wanted)]]);
    const customers = new Map(rows.map((customer) => [customer[by], customer]));
    return wanted.map((value) => ({ answer: customers.get(value) ?? null }));
  }

  insert(customer: Customer, connection: Connection): Promise<unknown> {
    return connection.run(INSERT, NEW_CUSTOMER.valuesOf(customer));
  }

  async update(id: string, changes: Partial<Customer>): Promise<void> {
    await this.database.writer.update(CustomerEntity, { id }, changes);
  }
}

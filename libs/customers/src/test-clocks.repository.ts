import { Injectable } from '@nestjs/common';
import type { PageRequest, ScopeFilter } from '@app/kernel';
import { Database, inScope } from '@app/platform';

/** A clock that changes only when it is advanced. It defines the current time of the customers created with it. */
export interface TestClock {
  id: string;
  now: Date;
  /** Only API keys of this product may use the clock; null: all keys. */
  productId: string | null;
  createdAt: Date;
  /** Null: not deleted. The customers of a deleted clock are deleted too; their history is read at its time. */
  deletedAt: Date | null;
}

const COLUMNS = `id, now, product_id as "productId", created_at as "createdAt", deleted_at as "deletedAt"`;

@Injectable()
export class TestClocksRepository {
  constructor(private readonly database: Database) {}

  /** The clock, deleted ones too. */
  async find(id: string): Promise<TestClock | null> {
    const [clock] = await this.database.query<TestClock>(`select ${COLUMNS} from test_clocks where id = $1`, [id]);
    return clock ?? null;
  }

  /**
   * Locks the clock against changes, and lets customers of it be changed, unlike `lock`. Without waiting.
   * @throws database error 55P03 when another transaction has locked it
   */
  async lockToDelete(id: string): Promise<TestClock | null> {
    const [clock] = await this.database.write<TestClock>(
      `select ${COLUMNS} from test_clocks where id = $1 and deleted_at is null for no key update nowait`,
      [id],
    );
    return clock ?? null;
  }

  /** Keeps the clock from being deleted until the transaction ends. @returns false when it is deleted */
  async keep(id: string): Promise<boolean> {
    const rows = await this.database.write('select 1 from test_clocks where id = $1 and deleted_at is null for share', [
      id,
    ]);
    return rows.length > 0;
  }

  /** Locks the next customers of the clock that are not deleted. */
  async customersOf(id: string, limit: number): Promise<string[]> {
    const rows = await this.database.write<{ id: string }>(
      'select id from customers where test_clock_id = $1 and deleted_at is null order by id limit $2 for no key update',
      [id, limit],
    );
    return rows.map((row) => row.id);
  }

  async setDeleted(id: string, at: Date): Promise<void> {
    await this.database.write('update test_clocks set deleted_at = $2 where id = $1', [id, at]);
  }

  /** Locks the clock without waiting. @throws database error 55P03 when another transaction has locked it */
  async lock(id: string): Promise<TestClock | null> {
    const [clock] = await this.database.write<TestClock>(
      `select ${COLUMNS} from test_clocks where id = $1 and deleted_at is null for update nowait`,
      [id],
    );
    return clock ?? null;
  }

  list(page: PageRequest, scope: ScopeFilter): Promise<TestClock[]> {
    const values: unknown[] = [page.after, page.limit + 1];
    return this.database.query(
      `select ${COLUMNS} from test_clocks where deleted_at is null and ${inScope(scope, { product: 'product_id' }, values)} and ($1::uuid is null or id < $1) order by id desc limit $2`,
      values,
    );
  }

  async insert({ id, now, productId, createdAt }: TestClock): Promise<void> {
    await this.database.write('insert into test_clocks (id, now, product_id, created_at) values ($1, $2, $3, $4)', [
      id,
      now,
      productId,
      createdAt,
    ]);
  }

  async setNow(id: string, now: Date): Promise<void> {
    await this.database.write('update test_clocks set now = $2 where id = $1', [id, now]);
  }
}

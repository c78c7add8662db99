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
}

const COLUMNS = `id, now, product_id as "productId", created_at as "createdAt"`;

@Injectable()
export class TestClocksRepository {
  constructor(private readonly database: Database) {}

  async find(id: string): Promise<TestClock | null> {
    const [clock] = await this.database.query<TestClock>(`select ${COLUMNS} from test_clocks where id = $1`, [id]);
    return clock ?? null;
  }

  /** Locks the clock without waiting. @throws database error 55P03 when another transaction has locked it */
  async lock(id: string): Promise<TestClock | null> {
    const [clock] = await this.database.write<TestClock>(
      `select ${COLUMNS} from test_clocks where id = $1 for update nowait`,
      [id],
    );
    return clock ?? null;
  }

  list(page: PageRequest, scope: ScopeFilter): Promise<TestClock[]> {
    const values: unknown[] = [page.after, page.limit + 1];
    return this.database.query(
      `select ${COLUMNS} from test_clocks where ${inScope(scope, { product: 'product_id' }, values)} and ($1::uuid is null or id < $1) order by id desc limit $2`,
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

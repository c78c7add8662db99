import pg from 'pg';
import type { TestDatabase } from './database.js';
import { eventually } from './eventually.js';

/** Does something beside an open transaction, which is rolled back at the end unless it was committed before. */
export async function besideTransaction<T>({ url }: TestDatabase, work: (other: pg.Client) => Promise<T>): Promise<T> {
  const other = new pg.Client({ connectionString: url });
  await other.connect();
  try {
    await other.query('begin');
    return await work(other);
  } finally {
    await other.query('rollback').finally(() => other.end());
  }
}

/** Until so many statements that say this wait for somebody else's lock. */
export async function untilWaiting(database: TestDatabase, { count = 1, says = '' } = {}): Promise<void> {
  const look = () =>
    database.query(
      `select query from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and position($1 in query) > 0`,
      [says],
    );
  await eventually(look, (found) => found.length >= count);
}

/** Does something while somebody else holds a customer, as who counts for it does. */
export function whileHeld<T>(database: TestDatabase, customer: string, work: () => Promise<T>): Promise<T> {
  return besideTransaction(database, async (other) => {
    await other.query(
      'select 1 from entitlement_versions where customer_id = (select id from customers where key = $1) for update',
      [customer],
    );
    return work();
  });
}

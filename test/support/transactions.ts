import pg from 'pg';
import type { TestDatabase } from './database.js';
import { eventually } from './eventually.js';

/** Runs `work` while another transaction is open. It is rolled back at the end unless `work` has committed it. */
export async function withOpenTransaction<T>(
  { url }: TestDatabase,
  work: (other: pg.Client) => Promise<T>,
): Promise<T> {
  const other = new pg.Client({ connectionString: url });
  await other.connect();
  try {
    await other.query('begin');
    return await work(other);
  } finally {
    await other.query('rollback').finally(() => other.end());
  }
}

/** Waits until `count` statements that contain the text wait for a lock. */
export async function waitForBlockedStatements(
  database: TestDatabase,
  { count = 1, containing = '' } = {},
): Promise<void> {
  const blocked = () =>
    database.query(
      `select query from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and position($1 in query) > 0`,
      [containing],
    );
  await eventually(blocked, (found) => found.length >= count);
}

/** Runs `work` while another transaction holds the customer lock, as a usage command does. */
export function withCustomerLocked<T>(database: TestDatabase, customer: string, work: () => Promise<T>): Promise<T> {
  return withOpenTransaction(database, async (other) => {
    await other.query(
      'select 1 from entitlement_versions where customer_id = (select id from customers where key = $1) for update',
      [customer],
    );
    return work();
  });
}

import { randomUUID } from 'node:crypto';
import pg from 'pg';

const TEMPLATE = 'tollgate_template';

/** A database for one test file, copied from the template. */
export interface TestDatabase {
  /** Connects as the service's role, which is no superuser. */
  url: string;
  /** Runs SQL as a superuser. */
  query<Row extends pg.QueryResultRow>(sql: string, parameters?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

export async function createTestDatabase(): Promise<TestDatabase> {
  const server = new URL(process.env['TEST_SUPERUSER_URL']!);
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const asAdmin = async (sql: string): Promise<void> => {
    const admin = new pg.Client({ connectionString: server.href });
    await admin.connect();
    await admin.query(sql).finally(() => admin.end());
  };
  // Retried: PostgreSQL refuses to copy a template while another copy runs.
  for (let attempt = 1; ; attempt++) {
    try {
      await asAdmin(`create database ${name} template ${TEMPLATE} owner tollgate`);
      break;
    } catch (error) {
      if (attempt === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  const at = (url: string | URL): string => Object.assign(new URL(url), { pathname: `/${name}` }).href;
  const pool = new pg.Pool({ connectionString: at(server), max: 4 });
  pool.on('error', () => undefined);
  return {
    url: at(process.env['TEST_DATABASE_URL']!),
    query: async <Row extends pg.QueryResultRow>(sql: string, parameters: unknown[] = []) =>
      (await pool.query<Row>(sql, parameters)).rows,
    drop: async () => {
      await pool.end();
      await asAdmin(`drop database if exists ${name} with (force)`);
    },
  };
}

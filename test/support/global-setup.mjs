import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import pg from 'pg';
import { ensureDocument } from '../../scripts/openapi-document.mjs';

export const TEMPLATE = 'tollgate_template';

/** One PostgreSQL for the whole run, and one database with the schema that every test file copies. */
export default async function globalSetup() {
  const { startEmbeddedPostgres } = await import('../../dist/libs/platform/src/embedded/embedded-postgres.js');
  const { migrate } = await import('../../dist/migrations/migrate.js');
  // Before the server starts: after a failure here nothing would stop it.
  await ensureDocument();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tollgate-test-'));
  fs.chmodSync(folder, 0o755);
  const server = await startEmbeddedPostgres({
    dataDir: path.join(folder, 'postgres'),
    volatile: true,
    // Several services of each worker.
    settings: { max_connections: '400' },
  });
  globalThis.__POSTGRES__ = { server, folder };
  const admin = new pg.Client({ connectionString: server.superuserUrl() });
  await admin.connect();
  await admin.query(`create database ${TEMPLATE} owner tollgate`);
  await admin.end();
  await migrate(server.url(TEMPLATE));
  process.env.TEST_DATABASE_URL = server.url();
  process.env.TEST_SUPERUSER_URL = server.superuserUrl();
}

import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { migrations } from './index.js';

/** Any fixed number: whoever holds this advisory lock is the one that migrates. */
const MIGRATION_LOCK = 7_046_029_254;

/** Brings the schema up to date, however many processes ask at once: one works, the others wait and find it done. */
export async function migrate(url: string): Promise<void> {
  const guard = new pg.Client({ connectionString: url, application_name: 'tollgate-migrate' });
  guard.on('error', () => undefined);
  await guard.connect();
  try {
    await guard.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const dataSource = await new DataSource({ type: 'postgres', url, migrations, migrationsTableName: 'schema_migrations' }).initialize();
    try {
      await dataSource.runMigrations({ transaction: 'each' });
    } finally {
      await dataSource.destroy();
    }
  } finally {
    await guard.end();
  }
}

/** The names of the migrations that the database does not have yet. */
export async function pendingMigrations(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'tollgate-migrate' });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string | null }>(`select to_regclass('schema_migrations') as name`);
    const { rows } = tables[0]?.name ? await client.query<{ name: string }>('select name from schema_migrations') : { rows: [] };
    const done = new Set(rows.map((row) => row.name));
    return migrations.map((migration) => migration.name).filter((name) => !done.has(name));
  } finally {
    await client.end();
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const url = process.env['DATABASE_URL'];
  if (!url) throw new Error('DATABASE_URL names the database to migrate.');
  await migrate(url);
  process.stdout.write('The schema is up to date.\n');
}

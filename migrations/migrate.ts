import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { DataSource, type MigrationInterface, QueryFailedError } from 'typeorm';
import { assertSupportedVersion, databaseFailure, VERSION_SQL } from './database-failure.js';
import { migrations } from './index.js';

/** Key of the advisory lock of the process that migrates: any fixed number. */
const MIGRATION_LOCK = 7_046_029_254;
const RETRY_LOCK_MS = 200;
/** Readers queue behind a migration that waits for its lock: so it waits less than usage commands do (500 ms). */
const LOCK_TIMEOUT_MS = 200;
const TRIES = 30;
const BETWEEN_TRIES_MS = 1_000;
const CONNECT_TIMEOUT_MS = 5_000;
const LOCK_NOT_AVAILABLE = '55P03';

export interface MigrateOptions {
  steps?: (new () => MigrationInterface)[];
  tries?: number;
  /** Receives progress messages. */
  report?: (message: string) => void;
}

/** Applies pending migrations. Safe to run concurrently: one process migrates, the others wait. */
export async function migrate(
  url: string,
  { steps = migrations, tries = TRIES, report = () => undefined }: MigrateOptions = {},
): Promise<void> {
  const guard = clientFor(url);
  guard.on('error', () => undefined);
  await guard.connect();
  try {
    const { rows } = await guard.query<{ version: number }>(VERSION_SQL);
    assertSupportedVersion(rows[0]!.version);
    // Polled: an index that is built concurrently would wait forever for a statement that waits for the lock.
    while (!(await tryLock(guard))) await pause(RETRY_LOCK_MS);
    for (let attempt = 1; ; attempt++) {
      try {
        await dropCutIndexes(guard);
        await run(url, steps);
        return;
      } catch (error) {
        if (!lacksLock(error)) throw error;
        const [name] = await pendingMigrations(url, steps);
        if (attempt >= tries)
          throw new Error(
            `${name} did not get its lock in ${tries} tries: another session locks a table that it changes. See docs/upgrade.md to find it.`,
            { cause: error },
          );
        report(`${name} waits for a lock: try ${attempt} of ${tries}.`);
      }
      await pause(BETWEEN_TRIES_MS);
    }
  } finally {
    await guard.end();
  }
}

const clientFor = (url: string): pg.Client =>
  new pg.Client({
    connectionString: url,
    application_name: 'tollgate-migrate',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });

async function tryLock(guard: pg.Client): Promise<boolean> {
  const { rows } = await guard.query<{ mine: boolean }>('select pg_try_advisory_lock($1) as mine', [MIGRATION_LOCK]);
  return rows[0]!.mine;
}

async function run(url: string, steps: (new () => MigrationInterface)[]): Promise<void> {
  const extra = { lock_timeout: LOCK_TIMEOUT_MS };
  const dataSource = await new DataSource({
    type: 'postgres',
    url,
    migrations: steps,
    migrationsTableName: 'schema_migrations',
    extra,
  }).initialize();
  try {
    await dataSource.runMigrations({ transaction: 'each' });
  } finally {
    await dataSource.destroy();
  }
}

/** Drops invalid indexes left by an interrupted concurrent build: `if not exists` would take them for complete ones. */
async function dropCutIndexes(guard: pg.Client): Promise<void> {
  const { rows } = await guard.query<{ name: string }>(
    `select i.indexrelid::regclass::text as name from pg_index i join pg_class c on c.oid = i.indexrelid
     where not i.indisvalid and c.relkind = 'i' and c.relnamespace = current_schema()::regnamespace and pg_has_role(c.relowner, 'usage')`,
  );
  for (const { name } of rows) await guard.query(`drop index concurrently if exists ${name}`);
}

const lacksLock = (error: unknown): boolean =>
  error instanceof QueryFailedError && (error.driverError as { code?: string }).code === LOCK_NOT_AVAILABLE;

/** The names of the migrations that the database does not have yet. */
export async function pendingMigrations(
  url: string,
  steps: (new () => MigrationInterface)[] = migrations,
): Promise<string[]> {
  const client = clientFor(url);
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string | null }>(
      `select to_regclass('schema_migrations') as name`,
    );
    const { rows } = tables[0]?.name
      ? await client.query<{ name: string }>('select name from schema_migrations')
      : { rows: [] };
    const done = new Set(rows.map((row) => row.name));
    return steps.map((step) => step.name).filter((name) => !done.has(name));
  } finally {
    await client.end();
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const url = process.env['DATABASE_URL'] ?? '';
  try {
    if (!URL.canParse(url))
      throw new Error('DATABASE_URL is not set to a postgres:// URL: set it to the database to migrate.');
    await migrate(url, { report: (message) => process.stderr.write(`${message}\n`) });
    process.stdout.write('The schema is up to date.\n');
  } catch (error) {
    const failure = databaseFailure(error, url);
    process.stderr.write(`${failure instanceof Error ? failure.message : String(failure)}\n`);
    process.exitCode = 1;
  }
}

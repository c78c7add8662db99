import * as path from 'node:path';
import { Logger } from '@nestjs/common';
import pg from 'pg';
import { migrate, pendingMigrations } from '../../../../migrations/migrate.js';
import type { Config } from '../config/config.js';
import { startEmbeddedPostgres } from '../embedded/embedded-postgres.js';

const CONNECT_TIMEOUT_MS = 5_000;
const logger = new Logger('Database');

/** What must stop when the service stops. */
export interface RunningDatabase {
  stop(): Promise<void>;
}

/**
 * Makes the database ready: starts the embedded one when no other is named, and brings the schema up to date.
 * In production the schema is somebody's decision: the service refuses to start on an old one instead of changing it, and on a server that forgets.
 */
export async function startDatabase(config: Config): Promise<RunningDatabase> {
  const embedded = config.embeddedDatabase
    ? await startEmbeddedPostgres({ dataDir: path.join(config.dataDir, 'postgres') })
    : null;
  config.databaseUrl ??= embedded?.url() ?? null;
  const url = config.requireDatabaseUrl();
  if (config.production) {
    await assertDurableServer(url);
    await warnOfSuperuser(url);
    await assertCurrentSchema(url);
  }
  if (!config.production) await migrate(url);
  return { stop: async () => embedded?.stop() };
}

/** What is acknowledged must be on disk: a server that does not wait for it forgets it in a crash, or breaks. */
async function assertDurableServer(url: string): Promise<void> {
  const off = await queryOnce<{ name: string }>(
    url,
    `select name from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off'`,
  );
  if (off.length > 0)
    throw new Error(
      `Tollgate does not start in production like this:\nDATABASE_URL is a server with ${off.map(({ name }) => `${name} = off`).join(', ')}`,
    );
}

/** Nobody takes a privilege away from a superuser. */
async function warnOfSuperuser(url: string): Promise<void> {
  const superuser = await queryOnce(url, 'select 1 from pg_roles where rolname = current_user and rolsuper');
  if (superuser.length > 0)
    logger.warn(
      'DATABASE_URL logs in as a superuser: then triggers alone keep the events from being changed. Give the service a role of its own that owns its database.',
    );
}

async function queryOnce<Row extends pg.QueryResultRow>(url: string, question: string): Promise<Row[]> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: CONNECT_TIMEOUT_MS,
  });
  await client.connect();
  try {
    return (await client.query<Row>(question)).rows;
  } finally {
    await client.end();
  }
}

async function assertCurrentSchema(url: string): Promise<void> {
  const pending = await pendingMigrations(url);
  if (pending.length > 0) throw new Error(`The schema lacks ${pending.join(', ')}: run "npm run migrate" first.`);
}

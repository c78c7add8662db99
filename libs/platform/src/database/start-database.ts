import * as path from 'node:path';
import { Logger } from '@nestjs/common';
import pg from 'pg';
import { assertSupportedVersion, databaseFailure, VERSION_SQL } from '../../../../migrations/database-failure.js';
import { migrate, pendingMigrations } from '../../../../migrations/migrate.js';
import type { Config } from '../config/config.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../embedded/embedded-postgres.js';
import { dataDirFailure } from '../process/start-failure.js';

const CONNECT_TIMEOUT_MS = 5_000;
const logger = new Logger('Database');

/** A prepared database; `stop` ends the embedded server, if there is one. */
export interface RunningDatabase {
  stop(): Promise<void>;
}

/**
 * Prepares the database: starts the embedded server when DATABASE_URL is not set, and migrates the schema.
 *
 * In production it migrates nothing: an operator decides that. It refuses to start on an old schema, and on a server
 * that can lose committed data.
 * @throws Error that says what to change
 * @example const database = await startDatabase(Config.fromEnvironment());
 */
export async function startDatabase(config: Config): Promise<RunningDatabase> {
  const embedded = config.embeddedDatabase ? await startEmbedded(config.dataDir) : null;
  config.databaseUrl ??= embedded?.url() ?? null;
  const url = config.requireDatabaseUrl();
  try {
    await (config.production ? assertReady(url) : migrate(url));
  } catch (error) {
    await embedded?.stop();
    throw databaseFailure(error, url);
  }
  return { stop: async () => embedded?.stop() };
}

function startEmbedded(dataDir: string): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ dataDir: path.join(dataDir, 'postgres') }).catch((error: unknown) => {
    throw dataDirFailure(error, dataDir);
  });
}

async function assertReady(url: string): Promise<void> {
  await assertSupportedServer(url);
  await assertDurableServer(url);
  await warnOfSuperuser(url);
  await assertCurrentSchema(url);
}

async function assertSupportedServer(url: string): Promise<void> {
  const [server] = await queryOnce<{ version: number }>(url, VERSION_SQL);
  assertSupportedVersion(server!.version);
}

/** Committed data must be on disk: a server with one of these settings off loses or corrupts data in a crash. */
async function assertDurableServer(url: string): Promise<void> {
  const off = await queryOnce<{ name: string }>(
    url,
    `select name from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off'`,
  );
  if (off.length > 0)
    throw new Error(
      `Production refuses to start with this configuration:\nDATABASE_URL is a server with ${off.map(({ name }) => `${name} = off`).join(', ')}`,
    );
}

/** Revoked privileges have no effect on a superuser. */
async function warnOfSuperuser(url: string): Promise<void> {
  const superuser = await queryOnce(url, 'select 1 from pg_roles where rolname = current_user and rolsuper');
  if (superuser.length > 0)
    logger.warn(
      'DATABASE_URL logs in as a superuser: only triggers protect events from changes. Use a dedicated role that owns the database.',
    );
}

async function queryOnce<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: CONNECT_TIMEOUT_MS,
  });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function assertCurrentSchema(url: string): Promise<void> {
  const pending = await pendingMigrations(url);
  if (pending.length > 0) throw new Error(`The schema lacks ${pending.join(', ')}: run "npm run migrate" first.`);
}

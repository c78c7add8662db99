import * as path from 'node:path';
import { migrate, pendingMigrations } from '../../../../migrations/migrate.js';
import type { Config } from '../config/config.js';
import { startEmbeddedPostgres } from '../embedded/embedded-postgres.js';

/** What must stop when the service stops. */
export interface RunningDatabase {
  stop(): Promise<void>;
}

/**
 * Makes the database ready: starts the embedded one when no other is named, and brings the schema up to date.
 * In production the schema is somebody's decision: the service refuses to start on an old one instead of changing it.
 */
export async function startDatabase(config: Config): Promise<RunningDatabase> {
  const embedded = config.embeddedDatabase ? await startEmbeddedPostgres({ dataDir: path.join(config.dataDir, 'postgres') }) : null;
  config.databaseUrl ??= embedded?.url() ?? null;
  const url = config.requireDatabaseUrl();
  if (config.production) await refuseOldSchema(url);
  else await migrate(url);
  return { stop: async () => embedded?.stop() };
}

async function refuseOldSchema(url: string): Promise<void> {
  const pending = await pendingMigrations(url);
  if (pending.length > 0) throw new Error(`The schema lacks ${pending.join(', ')}: run "npm run migrate" first.`);
}

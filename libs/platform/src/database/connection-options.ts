import type pg from 'pg';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import type { Config } from '../config/config.js';

/** What the server is to give up on, by the names of its settings. Milliseconds. */
export interface ServerLimits {
  statement_timeout: number;
  lock_timeout: number;
  idle_in_transaction_session_timeout: number;
}

/** How many of a process's connections are for what is asked thousands of times a second. */
const USAGE_POOL_SHARE = 0.375;
const LIMITS: ServerLimits = {
  statement_timeout: 4_000,
  lock_timeout: 3_000,
  idle_in_transaction_session_timeout: 10_000,
};

export const usagePoolSize = ({ databaseConnections }: Config): number =>
  Math.max(2, Math.floor(databaseConnections * USAGE_POOL_SHARE));

/** A pooler takes no settings with a connection: they are made in each transaction then. */
export const connectionLimits = ({ pooled }: Config, limits: ServerLimits): Partial<ServerLimits> => (pooled ? {} : limits);

/** What begins a transaction, or stands first in it: nothing where the connection is set already. */
export const transactionLimitsSql = ({ pooled }: Config, limits: ServerLimits = LIMITS): string =>
  pooled
    ? Object.entries(limits)
        .map(([name, ms]) => `set local ${name} = ${ms}`)
        .join('; ')
    : '';

/**
 * How the service connects. Every wait is bounded, the client's own first: `query_timeout` is the only one that fires
 * when the server is frozen or the network swallows the answer. All times in milliseconds.
 */
export function connectionOptions(config: Config, Client: typeof pg.Client): PostgresDataSourceOptions {
  return {
    type: 'postgres',
    url: config.requireDatabaseUrl(),
    synchronize: false,
    migrationsRun: false,
    applicationName: 'tollgate',
    logging: false,
    extra: {
      Client,
      max: config.databaseConnections - usagePoolSize(config),
      connectionTimeoutMillis: 2_000,
      query_timeout: 5_000,
      ...connectionLimits(config, LIMITS),
    },
  };
}

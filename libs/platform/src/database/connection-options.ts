import type pg from 'pg';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import type { Config } from '../config/config.js';

/** Timeouts of the server, by the names of its settings. Milliseconds. */
export interface ServerLimits {
  statement_timeout: number;
  lock_timeout: number;
  idle_in_transaction_session_timeout: number;
}

/** Share of a process's connections for the hot path: checks and usage. */
const USAGE_POOL_SHARE = 0.375;
const LIMITS: ServerLimits = {
  statement_timeout: 4_000,
  lock_timeout: 3_000,
  idle_in_transaction_session_timeout: 10_000,
};

export const usagePoolSize = ({ databaseConnections }: Config): number =>
  Math.max(2, Math.floor(databaseConnections * USAGE_POOL_SHARE));

/** Settings of a connection. A pooler accepts none: each transaction sets them (`limitsInside`). */
export const connectionLimits = ({ pooled }: Config, limits: ServerLimits): Partial<ServerLimits> =>
  pooled ? {} : limits;

/** First statements of a transaction behind a pooler; empty where the connection has its settings. */
export const transactionLimitsSql = ({ pooled }: Config, limits: ServerLimits = LIMITS): string =>
  pooled
    ? Object.entries(limits)
        .map(([name, ms]) => `set local ${name} = ${ms}`)
        .join('; ')
    : '';

/**
 * Connection options of TypeORM. Every wait is bounded, on the client first: `query_timeout` is the only timeout that
 * fires when the server is frozen or the network loses the response. All times in milliseconds.
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

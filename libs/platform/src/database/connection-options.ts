import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';

/**
 * How the service connects. Every wait is bounded, the client's own first: `query_timeout` is the only one that fires
 * when the server is frozen or the network swallows the answer. All times in milliseconds.
 */
export function connectionOptions(url: string): PostgresDataSourceOptions {
  return {
    type: 'postgres',
    url,
    synchronize: false,
    migrationsRun: false,
    applicationName: 'tollgate',
    logging: false,
    extra: {
      max: 20,
      connectionTimeoutMillis: 2_000,
      query_timeout: 5_000,
      statement_timeout: 4_000,
      lock_timeout: 3_000,
      idle_in_transaction_session_timeout: 10_000,
    },
  };
}

import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { Config } from '../config/config.js';
import { QueryWatch } from '../observation/query-watch.js';
import { usagePoolSize, transactionLimitsSql, type ServerLimits, connectionLimits } from './connection-options.js';
import { Database } from './database.js';

/** A statement that the server parses once for each connection. */
export interface Statement {
  /** Unique among all statements of the program. */
  name: string;
  text: string;
}

/** Asks the database. What is asked without waiting for the answer of the one before travels together with it. */
export interface Connection {
  run<Row>(statement: Statement, values?: unknown[]): Promise<Row[]>;
}

/** What a transaction decided, and the writes that it has asked for and not waited for: they travel together with the commit. */
export interface PipelinedResult<Answer> {
  answer: Answer;
  writes: Promise<unknown>[];
}

/** Times in milliseconds. A request that cannot be answered in these is refused, and the next one is served. */
const LIMITS: ServerLimits = {
  statement_timeout: 1_800,
  lock_timeout: 500,
  idle_in_transaction_session_timeout: 5_000,
};
const CLIENT_TIMEOUTS = { connectionTimeoutMillis: 1_000, query_timeout: 2_000 };
const POOL = 'usage';

/**
 * The short way to the database, for what is asked thousands of times a second: prepared statements on connections of their own,
 * past the entity mapper. A transaction takes two journeys: it begins together with its first reads and commits together with its writes.
 */
@Injectable()
export class PipelinedDatabase implements OnApplicationShutdown {
  private readonly pool: pg.Pool;
  private readonly begin: string;
  private readonly connectionOf: (client: pg.PoolClient) => Connection;

  constructor(
    config: Config,
    private readonly database: Database,
    watch: QueryWatch,
  ) {
    // The options are newer than the published types.
    const options = {
      connectionString: config.requireDatabaseUrl(),
      application_name: 'tollgate usage',
      max: usagePoolSize(config),
      Client: watch.clientFor(POOL),
      ...CLIENT_TIMEOUTS,
      ...connectionLimits(config, LIMITS),
      pipeline: true,
    };
    this.pool = new pg.Pool(options);
    watch.watchPool(POOL, this.pool);
    this.begin = ['begin', transactionLimitsSql(config, LIMITS)].filter(Boolean).join('; ');
    // A statement that one transaction has prepared is not there for the next when a pooler deals out the connections.
    this.connectionOf = config.pooled ? connectionOf(({ text }) => ({ text })) : connectionOf((statement) => statement);
  }

  read<Row>(statement: Statement, values: unknown[] = []): Promise<Row[]> {
    return this.onConnection((connection) => connection.run<Row>(statement, values));
  }

  /** Runs questions that may see different instants, on one connection. */
  async onConnection<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    return this.withClient(client, () => work(this.connectionOf(client)));
  }

  /** Runs `work` in one transaction of its own, or in the one that the caller runs already. */
  async transaction<Answer>(work: (connection: Connection) => Promise<PipelinedResult<Answer>>): Promise<Answer> {
    if (this.database.inTransaction) return this.inCallersTransaction(work);
    const client = await this.pool.connect();
    return this.withClient(client, async () => {
      const began = client.query(this.begin);
      began.catch(() => undefined);
      try {
        const { answer, writes } = await work(this.connectionOf(client));
        const done = await Promise.allSettled([began, ...writes, client.query('commit')]);
        for (const step of done) if (step.status === 'rejected') throw step.reason;
        return answer;
      } catch (error) {
        // On a broken connection there is nothing left to roll back.
        await client.query('rollback').catch(() => undefined);
        throw error;
      }
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }

  private async inCallersTransaction<Answer>(
    work: (connection: Connection) => Promise<PipelinedResult<Answer>>,
  ): Promise<Answer> {
    let last: Promise<unknown> = Promise.resolve();
    // The caller's connection takes one statement at a time.
    const run = <Row>({ text }: Statement, values: unknown[] = []): Promise<Row[]> => {
      const next = last.then(() => this.database.write<Row>(text, values));
      last = next.catch(() => undefined);
      return next;
    };
    const { answer, writes } = await work({ run });
    await Promise.all(writes);
    return answer;
  }

  /** Gives the connection back, or ends it when nobody can say what state it is in. */
  private async withClient<T>(client: pg.PoolClient, work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      client.release();
      return result;
    } catch (error) {
      client.release(isConnectionUnusable(error));
      throw error;
    }
  }
}

/** An error that the server itself has told leaves the connection usable. */
const isConnectionUnusable = (error: unknown): boolean =>
  !(error instanceof pg.DatabaseError) || error.code?.startsWith('57') === true;

const connectionOf =
  (prepared: (statement: Statement) => { name?: string; text: string }) =>
  (client: pg.PoolClient): Connection => ({
    run: async <Row>(statement: Statement, values: unknown[] = []): Promise<Row[]> => {
      const { rows } = await client.query<pg.QueryResultRow>({ ...prepared(statement), values });
      return rows as Row[];
    },
  });

import type { Socket } from 'node:net';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { Config } from '../config/config.js';
import { QueryWatch } from '../observation/query-watch.js';
import { usagePoolSize, transactionLimitsSql, type ServerLimits, connectionLimits } from './connection-options.js';
import { Database } from './database.js';

/** A prepared statement: the server parses it once per connection. */
export interface Statement {
  /** Unique in the whole program. */
  name: string;
  text: string;
  /** `array`: rows are arrays of the columns in their order. The driver builds one of 11 in 0.1 us, not 0.23. */
  rowMode?: 'array';
}

/** A pipelined connection: statements sent without awaiting the previous result share a round trip. */
export interface Connection {
  run<Row>(statement: Statement, values?: unknown[]): Promise<Row[]>;
}

/** Answer of a transaction, and its writes that are not awaited yet: they are sent together with the commit. */
export interface PipelinedResult<Answer> {
  answer: Answer;
  writes: Promise<unknown>[];
}

/** Milliseconds. A request that exceeds one of these fails, and frees its connection for the next. */
const LIMITS: ServerLimits = {
  statement_timeout: 1_800,
  lock_timeout: 500,
  idle_in_transaction_session_timeout: 5_000,
};
const CLIENT_TIMEOUTS = { connectionTimeoutMillis: 1_000, query_timeout: 2_000 };
const POOL = 'usage';
/**
 * Every statement of this pool looks up rows by an index. A prepared statement that was planned while its table was
 * nearly empty would scan the table as it grows, until the next ANALYZE. Measured with 10,000 customers: 560 us of the
 * database's CPU for a consume instead of 54, and events for 1,000 customers exceeded statement_timeout.
 */
const PLANNER_OPTIONS = '-c enable_seqscan=off -c jit=off';

/**
 * Access to the database for the hot path: prepared statements on dedicated connections, without the entity mapper.
 * A transaction takes two round trips: BEGIN is sent with its first reads, COMMIT with its writes.
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
    // The published types do not know these options yet.
    const options = {
      connectionString: config.requireDatabaseUrl(),
      application_name: 'tollgate usage',
      max: usagePoolSize(config),
      Client: watch.clientFor(POOL),
      ...CLIENT_TIMEOUTS,
      ...connectionLimits(config, LIMITS),
      // Behind a pooler each execution is planned again, for the present size of its tables.
      ...(config.pooled ? {} : { options: PLANNER_OPTIONS }),
      pipeline: true,
    };
    this.pool = new pg.Pool(options);
    watch.watchPool(POOL, this.pool);
    this.begin = ['begin', transactionLimitsSql(config, LIMITS)].filter(Boolean).join('; ');
    // A pooler assigns another connection to each transaction, where the statement is not prepared.
    this.connectionOf = config.pooled
      ? connectionOf(({ text, rowMode }) => ({ text, rowMode }))
      : connectionOf((statement) => statement);
  }

  /**
   * Runs one read on a pooled connection.
   * @example const rows = await pipelined.read<MeterRow>({ name: 'meter', text: METER_SQL }, [meterId]);
   */
  read<Row>(statement: Statement, values: unknown[] = []): Promise<Row[]> {
    return this.onConnection((connection) => connection.run<Row>(statement, values));
  }

  /**
   * Runs reads on one connection, without a transaction: they may see different snapshots.
   * @example await pipelined.onConnection((c) => Promise.all([c.run(METERS, [id]), c.run(GRANTS, [id])]));
   */
  async onConnection<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    return this.withClient(client, () => work(this.connectionOf(client)));
  }

  /**
   * Runs `work` in a separate transaction, or in the one of the caller. `work` awaits its reads and returns its writes.
   * @throws any error of `work` or of the database; then nothing was written
   * @example
   * const left = await pipelined.transaction(async (connection) => {
   *   const [row] = await connection.run<BalanceRow>(LOCK_BALANCE, [id]);
   *   return { answer: row!.units - 1, writes: [connection.run(SET_BALANCE, [id, row!.units - 1])] };
   * });
   */
  async transaction<Answer>(work: (connection: Connection) => Promise<PipelinedResult<Answer>>): Promise<Answer> {
    if (this.database.inTransaction) return this.inCallersTransaction(work);
    const client = await this.pool.connect();
    return this.withClient(client, async () => {
      coalesceWrites(client);
      const beginning = client.query(this.begin);
      beginning.catch(() => undefined);
      try {
        const { answer, writes } = await work(this.connectionOf(client));
        coalesceWrites(client);
        const done = await Promise.allSettled([beginning, ...writes, client.query('commit')]);
        for (const step of done) if (step.status === 'rejected') throw step.reason;
        return answer;
      } catch (error) {
        // On a broken connection the server rolls back.
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
    // The caller's connection runs one statement at a time.
    const run = <Row>({ text, rowMode }: Statement, values: unknown[] = []): Promise<Row[]> => {
      const next = last.then(() => this.database.write<Row & object>(text, values));
      last = next.catch(() => undefined);
      return rowMode === 'array' ? next.then((rows) => rows.map((row) => Object.values(row) as Row)) : next;
    };
    const { answer, writes } = await work({ run });
    await Promise.all(writes);
    return answer;
  }

  /** Returns the connection to the pool, or closes it when its state is unknown. */
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

/** An error reported by the server leaves the connection usable; other errors do not. */
const isConnectionUnusable = (error: unknown): boolean =>
  !(error instanceof pg.DatabaseError) || error.code?.startsWith('57') === true;

/** Sends all statements of one event-loop turn with one system call: it costs more than building a statement. */
function coalesceWrites(client: pg.PoolClient): void {
  // The published types do not know the socket.
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

const connectionOf =
  (prepared: (statement: Statement) => Omit<Statement, 'name'>) =>
  (client: pg.PoolClient): Connection => ({
    run: async <Row>(statement: Statement, values: unknown[] = []): Promise<Row[]> => {
      coalesceWrites(client);
      const { rows } = await client.query<pg.QueryResultRow>({ ...prepared(statement), values });
      return rows as Row[];
    },
  });

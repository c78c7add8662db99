import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { Config } from '../config/config.js';
import { isReadTimeout } from '../database/database-errors.js';
import { Metrics } from '../metrics/metrics.js';
import { ProcessStalls } from './process-stalls.js';
import { requestTally } from './request-tally.js';
import { isTracing, spanOfQuery } from './tracing.js';

/** Minimum time between two EXPLAINs: of the same statement, and of any statement. Milliseconds. */
const EXPLAIN_STATEMENT_INTERVAL_MS = 600_000;
const EXPLAIN_INTERVAL_MS = 5_000;
const MAX_EXPLAINED = 200;
const EXPLAIN_TIMEOUT_MS = 2_000;
const EXPLAINABLE = /^\s*(select|with|insert|update|delete)\b/i;
/** Version from which EXPLAIN works without parameter values, so that no customer data reaches the log. */
const GENERIC_PLANS_SINCE = 160_000;

/** Duration of a query, and the part of it in which this process was stalled. Milliseconds. */
interface QueryTimes {
  ms: number;
  stalledMs: number;
}

/** Observes every query: duration, request tally, trace span, and for a slow one its plan. */
@Injectable()
export class QueryWatch implements OnApplicationShutdown {
  private readonly logger = new Logger('Database');
  private readonly stalls = new ProcessStalls();
  private readonly explained = new Map<string, number>();
  private lastExplained = Number.NEGATIVE_INFINITY;
  /** True when the pools are closing: the server may end a connection before its goodbye arrives. */
  private stopped = false;

  constructor(
    private readonly config: Config,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Returns the client class of a pool. It times queries, and listens for errors: without a listener, a lost connection
   * would end the process.
   */
  clientFor(pool: string): typeof pg.Client {
    const seconds = this.metrics.queries.labels(pool);
    const logLostConnection = (error: Error): void => this.lost(error);
    const { stalls } = this;
    const record = (query: unknown, times: QueryTimes, failed: boolean): void =>
      this.observe(pool, query, times, failed);
    return class WatchedClient extends pg.Client {
      /** True after a query timeout: this process closed the connection, and the request reports the timeout. */
      private isGivenUp = false;

      constructor(options?: string | pg.ClientConfig) {
        super(options);
        this.on('error', (error) => this.isGivenUp || logLostConnection(error));
      }

      override query(...query: unknown[]): never {
        const startedAt = performance.now();
        const stalledBefore = stalls.totalMs(startedAt);
        const answer = (super.query as (...query: unknown[]) => unknown)(...query) as Promise<unknown> | undefined;
        const done = (failed: boolean): void => {
          const now = performance.now();
          const ms = now - startedAt;
          seconds.observe(ms / 1_000);
          record(query[0], { ms, stalledMs: stalls.totalMs(now) - stalledBefore }, failed);
        };
        if (typeof answer?.then === 'function')
          answer.then(
            () => {
              this.isGivenUp = false;
              done(false);
            },
            (error: unknown) => {
              this.isGivenUp ||= isReadTimeout(error);
              done(true);
            },
          );
        return answer as never;
      }
    };
  }

  /** Publishes the connection counts of a pool as metrics, and logs its lost connections. */
  watchPool(name: string, pool: pg.Pool): void {
    pool.on('error', (error) => this.lost(error));
    const { connections } = this.metrics;
    this.metrics.onCollect(() => {
      connections.set({ pool: name, state: 'open' }, pool.totalCount);
      connections.set({ pool: name, state: 'idle' }, pool.idleCount);
      connections.set({ pool: name, state: 'waiting' }, pool.waitingCount);
    });
  }

  onApplicationShutdown(): void {
    this.stalls.stop();
    this.stopped = true;
  }

  private lost(error: Error): void {
    if (!this.stopped) this.logger.warn(`Database connection lost: ${error.message}`);
  }

  /** A query is slow by the time of the database: while this process is stalled, an answer waits to be read. */
  private observe(pool: string, query: unknown, { ms, stalledMs }: QueryTimes, failed: boolean): void {
    const text = typeof query === 'string' ? query : (query as { text: string }).text;
    requestTally.count(ms);
    if (isTracing()) spanOfQuery(text, ms, failed);
    const databaseMs = ms - stalledMs;
    if (databaseMs < this.config.slowQueryMs || failed) return;
    this.metrics.slowQueries.inc({ pool });
    void this.logSlowQuery(text, databaseMs);
  }

  /** Logs a statement without its values. Its plan is read at most once per 10 minutes, one statement per 5 s. */
  private async logSlowQuery(text: string, ms: number): Promise<void> {
    const now = performance.now();
    const recent = now - (this.explained.get(text) ?? Number.NEGATIVE_INFINITY) < EXPLAIN_STATEMENT_INTERVAL_MS;
    const explain = !recent && now - this.lastExplained > EXPLAIN_INTERVAL_MS && EXPLAINABLE.test(text);
    if (explain) {
      this.lastExplained = now;
      if (this.explained.size >= MAX_EXPLAINED) this.explained.clear();
      this.explained.set(text, now);
    }
    const plan = explain ? await this.planOf(text).catch(() => undefined) : undefined;
    this.logger.warn({
      message: 'A query was slow',
      ms: Math.round(ms),
      query: text.replace(/\s+/g, ' ').trim(),
      plan,
    });
  }

  /** Reads a plan on a separate connection, so that a full pool is not loaded further. */
  private async planOf(text: string): Promise<string | undefined> {
    const client = new pg.Client({
      connectionString: this.config.requireDatabaseUrl(),
      application_name: 'tollgate plans',
      connectionTimeoutMillis: EXPLAIN_TIMEOUT_MS,
      query_timeout: EXPLAIN_TIMEOUT_MS,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows: versions } = await client.query<{ version: number }>(
        `select current_setting('server_version_num')::int as version`,
      );
      if (versions[0]!.version < GENERIC_PLANS_SINCE) return undefined;
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain (generic_plan) ${text}`);
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

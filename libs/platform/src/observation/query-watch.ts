import { Injectable, Logger } from '@nestjs/common';
import pg from 'pg';
import { Config } from '../config/config.js';
import { Metrics } from '../metrics/metrics.js';
import { requestTally } from './request-tally.js';
import { isTracing, spanOfQuery } from './tracing.js';

/** The plan of a slow query is asked for so often at most. Milliseconds. */
const EXPLAIN_STATEMENT_INTERVAL_MS = 600_000;
const EXPLAIN_INTERVAL_MS = 5_000;
const MAX_EXPLAINED = 200;
const EXPLAIN_TIMEOUT_MS = 2_000;
const EXPLAINABLE = /^\s*(select|with|insert|update|delete)\b/i;
/** PostgreSQL 16 explains a statement without its values: so nothing of a customer comes into the log. */
const GENERIC_PLANS_SINCE = 160_000;

/** Looks on at every query: how long it took, for whom, and, where it was slow, what the server does for it. */
@Injectable()
export class QueryWatch {
  private readonly logger = new Logger('Database');
  private readonly explained = new Map<string, number>();
  private lastExplained = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly config: Config,
    private readonly metrics: Metrics,
  ) {}

  /**
   * The class of connections for a pool of that name: timed, and with a listener for errors, because without one the loss of a
   * connection would end the process.
   */
  clientFor(pool: string): typeof pg.Client {
    const observed = this.metrics.queries.labels(pool);
    const logLostConnection = (error: Error): void => this.lost(error);
    const record = (asked: unknown, ms: number, failed: boolean): void => this.saw(pool, asked, ms, failed);
    return class WatchedClient extends pg.Client {
      constructor(options?: string | pg.ClientConfig) {
        super(options);
        this.on('error', logLostConnection);
      }

      override query(...asked: unknown[]): never {
        const began = performance.now();
        const answer = (super.query as (...asked: unknown[]) => unknown)(...asked) as Promise<unknown> | undefined;
        const done = (failed: boolean): void => {
          const ms = performance.now() - began;
          observed.observe(ms / 1_000);
          record(asked[0], ms, failed);
        };
        if (typeof answer?.then === 'function')
          answer.then(
            () => done(false),
            () => done(true),
          );
        return answer as never;
      }
    };
  }

  /** Tells of a pool's connections when the metrics are read; and of those that it lost. */
  watchPool(name: string, pool: pg.Pool): void {
    pool.on('error', (error) => this.lost(error));
    const { connections } = this.metrics;
    this.metrics.onCollect(() => {
      connections.set({ pool: name, state: 'open' }, pool.totalCount);
      connections.set({ pool: name, state: 'idle' }, pool.idleCount);
      connections.set({ pool: name, state: 'waiting' }, pool.waitingCount);
    });
  }

  private lost(error: Error): void {
    this.logger.warn(`A database connection was lost: ${error.message}`);
  }

  private saw(pool: string, asked: unknown, ms: number, failed: boolean): void {
    const text = typeof asked === 'string' ? asked : (asked as { text: string }).text;
    requestTally.count(ms);
    if (isTracing()) spanOfQuery(text, ms, failed);
    if (ms < this.config.slowQueryMs || failed) return;
    this.metrics.slowQueries.inc({ pool });
    void this.logSlowQuery(text, ms);
  }

  /** The statement without its values. Nothing is asked twice within ten minutes, and nothing while another is. */
  private async logSlowQuery(text: string, ms: number): Promise<void> {
    const now = performance.now();
    const again = now - (this.explained.get(text) ?? Number.NEGATIVE_INFINITY) < EXPLAIN_STATEMENT_INTERVAL_MS;
    const explain = !again && now - this.lastExplained > EXPLAIN_INTERVAL_MS && EXPLAINABLE.test(text);
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

  /** On a connection of its own, so that a pool that is full is not asked for one more. */
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

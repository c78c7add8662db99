import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { Clock, DomainError } from '@app/kernel';
import { Config } from '../config/config.js';
import { SharedRedis } from '../redis/shared-redis.js';

const PROBE_TIMEOUT_MS = 1_000;
/** Probes within this time share one result. Milliseconds. */
const RESULT_CACHE_MS = 100;
const IDLE_CONNECTION_MS = 30_000;

/** State of a dependency: the database or Redis. */
export interface DependencyState {
  status: 'up' | 'down';
  /** Response time in milliseconds; null when it did not respond. */
  latencyMs: number | null;
  /** Start of the current status, as seen by this process. */
  since: Date;
}

export type Dependencies = Record<string, DependencyState>;

/** Readiness of this process, and state of its dependencies. The database is required; Redis is optional. */
@Injectable()
export class Readiness implements OnApplicationShutdown {
  private stopping = false;
  private readonly states = new Map<string, DependencyState>();
  private probedAt = Number.NEGATIVE_INFINITY;
  private result: Promise<Dependencies> | null = null;
  /** Separate connection: a busy pool is no sign of an unavailable database. */
  private readonly pool: pg.Pool;

  constructor(
    config: Config,
    private readonly redis: SharedRedis,
    private readonly clock: Clock,
  ) {
    this.pool = new pg.Pool({
      connectionString: config.requireDatabaseUrl(),
      application_name: 'tollgate health',
      max: 1,
      idleTimeoutMillis: IDLE_CONNECTION_MS,
      connectionTimeoutMillis: PROBE_TIMEOUT_MS,
      query_timeout: PROBE_TIMEOUT_MS,
    });
    this.pool.on('error', () => undefined);
  }

  /** True during shutdown. */
  get isStopping(): boolean {
    return this.stopping;
  }

  /** Reports not ready from now on. Requests that still arrive are served. */
  stop(): void {
    this.stopping = true;
  }

  /**
   * Probes all dependencies.
   * @throws DomainError `stopping`, `database_unavailable`
   * @example const { database, redis } = await readiness.check();
   */
  async check(): Promise<Dependencies> {
    if (this.stopping)
      throw new DomainError('unavailable', 'stopping', 'This instance is shutting down. Retry on another one.', {
        retryAfterSeconds: 1,
      });
    const now = performance.now();
    if (!this.result || now - this.probedAt >= RESULT_CACHE_MS) {
      this.probedAt = now;
      this.result = this.probe();
    }
    const dependencies = await this.result;
    if (dependencies['database']!.status === 'down')
      throw new DomainError(
        'unavailable',
        'database_unavailable',
        'The database does not respond. Try again after `Retry-After`.',
        {
          retryAfterSeconds: 1,
          dependencies,
        },
      );
    return dependencies;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }

  private async probe(): Promise<Dependencies> {
    const probes: [string, () => Promise<unknown>][] = [['database', () => this.pool.query('select 1')]];
    if (this.redis.client) probes.push(['redis', () => this.redis.client!.ping()]);
    return Object.fromEntries(
      await Promise.all(probes.map(async ([name, probe]) => [name, await this.stateOf(name, probe)] as const)),
    );
  }

  private async stateOf(name: string, probe: () => Promise<unknown>): Promise<DependencyState> {
    const startedAt = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<false>(
      (resolve) => (timer = setTimeout(() => resolve(false), PROBE_TIMEOUT_MS).unref()),
    );
    const up = await Promise.race([
      probe().then(
        () => true,
        () => false,
      ),
      timeout,
    ]);
    clearTimeout(timer);
    const status = up ? 'up' : 'down';
    const before = this.states.get(name);
    const state: DependencyState = {
      status,
      latencyMs: up ? Math.round((performance.now() - startedAt) * 10) / 10 : null,
      since: before?.status === status ? before.since : this.clock.now(),
    };
    this.states.set(name, state);
    return state;
  }
}

import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { Clock, DomainError } from '@app/kernel';
import { Config } from '../config/config.js';
import { SharedRedis } from '../redis/shared-redis.js';

const PROBE_TIMEOUT_MS = 1_000;
/** Whoever asks as often as this gets the answer that was just found. */
const RESULT_CACHE_MS = 100;
const IDLE_CONNECTION_MS = 30_000;

/** How something that the service relies on is. */
export interface DependencyState {
  status: 'up' | 'down';
  /** What it took to answer, in milliseconds; null when it did not. */
  latencyMs: number | null;
  /** Since when it has been so, as far as this process has seen. */
  since: Date;
}

export type Dependencies = Record<string, DependencyState>;

/** Whether requests should be sent here, and how what is relied on is. Without the database nothing is answered; without Redis everything is. */
@Injectable()
export class Readiness implements OnApplicationShutdown {
  private stopping = false;
  private readonly states = new Map<string, DependencyState>();
  private probedAt = Number.NEGATIVE_INFINITY;
  private result: Promise<Dependencies> | null = null;
  /** Its own connection: a pool that is full says that there is much to do, not that nothing can be done. */
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

  /** True from when no more requests should come. */
  get isStopping(): boolean {
    return this.stopping;
  }

  /** Tells from now on that no more requests should come; those that do are still served. */
  stop(): void {
    this.stopping = true;
  }

  /** Asks everything that is relied on. @throws DomainError `stopping`, `database_unavailable` */
  async check(): Promise<Dependencies> {
    if (this.stopping)
      throw new DomainError('unavailable', 'stopping', 'The service is stopping.', { retryAfterSeconds: 1 });
    const now = performance.now();
    if (!this.result || now - this.probedAt >= RESULT_CACHE_MS) {
      this.probedAt = now;
      this.result = this.probe();
    }
    const dependencies = await this.result;
    if (dependencies['database']!.status === 'down')
      throw new DomainError('unavailable', 'database_unavailable', 'The database does not answer.', {
        retryAfterSeconds: 1,
        dependencies,
      });
    return dependencies;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }

  private async probe(): Promise<Dependencies> {
    const questions: [string, () => Promise<unknown>][] = [['database', () => this.pool.query('select 1')]];
    if (this.redis.client) questions.push(['redis', () => this.redis.client!.ping()]);
    return Object.fromEntries(
      await Promise.all(questions.map(async ([name, question]) => [name, await this.stateOf(name, question)] as const)),
    );
  }

  private async stateOf(name: string, question: () => Promise<unknown>): Promise<DependencyState> {
    const began = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), PROBE_TIMEOUT_MS).unref()));
    const up = await Promise.race([
      question().then(
        () => true,
        () => false,
      ),
      tooLate,
    ]);
    clearTimeout(timer);
    const status = up ? 'up' : 'down';
    const before = this.states.get(name);
    const state: DependencyState = {
      status,
      latencyMs: up ? Math.round((performance.now() - began) * 10) / 10 : null,
      since: before?.status === status ? before.since : this.clock.now(),
    };
    this.states.set(name, state);
    return state;
  }
}

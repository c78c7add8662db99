import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import { Config } from '../config/config.js';

const KEY_PREFIX = 'tollgate:limit';
/** What Redis may take for an answer, and how long it is left alone after it gave none. Milliseconds. */
const PATIENCE_MS = 200;
const LEFT_ALONE_MS = 1_000;
const RECONNECT_MS = 1_000;

/** How often something was done in the window that runs, this time included. */
export interface Hits {
  hits: number;
  /** Until the window is over, in milliseconds. */
  resetMs: number;
}

/** Counts in fixed windows, in Redis for all instances where there is one, else in this process. Redis may go away: then each counts for itself. */
@Injectable()
export class RateLimits implements OnApplicationShutdown {
  private readonly logger = new Logger('RateLimits');
  private readonly redis: Redis | null;
  private readonly limiters = new Map<number, { shared: RateLimiterAbstract | null; own: RateLimiterAbstract }>();
  private leftAloneUntil = 0;
  private failing = false;

  constructor(config: Config) {
    this.redis = config.redisUrl ? connect(config.redisUrl) : null;
    this.redis?.on('error', (error: Error) => this.failed(error));
  }

  async hit(bucket: string, windowMs: number): Promise<Hits> {
    const { shared, own } = this.limitersOf(windowMs);
    if (shared && performance.now() >= this.leftAloneUntil) {
      try {
        const { consumedPoints, msBeforeNext } = await shared.penalty(bucket, 1);
        this.failing = false;
        return { hits: consumedPoints, resetMs: msBeforeNext };
      } catch (error) {
        this.leftAloneUntil = performance.now() + LEFT_ALONE_MS;
        this.failed(error);
      }
    }
    const { consumedPoints, msBeforeNext } = await own.penalty(bucket, 1);
    return { hits: consumedPoints, resetMs: msBeforeNext };
  }

  onApplicationShutdown(): void {
    this.redis?.disconnect();
  }

  private limitersOf(windowMs: number): { shared: RateLimiterAbstract | null; own: RateLimiterAbstract } {
    let limiters = this.limiters.get(windowMs);
    if (!limiters) {
      const options = { keyPrefix: KEY_PREFIX, points: 1, duration: windowMs / 1_000 };
      limiters = { shared: this.redis && new RateLimiterRedis({ ...options, storeClient: this.redis }), own: new RateLimiterMemory(options) };
      this.limiters.set(windowMs, limiters);
    }
    return limiters;
  }

  private failed(error: unknown): void {
    if (!this.failing) this.logger.warn(`Redis does not answer, each instance counts for itself: ${error instanceof Error ? error.message : String(error)}`);
    this.failing = true;
  }
}

/** Nothing waits for Redis: what cannot be sent at once fails at once. */
function connect(url: string): Redis {
  return new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: PATIENCE_MS, connectTimeout: RECONNECT_MS, retryStrategy: () => RECONNECT_MS });
}

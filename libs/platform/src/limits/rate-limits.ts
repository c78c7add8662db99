import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible';
import { Config } from '../config/config.js';

/** All limits are so many in a minute. */
export const RATE_WINDOW_MS = 60_000;
const WINDOW = { keyPrefix: 'tollgate:limit', points: 1, duration: RATE_WINDOW_MS / 1_000 };
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

/** Counts in windows of a minute, in Redis for all instances where there is one, else in this process. Redis may go away: then each counts for itself. */
@Injectable()
export class RateLimits implements OnApplicationShutdown {
  private readonly logger = new Logger('RateLimits');
  private readonly redis: Redis | null;
  private readonly shared: RateLimiterAbstract | null;
  private readonly own = new RateLimiterMemory(WINDOW);
  private leftAloneUntil = 0;
  private failing = false;

  constructor(config: Config) {
    this.redis = config.redisUrl ? connect(config.redisUrl) : null;
    this.redis?.on('error', (error: Error) => this.failed(error));
    this.shared = this.redis && new RateLimiterRedis({ ...WINDOW, storeClient: this.redis });
  }

  async hit(bucket: string): Promise<Hits> {
    if (this.shared && performance.now() >= this.leftAloneUntil) {
      try {
        const counted = await this.shared.penalty(bucket, 1);
        this.failing = false;
        return hitsOf(counted);
      } catch (error) {
        this.leftAloneUntil = performance.now() + LEFT_ALONE_MS;
        this.failed(error);
      }
    }
    return hitsOf(await this.own.penalty(bucket, 1));
  }

  onApplicationShutdown(): void {
    this.redis?.disconnect();
  }

  private failed(error: unknown): void {
    if (!this.failing) this.logger.warn(`Redis does not answer, each instance counts for itself: ${error instanceof Error ? error.message : String(error)}`);
    this.failing = true;
  }
}

const hitsOf = ({ consumedPoints, msBeforeNext }: RateLimiterRes): Hits => ({ hits: consumedPoints, resetMs: msBeforeNext });

/** Nothing waits for Redis: what cannot be sent at once fails at once. */
function connect(url: string): Redis {
  return new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: PATIENCE_MS, connectTimeout: RECONNECT_MS, retryStrategy: () => RECONNECT_MS });
}

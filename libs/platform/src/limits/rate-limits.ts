import { Injectable } from '@nestjs/common';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
  type RateLimiterRes,
} from 'rate-limiter-flexible';
import { SharedRedis } from '../redis/shared-redis.js';

/** Window of all rate limits: one minute. */
export const RATE_WINDOW_MS = 60_000;
const WINDOW = { keyPrefix: 'tollgate:limit', points: 1, duration: RATE_WINDOW_MS / 1_000 };

/** Number of hits in the current window, this one included. */
export interface Hits {
  hits: number;
  /** Milliseconds until the window ends. */
  resetMs: number;
}

/** Counts hits per window: in Redis for all instances together; without Redis, or while it fails, per instance. */
@Injectable()
export class RateLimits {
  private readonly shared: RateLimiterAbstract | null;
  private readonly local = new RateLimiterMemory(WINDOW);

  constructor(private readonly redis: SharedRedis) {
    this.shared = redis.client && new RateLimiterRedis({ ...WINDOW, storeClient: redis.client });
  }

  /**
   * Counts a hit.
   * @example const { hits, resetMs } = await limits.hit(`login:${address}`);
   */
  async hit(bucket: string): Promise<Hits> {
    const { shared } = this;
    const counted = shared && (await this.redis.call(() => shared.penalty(bucket, 1)));
    return hitsOf(counted ?? (await this.local.penalty(bucket, 1)));
  }
}

const hitsOf = ({ consumedPoints, msBeforeNext }: RateLimiterRes): Hits => ({
  hits: consumedPoints,
  resetMs: msBeforeNext,
});

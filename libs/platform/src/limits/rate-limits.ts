import { Injectable } from '@nestjs/common';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
  type RateLimiterRes,
} from 'rate-limiter-flexible';
import { SharedRedis } from '../redis/shared-redis.js';

/** All limits are so many in a minute. */
export const RATE_WINDOW_MS = 60_000;
const WINDOW = { keyPrefix: 'tollgate:limit', points: 1, duration: RATE_WINDOW_MS / 1_000 };

/** How often something was done in the window that runs, this time included. */
export interface Hits {
  hits: number;
  /** Until the window is over, in milliseconds. */
  resetMs: number;
}

/** Counts in windows of a minute, in Redis for all instances where there is one, else in this process. Redis may go away: then each counts for itself. */
@Injectable()
export class RateLimits {
  private readonly shared: RateLimiterAbstract | null;
  private readonly local = new RateLimiterMemory(WINDOW);

  constructor(private readonly redis: SharedRedis) {
    this.shared = redis.client && new RateLimiterRedis({ ...WINDOW, storeClient: redis.client });
  }

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

import type { ThrottlerStorage } from '@nestjs/throttler';
import type { RateLimits } from '@app/platform';

/** Counters of the throttler: in Redis for all instances when it is configured, else in the process. */
export class LimitsStorage implements ThrottlerStorage {
  constructor(private readonly limits: RateLimits) {}

  async increment(bucket: string, _ttl: number, limit: number) {
    const { hits, resetMs } = await this.limits.hit(bucket);
    const timeToExpire = Math.max(1, Math.ceil(resetMs / 1_000));
    return { totalHits: hits, timeToExpire, isBlocked: hits > limit, timeToBlockExpire: timeToExpire };
  }
}

import type { ThrottlerStorage } from '@nestjs/throttler';
import type { RateLimits } from '@app/platform';

/** Where the throttler counts: in what all instances share, where there is such a thing. */
export class LimitsStorage implements ThrottlerStorage {
  constructor(private readonly limits: RateLimits) {}

  async increment(bucket: string, _ttl: number, limit: number) {
    const { hits, resetMs } = await this.limits.hit(bucket);
    const timeToExpire = Math.max(1, Math.ceil(resetMs / 1_000));
    return { totalHits: hits, timeToExpire, isBlocked: hits > limit, timeToBlockExpire: timeToExpire };
  }
}

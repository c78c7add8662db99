import { Injectable } from '@nestjs/common';
import { Keyv } from 'keyv';
import { LRUCache } from 'lru-cache';
import { Metrics } from '../metrics/metrics.js';
import { SharedRedis } from '../redis/shared-redis.js';

/** How old a cached answer may be, in milliseconds: the promise; clearing it after a write is only a courtesy. */
export const STALENESS_MS = 2_000;

/** So that no caller can fill the memory with addresses of its own making. */
const MAX_ENTRIES = 1_000;
const PREFIX = 'tollgate:page:';
const SCAN_COUNT = 500;

/**
 * Keeps answers that many read and few change: in Redis, so that what one instance has read serves all, else in this process.
 * Only one of the two is read at a time, so an answer never grows older than it may by moving from one to the other.
 */
@Injectable()
export class PageStore {
  private readonly local = new LRUCache<string, string>({ max: MAX_ENTRIES, ttl: STALENESS_MS });
  private readonly hit;
  private readonly miss;

  constructor(
    private readonly redis: SharedRedis,
    metrics: Metrics,
  ) {
    this.hit = metrics.cacheReads.labels('pages', 'hit');
    this.miss = metrics.cacheReads.labels('pages', 'miss');
  }

  /** For cache-manager. */
  asKeyv(): Keyv {
    // Keyv hands arguments of its own to a store's methods: these take what they need.
    const store = {
      get: (key: string) => this.get(key),
      set: (key: string, value: string) => this.set(key, value),
      delete: (key: string) => this.delete(key),
      clear: () => this.clear(),
    };
    return new Keyv({ store: store, useKeyPrefix: false });
  }

  private async get(key: string): Promise<string | undefined> {
    const shared = await this.redis.call(async (redis) => ({ value: await redis.get(PREFIX + key) }));
    const found = shared ? (shared.value ?? undefined) : this.local.get(key);
    (found === undefined ? this.miss : this.hit).inc();
    return found;
  }

  private async set(key: string, value: string): Promise<boolean> {
    this.local.set(key, value);
    await this.redis.call(async (redis) => ({ done: await redis.set(PREFIX + key, value, 'PX', STALENESS_MS) }));
    return true;
  }

  private async delete(key: string): Promise<boolean> {
    const was = this.local.delete(key);
    await this.redis.call(async (redis) => ({ done: await redis.del(PREFIX + key) }));
    return was;
  }

  private async clear(): Promise<void> {
    this.local.clear();
    await this.redis.call(async (redis) => {
      let cursor = '0';
      do {
        const [next, keys] = await redis.scan(cursor, 'MATCH', `${PREFIX}*`, 'COUNT', SCAN_COUNT);
        if (keys.length > 0) await redis.unlink(...keys);
        cursor = next;
      } while (cursor !== '0');
      return {};
    });
  }
}

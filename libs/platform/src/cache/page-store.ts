import { Injectable } from '@nestjs/common';
import { Keyv } from 'keyv';
import { LRUCache } from 'lru-cache';
import { Metrics } from '../metrics/metrics.js';
import { SharedRedis } from '../redis/shared-redis.js';

/** TTL of cached responses in milliseconds: the promise. Invalidation after a write only shortens it. */
export const STALENESS_MS = 2_000;

/** Bounds the memory: callers choose the URLs that are cached. */
const MAX_ENTRIES = 1_000;
const PREFIX = 'tollgate:page:';
const SCAN_COUNT = 500;

/**
 * Cache of responses that are read often and change rarely: in Redis, shared by all instances, or else in this process.
 * A read uses only one of the two, so that copying between them never extends the TTL.
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

  /** Returns this store as a Keyv, for cache-manager. */
  asKeyv(): Keyv {
    // Keyv passes additional arguments to a store's methods; these wrappers drop them.
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

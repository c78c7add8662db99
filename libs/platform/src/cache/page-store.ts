import { Injectable } from '@nestjs/common';
import { Keyv } from 'keyv';
import { SharedRedis } from '../redis/shared-redis.js';

/** TTL of cached values in milliseconds: the promise. Invalidation after a write only shortens it. */
export const STALENESS_MS = 2_000;

const PREFIX = 'tollgate:page:';

/** Responses in Redis, shared by all instances. Without Redis it is empty. */
@Injectable()
export class PageStore {
  constructor(private readonly redis: SharedRedis) {}

  /** Returns this store as a Keyv, for cache-manager. */
  asKeyv(): Keyv {
    // Keyv passes additional arguments to a store's methods; these wrappers drop them.
    const store = {
      get: (key: string) => this.get(key),
      set: (key: string, value: string) => this.set(key, value),
      delete: (key: string) => this.delete(key),
      // Keyv requires it. Pages are not removed: each has the time of its read, and expires.
      clear: () => Promise.reject(new Error('Pages cannot be cleared.')),
    };
    return new Keyv({ store: store, useKeyPrefix: false });
  }

  private async get(key: string): Promise<string | undefined> {
    const found = await this.redis.call(async (redis) => ({ value: await redis.get(PREFIX + key) }));
    return found?.value ?? undefined;
  }

  private async set(key: string, value: string): Promise<boolean> {
    const stored = await this.redis.call(async (redis) => ({
      done: await redis.set(PREFIX + key, value, 'PX', STALENESS_MS),
    }));
    return stored !== null;
  }

  private async delete(key: string): Promise<boolean> {
    const removed = await this.redis.call(async (redis) => ({ count: await redis.del(PREFIX + key) }));
    return removed !== null && removed.count > 0;
  }
}

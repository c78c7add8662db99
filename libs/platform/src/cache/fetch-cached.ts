import type { LRUCache } from 'lru-cache';

const MAX_ATTEMPTS = 3;
/** Reasons with which lru-cache aborts a load whose entry is removed meanwhile. */
const ABORTED = new Set(['deleted', 'evicted', 'replaced', 'expired']);

/**
 * Reads a cached value, or loads it. A load that an invalidation aborts is repeated: its callers get the value from
 * after the change, not an error. While changes keep coming, the value is loaded without being cached.
 * @example const product = await fetchCached(this.products, key);
 */
export async function fetchCached<Value extends object | string>(
  cache: LRUCache<string, Value>,
  key: string,
): Promise<Value | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await cache.fetch(key);
    } catch (error) {
      if (!ABORTED.has((error as Error).message)) throw error;
      if (attempt >= MAX_ATTEMPTS) return loadUncached(cache, key);
    }
  }
}

async function loadUncached<Value extends object | string>(cache: LRUCache<string, Value>, key: string) {
  const { signal } = new AbortController();
  return (await cache.fetchMethod!(key, undefined, { signal, options: {}, context: undefined })) ?? undefined;
}

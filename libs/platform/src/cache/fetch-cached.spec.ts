import { describe, expect, it } from '@jest/globals';
import { LRUCache } from 'lru-cache';
import { fetchCached } from './fetch-cached.js';

/** A cache whose loads end when the test releases them. */
function setUp() {
  const loads: ((value: string) => void)[] = [];
  const cache = new LRUCache<string, string>({
    max: 10,
    fetchMethod: () => new Promise<string>((resolve) => loads.push(resolve)),
  });
  return { cache, loads };
}

describe('fetchCached', () => {
  it.each([
    ['clear', (cache: LRUCache<string, string>) => cache.clear()],
    ['delete', (cache: LRUCache<string, string>) => cache.delete('key')],
  ])('returns the value from after a %s that aborts the load', async (_, invalidate) => {
    const { cache, loads } = setUp();
    const [first, second] = [fetchCached(cache, 'key'), fetchCached(cache, 'key')];
    invalidate(cache);
    await new Promise((resolve) => setImmediate(resolve));
    loads[0]!('old');
    loads[1]!('new');
    expect(await Promise.all([first, second])).toEqual(['new', 'new']);
    expect(cache.get('key')).toBe('new');
  });

  it('returns a value, or that there is none, while every load is aborted', async () => {
    const cache = new LRUCache<string, string>({
      max: 10,
      fetchMethod: async (key) => {
        await Promise.resolve();
        cache.clear();
        return key === 'absent' ? undefined : 'value';
      },
    });
    expect([await fetchCached(cache, 'key'), await fetchCached(cache, 'absent')]).toEqual(['value', undefined]);
    expect(cache.get('key')).toBeUndefined();
  });

  it('throws the error of a load', async () => {
    const cache = new LRUCache<string, string>({ max: 10, fetchMethod: () => Promise.reject(new Error('down')) });
    await expect(fetchCached(cache, 'key')).rejects.toThrow('down');
  });
});

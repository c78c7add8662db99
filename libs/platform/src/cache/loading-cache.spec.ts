import { describe, expect, it } from '@jest/globals';
import { LoadingCache } from './loading-cache.js';

/** A cache whose loads end when the test ends them, and a database in the transaction that the test sets. */
function setUp() {
  const database = { runningTransaction: null as object | null };
  const loads: ((value: string) => void)[] = [];
  const cache = new LoadingCache<string>(
    database,
    { max: 10 },
    () => new Promise<string>((resolve) => loads.push(resolve)),
  );
  return { database, loads, cache };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('LoadingCache', () => {
  it('shares a load among concurrent reads, and keeps its value', async () => {
    const { cache, loads } = setUp();
    const reads = [cache.load('key'), cache.load('key')];
    loads[0]!('value');
    expect(await Promise.all(reads)).toEqual(['value', 'value']);
    expect(await cache.load('key')).toBe('value');
    expect(loads).toHaveLength(1);
  });

  it.each([
    ['clear', (cache: LoadingCache<string>) => cache.clear()],
    ['delete', (cache: LoadingCache<string>) => cache.delete('key')],
  ])('returns the value from after a %s during the load, and loads again only after its end', async (_, invalidate) => {
    const { cache, loads } = setUp();
    const [first, second] = [cache.load('key'), cache.load('key')];
    invalidate(cache);
    await turn();
    expect(loads).toHaveLength(1);
    loads[0]!('old');
    await turn();
    loads[1]!('new');
    expect(await Promise.all([first, second])).toEqual(['new', 'new']);
    expect(cache.get('key')).toBe('new');
  });

  it('does not share a load with reads that start after an invalidation', async () => {
    const { cache, loads } = setUp();
    void cache.load('key');
    cache.clear();
    const after = cache.load('key');
    loads[1]!('new');
    expect(await after).toBe('new');
    loads[0]!('old');
    await turn();
    expect(cache.get('key')).toBe('new');
  });

  it('does not share a load across transactions', async () => {
    const { cache, loads, database } = setUp();
    const transactions = [null, {}, {}].map((transaction) => {
      database.runningTransaction = transaction;
      return [cache.load('key'), cache.load('key')];
    });
    expect(loads).toHaveLength(3);
    loads.forEach((end, index) => end(`value ${index}`));
    expect(await Promise.all(transactions.flat())).toEqual([
      'value 0',
      'value 0',
      'value 1',
      'value 1',
      'value 2',
      'value 2',
    ]);
  });

  it('returns a value, or that there is none, while every load is outdated', async () => {
    const cache: LoadingCache<string> = new LoadingCache<string>(
      { runningTransaction: null },
      { max: 10 },
      async (key) => {
        await Promise.resolve();
        cache.clear();
        return key === 'absent' ? null : 'value';
      },
    );
    expect([await cache.load('key'), await cache.load('absent')]).toEqual(['value', undefined]);
    expect(cache.get('key')).toBeUndefined();
  });

  it('throws the error of a load, and loads again', async () => {
    let loads = 0;
    const read = () => (++loads === 1 ? Promise.reject(new Error('down')) : Promise.resolve('value'));
    const cache = new LoadingCache<string>({ runningTransaction: null }, { max: 10 }, read);
    await expect(cache.load('key')).rejects.toThrow('down');
    expect(await cache.load('key')).toBe('value');
  });
});

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Cache } from 'cache-manager';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CatalogReader } from '@app/catalog';
import type { Metrics } from '@app/platform';
import { CatalogPages } from './catalog-pages.js';
import { SharedPages } from './shared-pages.js';

const START = 1_800_000_000_000;
const reply = {
  header: () => reply,
  status: () => reply,
  serialize: (answer: unknown) => JSON.stringify(answer),
} as unknown as FastifyReply;

describe('pages of one instance', () => {
  /** Milliseconds since the start of the test, for both clocks. */
  let now: number;
  let redis: Map<string, unknown>;
  let reader: { revision: number; changedAt: number };
  let pages: CatalogPages;
  let reads: number;

  /** Another instance with the same Redis. */
  const newInstance = () => {
    const cache = {
      get: async (key: string) => redis.get(key),
      set: async (key: string, value: unknown) => redis.set(key, value),
    };
    const shared = new SharedPages(cache as unknown as Cache, reader as CatalogReader);
    const metrics = { cacheReads: { labels: () => ({ inc: () => undefined }) } } as unknown as Metrics;
    const clock = { now: () => new Date(START + now) };
    return new CatalogPages(reader as CatalogReader, shared, clock, metrics);
  };
  const request = (url: string) => ({ url, headers: {}, query: {}, caller: null }) as unknown as FastifyRequest;
  /** The page of a URL, which says how often and when it was read. */
  const get = async (url = '/v1/plans', read?: () => Promise<unknown>) =>
    String(
      await pages.serve(request(url), reply, {
        read: read ?? (async () => `${++reads} at ${now}`),
        version: undefined,
      }),
    );

  beforeEach(() => {
    [now, reads, redis, reader] = [0, 0, new Map(), { revision: 0, changedAt: 0 }];
    jest.spyOn(performance, 'now').mockImplementation(() => now);
    pages = newInstance();
  });
  afterEach(() => void jest.restoreAllMocks());

  it('a page is served for 2 s from the start of its read, not from its end', async () => {
    await get('/v1/plans', async () => {
      now = 900;
      return 'slow';
    });
    redis.clear();
    now = 1_499;
    expect(await get()).toBe('"slow"');
    now = 2_000;
    expect(await get()).toBe('"1 at 2000"');
  });

  it('from 1.5 s on, one request reads a page again and the others still get it', async () => {
    await get();
    now = 1_500;
    let finish: (answer: string) => void = () => undefined;
    // The shared page is as old: it is no refresh.
    const refreshing = get('/v1/plans', () => new Promise<unknown>((resolve) => (finish = resolve)));
    expect([await get(), await get()]).toEqual(['"1 at 0"', '"1 at 0"']);
    await new Promise((resolve) => setImmediate(resolve));
    finish('new');
    expect(await refreshing).toBe('"new"');
    now = 2_100;
    expect(await get()).toBe('"new"');
  });

  it('a page whose refresh fails is served until it expires, and read by the next request then', async () => {
    await get();
    redis.clear();
    now = 1_500;
    await expect(get('/v1/plans', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect(await get()).toBe('"1 at 0"');
    now = 2_000;
    expect(await get()).toBe('"2 at 2000"');
  });

  it('a read that began before a change is not kept', async () => {
    const old = await get('/v1/plans', async () => {
      reader.revision++;
      return 'old';
    });
    redis.clear();
    expect([old, await get()]).toEqual(['"old"', '"1 at 0"']);
  });

  it('another instance takes a shared page, and its 2 s count from the first read', async () => {
    now = 200;
    await get();
    pages = newInstance();
    now = 1_600;
    expect(await get()).toBe('"1 at 200"');
    now = 2_200;
    expect(await get()).toBe('"2 at 2200"');
  });

  it('a shared page from before a change is refused, also when the clocks differ by 0.1 s', async () => {
    now = 200;
    await get();
    reader.revision++;
    reader.changedAt = START + 100;
    now = 300;
    expect(await get()).toBe('"2 at 300"');
  });

  it('the pages of endless URLs take bounded memory, and the one in use stays', async () => {
    const large = 'x'.repeat(500_000);
    await get('/v1/plans?limit=1', async () => large);
    for (let n = 0; n < 40; n++) {
      await get(`/v1/plans?n=${n}`, async () => large);
      await get('/v1/plans?limit=1', () => Promise.reject(new Error('evicted')));
    }
    redis.clear();
    expect(await get('/v1/plans?n=0')).toBe('"1 at 0"');
  });
});

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { CatalogReader } from '@app/catalog';
import { CacheInvalidations } from '@app/platform';
import { type Call, startApp, startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { createApiKey, registerUser, registerUserWithRole, uniqueName } from '../support/fixtures.js';
import { eventually } from '../support/eventually.js';

const PRICES = [{ interval: 'month', amount: 100, currency: 'USD' }];
const draft = (product: string, key: string, more: object = {}) => ({
  product,
  key,
  name: key,
  prices: PRICES,
  entitlements: [],
  ...more,
});
const keysIn = ({ body }: { body: { data: { key: string }[] } }) => body.data.map(({ key }) => key);

describe('pages of the catalogue', () => {
  let service: TestApp & { database: TestDatabase };
  let product: string;
  let key: Call;
  let callers: Record<string, Call>;
  const write = async (method: string, at: string, body: object, headers: Record<string, string> = {}) => {
    const answer = await service.admin(method, at, { body, headers });
    if (answer.status >= 300) throw new Error(JSON.stringify(answer.body));
    return answer;
  };
  const publish = async (of: string, plan: string, more: object = {}) => {
    await write('POST', '/v1/plans', draft(of, plan, more));
    await write('POST', `/v1/plans/${plan}/publish`, { product: of });
  };

  beforeAll(async () => {
    service = await startService();
    product = uniqueName('paged');
    await write('POST', '/v1/products', { key: product, name: product });
    await publish(product, 'one');
    await write('POST', '/v1/plans', draft(product, 'hidden'));
    key = (await createApiKey(service)).call;
    callers = {
      'an anonymous caller': service.call,
      'an API key': key,
      'a user': (await registerUser(service)).call,
      'an admin': service.admin,
    };
  });
  afterAll(() => service.stop());

  it.each(['an anonymous caller', 'an API key', 'a user', 'an admin'])(
    'a second read by %s gets the bytes of the first without a read of the database',
    async (name) => {
      const at = `/v1/plans?product=${product}&limit=50&fields=key,public`;
      const first = await callers[name]!('GET', at);
      await service.database.query(`update plans set public = not public where key = 'one'`);
      const second = await callers[name]!('GET', at);
      await service.database.query(`update plans set public = not public where key = 'one'`);
      expect(second).toMatchObject({ status: 200, body: first.body });
      expect(second.headers.get('etag')).toBe(first.headers.get('etag'));
      expect(second.headers.get('content-type')).toBe('application/json; charset=utf-8');
    },
  );

  it('callers who may see more never share a page with callers who may see less', async () => {
    const at = `/v1/plans?product=${product}`;
    const seen = async () => [
      keysIn(await service.call('GET', at)),
      keysIn(await key('GET', at)),
      keysIn(await callers['a user']!('GET', at)),
      keysIn(await service.admin('GET', at)),
    ];
    const expected = [['one'], ['hidden', 'one'], ['one'], ['hidden', 'one']];
    expect([await seen(), await seen()]).toEqual([expected, expected]);
    expect((await service.admin('GET', `/v1/plans/hidden?product=${product}`)).status).toBe(200);
    expect((await service.call('GET', `/v1/plans/hidden?product=${product}`)).status).toBe(404);
  });

  it('callers of one product get its page at the same URL, and are refused the cached page of another', async () => {
    const other = uniqueName('other');
    await write('POST', '/v1/products', { key: other, name: other });
    await publish(other, 'two');
    const limited = await createApiKey(service, { scopes: ['catalog:read'], product: other });
    const productAdmin = await registerUserWithRole(service, { role: 'product_admin', product });
    for (const at of ['/v1/plans', '/v1/features', '/v1/catalog']) {
      const [whole, ofOther, ofProduct] = [
        await key('GET', at),
        await limited.call('GET', at),
        await productAdmin.call('GET', at),
      ];
      expect([whole.status, ofOther.status, ofProduct.status]).toEqual([200, 200, 200]);
      if (at !== '/v1/features') expect(ofOther.body).not.toEqual(ofProduct.body);
      expect(ofOther.body).not.toEqual(whole.body);
      const named = `${at}?product=${product}`;
      expect((await key('GET', named)).status).toBe(200);
      expect(await limited.call('GET', named)).toMatchObject({ status: 403, body: { code: 'product_not_allowed' } });
    }
  });

  it('a cached page is refused to callers whom the route does not admit', async () => {
    const narrow = await createApiKey(service, { scopes: ['usage:read'] });
    for (const [at, usersStatus] of [
      [`/v1/catalog?product=${product}`, 403],
      [`/v1/features?product=${product}`, 200],
      [`/v1/plans/one/versions?product=${product}`, 403],
    ] as const) {
      expect((await key('GET', at)).status).toBe(200);
      expect((await narrow.call('GET', at)).status).toBe(403);
      expect((await callers['a user']!('GET', at)).status).toBe(usersStatus);
      expect((await service.call('GET', at)).status).toBe(401);
    }
  });

  it('each read by support is recorded, also of a cached page', async () => {
    const support = await registerUserWithRole(service, { role: 'support' });
    const at = `/v1/catalog?product=${product}`;
    for (let n = 0; n < 2; n++) expect((await support.call('GET', at)).status).toBe(200);
    const [row] = await service.database.query<{ n: number }>(
      `select count(*)::int as n from events where type = 'support.read' and actor->>'id' = $1`,
      [support.userId],
    );
    expect(row!.n).toBe(2);
  });

  const READS = [
    '/v1/plans',
    '/v1/plans/one',
    '/v1/plans/one/versions',
    '/v1/features',
    '/v1/features/counted',
    '/v1/products',
    '/v1/products/{product}',
    '/v1/add-ons',
    '/v1/add-ons/extra',
    '/v1/catalog',
  ];
  const WRITES: [string, string, (product: string) => object, string[]][] = [
    [
      'PATCH',
      '/v1/plans/one',
      (of) => ({ product: of, trialDays: 3 }),
      ['/v1/plans', '/v1/plans/one', '/v1/plans/one/versions'],
    ],
    ['POST', '/v1/plans/one/publish', (of) => ({ product: of }), ['/v1/plans', '/v1/plans/one', '/v1/catalog']],
    ['POST', '/v1/plans', (of) => draft(of, 'three'), ['/v1/plans']],
    [
      'POST',
      '/v1/features',
      (of) => ({ product: of, key: 'more', name: 'More', type: 'boolean' }),
      ['/v1/features', '/v1/catalog'],
    ],
    [
      'PATCH',
      '/v1/features/counted',
      (of) => ({ product: of, name: 'Renamed' }),
      ['/v1/features', '/v1/features/counted', '/v1/catalog'],
    ],
    [
      'PATCH',
      '/v1/products/{product}',
      () => ({ name: 'Renamed' }),
      ['/v1/products', '/v1/products/{product}', '/v1/catalog'],
    ],
    [
      'POST',
      '/v1/add-ons',
      (of) => ({ product: of, key: 'extra2', name: 'Extra', entitlements: [] }),
      ['/v1/add-ons', '/v1/catalog'],
    ],
    [
      'PATCH',
      '/v1/add-ons/extra',
      (of) => ({ product: of, name: 'Renamed' }),
      ['/v1/add-ons', '/v1/add-ons/extra', '/v1/catalog'],
    ],
    ['POST', '/v1/plans/one/archive', (of) => ({ product: of }), ['/v1/plans', '/v1/plans/one', '/v1/catalog']],
  ];
  it('every write is in the next read on this instance', async () => {
    const of = uniqueName('written');
    await write('POST', '/v1/products', { key: of, name: of });
    await write('POST', '/v1/features', { product: of, key: 'counted', name: 'Counted', type: 'metered' });
    await write('POST', '/v1/add-ons', { product: of, key: 'extra', name: 'Extra', entitlements: [] });
    await publish(of, 'one');
    const read = async (at: string) =>
      (await key('GET', `${at.replace('{product}', of)}${at.startsWith('/v1/products') ? '' : `?product=${of}`}`)).body;
    for (const [method, at, body, changed] of WRITES) {
      const before = new Map<string, unknown>();
      for (const page of READS) before.set(page, await read(page));
      await write(method, at.replace('{product}', of), body(of));
      for (const page of changed)
        expect([`${method} ${at}`, page, await read(page)]).not.toEqual([`${method} ${at}`, page, before.get(page)]);
    }
  });

  it('a write with an Idempotency-Key is in the next read, although others read before its commit', async () => {
    const of = uniqueName('slow');
    await write('POST', '/v1/products', { key: of, name: of });
    const at = `/v1/features?product=${of}`;
    await service.database.query(
      `create function slow_answer() returns trigger language plpgsql as $$ begin perform pg_sleep(0.4); return new; end $$`,
    );
    await service.database.query(
      `create trigger slow_answer before update on idempotency_keys for each row execute function slow_answer()`,
    );
    // The hint of the commit would hide what this instance does alone.
    const hint = jest.spyOn(service.app.get(CacheInvalidations), 'publishCatalog').mockResolvedValue();
    const feature = { product: of, key: 'late', name: 'Late', type: 'boolean' };
    const written = write('POST', '/v1/features', feature, { 'idempotency-key': uniqueName('key') });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(keysIn(await key('GET', at))).toEqual([]);
    await written;
    hint.mockRestore();
    expect(keysIn(await key('GET', at))).toEqual(['late']);
  });

  it('a write reaches the pages of another instance by a hint, before they expire', async () => {
    const { database } = service;
    const second = await startApp({ database });
    try {
      const apiKey = await createApiKey(service);
      const read = () => second.call('GET', `/v1/features?product=${product}`, { token: apiKey.key });
      const before = keysIn(await read());
      const reader = second.app.get(CatalogReader, { strict: false });
      const { revision } = reader;
      await write('POST', '/v1/features', { product, key: 'hinted', name: 'Hinted', type: 'boolean' });
      await eventually(() => reader.revision > revision);
      expect(keysIn(await read())).toEqual(['hinted', ...before]);
    } finally {
      await second.stop();
    }
  });

  it('a cursor from a cached page continues the list for every caller of its kind', async () => {
    await publish(product, 'second');
    const at = `/v1/plans?product=${product}&limit=1`;
    for (const call of [service.call, callers['a user']!, key]) {
      const { body } = await call('GET', at);
      const [of] = keysIn({ body });
      const next = await call('GET', `${at}&cursor=${body.nextCursor}`);
      expect([next.status, keysIn(next)]).not.toEqual([200, [of]]);
      expect(next.status).toBe(200);
    }
    const { body } = await key('GET', at);
    expect((await service.call('GET', `${at}&cursor=${body.nextCursor}`)).body.code).toBe('invalid_cursor');
  });

  it('refusals are not cached', async () => {
    const of = uniqueName('later');
    const at = `/v1/plans/first?product=${of}`;
    expect((await key('GET', at)).body.code).toBe('product_not_found');
    await service.database.query(
      `insert into products (id, key, name, created_at, updated_at) values (gen_random_uuid(), $1, $1, now(), now())`,
      [of],
    );
    expect((await key('GET', `/v1/products/${of}`)).status).toBe(200);
    expect((await key('GET', `/v1/plans?product=${of}&fields=nothing`)).body.data).toEqual([]);
    for (let n = 0; n < 2; n++)
      expect((await key('GET', `/v1/plans?product=${product}&fields=nothing`)).status).toBe(422);
  });

  it('If-None-Match with the ETag of a page answers 304, of its plan with the revision', async () => {
    const list = `/v1/plans?product=${product}`;
    const etag = (await key('GET', list)).headers.get('etag')!;
    expect(etag).toMatch(/^W\/"[\w-]{22}"$/);
    for (const tag of [etag, etag.replace('W/', ''), `"x", ${etag}`, '*'])
      expect(await key('GET', list, { headers: { 'if-none-match': tag } })).toMatchObject({ status: 304, body: '' });
    expect((await key('GET', list, { headers: { 'if-none-match': '"x"' } })).status).toBe(200);
    const one = `/v1/plans/one?product=${product}`;
    const { headers, body } = await key('GET', one);
    expect(headers.get('etag')).toBe(`"${body.revision}"`);
    const again = await key('GET', one, { headers: { 'if-none-match': `W/"${body.revision}"` } });
    expect([again.status, again.headers.get('etag')]).toEqual([304, `"${body.revision}"`]);
    expect((await key('GET', `${one}&fields=key`)).headers.get('etag')).toBe(headers.get('etag'));
  });

  it.each([
    ['br', 'br'],
    ['gzip', 'gzip'],
    ['gzip, deflate, br', 'br'],
    ['gzip;q=1.0, br;q=0', 'gzip'],
    ['identity', null],
    ['br;q=0, gzip;q=0', null],
  ])(
    'a page for Accept-Encoding %s is encoded with %s, on the first and on each later read',
    async (accepted, encoding) => {
      const at = `/v1/catalog?product=api`;
      const plain = await key('GET', at, { headers: { 'accept-encoding': 'identity' } });
      expect(JSON.stringify(plain.body).length).toBeGreaterThan(1_400);
      for (let n = 0; n < 2; n++) {
        const { headers, body } = await key('GET', at, { headers: { 'accept-encoding': accepted } });
        expect([headers.get('content-encoding'), headers.get('vary'), body]).toEqual([
          encoding,
          encoding && expect.stringMatching(/accept-encoding/i),
          plain.body,
        ]);
      }
      const small = await key('GET', `${at}&fields=product`, { headers: { 'accept-encoding': accepted } });
      expect(small.headers.get('content-encoding')).toBeNull();
    },
  );
});

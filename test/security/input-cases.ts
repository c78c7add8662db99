import { expect } from '@jest/globals';
import { PASSWORD, uniqueName } from '../support/fixtures.js';
import { type SecurityCase, statusOf, type World } from './world.js';

const SQL_WORDS = /select|insert|from users|relation|column|typeorm|pg_|at .*\.ts/i;

/** What was written, in numbers. */
async function rowsOf({ database }: World): Promise<string> {
  const names = [
    'customers',
    'subscriptions',
    'usage_ledger',
    'plans',
    'plan_versions',
    'features',
    'products',
    'users',
    'api_keys',
    'grants',
    'idempotency_keys',
  ];
  const [counts] = await database.query(
    `select ${names.map((name) => `(select count(*) from ${name}) as ${name}`).join(', ')}`,
  );
  return JSON.stringify(counts);
}

interface Attempt {
  method?: string;
  path: string;
  /** A text is sent as it is. */
  body?: unknown;
  headers?: Record<string, string>;
  /** @default 400, 404 and 422 */
  statuses?: number[];
}

/** Sent as a service with every scope on one product; refused, in our own words, with nothing written. */
async function refusedAll(world: World, attempts: Attempt[]): Promise<void> {
  const before = await rowsOf(world);
  for (const { method = 'POST', path, body, headers, statuses = [400, 404, 422] } of attempts) {
    const answer = await world.apiKey.call(method, path, { body, headers });
    const about = `${method} ${path.slice(0, 80)} ${(typeof body === 'string' ? body : JSON.stringify(body ?? null)).slice(0, 80)}`;
    expect([about, answer.status, statuses.includes(answer.status)]).toEqual([about, answer.status, true]);
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect([about, SQL_WORDS.exec(String(answer.body.detail))]).toEqual([about, null]);
  }
  expect(await rowsOf(world)).toBe(before);
}

const consumeOf = ({ apiCustomer }: World, quantity: string): string =>
  `{"customer":${JSON.stringify(apiCustomer)},"feature":"api_calls","quantity":${quantity}}`;
const nested = (levels: number, open: string, close: string): string =>
  open.repeat(levels) + '1' + close.repeat(levels);
const plan = (terms: object, more: object = {}): object => ({
  key: uniqueName('plan'),
  name: 'P',
  prices: [{ interval: 'month', amount: 100, currency: 'USD' }],
  entitlements: [{ feature: 'api_calls', type: 'metered', limit: 1, window: 'day', overage: 'deny', ...terms }],
  ...more,
});
const INJECTIONS = [
  `createdAt;select pg_sleep(5)--`,
  `(CASE WHEN 1=1 THEN 1 ELSE 2 END)`,
  `name' OR '1'='1`,
  `'; drop table users; --`,
  '$1',
  '%',
  '_',
  '\\',
  `\\'; --`,
  '*',
  '${7*7}',
  '{{7*7}}',
  '../../etc/passwd',
];

export const INPUT: SecurityCase[] = [
  {
    id: 'S-40',
    title: 'a quantity is a positive whole number, written as one',
    run: async (world) => {
      const quantities = ['-1', '0', '-0', '1.5', '"5"', '"1e3"', 'true', '[]', '[5]', '{}', '""', '"-1"', '{"$gt":0}'];
      await refusedAll(
        world,
        quantities.flatMap((quantity) => [
          { path: '/v1/usage/consume', body: consumeOf(world, quantity) },
          { path: '/v1/check', body: consumeOf(world, quantity) },
        ]),
      );
      const events = quantities.map(
        (quantity, index) =>
          `{"id":"q${index}","customer":"${world.apiCustomer}","feature":"api_calls","quantity":${quantity}}`,
      );
      await refusedAll(
        world,
        events.map((event) => ({ path: '/v1/usage/events', body: `{"events":[${event}]}` })),
      );
    },
  },
  {
    id: 'S-41',
    title: 'numbers beyond what a number can say are none',
    run: async (world) => {
      await refusedAll(
        world,
        [
          '1e309',
          '-1e309',
          'NaN',
          'Infinity',
          '-Infinity',
          '1e-7',
          '1e30',
          '9007199254740992',
          '9007199254740993',
          '0x10',
          '01',
          '+1',
          '1.0e0x',
        ].map((quantity) => ({ path: '/v1/usage/consume', body: consumeOf(world, quantity) })),
      );
    },
  },
  {
    id: 'S-43',
    title: 'usage at the very top is refused to go over it, and wraps nowhere',
    run: async (world) => {
      const { admin, apiKey } = world;
      const customer = uniqueName('brim');
      await apiKey.call('PUT', `/v1/customers/${customer}`, { body: { plan: 'overage' } });
      const correct = (quantity: number) =>
        admin.call('POST', '/v1/usage/corrections', {
          body: { customer, product: 'api', feature: 'api_calls', quantity, reason: 'brim' },
        });
      expect((await correct(Number.MAX_SAFE_INTEGER)).status).toBe(200);
      for (const [method, path, body] of [
        ['POST', '/v1/usage/consume', { customer, feature: 'api_calls', quantity: 1 }],
        ['POST', '/v1/usage/consume', { customer, feature: 'api_calls', quantity: Number.MAX_SAFE_INTEGER }],
      ] as const) {
        const { status, body: answer } = await apiKey.call(method, path, { body });
        expect(status < 500 && (status >= 400 || answer.allowed === false)).toBe(true);
      }
      expect((await correct(Number.MAX_SAFE_INTEGER)).status).toBeLessThan(500);
      const { body } = await apiKey.call('POST', '/v1/check', { body: { customer, feature: 'api_calls' } });
      expect(body.used).toBe(Number.MAX_SAFE_INTEGER);
      expect(
        (
          await apiKey.call('POST', `/v1/customers/${customer}/grants`, {
            body: { feature: 'api_calls', quantity: Number.MAX_SAFE_INTEGER },
          })
        ).status,
      ).toBeLessThan(500);
      expect((await apiKey.call('POST', '/v1/check', { body: { customer, feature: 'api_calls' } })).status).toBe(200);
    },
  },
  {
    id: 'S-44',
    title: 'a limit is a number or null; nought is none, not everything',
    run: async (world) => {
      await refusedAll(
        world,
        [-1, 1.5, 2 ** 63, '5', 'unlimited', true, [], {}].map((limit) => ({
          path: '/v1/plans',
          body: plan({ limit }),
        })),
      );
      const { apiKey } = world;
      const key = uniqueName('nought');
      const { status } = await apiKey.call('POST', '/v1/plans', { body: plan({ limit: 0 }, { key }) });
      expect(status).toBe(201);
      expect((await apiKey.call('POST', `/v1/plans/${key}/publish`, { body: {} })).status).toBe(200);
      const customer = uniqueName('nought');
      expect((await apiKey.call('PUT', `/v1/customers/${customer}`, { body: { plan: key } })).status).toBe(201);
      expect(
        (await apiKey.call('POST', '/v1/usage/consume', { body: { customer, feature: 'api_calls' } })).body,
      ).toMatchObject({ allowed: false, limit: 0, remaining: 0, used: 0 });
    },
  },
  {
    id: 'S-45',
    title: 'a price is a whole number of cents, of a currency that there is',
    run: async (world) => {
      const amounts = ['NaN', 'Infinity', '100', -1, 1.5, null, true, [100], 2 ** 53];
      await refusedAll(
        world,
        amounts.map((amount) => ({
          path: '/v1/plans',
          body: plan({}, { prices: [{ interval: 'month', amount, currency: 'USD' }] }),
        })),
      );
      await refusedAll(
        world,
        ['XXQ', 'usd', '', '$', 'USDX'].map((currency) => ({
          path: '/v1/plans',
          body: plan({}, { prices: [{ interval: 'month', amount: 1, currency }] }),
        })),
      );
    },
  },
  {
    id: 'S-47',
    title:
      'a batch has at most a thousand facts; one that is malformed refuses all, one that is told twice counts once',
    run: async (world) => {
      const { apiKey, apiCustomer: customer } = world;
      const fact = (id: string, more: object = {}) => ({ id, customer, feature: 'api_calls', quantity: 1, ...more });
      const many = (count: number) => Array.from({ length: count }, (_, index) => fact(`many-${index}`));
      await refusedAll(world, [
        { path: '/v1/usage/events', body: { events: many(1_001) } },
        { path: '/v1/usage/events', body: { events: many(10_001) }, statuses: [413, 422] },
        { path: '/v1/usage/events', body: { events: [] } },
        { path: '/v1/usage/events', body: { events: [...many(99), fact('bad', { quantity: -1 })] } },
        { path: '/v1/usage/events', body: { events: [...many(99), null] } },
        { path: '/v1/usage/events', body: { events: 'all' } },
      ]);
      const [a, b] = [uniqueName('twice'), uniqueName('once')];
      const { body } = await apiKey.call('POST', '/v1/usage/events', {
        body: { events: [fact(a), fact(b), fact(a), fact(uniqueName('unknown'), { feature: 'nothing' })] },
      });
      expect(body.results.map(({ status }: { status: string }) => status)).toEqual([
        'recorded',
        'recorded',
        'duplicate',
        'rejected',
      ]);
    },
  },
  {
    id: 'S-48',
    title: 'a body is as long as it says, and at most a megabyte',
    run: async (world) => {
      const { raw, apiKey } = world;
      const post = (more: string, body: string, quiet?: number) =>
        raw(
          `POST /v1/check HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${apiKey.key}\r\ncontent-type: application/json\r\n${more}\r\n\r\n${body}`,
          quiet,
        );
      expect(statusOf(await post('content-length: 1048577', ' '.repeat(1_048_577), 2_000))).toBe(413);
      expect(statusOf(await post('content-length: 99999999999', '{}'))).toBe(413);
      expect([400, null]).toContain(statusOf(await post('content-length: -1', '{}')));
      expect([400, null]).toContain(statusOf(await post('content-length: 1x', '{}')));
      // Longer than it says: the rest would be a request of its own, and is none.
      expect(await post('content-length: 2', '{}GET-NONSENSE', 600)).toMatch(
        /HTTP\/1\.1 400[\s\S]*application\/problem\+json/,
      );
      // Shorter than it says, and a chunk that never ends: waited for, within bounds (see S-50), and nothing held meanwhile.
      expect(statusOf(await post('content-length: 500', '{', 300))).toBe(null);
      expect(statusOf(await post('transfer-encoding: chunked', 'FFFFFFFFFF\r\n{}', 300))).not.toBe(200);
      expect(
        statusOf(
          await post(
            'transfer-encoding: chunked',
            `${(1_048_577).toString(16)}\r\n${' '.repeat(1_048_577)}\r\n0\r\n\r\n`,
            2_000,
          ),
        ),
      ).toBe(413);
    },
  },
  {
    id: 'S-49',
    title: 'a body is nested twenty levels deep at most',
    run: async (world) => {
      const bodies = [100, 10_000, 100_000]
        .flatMap((levels) => [nested(levels, '{"a":', '}'), nested(levels, '[', ']')])
        .map((value) => `{"customer":"${world.apiCustomer}","feature":"api_calls","properties":{"deep":${value}}}`);
      await refusedAll(
        world,
        bodies.map((body) => ({ path: '/v1/usage/consume', body, statuses: [400, 422, 413] })),
      );
    },
  },
  {
    id: 'S-4B',
    title: 'a NUL is refused wherever it stands',
    run: async (world) => {
      const nul = 'a\u0000b';
      await refusedAll(world, [
        { path: '/v1/usage/consume', body: { customer: nul, feature: 'api_calls' } },
        { path: '/v1/usage/consume', body: { customer: world.apiCustomer, feature: nul } },
        {
          path: '/v1/usage/consume',
          body: { customer: world.apiCustomer, feature: 'api_calls', properties: { [nul]: 1 } },
        },
        {
          path: '/v1/usage/events',
          body: { events: [{ id: nul, customer: world.apiCustomer, feature: 'api_calls', quantity: 1 }] },
        },
        { method: 'PUT', path: `/v1/customers/${uniqueName('nul')}`, body: { name: nul } },
        { method: 'PUT', path: `/v1/customers/${uniqueName('nul')}`, body: { email: `${nul}@example.com` } },
        { path: '/v1/plans', body: plan({}, { name: nul }) },
        { path: '/v1/features', body: { key: 'nul', name: nul, type: 'boolean' } },
        { method: 'GET', path: '/v1/customers/a%00b' },
        { method: 'GET', path: '/v1/plans?cursor=a%00b' },
        { method: 'GET', path: '/v1/customers?email=a%00b' },
        { method: 'GET', path: '/v1/subscriptions?plan=a%00b' },
      ]);
      for (const body of [
        { email: `${nul}@example.com`, password: PASSWORD },
        { email: `${uniqueName('nul')}@example.com`, password: PASSWORD, name: nul },
      ])
        expect((await world.call('POST', '/v1/auth/register', { body })).status).toBe(422);
      expect((await world.call('POST', '/v1/auth/login', { body: { email: nul, password: nul } })).status).toBe(422);
      expect(
        statusOf(
          await world.raw(
            `POST /v1/usage/consume HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${world.apiKey.key}\r\nidempotency-key: a\u0000b\r\ncontent-length: 0\r\n\r\n`,
          ),
        ),
      ).toBe(400);
    },
  },
  {
    id: 'S-4C',
    title: 'half a character is refused: kept, it would equal another',
    run: async (world) => {
      const half = '\ud800';
      const attempts = [
        `"customer":"\\ud800","feature":"api_calls"`,
        `"customer":"${world.apiCustomer}","feature":"a\\udfff"`,
        `"customer":"${world.apiCustomer}","feature":"api_calls","properties":{"a":"\\ud83d"}`,
        `"customer":"${world.apiCustomer}","feature":"api_calls","properties":{"\\ud83d":1}`,
      ];
      await refusedAll(
        world,
        attempts.map((members) => ({ path: '/v1/usage/consume', body: `{${members}}` })),
      );
      await refusedAll(world, [
        { method: 'GET', path: '/v1/customers/%ED%A0%80' },
        { method: 'GET', path: '/v1/plans?cursor=%ED%A0%80' },
      ]);
      expect(
        (
          await world.call('POST', '/v1/auth/register', {
            body: `{"email":"x\\ud800@example.com","password":"${PASSWORD}"}`,
          })
        ).status,
      ).toBe(422);
      expect(
        (
          await world.call('POST', '/v1/auth/register', {
            body: { email: `${uniqueName('half')}@example.com`, password: PASSWORD, name: half },
          })
        ).status,
      ).toBe(422);
    },
  },
  {
    id: 'S-4D',
    title: 'an Idempotency-Key is one text of printable characters, quoted or not',
    run: async (world) => {
      const { apiKey, apiCustomer: customer, raw } = world;
      await refusedAll(
        world,
        ['', ' ', 'x'.repeat(256), 'with space', 'na\u00efve', '""'].map((key) => ({
          path: '/v1/usage/consume',
          body: { customer, feature: 'api_calls' },
          headers: { 'idempotency-key': key },
        })),
      );
      const body = JSON.stringify({ customer, feature: 'api_calls' });
      const send = (headers: string) =>
        raw(
          `POST /v1/usage/consume HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${apiKey.key}\r\ncontent-type: application/json\r\n${headers}content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
        );
      expect([400, 422]).toContain(statusOf(await send('idempotency-key: a\r\nidempotency-key: b\r\n')));
      expect([400, 422]).toContain(statusOf(await send('idempotency-key: \u{1F98A}\r\n')));
      const key = uniqueName('quoted');
      const first = await send(`idempotency-key: ${key}\r\n`);
      const again = await send(`idempotency-key: "${key}"\r\n`);
      expect(statusOf(first)).toBe(200);
      expect(again).toMatch(/idempotency-replayed: true/i);
    },
  },
  {
    id: 'S-4F',
    title: 'nothing that is sent becomes SQL',
    run: async (world) => {
      const attempts = INJECTIONS.flatMap((text) => {
        const encoded = encodeURIComponent(text);
        return [
          ...[
            '/v1/plans?sort=',
            '/v1/plans?cursor=',
            '/v1/plans?interval=',
            '/v1/plans?limit=',
            '/v1/subscriptions?status=',
            '/v1/subscriptions?expiringWithin=',
            '/v1/subscriptions?order=',
          ].map((path) => ({ method: 'GET', path: path + encoded })),
          { method: 'GET', path: `/v1/customers/${encoded}/subscription` },
          { method: 'GET', path: `/v1/subscriptions/${encoded}` },
          { method: 'GET', path: `/v1/customers/${world.apiCustomer}/usage?feature=api_calls&by=${encoded}` },
          { path: '/v1/usage/consume', body: { customer: text, feature: 'api_calls' } },
          { path: '/v1/usage/consume', body: { customer: world.apiCustomer, feature: text } },
          {
            path: '/v1/check',
            body: { customer: world.apiCustomer, feature: 'api_calls', product: text },
            statuses: [400, 403, 404, 422],
          },
        ];
      });
      await refusedAll(world, attempts);
      // Wildcards are letters.
      for (const email of ['%', '_%', '%@%'])
        expect((await world.apiKey.call('GET', `/v1/customers?email=${encodeURIComponent(email)}`)).body.data).toEqual(
          [],
        );
      for (const email of INJECTIONS)
        expect([401, 422]).toContain(
          (await world.call('POST', '/v1/auth/login', { body: { email: `${email}@example.com`, password: email } }))
            .status,
        );
      const [{ n }] = (await world.database.query<{ n: number }>(
        `select count(*)::int as n from pg_stat_activity where query ilike '%pg_sleep%' and pid <> pg_backend_pid()`,
      )) as [{ n: number }];
      expect(n).toBe(0);
    },
  },
  {
    id: 'S-4G',
    title: 'a page is 1 to 100 rows, asked for once',
    run: async (world) => {
      const limits = ['-1', '0', '101', '1e9', 'abc', '', '1.5', '10&limit=1000', '%20', 'null'].map(
        (limit) => `limit=${limit}`,
      );
      await refusedAll(
        world,
        [
          ...limits,
          'limit[$gt]=1',
          'limit[]=1',
          'limit.x=1',
          'cursor=a&cursor=b',
          'fields=key&fields=name',
          '__proto__[x]=1',
          'nothing=x',
        ].flatMap((query) =>
          ['/v1/plans', '/v1/customers', '/v1/subscriptions'].map((path) => ({
            method: 'GET',
            path: `${path}?${query}`,
          })),
        ),
      );
    },
  },
  {
    id: 'S-4H',
    title: 'a cursor is for the one and the list that it was made for',
    run: async (world) => {
      const { apiKey, newsKey, admin } = world;
      for (let index = 0; index < 3; index++)
        await apiKey.call('PUT', `/v1/customers/${uniqueName('page')}`, { body: {} });
      const { body } = await apiKey.call('GET', '/v1/customers?limit=1');
      const cursor = body.nextCursor as string;
      expect((await apiKey.call('GET', `/v1/customers?limit=1&cursor=${cursor}`)).status).toBe(200);
      for (const other of [newsKey, admin])
        expect((await other.call('GET', `/v1/customers?limit=1&cursor=${cursor}`)).body.code).toBe('invalid_cursor');
      const flipped = cursor.slice(0, 5) + (cursor[5] === 'A' ? 'B' : 'A') + cursor.slice(6);
      const made = [
        'eyJpZCI6IjEifQ',
        `${'x'.repeat(10_000)}`,
        Buffer.from(`' or 1=1 --`).toString('base64url'),
        flipped,
        `${cursor}.x`,
        cursor.split('.')[0]!,
        '.',
        `${cursor.split('.')[0]}.${'A'.repeat(43)}`,
      ];
      await refusedAll(
        world,
        made.map((one) => ({
          method: 'GET',
          path: `/v1/customers?cursor=${encodeURIComponent(one)}`,
          statuses: [400, 422],
        })),
      );
    },
  },
  {
    id: 'S-4J',
    title: 'no pattern is made to run for long: 50 kB of what patterns dislike, many times over',
    run: async ({ call, apiKey }) => {
      const evil = [
        `${'a'.repeat(50_000)}!`,
        `${'a@'.repeat(25_000)}`,
        `${' '.repeat(50_000)}x`,
        `${'1.'.repeat(25_000)}`,
        `${'\u00e9'.repeat(25_000)}!`,
        `${'-'.repeat(50_000)}`,
      ];
      for (const text of evil) {
        for (const body of [
          { email: text, password: PASSWORD },
          { email: `${text}@example.com`, password: PASSWORD },
          { email: `${uniqueName('re')}@example.com`, password: text },
        ])
          expect((await call('POST', '/v1/auth/register', { body })).status).toBe(422);
        for (const body of [
          { key: text, name: 'X', type: 'boolean' },
          { key: 'x', name: text, type: 'boolean' },
        ])
          expect((await apiKey.call('POST', '/v1/features', { body })).status).toBe(422);
        expect((await apiKey.call('PUT', '/v1/customers/re', { body: { timezone: text } })).status).toBe(422);
        expect(
          (
            await apiKey.call('GET', '/v1/plans', {
              headers: {
                accept: text.slice(0, 6_000).replace(/[^ -~]/g, 'x'),
                'user-agent': text.slice(0, 6_000).replace(/[^ -~]/g, 'x'),
                'if-none-match': text
                  .slice(0, 2_000)
                  .replace(/[^ -~]/g, 'x')
                  .trim(),
              },
            })
          ).status,
        ).toBe(200);
        expect(
          (
            await call('GET', '/v1/users/me', {
              headers: { authorization: `Bearer ${text.slice(0, 8_000).replace(/[^ -~]/g, 'x')}` },
            })
          ).status,
        ).toBe(401);
      }
    },
  },
  {
    id: 'S-4K',
    title: 'no header is written by a caller',
    run: async ({ raw, call }) => {
      const { headers } = await call('GET', '/v1/plans', { headers: { 'x-request-id': 'a%0d%0aSet-Cookie:x=1' } });
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      for (const value of ['a\r\n Set-Cookie: x=1', 'a\nSet-Cookie: x=1', 'a\rSet-Cookie: x=1']) {
        const received = await raw(
          `GET /v1/plans HTTP/1.1\r\nhost: x\r\nx-request-id: ${value}\r\nconnection: close\r\n\r\n`,
        );
        expect(received.toLowerCase().split('\r\n\r\n')[0]).not.toContain('set-cookie');
      }
      const path = await raw('GET /v1/nothing%0d%0aset-cookie:x=1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
      expect(path.split('\r\n\r\n')[0]).not.toMatch(/set-cookie/i);
      expect(path).toContain('%0d%0a');
    },
  },
  {
    id: 'S-4L',
    title: 'a name that is a formula is told as JSON, in a type that no sheet opens',
    run: async ({ admin, database }) => {
      const formula = '=HYPERLINK("http://evil.example","x")';
      const { status, headers, body } = await admin.call('PATCH', '/v1/users/me', { body: { name: formula } });
      expect([status, body.name, headers.get('x-content-type-options')]).toEqual([200, formula, 'nosniff']);
      expect(headers.get('content-type')).toMatch(/^application\/json/);
      const exported = await admin.call('GET', '/v1/users/me/export');
      expect(exported.headers.get('content-type')).toMatch(/^application\/x-ndjson/);
      expect(exported.headers.get('x-content-type-options')).toBe('nosniff');
      await database.query(`update users set name = 'Admin' where role = 'admin'`);
    },
  },
];

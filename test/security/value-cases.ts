import { expect } from '@jest/globals';
import { PASSWORD, uniqueName } from '../support/fixtures.js';
import { expectRejected } from './attempts.js';
import { type SecurityCase, statusOf, type World } from './world.js';

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

export const VALUES: SecurityCase[] = [
  {
    id: 'S-40',
    title: 'a quantity must be a positive integer in JSON number notation',
    run: async (world) => {
      const quantities = ['-1', '0', '-0', '1.5', '"5"', '"1e3"', 'true', '[]', '[5]', '{}', '""', '"-1"', '{"$gt":0}'];
      await expectRejected(
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
      await expectRejected(
        world,
        events.map((event) => ({ path: '/v1/usage/events', body: `{"events":[${event}]}` })),
      );
    },
  },
  {
    id: 'S-41',
    title: 'numbers beyond the safe integer range are rejected',
    run: async (world) => {
      await expectRejected(
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
    title: 'usage at the largest integer cannot grow or wrap around',
    run: async (world) => {
      const { admin, apiKey } = world;
      const customer = uniqueName('maximum');
      await apiKey.call('PUT', `/v1/customers/${customer}`, { body: { plan: 'overage' } });
      const correct = (quantity: number) =>
        admin.call('POST', '/v1/usage/corrections', {
          body: { customer, product: 'api', feature: 'api_calls', quantity, reason: 'maximum' },
        });
      expect((await correct(Number.MAX_SAFE_INTEGER)).status).toBe(200);
      for (const [method, path, body] of [
        ['POST', '/v1/usage/consume', { customer, feature: 'api_calls', quantity: 1 }],
        ['POST', '/v1/usage/consume', { customer, feature: 'api_calls', quantity: Number.MAX_SAFE_INTEGER }],
      ] as const) {
        const { status, body: decision } = await apiKey.call(method, path, { body });
        expect(status < 500 && (status >= 400 || decision.allowed === false)).toBe(true);
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
    title: 'a limit is an integer or null; limit 0 denies all usage',
    run: async (world) => {
      await expectRejected(
        world,
        [-1, 1.5, 2 ** 63, '5', 'unlimited', true, [], {}].map((limit) => ({
          path: '/v1/plans',
          body: plan({ limit }),
        })),
      );
      const { apiKey } = world;
      const key = uniqueName('zero');
      const { status } = await apiKey.call('POST', '/v1/plans', { body: plan({ limit: 0 }, { key }) });
      expect(status).toBe(201);
      expect((await apiKey.call('POST', `/v1/plans/${key}/publish`, { body: {} })).status).toBe(200);
      const customer = uniqueName('zero');
      expect((await apiKey.call('PUT', `/v1/customers/${customer}`, { body: { plan: key } })).status).toBe(201);
      expect(
        (await apiKey.call('POST', '/v1/usage/consume', { body: { customer, feature: 'api_calls' } })).body,
      ).toMatchObject({ allowed: false, limit: 0, remaining: 0, used: 0 });
    },
  },
  {
    id: 'S-45',
    title: 'a price is a whole number of cents in a known currency',
    run: async (world) => {
      const amounts = ['NaN', 'Infinity', '100', -1, 1.5, null, true, [100], 2 ** 53];
      await expectRejected(
        world,
        amounts.map((amount) => ({
          path: '/v1/plans',
          body: plan({}, { prices: [{ interval: 'month', amount, currency: 'USD' }] }),
        })),
      );
      await expectRejected(
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
    title: 'a batch has up to 1,000 events; a malformed event rejects the batch, and a duplicate is counted once',
    run: async (world) => {
      const { apiKey, apiCustomer: customer } = world;
      const event = (id: string, more: object = {}) => ({ id, customer, feature: 'api_calls', quantity: 1, ...more });
      const many = (count: number) => Array.from({ length: count }, (_, index) => event(`many-${index}`));
      await expectRejected(world, [
        { path: '/v1/usage/events', body: { events: many(1_001) } },
        { path: '/v1/usage/events', body: { events: many(10_001) }, statuses: [413, 422] },
        { path: '/v1/usage/events', body: { events: [] } },
        { path: '/v1/usage/events', body: { events: [...many(99), event('bad', { quantity: -1 })] } },
        { path: '/v1/usage/events', body: { events: [...many(99), null] } },
        { path: '/v1/usage/events', body: { events: 'all' } },
      ]);
      const [a, b] = [uniqueName('twice'), uniqueName('once')];
      const { body } = await apiKey.call('POST', '/v1/usage/events', {
        body: { events: [event(a), event(b), event(a), event(uniqueName('unknown'), { feature: 'nothing' })] },
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
    title: 'a body has the declared length, and up to 1 MB',
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
      // Longer than declared: the rest must not be read as a second request.
      expect(await post('content-length: 2', '{}GET-NONSENSE', 600)).toMatch(
        /HTTP\/1\.1 400[\s\S]*application\/problem\+json/,
      );
      // Shorter than declared, or an unfinished chunk: the service waits up to the timeouts of S-50.
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
    title: 'a body is nested up to twenty levels',
    run: async (world) => {
      const bodies = [100, 10_000, 100_000]
        .flatMap((levels) => [nested(levels, '{"a":', '}'), nested(levels, '[', ']')])
        .map((value) => `{"customer":"${world.apiCustomer}","feature":"api_calls","properties":{"deep":${value}}}`);
      await expectRejected(
        world,
        bodies.map((body) => ({ path: '/v1/usage/consume', body, statuses: [400, 422, 413] })),
      );
    },
  },
  {
    id: 'S-4B',
    title: 'a NUL character is rejected in every field',
    run: async (world) => {
      const nul = 'a\u0000b';
      await expectRejected(world, [
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
    title: 'an unpaired surrogate is rejected, because stored it would equal another text',
    run: async (world) => {
      const half = '\ud800';
      const attempts = [
        `"customer":"\\ud800","feature":"api_calls"`,
        `"customer":"${world.apiCustomer}","feature":"a\\udfff"`,
        `"customer":"${world.apiCustomer}","feature":"api_calls","properties":{"a":"\\ud83d"}`,
        `"customer":"${world.apiCustomer}","feature":"api_calls","properties":{"\\ud83d":1}`,
      ];
      await expectRejected(
        world,
        attempts.map((members) => ({ path: '/v1/usage/consume', body: `{${members}}` })),
      );
      await expectRejected(world, [
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
    title: 'an Idempotency-Key is one printable ASCII text, quoted or not',
    run: async (world) => {
      const { apiKey, apiCustomer: customer, raw } = world;
      await expectRejected(
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
];

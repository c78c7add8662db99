import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SubscriptionStats } from '@app/subscriptions';
import { type Call, startApp, TestClock, type TestApp } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import {
  inParallel,
  registerUserWithRole,
  applyLifecycleProduct,
  createCustomerOnTestClock,
  createApiKey,
  uniqueName,
} from '../support/fixtures.js';

const DAY_MS = 86_400_000;
const NONE = { trialing: 0, active: 0, past_due: 0, paused: 0, canceled: 0, expired: 0, inactive: 0 };

describe('subscription statistics', () => {
  const clock = new TestClock();
  let database: TestDatabase;
  let instances: TestApp[];
  let service: TestApp;
  let call: Call;
  const count = (): Promise<boolean> => service.app.get(SubscriptionStats).recount();
  const read = async (what: string, product: string): Promise<any> =>
    (await call('GET', `/v1/stats/${what}?product=${product}`)).body;
  const countedAfter = async (ms: number): Promise<void> => {
    clock.advance(ms);
    expect(await count()).toBe(true);
  };
  const subscribe = async (product: string, plan = 'basic', wish: object = {}): Promise<string> => {
    const customer = uniqueName('counted');
    const { body } = await call('PUT', `/v1/customers/${customer}`, { body: { product, plan: 'basic' } });
    if (plan === 'basic' && Object.keys(wish).length === 0) return body.subscription.id;
    const changed = await call('POST', `/v1/subscriptions/${body.subscription.id}/change`, {
      body: { plan, when: 'now', ...wish },
    });
    if (changed.status !== 200) throw new Error(JSON.stringify(changed.body));
    return body.subscription.id;
  };
  const command = async (id: string, name: string, body: object): Promise<void> => {
    const response = await call('POST', `/v1/subscriptions/${id}/${name}`, { body });
    if (response.status !== 200) throw new Error(JSON.stringify(response.body));
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    instances = [await startApp({ database, clock })];
    [service] = instances as [TestApp];
    // User tokens expire within the time of this test.
    ({ call } = await createApiKey(service));
    for (const product of ['counts', 'worth', 'pages']) await applyLifecycleProduct(service, product);
    const price = { interval: 'month', amount: Number.MAX_SAFE_INTEGER, currency: 'IDR' };
    const applied = await service.admin('POST', '/v1/catalog/apply', {
      body: {
        product: { key: 'large', name: 'large' },
        features: [],
        plans: [{ key: 'basic', name: 'Basic', prices: [price], entitlements: [] }],
        assignment: [{ plan: 'basic' }],
      },
    });
    expect([applied.status, applied.body.errors]).toEqual([200, undefined]);
  });
  afterAll(async () => {
    await Promise.all(instances.map((instance) => instance.stop()));
    await database.drop();
  });

  it('report that no count exists before the first one', async () => {
    for (const what of ['subscriptions', 'revenue']) {
      const { status, body, headers } = await call('GET', `/v1/stats/${what}?product=counts`);
      expect({ status, code: body.code, retry: headers.get('retry-after') }).toEqual({
        status: 503,
        code: 'numbers_not_counted',
        retry: '10',
      });
    }
    expect(await count()).toBe(true);
    expect(await read('subscriptions', 'counts')).toMatchObject({
      asOf: clock.now().toISOString(),
      live: 0,
      statuses: NONE,
      plans: [],
    });
    expect(await read('revenue', 'counts')).toEqual({ asOf: clock.now().toISOString(), currencies: [] });
  });

  it('are readable by admins of the product and by keys with stats:read', async () => {
    const { call: confined } = await createApiKey(service, { scopes: ['stats:read'], product: 'counts' });
    expect(await confined('GET', '/v1/stats/subscriptions')).toMatchObject({ status: 200 });
    expect(await confined('GET', '/v1/stats/subscriptions?product=api')).toMatchObject({
      status: 403,
      body: { code: 'product_not_allowed' },
    });
    const theirs = await registerUserWithRole(service, { role: 'product_admin', product: 'counts' });
    expect((await theirs.call('GET', '/v1/stats/revenue')).status).toBe(200);
    expect((await theirs.call('GET', '/v1/stats/revenue?product=api')).status).toBe(403);
    expect(await service.admin('GET', '/v1/stats/revenue?product=nothing-like-it')).toMatchObject({
      status: 404,
      body: { code: 'product_not_found' },
    });
    expect((await service.admin('GET', '/v1/stats/revenue?from=yesterday')).status).toBe(422);
  });

  it('count subscriptions by status and plan, and recent starts and ends', async () => {
    await Promise.all([subscribe('counts', 'basic'), subscribe('counts', 'basic'), subscribe('counts', 'pro')]);
    await countedAfter(31 * DAY_MS);
    expect(await read('subscriptions', 'counts')).toMatchObject({
      live: 3,
      started: 0,
      plans: [
        { plan: 'basic', live: 2 },
        { plan: 'pro', live: 1 },
      ],
    });

    const [later, now, paused] = [
      await subscribe('counts', 'basic'),
      await subscribe('counts', 'pro'),
      await subscribe('counts', 'pro'),
    ];
    await command(later, 'cancel', { when: 'period_end' });
    await command(now, 'cancel', { when: 'now' });
    await command(paused, 'pause', {});
    await createCustomerOnTestClock(call, 'counts', clock.now().toISOString());
    await countedAfter(DAY_MS);
    expect(await read('subscriptions', 'counts')).toEqual({
      asOf: clock.now().toISOString(),
      live: 5,
      statuses: { ...NONE, active: 3, canceled: 1, paused: 1, inactive: 1 },
      ending: 0,
      started: 3,
      canceled: 2,
      ended: 1,
      plans: [
        {
          plan: 'basic',
          live: 3,
          statuses: { ...NONE, active: 2, canceled: 1 },
          ending: 0,
          started: 1,
          canceled: 1,
          ended: 0,
        },
        {
          plan: 'pro',
          live: 2,
          statuses: { ...NONE, active: 1, paused: 1, inactive: 1 },
          ending: 0,
          started: 2,
          canceled: 1,
          ended: 1,
        },
      ],
    });
    await countedAfter(24 * DAY_MS);
    expect(await read('subscriptions', 'counts')).toMatchObject({ ending: 1, started: 3, canceled: 2, ended: 1 });
    await countedAfter(10 * DAY_MS);
    expect(await read('subscriptions', 'counts')).toMatchObject({ ending: 0, started: 0, canceled: 0, ended: 0 });
  });

  it('sum the amounts of paying subscriptions over all intervals and round at the end', async () => {
    await Promise.all([
      subscribe('worth', 'yearly'),
      subscribe('worth', 'yearly'),
      subscribe('worth', 'daily'),
      subscribe('worth', 'basic', { quantity: 3 }),
    ]);
    await command(await subscribe('worth', 'pro'), 'pause', {});
    await countedAfter(DAY_MS / 2);
    expect(await read('revenue', 'worth')).toEqual({
      asOf: clock.now().toISOString(),
      currencies: [
        {
          currency: 'USD',
          monthly: 3_000 + 1_521 + 1_667,
          yearly: 36_000 + 18_250 + 20_000,
          subscriptions: 4,
          plans: [
            { plan: 'basic', monthly: 3_000, yearly: 36_000, subscriptions: 1 },
            { plan: 'daily', monthly: 1_521, yearly: 18_250, subscriptions: 1 },
            { plan: 'yearly', monthly: 1_667, yearly: 20_000, subscriptions: 2 },
          ],
        },
      ],
    });
  });

  it('are counted once a minute by one of several workers', async () => {
    instances.push(await startApp({ database, clock }));
    const recountConcurrently = (): Promise<boolean[]> =>
      inParallel(8, 8, (index) => instances[index % instances.length]!.app.get(SubscriptionStats).recount());
    clock.advance(60_000);
    expect((await recountConcurrently()).filter(Boolean)).toHaveLength(1);
    clock.advance(59_999);
    expect((await recountConcurrently()).filter(Boolean)).toHaveLength(0);
    clock.advance(1);
    expect((await recountConcurrently()).filter(Boolean)).toHaveLength(1);
  });

  it('count page by page, each customer once', async () => {
    await subscribe('pages', 'basic');
    const copies = 45_000;
    await database.query(
      `begin;
       -- Triggers and foreign keys are off: they take most of the time, and the rows are consistent.
       set local session_replication_role = replica;
       with made as (
         insert into subscriptions select (jsonb_populate_record(s, jsonb_build_object('customer_id', lpad(to_hex(n::bigint * 1000003), 32, '0')::uuid, 'id', lpad(to_hex(n), 32, '1')::uuid))).*
         from subscriptions s join products p on p.id = s.product_id, generate_series(1, ${copies}) n where p.key = 'pages' returning customer_id, id, created_at)
       insert into customers (id, key, timezone, first_subscription_id, created_at, updated_at) select customer_id, customer_id::text, 'UTC', id, created_at, created_at from made;
       commit`,
    );
    await countedAfter(60_000);
    expect(await read('subscriptions', 'pages')).toMatchObject({
      live: copies + 1,
      plans: [{ plan: 'basic', live: copies + 1 }],
    });
  }, 60_000);

  it('show revenue beyond 2^53-1 minor units as 2^53-1', async () => {
    for (let n = 0; n < 2; n++) await subscribe('large');
    await countedAfter(DAY_MS);
    expect(await read('revenue', 'large')).toMatchObject({
      currencies: [{ monthly: Number.MAX_SAFE_INTEGER, yearly: Number.MAX_SAFE_INTEGER, subscriptions: 2 }],
    });
  });
});

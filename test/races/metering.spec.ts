import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CacheInvalidations } from '@app/platform';
import { type ApiResponse, startApp, type TestApp } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { inParallel, applyMeteredProduct, createApiKey, uniqueName } from '../support/fixtures.js';
import { allowLog, expectLog } from '../support/log.js';
import { withCustomerLocked } from '../support/transactions.js';

const STALENESS_MS = 2_000;

/** A disconnected invalidation channel: it neither sends nor receives. */
const disconnected: Pick<CacheInvalidations, 'subscribe' | 'publish' | 'subscribeToCatalog' | 'publishCatalog'> = {
  subscribe: () => undefined,
  publish: () => undefined,
  subscribeToCatalog: () => undefined,
  publishCatalog: async () => undefined,
};

describe('two instances on one database', () => {
  let database: TestDatabase;
  let instances: [TestApp, TestApp];
  let key: string;

  const call = (index: number, method: string, path: string, body?: unknown): Promise<ApiResponse> =>
    instances[index % 2]!.call(method, path, { token: key, body });
  const put = (customer: string, product: string, body: object = {}) =>
    call(0, 'PUT', `/v1/customers/${customer}`, { product, ...body });
  const consume = (index: number, body: object) => call(index, 'POST', '/v1/usage/consume', body);
  const check = async (index: number, body: object) => (await call(index, 'POST', '/v1/check', body)).body;
  const override = (index: number, customer: string, product: string, feature: string, terms: object) =>
    call(index, 'PUT', `/v1/customers/${customer}/overrides/${feature}`, { product, ...terms });

  beforeAll(async () => {
    database = await createTestDatabase();
    const first = await startApp({ database, worker: true });
    const second = await startApp({
      database,
      worker: true,
      customize: (module) => module.overrideProvider(CacheInvalidations).useValue(disconnected),
    });
    instances = [first, second];
    ({ key } = await createApiKey(first));
  }, 60_000);
  afterAll(async () => {
    const { body } = await instances[0].admin('POST', '/v1/usage/verify', { body: { limit: 10_000 } });
    await Promise.all(instances.map((instance) => instance.stop()));
    await database.drop();
    expect(body.mismatches).toEqual([]);
  });

  it('a lowered limit applies to the next consume and check on the other instance', async () => {
    const product = uniqueName('lowered');
    await applyMeteredProduct(instances[0], product, 100);
    await put('lowered', product);
    const input = { customer: 'lowered', product, feature: 'calls' };
    for (let round = 0; round < 20; round++) {
      await override(0, 'lowered', product, 'calls', { limit: 1_000 });
      expect((await consume(1, input)).body).toMatchObject({ allowed: true, limit: 1_000 });
      await override(0, 'lowered', product, 'calls', { limit: 0 });
      expect((await consume(1, input)).body).toMatchObject({ allowed: false, limit: 0 });
      await override(0, 'lowered', product, 'calls', { limit: 2_000 });
      expect(await check(1, input)).toMatchObject({ limit: 2_000, used: round + 1 });
    }
  });

  it('a switch applies within 2 s although the invalidation channel is cut', async () => {
    const customer = uniqueName('switch');
    await put(customer, 'default');
    const input = { customer, feature: 'sso' };
    expect((await check(1, input)).allowed).toBe(false);
    const switchTo = async (value: boolean): Promise<number> => {
      await override(0, customer, 'default', 'sso', { value });
      const startedAt = performance.now();
      while ((await check(1, input)).allowed !== value) await new Promise((resolve) => setTimeout(resolve, 20));
      return performance.now() - startedAt;
    };
    // Twice the limit, for a slow machine.
    expect(await switchTo(true)).toBeLessThan(2 * STALENESS_MS);
    expect(await switchTo(false)).toBeLessThan(2 * STALENESS_MS);
  });

  it('a new customer with the key of a deleted one is not confused with it', async () => {
    const product = uniqueName('again');
    await applyMeteredProduct(instances[0], product, 5);
    await put('again', product);
    const input = { customer: 'again', product, feature: 'calls' };
    await consume(1, { ...input, quantity: 5 });
    await call(0, 'DELETE', '/v1/customers/again');
    expect((await consume(1, input)).status).toBe(404);
    await put('again', product);
    expect((await consume(1, input)).body).toMatchObject({ allowed: true, used: 1 });
  });

  it('several features in opposite orders do not deadlock, each request all or nothing', async () => {
    const product = uniqueName('joint');
    const { status } = await instances[0].admin('POST', '/v1/catalog/apply', {
      body: {
        product: { key: product, name: product },
        features: ['a', 'b'].map((feature) => ({ key: feature, name: feature, type: 'metered' })),
        plans: [
          {
            key: 'plan',
            name: 'Plan',
            prices: [{ interval: 'month', amount: 1, currency: 'USD' }],
            entitlements: [
              { feature: 'a', limit: 700 },
              { feature: 'b', limit: 900 },
            ].map((one) => ({ type: 'metered', window: 'month', overage: 'deny', ...one })),
          },
        ],
        assignment: [{ plan: 'plan' }],
      },
    });
    expect(status).toBe(200);
    await put('joint', product);
    const send = async (index: number, attempt = 1): Promise<ApiResponse> => {
      const features = [{ feature: 'a' }, { feature: 'b' }];
      const response = await instances[(index >> 1) % 2]!.call('POST', '/v1/usage/consume', {
        token: key,
        body: { customer: 'joint', product, features: index % 2 ? features.reverse() : features },
        headers: { 'idempotency-key': `joint-${index}` },
      });
      // A loaded machine may exceed the lock timeout: the repetition counts once.
      return response.status === 503 && attempt < 20 ? send(index, attempt + 1) : response;
    };
    const responses = await inParallel(1_000, 100, (index) => send(index));
    expect(responses.filter(({ status }) => status !== 200)).toEqual([]);
    expect(responses.filter(({ body }) => body.allowed)).toHaveLength(700);
    expect([
      (await check(0, { customer: 'joint', product, feature: 'a' })).used,
      (await check(1, { customer: 'joint', product, feature: 'b' })).used,
    ]).toEqual([700, 700]);
  }, 60_000);

  it('plan changes lose no usage and count none twice', async () => {
    const customer = uniqueName('flip');
    const { body } = await put(customer, 'api', { plan: 'overage' });
    let flipping = true;
    const flips = (async () => {
      let changes = 0;
      for (; flipping; changes++) {
        const { status } = await call(changes, 'POST', `/v1/subscriptions/${body.subscription.id}/change`, {
          plan: changes % 2 ? 'overage' : 'quota',
          when: 'now',
        });
        expect(status).toBe(200);
      }
      return changes;
    })();
    const responses = await inParallel(1_500, 50, (index) =>
      consume(index, { customer, product: 'api', feature: 'api_calls' }),
    );
    flipping = false;
    expect(await flips).toBeGreaterThan(5);
    expect(responses.filter(({ status }) => status !== 200)).toEqual([]);
    for (const { body: decision } of responses)
      expect(decision.remaining === null || decision.remaining >= 0).toBe(true);
    const counted = responses.filter(({ body: decision }) => decision.allowed).length;
    expect(await check(0, { customer, product: 'api', feature: 'api_calls' })).toMatchObject({ used: counted });
  }, 60_000);

  it('a locked customer is rejected in time, and other customers are served', async () => {
    const product = uniqueName('hog');
    await applyMeteredProduct(instances[0], product, null);
    for (const customer of ['locked', 'neighbour']) await put(customer, product);
    const inputOf = (customer: string) => ({ customer, product, feature: 'calls' });
    await Promise.all(['locked', 'neighbour'].map((customer) => consume(0, inputOf(customer))));
    const order: string[] = [];
    const consumeFor = async (customer: string): Promise<ApiResponse> => {
      const response = await consume(0, inputOf(customer));
      order.push(customer);
      return response;
    };
    // Locked until all are answered, so that the lock timeout ends the wait, not the deadline of the request.
    const [blocked, ...free] = await withCustomerLocked(database, 'locked', () =>
      Promise.all([consumeFor('locked'), consumeFor('neighbour'), consumeFor('neighbour')]),
    );
    expect([blocked.status, blocked.body.code, blocked.headers.get('retry-after')]).toEqual([
      503,
      'database_unavailable',
      '1',
    ]);
    expect(free.map(({ status }) => status)).toEqual([200, 200]);
    // They do not wait behind the blocked customer.
    expect(order).toEqual(['neighbour', 'neighbour', 'locked']);
    expect((await consume(0, inputOf('locked'))).body).toMatchObject({ used: 2 });
  }, 30_000);

  it('the failure policy of the feature answers when the database cannot in time', async () => {
    const product = uniqueName('policy');
    const policies = {
      denied: 'deny',
      allowed: 'allow',
      remembered: 'last_known',
      exhausted: 'last_known',
      refused: null,
    };
    const { status } = await instances[0].admin('POST', '/v1/catalog/apply', {
      body: {
        product: { key: product, name: product },
        features: Object.entries(policies).map(([feature, failurePolicy]) => ({
          key: feature,
          name: feature,
          type: 'metered',
          failurePolicy,
        })),
        plans: [
          {
            key: 'plan',
            name: 'Plan',
            prices: [{ interval: 'month', amount: 1, currency: 'USD' }],
            entitlements: Object.keys(policies).map((feature) => ({
              feature,
              type: 'metered',
              limit: feature === 'exhausted' ? 0 : 5,
              window: 'month',
              overage: 'deny',
            })),
          },
        ],
        assignment: [{ plan: 'plan' }],
      },
    });
    expect(status).toBe(200);
    await put('policy', product);
    for (const feature of Object.keys(policies)) await check(0, { customer: 'policy', product, feature });
    const responses = await withCustomerLocked(database, 'policy', () =>
      Promise.all(Object.keys(policies).map((feature) => consume(0, { customer: 'policy', product, feature }))),
    );
    expect(
      responses.map(({ status: code, body }) => ({
        code,
        allowed: body.allowed,
        reason: body.reason,
        degraded: body.degraded,
      })),
    ).toEqual([
      { code: 200, allowed: false, reason: 'unavailable', degraded: true },
      { code: 200, allowed: true, reason: null, degraded: true },
      { code: 200, allowed: true, reason: null, degraded: true },
      { code: 200, allowed: false, reason: 'limit_reached', degraded: true },
      { code: 503, allowed: undefined, reason: undefined, degraded: undefined },
    ]);
    expect((await consume(0, { customer: 'policy', product, feature: 'allowed' })).body).toMatchObject({ used: 1 });
    expect((await consume(0, { customer: 'policy', product, feature: 'allowed' })).body.degraded).toBeUndefined();
  }, 30_000);

  it('after all connections were cut, retries with the same keys count each request once', async () => {
    expectLog(/Database connection lost/);
    // A job that uses one of the connections meanwhile reports it.
    allowLog(/Job ".+" failed; retrying on its next run\s+error: terminating connection due to administrator command/);
    const product = uniqueName('cut');
    await applyMeteredProduct(instances[0], product, null);
    await put('cut', product);
    const once = (index: number) =>
      instances[index % 2]!.call('POST', '/v1/usage/consume', {
        token: key,
        body: { customer: 'cut', product, feature: 'calls' },
        headers: { 'idempotency-key': `cut-${index}` },
      });
    let cutting = true;
    const cuts = (async () => {
      while (cutting) {
        await database.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tollgate usage' and datname = current_database()`,
        );
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    const responses = await inParallel(600, 30, (index) => once(index));
    cutting = false;
    await cuts;
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200, 503]));
    for (let round = 0; round < 5; round++) {
      const again = await inParallel(600, 30, (index) => once(index));
      if (round === 4 || again.every(({ status }) => status === 200)) {
        expect(again.filter(({ status }) => status !== 200)).toEqual([]);
        break;
      }
    }
    expect(await check(0, { customer: 'cut', product, feature: 'calls' })).toMatchObject({ used: 600 });
  }, 60_000);
});

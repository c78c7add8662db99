import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ApiResponse, startApp, type TestApp } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { createApiKey, inParallel, uniqueName } from '../support/fixtures.js';

const CALLS = 600;
const CONCURRENCY = 60;

describe('entities under load on two instances', () => {
  let database: TestDatabase;
  let instances: [TestApp, TestApp];
  let key: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    instances = [await startApp({ database, worker: true }), await startApp({ database, worker: true })];
    ({ key } = await createApiKey(instances[0]));
  }, 60_000);
  afterAll(async () => {
    const { body } = await instances[0].admin('POST', '/v1/usage/verify', { body: { limit: 10_000 } });
    await Promise.all(instances.map((instance) => instance.stop()));
    await database.drop();
    expect(body.mismatches).toEqual([]);
  });

  /** Sends concurrent requests for one new customer of a feature with these terms. @returns the allowed ones */
  const storm = async (
    { aggregation, ...terms }: { limit: number | null; entityLimit?: number; aggregation?: string },
    bodyOf: (index: number) => object,
  ) => {
    const product = uniqueName('entities');
    const applied = await instances[0].admin('POST', '/v1/catalog/apply', {
      body: {
        product: { key: product, name: product },
        features: [{ key: 'seats', name: 'Seats', type: 'metered', aggregation }],
        plans: [
          {
            key: 'plan',
            name: 'Plan',
            prices: [{ interval: 'month', amount: 1, currency: 'USD' }],
            entitlements: [{ feature: 'seats', type: 'metered', window: 'month', overage: 'deny', ...terms }],
          },
        ],
        assignment: [{ plan: 'plan' }],
      },
    });
    expect(applied.status).toBe(200);
    const customer = uniqueName('customer');
    await instances[0].call('PUT', `/v1/customers/${customer}`, { token: key, body: { product } });
    const send = async (index: number, attempt = 1): Promise<ApiResponse> => {
      const response = await instances[index % 2]!.call('POST', '/v1/usage/consume', {
        token: key,
        body: { customer, product, feature: 'seats', ...bodyOf(index) },
        headers: { 'idempotency-key': `${customer}-${index}` },
      });
      // A loaded machine may exceed the lock timeout: the repetition counts once.
      return response.status === 503 && attempt < 10 ? send(index, attempt + 1) : response;
    };
    const responses = await inParallel(CALLS, CONCURRENCY, (index) => send(index));
    expect(responses.filter(({ status }) => status !== 200)).toEqual([]);
    const entities = await database.query<{ name: string; used: number }>(
      `select n.name, e.used::float8 as used from usage_entity_counters e join usage_names n on n.id = e.entity_id join customers c on c.id = e.customer_id
       where c.key = $1 order by n.name`,
      [customer],
    );
    const [counter] = await database.query<{ used: number }>(
      'select u.used::float8 as used from usage_counters u join customers c on c.id = u.customer_id where c.key = $1',
      [customer],
    );
    const allowed = responses.filter(({ body }) => body.allowed);
    // The counts that the allowed answers show. They differ, because consumptions are decided one after the other.
    const shown = allowed.map(({ body }) => body.used as number).sort((a, b) => a - b);
    return { allowed: allowed.length, shown, used: counter!.used, entities };
  };

  it('consumers of one entity get exactly its limit', async () => {
    const counts = await storm({ limit: null, entityLimit: 70 }, () => ({ entity: 'ada' }));
    const shown = Array.from({ length: 70 }, (_, index) => index + 1);
    expect(counts).toEqual({ allowed: 70, shown, used: 70, entities: [{ name: 'ada', used: 70 }] });
  }, 60_000);

  it('consumers of many entities exceed neither limit', async () => {
    const { allowed, used, entities } = await storm({ limit: 150, entityLimit: 20 }, (index) => ({
      entity: `m${index % 10}`,
    }));
    expect({ allowed, used }).toEqual({ allowed: 150, used: 150 });
    expect(entities).toHaveLength(10);
    expect(Math.max(...entities.map((entity) => entity.used))).toBeLessThanOrEqual(20);
    expect(entities.reduce((sum, entity) => sum + entity.used, 0)).toBe(150);
  }, 60_000);

  it('unique values that arrive concurrently count once each', async () => {
    const { allowed, used, entities } = await storm({ limit: 25, aggregation: 'unique' }, (index) => ({
      value: `device-${index % 30}`,
    }));
    expect(used).toBe(25);
    expect(entities.map((entity) => entity.used)).toEqual(new Array(25).fill(1));
    expect(allowed).toBe((CALLS / 30) * 25);
  }, 60_000);

  it('the latest value of each project sums to the count of the customer', async () => {
    const { used, entities } = await storm({ limit: 100, entityLimit: 30, aggregation: 'latest' }, (index) => ({
      entity: `p${index % 7}`,
      value: (index * 13) % 40,
    }));
    expect(used).toBeLessThanOrEqual(100);
    expect(entities.reduce((sum, entity) => sum + entity.used, 0)).toBe(used);
    expect(Math.max(...entities.map((entity) => entity.used))).toBeLessThanOrEqual(30);
  }, 60_000);
});

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { UsageChecker, CounterChecksRepository } from '@app/metering';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { inParallel, applyMeteredProduct, createApiKey, uniqueName } from '../support/fixtures.js';

const CUSTOMERS = 40;

describe('verification of counters with long ledgers', () => {
  let service: TestApp & { database: TestDatabase };
  let ids: string[];

  beforeAll(async () => {
    service = await startService();
    const { call } = await createApiKey(service);
    const product = uniqueName('product');
    await applyMeteredProduct(service, product, 1_000);
    await inParallel(CUSTOMERS, 4, async (index) => {
      await call('PUT', `/v1/customers/long${index}`, { body: { product } });
      await call('POST', '/v1/usage/consume', { body: { customer: `long${index}`, product, feature: 'calls' } });
    });
    ids = (
      await service.database.query<{ id: string }>(`select id from customers where key like 'long%' order by id`)
    ).map(({ id }) => id);
    await service.database.query('update usage_counters set used = used + 1 where customer_id = any($1)', [
      [ids[3], ids[20], ids.at(-1)],
    ]);
  });
  afterAll(() => service.stop());

  /** Statements for more than `maxCustomers`, or for one of `slow`, time out. @returns a function that counts calls */
  const timeOutStatements = (maxCustomers: number, slow: string[]): (() => number) => {
    const usage = service.app.get(CounterChecksRepository);
    const sum = usage.mismatches.bind(usage);
    const spy = jest
      .spyOn(usage, 'mismatches')
      .mockImplementation((customers) =>
        customers.length > maxCustomers || customers.some((id) => slow.includes(id))
          ? Promise.reject(Object.assign(new Error('canceling statement due to statement timeout'), { code: '57014' }))
          : sum(customers),
      );
    return () => spy.mock.calls.length;
  };

  it('continues in smaller pages and reports the customers that it could not sum', async () => {
    const countCalls = timeOutStatements(3, [ids[7]!, ids[20]!]);
    const checker = service.app.get(UsageChecker);
    try {
      expect(await checker.checkAll()).toEqual({ wrong: 2, unchecked: [ids[7], ids[20]] });
      expect(countCalls()).toBeLessThan(3 * CUSTOMERS);
    } finally {
      jest.restoreAllMocks();
    }
    expect(await checker.checkAll()).toEqual({ wrong: 3, unchecked: [] });
  });

  it('fails when the database does not respond at all', async () => {
    timeOutStatements(0, []);
    jest
      .spyOn(service.app.get(CounterChecksRepository), 'customerPage')
      .mockRejectedValue(new Error('Connection terminated'));
    try {
      await expect(service.app.get(UsageChecker).checkAll()).rejects.toThrow('Connection terminated');
    } finally {
      jest.restoreAllMocks();
    }
  });
});

describe('verification of entities and reported values', () => {
  let service: TestApp & { database: TestDatabase };
  let call: Awaited<ReturnType<typeof createApiKey>>['call'];

  beforeAll(async () => {
    service = await startService();
    ({ call } = await createApiKey(service));
  });
  afterAll(() => service.stop());

  const verify = async ({ customer }: { customer: string }, rebuild = false) =>
    (await service.admin('POST', '/v1/usage/verify', { body: { customer, rebuild } })).body.mismatches;

  /** A customer of two features: `seats` counts the sum, `storage` by the given aggregation. */
  const setUp = async (aggregation: string): Promise<{ customer: string; product: string }> => {
    const [product, customer] = [uniqueName('product'), uniqueName('customer')];
    const features = { seats: 'sum', storage: aggregation };
    const { status } = await call('POST', '/v1/catalog/apply', {
      body: {
        product: { key: product, name: product },
        features: Object.entries(features).map(([key, by]) => ({ key, name: key, type: 'metered', aggregation: by })),
        plans: [
          {
            key: 'plan',
            name: 'Plan',
            prices: [{ interval: 'month', amount: 1, currency: 'USD' }],
            entitlements: Object.keys(features).map((feature) => ({
              feature,
              type: 'metered',
              limit: null,
              window: 'none',
              overage: 'deny',
            })),
          },
        ],
        assignment: [{ plan: 'plan' }],
      },
    });
    expect(status).toBe(200);
    await call('PUT', `/v1/customers/${customer}`, { body: { product } });
    return { customer, product };
  };

  it('finds and rebuilds the counter of an entity that is not the sum of its ledger', async () => {
    const customer = await setUp('latest');
    await call('POST', '/v1/usage/consume', { body: { ...customer, feature: 'seats', entity: 'ada', quantity: 2 } });
    await call('POST', '/v1/usage/reservations', {
      body: { ...customer, feature: 'seats', entity: 'bob', quantity: 3, ttlSeconds: 600 },
    });
    expect(await verify(customer)).toEqual([]);
    await service.database.query(`update usage_entity_counters set used = used + 1, reserved = 0`);
    expect(await verify(customer, true)).toMatchObject([
      { entity: 'ada', used: 3, recorded: 2, reserved: 0, held: 0, reported: null },
      { entity: 'bob', used: 1, recorded: 0, reserved: 0, held: 3, reported: null },
    ]);
    expect(await verify(customer)).toEqual([]);
    await service.database.query('delete from usage_entity_counters');
    expect(await verify(customer, true)).toMatchObject([{ entity: 'ada' }, { entity: 'bob' }]);
    expect(await verify(customer)).toEqual([]);
  });

  it.each([
    ['latest', [4, 6]],
    ['max', [6, 4]],
    ['unique', ['laptop']],
  ])('finds a count that is not the %s of the reported values', async (aggregation, values) => {
    const customer = await setUp(aggregation);
    for (const value of values)
      await call('POST', '/v1/usage/consume', { body: { ...customer, feature: 'storage', value } });
    expect(await verify(customer)).toEqual([]);
    // One more unit in ledger and counters: the sums agree, the reported values do not.
    const ofCustomer = 'customer_id = (select id from customers where key = $1)';
    await service.database.query(
      `insert into usage_ledger (customer_id, id, feature_id, window_start, quantity, occurred_at, recorded_at, actor, entity_id)
       select customer_id, gen_random_uuid(), feature_id, window_start, 1, occurred_at, recorded_at, actor, entity_id from usage_ledger where ${ofCustomer} limit 1`,
      [customer.customer],
    );
    for (const table of ['usage_counters', 'usage_entity_counters'])
      await service.database.query(`update ${table} set used = used + 1, hard_limit = null where ${ofCustomer}`, [
        customer.customer,
      ]);
    const count = aggregation === 'unique' ? 1 : 6;
    expect(await verify(customer)).toMatchObject([{ used: count + 1, reported: count }]);
  });
});

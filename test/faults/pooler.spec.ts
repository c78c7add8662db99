import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { deliverDueEvents } from '../support/deliveries.js';
import { startApp, type TestApp } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import {
  inParallel,
  applyLifecycleProduct,
  applyMeteredProduct,
  createCustomerOnTestClock,
  uniqueName,
} from '../support/fixtures.js';
import { eventually } from '../support/eventually.js';
import { expectLog } from '../support/log.js';
import { isPoolerAvailable, startPooler, type TestPooler } from '../support/pooler.js';

const LIMIT = 75;
const withPooler = isPoolerAvailable() ? describe : describe.skip;

withPooler('behind PgBouncer in transaction mode', () => {
  let database: TestDatabase;
  let pooler: TestPooler;
  let services: TestApp[];
  const service = (index: number): TestApp => services[index % services.length]!;
  const usedBy = async (customer: string): Promise<number> => {
    const [counter] = await database.query<{ used: string }>(
      'select sum(used) as used from usage_counters where customer_id = (select id from customers where key = $1)',
      [customer],
    );
    return Number(counter!.used);
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    pooler = await startPooler(database.url);
    services = [];
    for (let count = 0; count < 2; count++)
      services.push(
        await startApp({
          database: { ...database, url: pooler.url },
          environment: { DATABASE_POOLER: 'transaction' },
          worker: count === 0,
        }),
      );
  }, 120_000);
  afterAll(async () => {
    await Promise.all(services.map(({ stop }) => stop()));
    await pooler.stop();
    await database.drop();
  });

  it('startup fails without DATABASE_POOLER=transaction, because a pooled connection takes no settings', async () => {
    expectLog(/Unable to connect to the database/);
    expectLog(/unsupported startup parameter/);
    await expect(startApp({ database: { ...database, url: pooler.url } })).rejects.toThrow(/startup parameter/);
  }, 60_000);

  it('T-01 two instances allow exactly the limit', async () => {
    const product = uniqueName('pooled');
    await applyMeteredProduct(service(0), product, LIMIT);
    const customer = uniqueName('hot');
    await service(0).admin('PUT', `/v1/customers/${customer}`, { body: { product } });
    const responses = await inParallel(300, 40, (index) =>
      service(index).admin('POST', '/v1/usage/consume', { body: { customer, product, feature: 'calls' } }),
    );
    expect(responses.filter(({ status }) => status !== 200)).toEqual([]);
    expect(responses.filter(({ body }) => body.allowed)).toHaveLength(LIMIT);
    expect(await usedBy(customer)).toBe(LIMIT);
  }, 60_000);

  it('T-02 several features are counted in any order without a deadlock', async () => {
    const product = uniqueName('pooled');
    await applyLifecycleProduct(service(0), product);
    const customers = await inParallel(4, 4, async () => {
      const customer = uniqueName('pair');
      await service(0).admin('PUT', `/v1/customers/${customer}`, { body: { product, plan: 'pro' } });
      return customer;
    });
    const pair = [{ feature: 'calls' }, { feature: 'daily' }];
    const responses = await inParallel(80, 20, (index) =>
      service(index).admin('POST', '/v1/usage/consume', {
        body: {
          customer: customers[index % customers.length],
          product,
          features: index % 2 ? pair : [...pair].reverse(),
        },
      }),
    );
    expect(responses.filter(({ status }) => status !== 200)).toEqual([]);
    expect(responses.filter(({ body }) => body.allowed)).toHaveLength(5 * customers.length);
  }, 60_000);

  it('T-03 copies with the same key have one effect and one response', async () => {
    const product = uniqueName('pooled');
    await applyMeteredProduct(service(0), product, 1_000);
    const customer = uniqueName('twice');
    await service(0).admin('PUT', `/v1/customers/${customer}`, { body: { product } });
    const responses = await inParallel(160, 40, (index) =>
      service(index).admin('POST', '/v1/usage/consume', {
        body: { customer, product, feature: 'calls' },
        headers: { 'idempotency-key': `${customer}-${index % 20}` },
      }),
    );
    expect(responses.filter(({ status }) => status !== 200 && status !== 409)).toEqual([]);
    expect(await usedBy(customer)).toBe(20);
  }, 60_000);

  it('commands, due transitions and deliveries run', async () => {
    const product = uniqueName('pooled');
    await applyLifecycleProduct(service(0), product);
    const clocked = await createCustomerOnTestClock(service(0).admin, product, '2026-01-31T10:00:00Z');
    expect(await clocked.command('change', { plan: 'pro', when: 'now' })).toMatchObject({
      status: 200,
      body: { plan: { key: 'pro' } },
    });
    await clocked.advanceTo('2026-04-01T00:00:00Z');
    expect(await clocked.readSubscription()).toMatchObject({
      status: 'active',
      currentPeriodEnd: expect.stringContaining('2026-04-'),
    });
    await deliverDueEvents(service(0));
    const { body } = await service(1).admin('GET', `/v1/subscriptions/${clocked.id}/timeline`);
    expect(body.data.map(({ type }: { type: string }) => type)).toContain('subscription.renewed');
  }, 60_000);

  it('changes of another instance are visible in time without LISTEN', async () => {
    const product = uniqueName('pooled');
    await applyMeteredProduct(service(0), product, 5);
    const customer = uniqueName('watched');
    await service(0).admin('PUT', `/v1/customers/${customer}`, { body: { product } });
    const check = async (): Promise<number> =>
      (await service(1).admin('POST', '/v1/check', { body: { customer, product, feature: 'calls' } })).body.limit;
    expect(await check()).toBe(5);
    await service(0).admin('PUT', `/v1/customers/${customer}/overrides/calls`, { body: { product, limit: 9 } });
    await eventually(check, (limit) => limit === 9);
  }, 60_000);
});

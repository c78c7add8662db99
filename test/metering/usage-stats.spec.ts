import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UsageSeriesService } from '@app/metering';
import { type Call, startApp, TestClock, type TestApp } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import {
  inParallel,
  applyMeteredProduct,
  createCustomerOnTestClock,
  createApiKey,
  uniqueName,
} from '../support/fixtures.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const BEGIN = '2027-03-10T09:30:00.000Z';

describe('usage statistics of a product', () => {
  const clock = new TestClock();
  let database: TestDatabase;
  let instances: TestApp[];
  let service: TestApp;
  let call: Call;
  let product: string;
  /** A product without a limit. */
  let large: string;
  const sumUp = (instance = service): Promise<boolean> => instance.app.get(UsageSeriesService).rollUpNext();
  const usage = async (query = ''): Promise<any> =>
    (await call('GET', `/v1/stats/usage?product=${product}${query}`)).body;
  const expectSuccess = async ({ status, body }: { status: number; body: any }): Promise<any> => {
    if (status >= 300 || body.allowed === false) throw new Error(JSON.stringify(body));
    return body;
  };
  const customer = async (): Promise<string> => {
    const key = uniqueName('user');
    await expectSuccess(await call('PUT', `/v1/customers/${key}`, { body: { product } }));
    return key;
  };
  const consume = async (by: string, quantity = 1): Promise<any> =>
    expectSuccess(
      await call('POST', '/v1/usage/consume', { body: { customer: by, product, feature: 'calls', quantity } }),
    );
  /** Rolls up all usage recorded so far. */
  const rollUpAll = async (): Promise<void> => {
    while (await sumUp());
    for (let minute = 0; minute < 3; minute++) {
      clock.advance(MINUTE_MS);
      while (await sumUp());
    }
  };

  beforeAll(async () => {
    clock.set(BEGIN);
    database = await createTestDatabase();
    instances = [await startApp({ database, clock }), await startApp({ database, clock })];
    [service] = instances as [TestApp];
    ({ call } = await createApiKey(service));
    product = uniqueName('product');
    await applyMeteredProduct(service, product, 1_000_000);
    large = uniqueName('large');
    await applyMeteredProduct(service, large, null);
  });
  afterAll(async () => {
    await Promise.all(instances.map((instance) => instance.stop()));
    await database.drop();
  });

  it('are empty before the first rollup', async () => {
    const nothing = { asOf: BEGIN, by: 'day', to: clock.now().toISOString(), features: [] };
    expect(await usage()).toMatchObject(nothing);
    expect(await sumUp()).toBe(false);
    expect(await usage()).toMatchObject(nothing);
  });

  it('are readable by product admins and keys with stats:read; invalid queries are rejected', async () => {
    const { call: confined } = await createApiKey(service, { scopes: ['stats:read'], product });
    expect((await confined('GET', '/v1/stats/usage')).status).toBe(200);
    expect(await confined('GET', '/v1/stats/usage?product=api')).toMatchObject({
      status: 403,
      body: { code: 'product_not_allowed' },
    });
    const { call: other } = await createApiKey(service, { scopes: ['usage:read'] });
    expect((await other('GET', `/v1/stats/usage?product=${product}`)).status).toBe(403);
    for (const [query, status, code] of [
      ['feature=nothing', 404, 'feature_not_found'],
      ['by=week', 422, 'invalid_fields'],
      ['from=2027-03-10T00:00:00Z&to=2027-03-10T00:00:00Z', 422, 'invalid_fields'],
      ['by=hour&from=2020-01-01T00:00:00Z', 422, 'invalid_fields'],
      ['customer=me', 422, 'invalid_fields'],
    ]) {
      expect([query, await call('GET', `/v1/stats/usage?product=${product}&${query}`)]).toMatchObject([
        query,
        { status, body: { code } },
      ]);
    }
  });

  it('sum usage by feature and step at the time of use, less corrections', async () => {
    clock.set('2027-03-08T00:00:00Z');
    const [one, other] = [await customer(), await customer()];
    clock.set(BEGIN);
    await consume(one, 3);
    await expectSuccess(
      await service.admin('POST', '/v1/usage/corrections', {
        body: { customer: one, product, feature: 'calls', quantity: -1, reason: 'by mistake' },
      }),
    );
    clock.advance(45 * MINUTE_MS);
    await consume(other, 4);
    const at = '2027-03-08T23:59:59.999Z';
    await expectSuccess(
      await call('POST', '/v1/usage/events', {
        body: {
          product,
          events: [{ id: uniqueName('event'), customer: one, feature: 'calls', quantity: 10, occurredAt: at }],
        },
      }),
    );
    // Usage of customers on test clocks is not counted.
    const tester = await createCustomerOnTestClock(call, product, clock.now().toISOString());
    await consume(tester.customer, 500);
    await rollUpAll();
    const days = [
      { start: '2027-03-08T00:00:00.000Z', quantity: 10, records: 1 },
      { start: '2027-03-10T00:00:00.000Z', quantity: 6, records: 3 },
    ];
    expect(await usage()).toMatchObject({ features: [{ feature: 'calls', quantity: 16, records: 4, data: days }] });
    expect(await usage('&feature=calls&by=hour&from=2027-03-10T09:59:00Z')).toMatchObject({
      from: '2027-03-10T09:59:00.000Z',
      features: [
        {
          quantity: 6,
          records: 3,
          data: [
            { start: '2027-03-10T09:00:00.000Z', quantity: 2, records: 2 },
            { start: '2027-03-10T10:00:00.000Z', quantity: 4, records: 1 },
          ],
        },
      ],
    });
    expect((await usage('&by=month&to=2027-03-10T10:00:00Z')).features).toEqual([
      {
        feature: 'calls',
        quantity: 12,
        records: 3,
        data: [{ start: '2027-03-01T00:00:00.000Z', quantity: 12, records: 3 }],
      },
    ]);
    expect((await usage('&to=2027-03-08T00:00:00Z')).features).toEqual([]);
  });

  it('count everything once with several workers during usage', async () => {
    const customers = await Promise.all([customer(), customer(), customer()]);
    await inParallel(300, 8, async (index) => {
      await consume(customers[index % customers.length]!, 1 + (index % 5));
      clock.advance(2_500);
      await Promise.all(instances.map(sumUp));
    });
    await rollUpAll();
    const [ledger] = await database.query<{ quantity: number; records: number }>(
      `select sum(l.quantity)::float8 as quantity, count(*)::float8 as records from usage_ledger l join features f on f.id = l.feature_id join products p on p.id = f.product_id
       join customers c on c.id = l.customer_id where p.key = '${product}' and c.test_clock_id is null`,
    );
    const [{ quantity, records }] = (await usage()).features;
    expect({ quantity, records }).toEqual(ledger);
  });

  it('include rows that a frozen database commits later', async () => {
    await rollUpAll();
    const before = (await usage('&feature=calls')).features[0].quantity;
    const by = await customer();
    await consume(by);
    // The row was sent before the database froze for 10 minutes, and is committed after the first run of a worker.
    const [{ recorded_at: sent }] = (await database.query<{ recorded_at: Date }>(
      'select max(recorded_at) as recorded_at from usage_ledger',
    )) as [{ recorded_at: Date }];
    clock.advance(10 * MINUTE_MS);
    while (await sumUp());
    await database.query(
      `insert into usage_ledger (customer_id, id, feature_id, window_start, quantity, kind, occurred_at, recorded_at, actor)
       select customer_id, gen_random_uuid(), feature_id, window_start, 7, kind, occurred_at, recorded_at, actor from usage_ledger where recorded_at = '${sent.toISOString()}'`,
    );
    await rollUpAll();
    expect((await usage('&feature=calls')).features[0].quantity).toBe(before + 1 + 7);
  });

  it('catch up with a year in a few runs', async () => {
    await rollUpAll();
    clock.advance(365 * DAY_MS);
    while (await sumUp());
    clock.advance(MINUTE_MS);
    let runs = 0;
    while (await sumUp()) runs++;
    expect(runs).toBeLessThan(500);
    expect(Date.parse((await usage()).asOf)).toBeGreaterThan(clock.now().getTime() - 3 * MINUTE_MS);
  });

  it('show a sum of all customers beyond 2^53-1 as 2^53-1', async () => {
    for (const [index, quantity] of [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 6].entries()) {
      const key = uniqueName('user');
      await expectSuccess(await call('PUT', `/v1/customers/${key}`, { body: { product: large } }));
      const usage = { id: `${index}`, customer: key, feature: 'calls', quantity };
      await expectSuccess(await call('POST', '/v1/usage/events', { body: { product: large, events: [usage] } }));
    }
    await rollUpAll();
    const { features } = (await call('GET', `/v1/stats/usage?product=${large}`)).body;
    expect(features).toMatchObject([
      { quantity: Number.MAX_SAFE_INTEGER, data: [{ quantity: Number.MAX_SAFE_INTEGER, records: 2 }] },
    ]);
  });
});

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';
import { idBefore } from '@app/kernel';
import { UsageRollupsRepository, UsageSeriesService } from '@app/metering';
import { Database } from '@app/platform';
import { type Call, startApp, type TestApp } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { inParallel, applyMeteredProduct, createApiKey, uniqueName } from '../support/fixtures.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const DAYS = 40;

describe('usage series of a customer with a long ledger', () => {
  let database: TestDatabase;
  let instances: TestApp[];
  let service: TestApp;
  let call: Call;
  let product: string;
  /** Entries are recorded from this instant on, 3 s for each 1,000, and occurred in the 40 days before it. */
  let recordedFrom: Date;

  const createCustomer = async (timezone = 'UTC'): Promise<string> => {
    const key = uniqueName('heavy');
    const { status } = await call('PUT', `/v1/customers/${key}`, { body: { product, timezone } });
    expect(status).toBe(201);
    // The entries occurred before this test, so the customer has been subscribed since.
    await database.query(
      `update subscriptions set started_at = started_at - interval '90 days' where customer_id = (select id from customers where key = $1)`,
      [key],
    );
    return key;
  };
  /** Inserts `lines` entries of a feature into a ledger: all kinds, some with a negative quantity. */
  const insertEntries = (key: string, lines: number, { feature = 'calls', first = 1 } = {}): Promise<unknown> =>
    database.query(
      `insert into usage_ledger (customer_id, id, feature_id, window_start, quantity, kind, occurred_at, recorded_at, actor)
       select c.id, overlay(idea.id placing '-7000-8000-' || lpad(to_hex(n), 12, '0') from 14)::uuid, f.id, '2026-01-01', case when n % 9 = 0 then -1 else 1 + n % 4 end,
         (array['consume', 'event', 'commit', 'correction', 'opening'])[1 + n % 5], $5::timestamptz - interval '${DAYS} days' * ((n::bigint * 7919) % 100003) / 100003, recorded.at, '{"kind":"system"}'
       from generate_series($6::integer, $6 + $4::integer - 1) n cross join lateral (select $5::timestamptz + n * interval '3 ms' as at) recorded
       cross join lateral (select left(hex, 8) || '-' || right(hex, 4) || '-0000-0000-000000000000' as id from (select lpad(to_hex((extract(epoch from recorded.at) * 1000)::bigint), 12, '0') as hex) h) idea,
       customers c, features f join products p on p.id = f.product_id where c.key = $1 and f.key = $2 and p.key = $3`,
      [key, feature, product, lines, recordedFrom, first],
    );
  const consume = async (key: string, quantity = 1): Promise<void> => {
    expect(
      (await call('POST', '/v1/usage/consume', { body: { customer: key, product, feature: 'calls', quantity } })).body
        .allowed,
    ).toBe(true);
  };
  const usage = async (key: string, query = ''): Promise<any> => {
    const { status, body } = await call('GET', `/v1/customers/${key}/usage?product=${product}&feature=calls${query}`);
    expect([status, body.errors]).toEqual([200, undefined]);
    return body;
  };
  const longLedgers = async (key: string): Promise<{ until: string; caughtUp: boolean }[]> =>
    database.query(
      `select summed_until as until, caught_up as "caughtUp" from long_ledgers where customer_id = (select id from customers where key = $1)`,
      [key],
    );
  /** Moves the end of the product rollups to an instant: all entries recorded before it are final. */
  const setFinalUntil = (until: Date): Promise<unknown> => database.query('update usage_sums set until = $1', [until]);
  const sumUp = (instance = service): Promise<boolean> => instance.app.get(UsageSeriesService).rollUpLongLedger();

  beforeAll(async () => {
    database = await createTestDatabase();
    instances = [await startApp({ database }), await startApp({ database })];
    [service] = instances as [TestApp];
    ({ call } = await createApiKey(service));
    product = uniqueName('product');
    await applyMeteredProduct(service, product, null);
    recordedFrom = new Date(Date.now() - 2 * 3_600_000);
  });
  afterAll(async () => {
    await Promise.all(instances.map((instance) => instance.stop()));
    await database.drop();
  });

  it('a rollup is built after the first request that exceeds the limit, and returns the same series', async () => {
    const key = await createCustomer('Asia/Kathmandu');
    await call('POST', `/v1/features`, { body: { product, key: 'others', name: 'Others', type: 'metered' } });
    await insertEntries(key, 45_000);
    await insertEntries(key, 500, { feature: 'others', first: 1_000_001 });
    const to = new Date(recordedFrom.getTime() + 3_600_000);
    const spans = fc.sample(
      fc.tuple(
        fc.integer({ min: 0, max: DAYS * 24 * 60 * MINUTE_MS }),
        fc.integer({ min: 1, max: 40 * DAY_MS }),
        fc.constantFrom('hour', 'day', 'month'),
      ),
      25,
    );
    const queries = [
      `&from=${new Date(to.getTime() - DAYS * DAY_MS - DAY_MS).toISOString()}&to=${to.toISOString()}`,
      ...spans.map(([before, length, by]) => {
        const from = to.getTime() - before;
        return `&from=${new Date(from).toISOString()}&to=${new Date(from + length).toISOString()}&by=${by}`;
      }),
    ];
    expect((await usage(key, `&from=${new Date(to.getTime() - DAY_MS).toISOString()}`)).data).not.toEqual([]);
    expect(await longLedgers(key)).toEqual([]);

    const lineByLine = [];
    for (const query of queries) lineByLine.push(await usage(key, query));
    expect(lineByLine[0].total).toBeGreaterThan(45_000);
    expect(await longLedgers(key)).toEqual([{ until: '00000000-0000-0000-0000-000000000000', caughtUp: false }]);

    // A part of the entries is not final yet.
    const until = new Date(recordedFrom.getTime() + 100_000);
    await setFinalUntil(until);
    while (await sumUp());
    expect(await longLedgers(key)).toEqual([{ until: idBefore(until), caughtUp: true }]);
    const [summed] = await database.query<{ same: boolean }>(
      `select (select sum(quantity) from long_ledger_sums s where s.customer_id = c.id) =
         (select sum(quantity) from usage_ledger l where l.customer_id = c.id and l.recorded_at < $2 and l.kind <> 'opening') as same from customers c where c.key = $1`,
      [key, until],
    );
    expect(summed).toEqual({ same: true });
    const read = jest.spyOn(service.app.get(UsageRollupsRepository), 'readEntries');
    for (const [index, query] of queries.entries())
      expect([query, await usage(key, query)]).toEqual([query, lineByLine[index]]);

    // All entries are final; later ones may also occur in hours that are summed already.
    await setFinalUntil(to);
    while (await sumUp());
    for (const [index, query] of queries.entries())
      expect([query, await usage(key, query)]).toEqual([query, lineByLine[index]]);
    const before = (await usage(key)).total;
    await consume(key, 5);
    const late = {
      id: uniqueName('late'),
      customer: key,
      feature: 'calls',
      quantity: 70,
      occurredAt: new Date(to.getTime() - DAY_MS).toISOString(),
    };
    expect((await call('POST', '/v1/usage/events', { body: { product, events: [late] } })).body.results).toMatchObject([
      { status: 'recorded' },
    ]);
    expect((await usage(key)).total).toBe(before + 75);
    expect(read).not.toHaveBeenCalled();
    jest.restoreAllMocks();
  }, 60_000);

  it('the rollup is exact at any moment during concurrent usage', async () => {
    const key = await createCustomer();
    await insertEntries(key, 120_000);
    const query = `&from=${new Date(recordedFrom.getTime() - (DAYS + 1) * DAY_MS).toISOString()}&to=${new Date(Date.now() + DAY_MS).toISOString()}`;
    const { total } = await usage(key, query);
    // As after a rollup that is out of date.
    await database.query('update long_ledgers set caught_up = true');
    await setFinalUntil(new Date());
    let [sent, acknowledged] = [0, 0];
    const readers = async (): Promise<void> => {
      do {
        const least = acknowledged;
        const found = (await usage(key, query)).total - total;
        expect(found).toBeGreaterThanOrEqual(least);
        expect(found).toBeLessThanOrEqual(sent);
      } while (acknowledged < 200);
    };
    const writers = inParallel(200, 4, async () => {
      sent++;
      await consume(key);
      acknowledged++;
    });
    const workers = [...instances, ...instances].map(async (instance) => {
      while (await sumUp(instance));
    });
    await Promise.all([writers, readers(), ...workers]);
    while (await sumUp());
    expect((await usage(key, query)).total).toBe(total + 200);
    await setFinalUntil(new Date(Date.now() + 2 * MINUTE_MS));
    while (await sumUp());
    expect((await usage(key, query)).total).toBe(total + 200);
  }, 60_000);

  it('a request is rejected when its entries cannot be read in time, and succeeds later', async () => {
    const key = await createCustomer();
    await insertEntries(key, 50);
    jest
      .spyOn(service.app.get(UsageRollupsRepository), 'readEntries')
      .mockImplementation(() => service.app.get(Database).query('select pg_sleep(20)'));
    const timedOut = await call('GET', `/v1/customers/${key}/usage?product=${product}&feature=calls`);
    expect(timedOut).toMatchObject({ status: 503, body: { code: 'database_unavailable' } });
    expect(await longLedgers(key)).toMatchObject([{ caughtUp: false }]);
    await setFinalUntil(new Date());
    while (await sumUp());
    expect((await usage(key)).data).not.toEqual([]);
    jest.restoreAllMocks();
  }, 30_000);

  it('no rollup is built for a short ledger', async () => {
    const key = await createCustomer();
    await consume(key, 3);
    expect((await usage(key)).total).toBe(3);
    expect(await longLedgers(key)).toEqual([]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UsageRecordsRepository, UsageSeriesService } from '@app/metering';
import { type Call, startService, TestClock, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { applyMeteredProduct, createApiKey, uniqueName } from '../support/fixtures.js';

const MINUTE_MS = 60_000;

/** Two customers with the same history; the ledger of one has the kind that versions before wrote. */
describe('ledger entries for units that a grant covers', () => {
  const clock = new TestClock();
  const product = uniqueName('product');
  let service: TestApp & { database: TestDatabase };
  let call: Call;
  let newer: string;
  let older: string;

  const post = async (path: string, body: object): Promise<any> => {
    const { status, body: answer } = await call('POST', path, { body });
    expect([path, status < 300, answer.errors]).toEqual([path, true, undefined]);
    return answer;
  };
  const kinds = async (customer: string): Promise<string[]> =>
    (
      await service.database.query<{ kind: string }>(
        'select kind from usage_ledger l join customers c on c.id = l.customer_id where c.key = $1 order by l.id',
        [customer],
      )
    ).map(({ kind }) => kind);
  const idOf = async (customer: string): Promise<string> =>
    (await service.database.query<{ id: string }>('select id from customers where key = $1', [customer]))[0]!.id;
  /** A customer whose overage of 3 is covered by a grant of 5. */
  const coveredCustomer = async (): Promise<string> => {
    const customer = uniqueName('customer');
    const usage = { customer, product, feature: 'calls' };
    expect((await call('PUT', `/v1/customers/${customer}`, { body: { product } })).status).toBe(201);
    await post('/v1/usage/consume', { ...usage, quantity: 13 });
    await post(`/v1/customers/${customer}/grants`, { product, feature: 'calls', quantity: 5 });
    await post('/v1/usage/consume', { ...usage, quantity: 1 });
    return customer;
  };
  /** Changes the ledger to the rows that the previous version stored. */
  const storeFormerKind = async (customer: string): Promise<void> => {
    await service.database.query('alter table usage_ledger disable trigger usage_ledger_append_only');
    await service.database.query(
      `update usage_ledger set kind = 'payment' where kind = 'grant_coverage' and customer_id = $1`,
      [await idOf(customer)],
    );
    await service.database.query('alter table usage_ledger enable trigger usage_ledger_append_only');
  };

  beforeAll(async () => {
    clock.set('2027-03-10T09:00:00.000Z');
    service = await startService({ clock });
    ({ call } = await createApiKey(service));
    await applyMeteredProduct(service, product, 10, { overage: 'allow' });
    [newer, older] = [await coveredCustomer(), await coveredCustomer()];
    await storeFormerKind(older);
    clock.advance(MINUTE_MS);
  });
  afterAll(() => service.stop());

  it('are stored as grant_coverage, and as payment by versions before', async () => {
    expect(await kinds(newer)).toEqual(['consume', 'consume', 'grant_coverage']);
    expect(await kinds(older)).toEqual(['consume', 'consume', 'payment']);
  });

  it('of both kinds are no usage in a series, in a rollup and in the statistics', async () => {
    const series = async (customer: string): Promise<any> =>
      (await call('GET', `/v1/customers/${customer}/usage?product=${product}&feature=calls`)).body.data;
    const byEntry = [{ start: '2027-03-10T00:00:00.000Z', quantity: 14 }];
    expect([await series(newer), await series(older)]).toEqual([byEntry, byEntry]);

    const usage = service.app.get(UsageSeriesService);
    for (let minute = 0; minute < 5; minute++) {
      while (await usage.rollUpNext());
      clock.advance(MINUTE_MS);
    }
    const { body } = await call('GET', `/v1/stats/usage?product=${product}`);
    expect(body.features).toMatchObject([{ feature: 'calls', quantity: 28, records: 4 }]);

    await service.database.query(
      'insert into long_ledgers (customer_id) select id from customers where key = any($1)',
      [[newer, older]],
    );
    while (await usage.rollUpLongLedger());
    expect([await series(newer), await series(older)]).toEqual([byEntry, byEntry]);
  });

  it('of both kinds are exported under one name', async () => {
    const records = service.app.get(UsageRecordsRepository);
    const exported = async (customer: string): Promise<unknown[]> =>
      (await records.list(await idOf(customer), { limit: 10, after: null })).data.map(({ how, quantity }) => [
        how,
        quantity,
      ]);
    const expected = [
      ['consume', 13],
      ['consume', 1],
      ['grant_coverage', 0],
    ];
    expect([await exported(newer), await exported(older)]).toEqual([expected, expected]);
  });

  it('of both kinds are unwound by a correction, and the counter stays the sum of its ledger', async () => {
    for (const customer of [newer, older]) {
      const { body } = await service.admin('POST', '/v1/usage/corrections', {
        body: { customer, product, feature: 'calls', quantity: -3, reason: 'a mistake' },
      });
      expect(body).toMatchObject({ used: 11, overage: 0, remaining: 4, granted: 5 });
    }
    const at = clock.now().toISOString();
    for (const customer of [newer, older]) {
      const { body } = await call('GET', `/v1/customers/${customer}/entitlements/calls?product=${product}&at=${at}`);
      expect(body).toMatchObject({ used: 11, overage: 0, remaining: 4, granted: 5 });
    }
    await service.database.query('update usage_counters set used = used + 5 where customer_id = any($1)', [
      [await idOf(newer), await idOf(older)],
    ]);
    const { body } = await service.admin('POST', '/v1/usage/verify', { body: { rebuild: true } });
    expect(body.mismatches).toMatchObject([
      { used: 16, recorded: 11 },
      { used: 16, recorded: 11 },
    ]);
    expect((await service.admin('POST', '/v1/usage/verify', { body: {} })).body.mismatches).toEqual([]);
  });
});

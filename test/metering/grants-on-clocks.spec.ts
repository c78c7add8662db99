import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Idempotency } from '@app/platform';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import {
  applyMeteredProduct,
  createApiKey,
  createCustomerOnTestClock,
  inParallel,
  type RegisteredUser,
  uniqueName,
} from '../support/fixtures.js';

const PRODUCT = 'clocked-grants';
/** Years before real time: everything on this clock has ended for the process. */
const START = '2021-01-01T00:00:00.000Z';

describe('customers on a test clock in the past', () => {
  let service: TestApp & { database: TestDatabase };
  let call: RegisteredUser['call'];

  beforeAll(async () => {
    service = await startService();
    ({ call } = await createApiKey(service));
    await applyMeteredProduct(service, PRODUCT, 10);
  });
  afterAll(() => service.stop());

  const customerOnClock = async () => {
    const { customer, advanceTo } = await createCustomerOnTestClock(call, PRODUCT, START);
    const usage = { customer, product: PRODUCT, feature: 'calls' };
    return {
      customer,
      advanceTo,
      grant: (fields: object) =>
        call('POST', `/v1/customers/${customer}/grants`, { body: { product: PRODUCT, feature: 'calls', ...fields } }),
      check: async () => (await call('POST', '/v1/check', { body: usage })).body,
      consume: (quantity: number, headers: Record<string, string> = {}) =>
        call('POST', '/v1/usage/consume', { body: { ...usage, quantity }, headers }),
      reserve: (quantity: number) =>
        call('POST', '/v1/usage/reservations', { body: { ...usage, quantity, ttlSeconds: 60 } }),
    };
  };

  it('burn a grant until it expires by their clock, not by real time', async () => {
    const { grant, check, consume, advanceTo } = await customerOnClock();
    expect((await grant({ quantity: 5, expiresAt: '2021-01-31T00:00:00Z' })).status).toBe(201);
    expect(await check()).toMatchObject({ allowed: true, limit: 15, granted: 5 });
    expect((await consume(12)).body).toMatchObject({ allowed: true, used: 12, limit: 15, remaining: 3 });
    await advanceTo('2021-01-30T23:59:59.999Z');
    expect(await check()).toMatchObject({ limit: 15, remaining: 3 });
    await advanceTo('2021-01-31T00:00:00Z');
    expect(await check()).toMatchObject({ allowed: false, limit: 12, remaining: 0 });
  });

  it('keep the stored answer to an idempotency key for a day of real time', async () => {
    const { consume } = await customerOnClock();
    const headers = { 'idempotency-key': uniqueName('key') };
    expect((await consume(2, headers)).body).toMatchObject({ used: 2 });
    while ((await service.app.get(Idempotency).purge()) > 0);
    const again = await consume(2, headers);
    expect([again.body.used, again.headers.get('idempotency-replayed')]).toEqual([2, 'true']);
  });

  it('have every reservation expired when an advance answers, however many are due', async () => {
    const { consume, advanceTo, customer } = await customerOnClock();
    await consume(1);
    const [row] = await service.database.query<{ customer_id: string; feature_id: string }>(
      'select u.customer_id, u.feature_id from usage_counters u join customers c on c.id = u.customer_id where c.key = $1',
      [customer],
    );
    // 600 closed windows with one reservation each: more than one batch.
    for (const [table, columns, values] of [
      ['usage_counters', 'used, reserved, updated_at', '0, 1, $3'],
      [
        'usage_reservations',
        'id, quantity, status, expires_at, created_at',
        `gen_random_uuid(), 1, 'held', $3::timestamptz + interval '1 minute', $3`,
      ],
    ])
      await service.database.query(
        `insert into ${table} (customer_id, feature_id, window_start, ${columns})
         select $1, $2, $3::timestamptz - n * interval '1 day', ${values} from generate_series(1, 600) n`,
        [row!.customer_id, row!.feature_id, START],
      );
    await advanceTo('2021-01-02T00:00:00Z');
    expect(
      await service.database.query('select count(*)::int as held from usage_reservations where status = $1', ['held']),
    ).toEqual([{ held: 0 }]);
  }, 60_000);

  it('do not keep others from expiring when they are deleted with reservations', async () => {
    const [gone, other] = [await customerOnClock(), await customerOnClock()];
    for (const { reserve } of [gone, other]) expect((await reserve(3)).body.reservation).not.toBeNull();
    expect((await call('DELETE', `/v1/customers/${gone.customer}`)).status).toBe(204);
    await Promise.all([other.advanceTo('2021-01-01T01:00:00Z')]);
    expect(await other.check()).toMatchObject({ reserved: 0 });
  });

  it('have the instant of their clock in the event of a rebuilt counter', async () => {
    const { consume, customer } = await customerOnClock();
    await consume(3);
    await service.database.query(
      `update usage_counters set used = 4 where customer_id = (select id from customers where key = $1)`,
      [customer],
    );
    expect((await service.admin('POST', '/v1/usage/verify', { body: { customer, rebuild: true } })).body).toMatchObject(
      {
        rebuilt: 1,
      },
    );
    const [event] = await service.database.query<{ at: Date }>(
      `select at from events where type = 'usage.counter_rebuilt' and customer_key = $1`,
      [customer],
    );
    expect(event!.at.toISOString()).toBe(START);
  });

  it('of one batch are read at their own clocks', async () => {
    const customers = await Promise.all([customerOnClock(), customerOnClock(), customerOnClock()]);
    await Promise.all(customers.map(({ grant }) => grant({ quantity: 5, expiresAt: '2021-02-01T00:00:00Z' })));
    await customers[1].advanceTo('2021-01-20T00:00:00Z');
    await customers[2].advanceTo('2021-04-20T00:00:00Z');
    const limits = await inParallel(3, 3, async (index) => (await customers[index]!.check()).limit);
    expect(limits).toEqual([15, 15, 10]);
  });
});

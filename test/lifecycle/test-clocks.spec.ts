import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import {
  inParallel,
  applyLifecycleProduct,
  applyMeteredProduct,
  createCustomerOnTestClock,
  type RegisteredUser,
  createApiKey,
  uniqueName,
} from '../support/fixtures.js';

const PRODUCT = 'clocked';

describe('a test clock', () => {
  let service: TestApp & { database: TestDatabase };
  let call: RegisteredUser['call'];
  const make = async (now: string) => (await call('POST', '/v1/test-clocks', { body: { now } })).body;
  const advance = (id: string, to: string) => call('POST', `/v1/test-clocks/${id}/advance`, { body: { to } });
  const consume = async (customer: string, feature = 'calls', quantity = 1) =>
    (await call('POST', '/v1/usage/consume', { body: { customer, product: PRODUCT, feature, quantity } })).body;

  beforeAll(async () => {
    service = await startService();
    ({ call } = await createApiKey(service));
    await applyLifecycleProduct(service, PRODUCT);
    await applyMeteredProduct(service, 'other', 10);
  });
  afterAll(() => service.stop());

  it('moves forward only and does not run between advances', async () => {
    const clock = await make('2027-01-01T00:00:00Z');
    expect(clock).toMatchObject({ now: '2027-01-01T00:00:00.000Z' });
    expect(await advance(clock.id, '2027-01-01T00:00:00Z')).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'to' }] },
    });
    expect(await advance(clock.id, 'tomorrow')).toMatchObject({ status: 422 });
    expect(await advance(clock.id, '2027-02-01T00:00:00Z')).toMatchObject({
      status: 200,
      body: { id: clock.id, now: '2027-02-01T00:00:00.000Z' },
    });
    expect((await call('GET', `/v1/test-clocks/${clock.id}`)).body.now).toBe('2027-02-01T00:00:00.000Z');
    expect((await call('GET', '/v1/test-clocks')).body.data.map(({ id }: { id: string }) => id)).toContain(clock.id);
    expect(await advance('0198c0de-0000-7000-8000-000000000000', '2027-02-01T00:00:00Z')).toMatchObject({
      status: 404,
      body: { code: 'test_clock_not_found' },
    });
  });

  it('is fixed when the customer is created and hidden from keys of other products', async () => {
    const clock = await make('2027-01-01T00:00:00Z');
    const other = await createApiKey(service, { product: 'other' });
    const key = uniqueName('fixed');
    expect(await other.call('PUT', `/v1/customers/${key}`, { body: { testClock: clock.id } })).toMatchObject({
      status: 404,
      body: { code: 'test_clock_not_found' },
    });
    expect(
      await other.call('POST', `/v1/test-clocks/${clock.id}/advance`, { body: { to: '2028-01-01T00:00:00Z' } }),
    ).toMatchObject({ status: 404 });
    expect(
      await call('PUT', `/v1/customers/${key}`, { body: { product: PRODUCT, testClock: clock.id } }),
    ).toMatchObject({ status: 201, body: { testClock: clock.id, createdAt: '2027-01-01T00:00:00.000Z' } });
    expect(
      await call('PUT', `/v1/customers/${key}`, { body: { product: PRODUCT, testClock: clock.id } }),
    ).toMatchObject({ status: 200 });
    expect(
      await call('PUT', `/v1/customers/${key}`, {
        body: { product: PRODUCT, testClock: (await make('2027-01-01T00:00:00Z')).id },
      }),
    ).toMatchObject({ status: 409, body: { code: 'test_clock_fixed' } });
  });

  it('advances 24 months of a daily plan in one call, each day once, in order', async () => {
    const { advanceTo, readSubscription, id } = await createCustomerOnTestClock(call, PRODUCT, '2027-01-01T06:00:00Z', {
      plan: 'daily',
      timezone: 'Europe/Berlin',
    });
    await advanceTo('2029-01-01T06:00:00Z');
    expect(await readSubscription()).toMatchObject({
      status: 'active',
      version: 732,
      currentPeriodStart: '2029-01-01T06:00:00.000Z',
      updatedAt: '2029-01-01T06:00:00.000Z',
    });
    const events = await service.database.query<{ at: Date; type: string }>(
      `select at, type from events where subject_id = '${id}' order by id`,
    );
    expect(events).toHaveLength(732);
    expect(events.every(({ at }, index) => index === 0 || at > events[index - 1]!.at)).toBe(true);
    const [actions] = await service.database.query<{ count: number }>(
      `select count(*)::int as count from subscription_actions where subscription_id = '${id}' and action = 'renewal'`,
    );
    expect(actions!.count).toBe(731);
  });

  it('keeps the order of transitions of many customers over many steps', async () => {
    const clock = await make('2027-01-01T00:00:00Z');
    await inParallel(120, 8, (index) =>
      call('PUT', `/v1/customers/${uniqueName('many')}`, {
        body: { product: PRODUCT, testClock: clock.id, plan: index % 2 ? 'daily' : 'basic' },
      }),
    );
    expect(await advance(clock.id, '2027-06-01T00:00:00Z')).toMatchObject({ status: 200 });
    const events = await service.database.query<{ at: Date; type: string }>(
      `select e.at, e.type from events e join subscriptions s on s.id = e.subject_id where s.test_clock_id = '${clock.id}' and e.type <> 'subscription.created' order by e.id`,
    );
    const count = (type: string): number => events.filter((event) => event.type === type).length;
    expect([count('subscription.renewed'), count('subscription.renewal_upcoming'), events.length]).toEqual([
      60 * 151 + 60 * 5,
      60 * 5,
      60 * 151 + 60 * 10,
    ]);
    expect(events.findIndex(({ at }, index) => index > 0 && at < events[index - 1]!.at)).toBe(-1);
  }, 60_000);

  it('controls windows, limits, grants and reservations of its customers only', async () => {
    const { customer, advanceTo } = await createCustomerOnTestClock(call, PRODUCT, '2030-05-31T22:30:00Z', {
      timezone: 'Europe/Berlin',
    });
    const real = uniqueName('real');
    await call('PUT', `/v1/customers/${real}`, { body: { product: PRODUCT } });
    for (let used = 1; used <= 5; used++)
      expect(await consume(customer, 'daily')).toMatchObject({
        allowed: true,
        used,
        windowStart: '2030-05-31T22:00:00.000Z',
      });
    expect(await consume(customer, 'daily')).toMatchObject({
      allowed: false,
      asOf: '2030-05-31T22:30:00.000Z',
      resetsAt: '2030-06-01T22:00:00.000Z',
    });
    const reserved = (
      await call('POST', '/v1/usage/reservations', {
        body: { customer, product: PRODUCT, feature: 'calls', quantity: 8, ttlSeconds: 3_600 },
      })
    ).body;
    expect(reserved.reservation.expiresAt).toBe('2030-05-31T23:30:00.000Z');
    expect(await consume(customer, 'calls', 5)).toMatchObject({ allowed: false, reserved: 8 });
    await call('POST', `/v1/customers/${customer}/grants`, {
      body: { product: PRODUCT, feature: 'calls', quantity: 100, expiresAt: '2030-06-02T00:00:00Z' },
    });
    await advanceTo('2030-06-01T22:00:00Z');
    expect(await consume(customer, 'daily')).toMatchObject({ allowed: true, used: 1 });
    expect(
      (await call('POST', `/v1/usage/reservations/${reserved.reservation.id}/commit`, { body: { quantity: 1 } })).body,
    ).toMatchObject({ code: 'reservation_expired' });
    expect(await consume(customer, 'calls', 105)).toMatchObject({ allowed: true, reserved: 0, limit: 110 });
    await advanceTo('2030-06-02T00:00:00Z');
    expect(await consume(customer, 'calls', 6)).toMatchObject({ allowed: false });
    expect(new Date((await consume(real, 'daily')).asOf).getTime()).toBeLessThan(Date.parse('2030-01-01'));
  });

  it('customers on different clocks in one batch each use their own time', async () => {
    const [one, other] = [
      await createCustomerOnTestClock(call, PRODUCT, '2030-01-01T00:00:00Z', { plan: 'yearly' }),
      await createCustomerOnTestClock(call, PRODUCT, '2035-01-01T00:00:00Z', { plan: 'yearly' }),
    ];
    const real = uniqueName('real');
    await call('PUT', `/v1/customers/${real}`, { body: { product: PRODUCT, plan: 'yearly' } });
    const customers = [one.customer, other.customer, real];
    const responses = await inParallel(240, 60, (index) => consume(customers[index % 3]!));
    const years = customers.map(
      (_, who) =>
        new Set(responses.filter((_, index) => index % 3 === who).map(({ asOf }) => new Date(asOf).getUTCFullYear())),
    );
    expect(years).toEqual([new Set([2030]), new Set([2035]), new Set([new Date().getUTCFullYear()])]);
    expect(responses.every(({ allowed }) => allowed)).toBe(true);
  });

  it('concurrent consumes of one of its customers count every unit', async () => {
    const { customer } = await createCustomerOnTestClock(call, PRODUCT, '2030-01-01T00:00:00Z', { plan: 'pro' });
    const responses = await inParallel(150, 50, () => consume(customer));
    expect(responses.filter(({ allowed }) => allowed)).toHaveLength(100);
  });

  it('its customers are not in lists of real time', async () => {
    const { id, clock } = await createCustomerOnTestClock(call, PRODUCT, '2030-01-01T00:00:00Z');
    const list = async (query: string) =>
      (await call('GET', `/v1/subscriptions?product=${PRODUCT}&limit=100${query}`)).body.data.map(
        (row: { id: string }) => row.id,
      );
    expect(await list('')).not.toContain(id);
    expect(await list(`&testClock=${clock}`)).toEqual([id]);
  });

  it('concurrent advances never move it backwards', async () => {
    for (let round = 0; round < 5; round++) {
      const { id } = await make('2027-01-01T00:00:00Z');
      const responses = await inParallel(12, 12, (index) =>
        advance(id, `${2030 + ((index * 7) % 12)}-01-01T00:00:00Z`),
      );
      const reached = responses.filter(({ status }) => status === 200).map(({ body }) => body.now as string);
      expect((await call('GET', `/v1/test-clocks/${id}`)).body.now).toBe(reached.sort().at(-1));
    }
  });

  it('one advance runs at a time, and each reaches its target', async () => {
    const { clock, readSubscription } = await createCustomerOnTestClock(call, PRODUCT, '2027-01-01T00:00:00Z', {
      plan: 'daily',
    });
    const responses = await inParallel(8, 8, () => advance(clock, '2028-01-01T00:00:00Z'));
    expect(responses.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(1);
    expect(
      responses.every(
        ({ status, body }) =>
          status === 200 || body.code === 'test_clock_advancing' || body.errors?.[0]?.field === 'to',
      ),
    ).toBe(true);
    expect(await readSubscription()).toMatchObject({ version: 366 });
  });
});

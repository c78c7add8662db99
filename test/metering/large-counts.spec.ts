import { describe, expect, it } from '@jest/globals';
import { uniqueName } from '../support/fixtures.js';
import { DAY_MS, meteredCalls, START, startMetering } from './metering-fixture.js';

const MAX = Number.MAX_SAFE_INTEGER;
const TOO_LARGE = { status: 422, body: { code: 'quantity_too_large', errors: [{ field: 'quantity' }] } };

describe('counts at 2^53-1', () => {
  const metering = startMetering();
  const { call, check, consume, reserve, admin, grant, override, post, usageOf, clock, setUpCustomer } = metering;

  const ingest = async (...usage: [id: string, quantity: number, occurredAt?: string][]): Promise<string[]> => {
    const { customer, product, feature } = usageOf();
    const events = usage.map(([id, quantity, occurredAt]) => ({ id, customer, feature, quantity, occurredAt }));
    return (await post('/v1/usage/events', { product, events })).body.results.map(
      ({ status, code }: { status: string; code?: string }) => code ?? status,
    );
  };
  /** A customer whose subscription began before the events of January and February. */
  const setUpCustomerInJanuary = async (): Promise<{ customer: string; product: string }> => {
    clock.set('2027-01-01T00:00:00Z');
    const subject = await setUpCustomer([meteredCalls(null)]);
    clock.set(START);
    return subject;
  };
  const thresholds = async (customer: string): Promise<number[]> =>
    (
      await metering.service.database.query<{ percent: number }>(
        `select (after ->> 'percent')::int as percent from events where type = 'usage.threshold_reached' and customer_key = $1 order by id`,
        [customer],
      )
    ).map(({ percent }) => percent);

  it('a limit of override and grants beyond it is shown as 2^53-1, and usage ends there with 422', async () => {
    await setUpCustomer([meteredCalls(10), { ...meteredCalls(10), feature: 'other' }]);
    expect((await override('calls', { limit: MAX, window: 'month' })).status).toBe(200);
    await grant({ quantity: MAX });
    await grant({ quantity: MAX });
    expect(await check()).toMatchObject({ allowed: true, limit: MAX, remaining: MAX, granted: MAX });
    expect((await consume({ quantity: MAX - 1 })).body).toMatchObject({ allowed: true, limit: MAX, remaining: 1 });
    expect(await consume({ quantity: 2 })).toMatchObject(TOO_LARGE);
    expect(await reserve(2)).toMatchObject(TOO_LARGE);
    const joint = {
      ...usageOf(),
      feature: undefined,
      features: [{ feature: 'other' }, { feature: 'calls', quantity: 2 }],
    };
    expect(await post('/v1/usage/consume', joint)).toMatchObject(TOO_LARGE);
    expect(await ingest(['late', 2])).toEqual(['quantity_too_large']);
    expect(await check({ feature: 'other' })).toMatchObject({ used: 0 });
    expect(await check({ quantity: 2 })).toMatchObject({ allowed: false, used: MAX - 1, reserved: 0, remaining: 1 });
    expect((await reserve(1)).body).toMatchObject({ allowed: true, reserved: 1, remaining: 0 });
    expect(await consume()).toMatchObject(TOO_LARGE);
  });

  it.each([
    ['an unlimited feature', meteredCalls(null)],
    ['a feature with overage', meteredCalls(10, { overage: 'allow' })],
  ])('%s refuses the unit after the largest count, and stores no answer for its key', async (_, terms) => {
    await setUpCustomer([terms]);
    expect(await ingest(['first', MAX - 1], ['second', 1], ['third', 1])).toEqual([
      'recorded',
      'recorded',
      'quantity_too_large',
    ]);
    const key = { 'idempotency-key': uniqueName('bound') };
    expect(await consume({}, key)).toMatchObject(TOO_LARGE);
    expect(await check()).toMatchObject({ allowed: false, used: MAX });
    await admin('POST', '/v1/usage/corrections', usageOf({ quantity: -1, reason: 'a mistake' }));
    expect((await consume({}, key)).body).toMatchObject({ allowed: true, used: MAX });
  });

  it('a feature with overage cap grants the units that the counter can hold', async () => {
    await setUpCustomer([meteredCalls(MAX, { overage: 'cap' })]);
    await grant({ quantity: MAX });
    await ingest(['most', MAX - 3]);
    expect((await consume({ quantity: 5 })).body).toMatchObject({ allowed: true, used: MAX });
    expect(await consume()).toMatchObject(TOO_LARGE);
  });

  it('a limit below the largest count is a denial, not an error', async () => {
    await setUpCustomer([meteredCalls(MAX - 1)]);
    await ingest(['all', MAX - 1]);
    expect(await consume()).toMatchObject({ status: 200, body: { allowed: false, reason: 'limit_reached' } });
  });

  it('usage of several windows that becomes the opening of a longer one ends at 2^53-1', async () => {
    await setUpCustomerInJanuary();
    expect(await ingest(['january', MAX, '2027-01-20T00:00:00Z'], ['february', MAX, '2027-02-20T00:00:00Z'])).toEqual([
      'recorded',
      'recorded',
    ]);
    expect((await override('calls', { limit: null, window: 'year' })).status).toBe(200);
    expect(await check()).toMatchObject({ used: MAX, remaining: null });
    expect(await consume()).toMatchObject(TOO_LARGE);
    const back = await admin('POST', '/v1/usage/corrections', usageOf({ quantity: -5, reason: 'a mistake' }));
    expect(back.body).toMatchObject({ used: MAX - 5 });
    expect((await consume({ quantity: 5 })).body).toMatchObject({ allowed: true, used: MAX });
  });

  it('units that a correction returns to a full grant leave its balance at 2^53-1', async () => {
    await setUpCustomer([meteredCalls(0)]);
    await grant({ quantity: MAX, recurrence: { interval: 'day' } });
    await consume({ quantity: 7 });
    clock.advance(DAY_MS);
    const back = await admin('POST', '/v1/usage/corrections', usageOf({ quantity: -7, reason: 'a mistake' }));
    expect(back).toMatchObject({ status: 200, body: { used: 0, limit: MAX, remaining: MAX } });
  });

  it('thresholds are exact: 80 percent is not reached one unit before', async () => {
    const { customer } = await setUpCustomer([meteredCalls(MAX)]);
    await consume({ quantity: 7_205_759_403_792_792 });
    expect(await thresholds(customer)).toEqual([]);
    await consume();
    expect(await thresholds(customer)).toEqual([80]);
  });

  it('a usage series is exact up to 2^53-1, and shows larger sums as 2^53-1', async () => {
    const { customer, product } = await setUpCustomerInJanuary();
    const series = async (query: string) =>
      (await call('GET', `/v1/customers/${customer}/usage?product=${product}&feature=calls&${query}`)).body;
    await ingest(['january', MAX - 2, '2027-01-20T00:00:00Z'], ['february', 1, '2027-02-20T00:00:00Z']);
    await ingest(['day after', 1, '2027-02-21T00:00:00Z']);
    expect(await series('by=month&from=2027-01-01T00:00:00Z')).toMatchObject({
      total: MAX,
      data: [{ quantity: MAX - 2 }, { quantity: 2 }],
    });
    await ingest(['march', MAX, '2027-03-10T00:00:00Z']);
    expect(await series('by=month&from=2027-01-01T00:00:00Z')).toMatchObject({
      total: MAX,
      data: [{ quantity: MAX - 2 }, { quantity: 2 }, { quantity: MAX }],
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import { DAY_MS, meteredCalls, START, startMetering } from './metering-fixture.js';

const HOUR_MS = 3_600_000;

describe('overage of closed windows', () => {
  const metering = startMetering();
  const { call, consume, admin, grant, override, post, usageOf, clock, setUpCustomer } = metering;

  const read = async (query = ''): Promise<any> => {
    const { customer, product } = usageOf();
    return (await call('GET', `/v1/customers/${customer}/usage/overage?product=${product}&feature=calls${query}`)).body;
  };
  const perHour = (limit: number | null) => meteredCalls(limit, { window: 'hour', overage: 'allow' });
  const ingest = async (id: string, quantity: number, occurredAt: string) => {
    const { customer, product, feature } = usageOf();
    const events = [{ id, customer, feature, quantity, occurredAt }];
    expect((await post('/v1/usage/events', { product, events })).body.results).toEqual([{ id, status: 'recorded' }]);
  };
  const at = (hours: number): string => new Date(Date.parse(START) + hours * HOUR_MS).toISOString();

  it('each hour that ended keeps its overage, once in adjoining spans, and the open hour is left out', async () => {
    await setUpCustomer([perHour(10)]);
    for (const quantity of [13, 8, 25]) {
      await consume({ quantity });
      clock.advance(HOUR_MS);
    }
    await consume({ quantity: 99 });
    expect(await read()).toMatchObject({
      total: 18,
      data: [
        { windowStart: at(0), windowEnd: at(1), used: 13, included: 10, carriedOver: 0, fromGrants: 0, overage: 3 },
        { windowStart: at(2), windowEnd: at(3), used: 25, overage: 15 },
      ],
    });
    const totals = [];
    for (const hour of [0, 1, 2, 3]) totals.push((await read(`&from=${at(hour)}&to=${at(hour + 1)}`)).total);
    expect(totals).toEqual([3, 0, 15, 0]);
    clock.set(at(1_000));
    expect((await read(`&from=${at(-1)}`)).total).toBe(18 + 89);
  });

  it('late events and corrections in a closed window change its overage by its own limit', async () => {
    await setUpCustomer([perHour(10)]);
    await consume({ quantity: 12 });
    clock.advance(HOUR_MS);
    await override('calls', { limit: 1_000, window: 'hour', overage: 'allow' });
    await consume();
    expect((await read()).total).toBe(2);
    await ingest('late', 5, START);
    expect(await read()).toMatchObject({ total: 7, data: [{ used: 17, included: 10, overage: 7 }] });
    await admin('POST', '/v1/usage/corrections', usageOf({ quantity: -6, at: START, reason: 'a mistake' }));
    expect(await read()).toMatchObject({ total: 1, data: [{ used: 11, included: 10, overage: 1 }] });
  });

  it('a change of terms within a window applies to the usage counted after it', async () => {
    await setUpCustomer([perHour(10)]);
    await consume({ quantity: 12 });
    await override('calls', { limit: 20, window: 'hour', overage: 'allow' });
    await consume({ quantity: 12 });
    clock.advance(HOUR_MS);
    expect(await read()).toMatchObject({ total: 4, data: [{ used: 24, included: 20, overage: 4 }] });
  });

  it('a grant that took effect before the close covers overage, also when nothing was counted since', async () => {
    const { customer } = await setUpCustomer([perHour(10)]);
    await consume({ quantity: 15 });
    await grant({ quantity: 3 });
    expect((await read(`&to=${at(2)}`)).data).toEqual([]);
    clock.advance(HOUR_MS);
    const covered = { total: 2, data: [{ used: 15, fromGrants: 3, overage: 2 }] };
    expect(await read()).toMatchObject(covered);
    // The next usage stores the coverage in the closed window, and the grant is used up in the new one.
    await consume({ quantity: 11 });
    expect(await read()).toMatchObject(covered);
    clock.advance(DAY_MS);
    expect(await read()).toMatchObject({ total: 3, data: [{ overage: 2 }, { used: 11, fromGrants: 0, overage: 1 }] });
    const rows = await metering.service.database.query<{ quantity: number }>(
      `select l.quantity::int as quantity from usage_ledger l join customers c on c.id = l.customer_id
       where c.key = $1 and l.kind = 'grant_coverage' and l.window_start = $2`,
      [customer, START],
    );
    expect(rows).toEqual([{ quantity: 0 }]);
    await grant({ quantity: 50 });
    expect((await read()).total).toBe(3);
  });

  it('a grant that takes effect at the close, or later, covers nothing of the closed window', async () => {
    await setUpCustomer([perHour(10)]);
    await consume({ quantity: 15 });
    clock.advance(HOUR_MS);
    await grant({ quantity: 3 });
    const uncovered = { total: 5, data: [{ used: 15, fromGrants: 0, overage: 5 }] };
    expect(await read()).toMatchObject(uncovered);
    await consume({ quantity: 11 });
    clock.advance(HOUR_MS);
    expect(await read()).toMatchObject(uncovered);
  });

  it('a grant covers overage of a closed window by the limit of then, also when the limit is higher now', async () => {
    await setUpCustomer([perHour(10)]);
    await consume({ quantity: 15 });
    await grant({ quantity: 3 });
    clock.advance(HOUR_MS);
    await override('calls', { limit: 1_000, window: 'hour', overage: 'allow' });
    expect(await read()).toMatchObject({ total: 2, data: [{ used: 15, included: 10, fromGrants: 3, overage: 2 }] });
  });

  it('an unlimited feature has none, and a feature that is not counted is refused', async () => {
    await setUpCustomer([perHour(null), { feature: 'sso', type: 'boolean', value: true }]);
    await consume({ quantity: 100 });
    clock.advance(HOUR_MS);
    expect(await read()).toMatchObject({ total: 0, data: [] });
    const { customer, product } = usageOf();
    const of = (feature: string, query = '') =>
      call('GET', `/v1/customers/${customer}/usage/overage?product=${product}&feature=${feature}${query}`);
    expect(await of('sso')).toMatchObject({ status: 422, body: { code: 'feature_not_metered' } });
    expect(await of('no')).toMatchObject({ status: 404, body: { code: 'feature_not_found' } });
    expect(await of('calls', `&from=${at(1)}&to=${at(1)}`)).toMatchObject({ status: 422 });
  });
});

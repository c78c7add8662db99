import { describe, expect, it } from '@jest/globals';
import { inParallel, registerUser, uniqueName } from '../support/fixtures.js';
import { meteredCalls, START, startMetering } from './metering-fixture.js';

describe('usage events and corrections', () => {
  const metering = startMetering();
  const { call, post, check, consume, admin, usageOf, setUpCustomer } = metering;

  describe('usage events', () => {
    /** The customer has been subscribed for two days: events before the subscription are rejected. */
    const setUpEarlier: typeof setUpCustomer = async (...terms) => {
      metering.clock.set('2027-03-08T09:00:00Z');
      const customer = await setUpCustomer(...terms);
      metering.clock.set(START);
      return customer;
    };
    const ingest = (events: object[]) => post('/v1/usage/events', { product: usageOf().product, events });

    it('each event is counted once, beyond any limit, in the window of its time', async () => {
      const { customer, product } = await setUpEarlier([meteredCalls(5, { window: 'day' })]);
      const event = (id: string, quantity: number, occurredAt?: string) => ({
        id,
        customer,
        feature: 'calls',
        quantity,
        occurredAt,
      });
      const { body } = await ingest([
        event('a', 4),
        event('b', 3, '2027-03-09T12:00:00Z'),
        event('a', 4),
        event('c', 4),
      ]);
      expect(body.results).toEqual([
        { id: 'a', status: 'recorded' },
        { id: 'b', status: 'recorded' },
        { id: 'a', status: 'duplicate' },
        { id: 'c', status: 'recorded' },
      ]);
      expect(
        (await ingest([event('a', 4), event('d', 1)])).body.results.map(({ status }: { status: string }) => status),
      ).toEqual(['duplicate', 'recorded']);
      expect(await check()).toMatchObject({ used: 9, overage: 4, allowed: false });
      const series = await call(
        'GET',
        `/v1/customers/${customer}/usage?product=${product}&feature=calls&by=day&to=2027-03-11T00:00:00Z`,
      );
      expect(series.body.data).toEqual([
        { start: '2027-03-09T00:00:00.000Z', quantity: 3 },
        { start: '2027-03-10T00:00:00.000Z', quantity: 9 },
      ]);
    });

    it('events fall into the right day and hour in zones with 15-minute offsets', async () => {
      const { customer, product } = await setUpEarlier([meteredCalls(100)]);
      await call('PUT', `/v1/customers/${customer}`, { product, timezone: 'Asia/Kathmandu' });
      const events = [
        '2027-03-09T18:14:59.999Z',
        '2027-03-09T18:15:00.000Z',
        '2027-03-09T19:14:59.999Z',
        '2027-03-09T19:15:00.000Z',
      ].map((occurredAt, index) => ({
        id: uniqueName('event'),
        customer,
        feature: 'calls',
        quantity: 10 ** index,
        occurredAt,
      }));
      expect(
        (await call('POST', '/v1/usage/events', { product, events })).body.results.map(
          ({ status }: { status: string }) => status,
        ),
      ).toEqual(new Array(4).fill('recorded'));
      const series = async (by: string) =>
        (await call('GET', `/v1/customers/${customer}/usage?product=${product}&feature=calls&by=${by}`)).body.data;
      expect(await series('day')).toEqual([
        { start: '2027-03-08T18:15:00.000Z', quantity: 1 },
        { start: '2027-03-09T18:15:00.000Z', quantity: 1110 },
      ]);
      expect((await series('hour')).slice(1)).toEqual([
        { start: '2027-03-09T18:15:00.000Z', quantity: 110 },
        { start: '2027-03-09T19:15:00.000Z', quantity: 1000 },
      ]);
    });

    it('a rejected event does not affect the others', async () => {
      const { customer } = await setUpCustomer([meteredCalls(5), { feature: 'sso', type: 'boolean', value: true }]);
      const event = (over: object) => ({ id: uniqueName('e'), customer, feature: 'calls', quantity: 1, ...over });
      const { body } = await ingest([
        event({ customer: 'absent' }),
        event({ feature: 'nothing' }),
        event({ feature: 'sso' }),
        event({ occurredAt: '2027-03-10T10:00:00Z' }),
        event({ occurredAt: '2026-03-10T10:00:00Z' }),
        event({}),
      ]);
      expect(body.results.map(({ status, code }: { status: string; code?: string }) => code ?? status)).toEqual([
        'customer_not_found',
        'feature_not_found',
        'feature_not_metered',
        'occurred_in_future',
        'occurred_too_long_ago',
        'recorded',
      ]);
      expect((await ingest([event({ quantity: 0 })])).body.errors).toMatchObject([{ field: 'events.0.quantity' }]);
      expect((await ingest([])).status).toBe(422);
      expect(await check()).toMatchObject({ used: 1 });
    });

    it('concurrent events with one id are counted once', async () => {
      const { customer } = await setUpCustomer([meteredCalls(null)]);
      const responses = await inParallel(20, 20, (index) =>
        ingest([
          { id: 'same', customer, feature: 'calls', quantity: 2 },
          { id: `own-${index}`, customer, feature: 'calls', quantity: 1 },
        ]),
      );
      expect(responses.filter(({ body }) => body.results[0].status === 'recorded')).toHaveLength(1);
      expect(await check()).toMatchObject({ used: 22 });
    });

    it('the database rejects a duplicate event id', async () => {
      const { customer } = await setUpCustomer([meteredCalls(5)]);
      await ingest([{ id: 'once', customer, feature: 'calls', quantity: 1 }]);
      const copy = `insert into usage_ledger (customer_id, id, feature_id, window_start, quantity, occurred_at, recorded_at, actor, reference)
        select customer_id, gen_random_uuid(), feature_id, window_start, quantity, occurred_at, recorded_at, actor, reference from usage_ledger where reference = 'once'`;
      await expect(metering.service.database.query(copy)).rejects.toThrow('usage_ledger_reference');
    });

    it('a user cannot send events of another customer', async () => {
      const { customer, product } = await setUpCustomer([meteredCalls(5)]);
      const stranger = await registerUser(metering.service);
      const { body } = await stranger.call('POST', '/v1/usage/events', {
        body: { product, events: [{ id: 'x', customer, feature: 'calls', quantity: 1 }] },
      });
      expect(body.results).toEqual([{ id: 'x', status: 'rejected', code: 'customer_not_found' }]);
    });
  });

  it('corrections need an admin and a reason, never go below zero, and are recorded', async () => {
    const { customer } = await setUpCustomer([meteredCalls(5)]);
    await consume({ quantity: 3 });
    const correct = (body: object) =>
      admin('POST', '/v1/usage/corrections', usageOf({ reason: 'counted twice', ...body }));
    expect((await post('/v1/usage/corrections', usageOf({ quantity: -1, reason: 'x' }))).status).toBe(403);
    expect((await correct({ quantity: -4 })).body).toMatchObject({ code: 'exceeds_usage', used: 3 });
    expect((await correct({ quantity: 0 })).status).toBe(422);
    expect((await correct({ quantity: -2 })).body).toMatchObject({ used: 1, remaining: 4 });
    expect((await correct({ quantity: 9 })).body).toMatchObject({ used: 10, overage: 5 });
    const [event] = await metering.service.database.query<{
      reason: string;
      before: object;
      after: object;
      actor: object;
    }>(
      `select e.* from events e join customers c on c.id = e.customer_id where e.type = 'usage.corrected' and c.key = $1 order by e.id limit 1`,
      [customer],
    );
    expect(event).toMatchObject({
      reason: 'counted twice',
      before: { used: 3 },
      after: { used: 1 },
      actor: { kind: 'user' },
    });
  });

  it('POST /v1/usage/verify finds a manipulated counter and rebuilds it', async () => {
    const { customer } = await setUpCustomer([meteredCalls(50)]);
    await consume({ quantity: 7 });
    await metering.service.database.query(
      `update usage_counters u set used = 9 from customers c where c.id = u.customer_id and c.key = $1`,
      [customer],
    );
    const verify = async (body: object) => (await admin('POST', '/v1/usage/verify', { customer, ...body })).body;
    expect(await verify({})).toMatchObject({
      checked: 1,
      rebuilt: 0,
      mismatches: [{ customer, feature: 'calls', used: 9, recorded: 7 }],
    });
    expect(await verify({ rebuild: true })).toMatchObject({ rebuilt: 1 });
    expect(await verify({})).toMatchObject({ mismatches: [] });
    expect(await check()).toMatchObject({ used: 7 });
    expect((await consume()).body).toMatchObject({ used: 8 });
  });
});

import { describe, expect, it } from '@jest/globals';
import { inParallel } from '../support/fixtures.js';
import { DAY_MS, meteredCalls, START, startMetering } from './metering-fixture.js';

const HOUR_MS = 3_600_000;
const fiveHours = (limit: number, terms: object = {}) =>
  meteredCalls(limit, { window: 'hour', windowCount: 5, windowAnchor: 'first_use', ...terms });
const at = (ms: number): string => new Date(Date.parse(START) + ms).toISOString();

describe('windows that open with first use', () => {
  const metering = startMetering();
  const { call, check, consume, admin, grant, override, post, reserve, usageOf, clock, setUpCustomer } = metering;
  const ingest = (...events: object[]) => {
    const { customer, feature, product } = usageOf();
    return post('/v1/usage/events', { product, events: events.map((event) => ({ customer, feature, ...event })) });
  };
  const opened = (start: number) => ({ windowStart: at(start), resetsAt: at(start + 5 * HOUR_MS) });
  const unopened = { windowStart: null, resetsAt: null };

  it('a check and a denied consume open no window, the first unit does, and the window ends 5 hours later', async () => {
    const { customer, product } = await setUpCustomer([fiveHours(5)]);
    expect(await check()).toMatchObject({ allowed: true, used: 0, remaining: 5, ...unopened });
    expect((await consume({ quantity: 6 })).body).toMatchObject({ allowed: false, used: 0, ...unopened });
    clock.advance(HOUR_MS);
    expect((await consume({ quantity: 3 })).body).toMatchObject({ allowed: true, used: 3, ...opened(HOUR_MS) });
    clock.advance(HOUR_MS);
    expect((await consume({ quantity: 2 })).body).toMatchObject({ allowed: true, used: 5, ...opened(HOUR_MS) });
    clock.advance(4 * HOUR_MS - 1);
    expect((await consume()).body).toMatchObject({ allowed: false, used: 5, ...opened(HOUR_MS) });
    clock.advance(1);
    expect(await check()).toMatchObject({ allowed: true, used: 0, ...unopened });
    clock.advance(17 * HOUR_MS);
    expect((await consume()).body).toMatchObject({ used: 1, ...opened(23 * HOUR_MS) });
    const { body } = await call('GET', `/v1/customers/${customer}/entitlements/calls?product=${product}`);
    expect(body).toMatchObject({ used: 1, ...opened(23 * HOUR_MS) });
  });

  it('concurrent first uses open one window', async () => {
    await setUpCustomer([fiveHours(20)]);
    const answers = await inParallel(30, 30, (index) => {
      if (index === 10) clock.advance(1);
      return consume();
    });
    expect(answers.filter(({ body }) => body.allowed)).toHaveLength(20);
    expect(new Set(answers.map(({ body }) => body.windowStart)).size).toBe(1);
  });

  it('a reservation opens the window, and a commit after its end counts in it', async () => {
    await setUpCustomer([fiveHours(5)]);
    const { body: reserved } = await reserve(3, 6 * 3_600);
    expect(reserved).toMatchObject({ reserved: 3, ...opened(0) });
    clock.advance(HOUR_MS);
    expect(await check()).toMatchObject({ reserved: 3, remaining: 2, ...opened(0) });
    clock.advance(4.5 * HOUR_MS);
    expect((await consume()).body).toMatchObject({ used: 1, ...opened(5.5 * HOUR_MS) });
    const committed = await post(`/v1/usage/reservations/${reserved.reservation.id}/commit`, { quantity: 2 });
    expect(committed.body).toMatchObject({ used: 2, reserved: 0, ...opened(0) });
    expect(await check()).toMatchObject({ used: 1, reserved: 0, ...opened(5.5 * HOUR_MS) });
  });

  it('a commit and a consume in one transaction count in one window', async () => {
    await setUpCustomer([fiveHours(100)]);
    const { body: reserved } = await reserve(10, 3_600);
    await Promise.all([
      ...Array.from({ length: 10 }, () => consume()),
      post(`/v1/usage/reservations/${reserved.reservation.id}/commit`, { quantity: 10 }),
    ]);
    expect(await check()).toMatchObject({ used: 20, reserved: 0, ...opened(0) });
  });

  it('a usage event counts in the window of its time; without one it opens a window then', async () => {
    await setUpCustomer([fiveHours(5)]);
    clock.advance(12 * HOUR_MS);
    const event = (id: string, time: number, quantity = 1) => ({ id, quantity, occurredAt: at(time) });
    // The earliest of a request opens the window, in any order.
    const first = await ingest(event('b', 10 * HOUR_MS), event('a', 9 * HOUR_MS, 2), event('c', 2 * HOUR_MS, 4));
    expect(first.body.results).toMatchObject([{ status: 'recorded' }, { status: 'recorded' }, { status: 'recorded' }]);
    expect(await check()).toMatchObject({ used: 3, ...opened(9 * HOUR_MS) });
    // Later than the window before, earlier than the open one: a window that ends where the open one begins.
    await ingest(event('d', 8.5 * HOUR_MS), event('e', 8.9 * HOUR_MS), event('a', 9 * HOUR_MS));
    expect(await check()).toMatchObject({ used: 3, ...opened(9 * HOUR_MS) });
    await ingest(event('f', 3 * HOUR_MS), event('g', 12 * HOUR_MS + 60_000));
    expect(await check()).toMatchObject({ used: 4, ...opened(9 * HOUR_MS) });
    const correct = (time: number, quantity: number) =>
      admin('POST', '/v1/usage/corrections', usageOf({ quantity, at: at(time), reason: 'wrong' }));
    expect((await correct(3 * HOUR_MS, -5)).body).toMatchObject({ used: 0 });
    expect((await correct(8.6 * HOUR_MS, -3)).body).toMatchObject({ code: 'exceeds_usage', used: 2 });
  });

  it('an event before all windows opens one that ends where the next begins, and counts no unit twice', async () => {
    const { customer, product } = await setUpCustomer([fiveHours(5)]);
    clock.advance(HOUR_MS);
    await consume({ quantity: 2 });
    clock.advance(10 * HOUR_MS);
    await consume();
    clock.advance(HOUR_MS);
    await ingest({ id: 'early', quantity: 7, occurredAt: at(0.5 * HOUR_MS) });
    const read = (query: string) =>
      call('GET', `/v1/customers/${customer}/usage${query}&product=${product}&feature=calls&from=${at(0)}`);
    expect((await read('?by=window')).body).toMatchObject({
      total: 10,
      data: [
        { start: at(0.5 * HOUR_MS), quantity: 7 },
        { start: at(HOUR_MS), quantity: 2 },
        { start: at(11 * HOUR_MS), quantity: 1 },
      ],
    });
    expect((await read(`/overage?to=${at(11 * HOUR_MS)}`)).body).toMatchObject({
      total: 2,
      data: [{ windowStart: at(0.5 * HOUR_MS), windowEnd: at(HOUR_MS), used: 7, overage: 2 }],
    });
  });

  it('an event that is rejected opens no window', async () => {
    await setUpCustomer([fiveHours(5)]);
    const { body } = await ingest({ id: 'old', quantity: 1, occurredAt: at(-100 * DAY_MS) });
    expect(body.results).toMatchObject([{ status: 'rejected' }]);
    expect(await check()).toMatchObject({ used: 0, ...unopened });
  });

  it('a window of another length keeps the open window, and so do other terms in between', async () => {
    const { customer, product } = await setUpCustomer([fiveHours(5)]);
    await consume({ quantity: 4 });
    clock.advance(HOUR_MS);
    await override('calls', { limit: 5, window: 'day', windowCount: 2, windowAnchor: 'first_use' });
    expect(await check()).toMatchObject({ used: 4, windowStart: START, resetsAt: at(2 * DAY_MS) });
    await override('calls', { limit: 50, window: 'hour' });
    expect((await consume()).body).toMatchObject({ windowStart: at(HOUR_MS), used: 1 });
    await call('DELETE', `/v1/customers/${customer}/overrides/calls?product=${product}`);
    expect(await check()).toMatchObject({ used: 4, remaining: 1, ...opened(0) });
    expect((await consume({ quantity: 2 })).body.allowed).toBe(false);
  });

  it('unused credits roll over from the last window to the next, up to the bound, and not from before first use', async () => {
    const grantOf = { quantity: 10, every: 'hour', windowCount: 5, windowAnchor: 'first_use', rolloverMax: 4 };
    await setUpCustomer([{ feature: 'calls', type: 'credit', grant: grantOf }]);
    clock.advance(40 * DAY_MS);
    expect((await consume({ quantity: 3 })).body).toMatchObject({ used: 3, limit: 10 });
    clock.advance(30 * HOUR_MS);
    expect(await check()).toMatchObject({ limit: 14, carriedOver: 4, ...unopened });
    expect((await consume({ quantity: 13 })).body).toMatchObject({ allowed: true, limit: 14, remaining: 1 });
    clock.advance(5 * HOUR_MS);
    expect((await consume()).body).toMatchObject({ used: 1, limit: 11, carriedOver: 1 });
  });

  it('a grant that recurs covers usage in windows that open with first use', async () => {
    await setUpCustomer([fiveHours(2)]);
    await grant({ quantity: 3 });
    expect((await consume({ quantity: 4 })).body).toMatchObject({ allowed: true, remaining: 1, granted: 3 });
    clock.advance(6 * HOUR_MS);
    expect(await check()).toMatchObject({ remaining: 3, granted: 1, ...unopened });
    expect((await consume({ quantity: 3 })).body).toMatchObject({ allowed: true, remaining: 0 });
  });

  it('?at= returns the window that was open then', async () => {
    const { customer, product } = await setUpCustomer([fiveHours(5)]);
    const decisionAt = async (ms: number) =>
      (await call('GET', `/v1/customers/${customer}/entitlements/calls?product=${product}&at=${at(ms)}`)).body;
    clock.advance(HOUR_MS);
    await consume({ quantity: 2 });
    clock.advance(2 * HOUR_MS);
    await consume({ quantity: 1 });
    clock.advance(10 * HOUR_MS);
    await consume({ quantity: 4 });
    expect(await decisionAt(0.5 * HOUR_MS)).toMatchObject({ used: 0, ...unopened });
    expect(await decisionAt(1.5 * HOUR_MS)).toMatchObject({ used: 2, ...opened(HOUR_MS) });
    expect(await decisionAt(4 * HOUR_MS)).toMatchObject({ used: 3, ...opened(HOUR_MS) });
    expect(await decisionAt(7 * HOUR_MS)).toMatchObject({ used: 0, ...unopened });
    expect(await decisionAt(13 * HOUR_MS)).toMatchObject({ used: 4, ...opened(13 * HOUR_MS) });
  });

  it('GET usage?by=window returns the windows that began in the span', async () => {
    const { customer, product } = await setUpCustomer([fiveHours(5)]);
    const byWindow = async (from: number) =>
      (await call('GET', `/v1/customers/${customer}/usage?product=${product}&feature=calls&by=window&from=${at(from)}`))
        .body;
    for (const quantity of [2, 3, 4]) {
      await consume({ quantity });
      clock.advance(7 * HOUR_MS);
    }
    expect(await byWindow(0)).toMatchObject({
      by: 'window',
      total: 9,
      data: [
        { start: at(0), quantity: 2 },
        { start: at(7 * HOUR_MS), quantity: 3 },
        { start: at(14 * HOUR_MS), quantity: 4 },
      ],
    });
    expect(await byWindow(1)).toMatchObject({ total: 7 });
    const stats = await call('GET', `/v1/stats/usage?product=${product}&by=window`);
    expect(stats).toMatchObject({ status: 422, body: { errors: [{ field: 'by' }] } });
  });

  it('a window whose counter is lost and rebuilt stays open', async () => {
    const { customer } = await setUpCustomer([fiveHours(5)]);
    await consume({ quantity: 4 });
    await metering.service.database.query(
      'delete from usage_counters where customer_id = (select id from customers where key = $1)',
      [customer],
    );
    const { body } = await admin('POST', '/v1/usage/verify', { customer, rebuild: true });
    expect(body.rebuilt).toBe(1);
    clock.advance(HOUR_MS);
    expect((await consume()).body).toMatchObject({ used: 5, ...opened(0) });
  });
});

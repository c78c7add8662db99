import { describe, expect, it } from '@jest/globals';
import { inParallel, uniqueName } from '../support/fixtures.js';
import { meteredCalls, startMetering } from '../metering/metering-fixture.js';

/** Enforcement rows. EC-11, 12, 14 and 15 (reservations) are in test/metering/reservations.spec.ts. */
describe('enforcement', () => {
  const metering = startMetering();
  const { consume, check, setUpCustomer, post, call, grant, override, usageOf } = metering;
  const concurrently = (times: number, quantity: number, key?: string) =>
    inParallel(
      times,
      times,
      async (index) =>
        (await consume({ quantity }, key === undefined ? {} : { 'idempotency-key': `${key}-${index}` })).body,
    );
  const allowedOf = (bodies: { allowed: boolean }[]) => bodies.filter(({ allowed }) => allowed).length;

  it('EC-01: usage beyond a capped limit counts exactly the units that are left', async () => {
    await setUpCustomer([meteredCalls(5, { overage: 'cap' })]);
    const answers = await concurrently(5, 10);
    expect(allowedOf(answers)).toBe(1);
    expect(await check()).toMatchObject({ used: 5, remaining: 0, overage: 0 });
  });

  it('EC-02: concurrent units beyond a soft limit are all counted', async () => {
    await setUpCustomer([meteredCalls(1, { window: 'none', overage: 'allow' })]);
    expect(allowedOf(await concurrently(5, 1))).toBe(5);
    expect(await check()).toMatchObject({ used: 5, remaining: 0, overage: 4 });
  });

  it('EC-03: concurrent units beyond a hard limit are denied whole', async () => {
    await setUpCustomer([meteredCalls(10)]);
    expect(allowedOf(await concurrently(5, 3))).toBe(3);
    expect(await check()).toMatchObject({ used: 9, remaining: 1 });
  });

  it('EC-06: 1,000 concurrent units of one customer are counted once each', async () => {
    await setUpCustomer([meteredCalls(null)]);
    expect(allowedOf(await inParallel(1_000, 64, async () => (await consume()).body))).toBe(1_000);
    expect(await check()).toMatchObject({ used: 1_000 });
  });

  it('EC-07: a repeated request gets its first answer, whether it was allowed or denied', async () => {
    await setUpCustomer([meteredCalls(10)]);
    const key = uniqueName('key');
    const first = await concurrently(3, 5, key);
    expect(allowedOf(first)).toBe(2);
    expect(await concurrently(3, 5, key)).toEqual(first);
    expect(await check()).toMatchObject({ used: 10, remaining: 0 });
  });

  it('EC-16: the same Idempotency-Key counts once, one after the other and concurrently', async () => {
    await setUpCustomer([meteredCalls(10)]);
    const headers = { 'idempotency-key': uniqueName('key') };
    const answers = await inParallel(5, 5, () => consume({ quantity: 2 }, headers));
    const again = await consume({ quantity: 2 }, headers);
    expect(new Set([...answers, again].map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await check()).toMatchObject({ used: 2 });
  });

  it('EC-18: a duplicate in a batch of events affects no other event of the batch', async () => {
    const { customer, product } = await setUpCustomer([meteredCalls(100)]);
    const event = (id: string) => ({ id, customer, feature: 'calls', quantity: 1 });
    const send = (...ids: string[]) => post('/v1/usage/events', { product, events: ids.map(event) });
    const ids = [uniqueName('e'), uniqueName('e'), uniqueName('e')] as const;
    await send(ids[1]);
    expect((await send(...ids, ids[0])).body.results).toEqual(
      [
        [ids[0], 'recorded'],
        [ids[1], 'duplicate'],
        [ids[2], 'recorded'],
        [ids[0], 'duplicate'],
      ].map(([id, status]) => expect.objectContaining({ id, status })),
    );
    expect(await check()).toMatchObject({ used: 3 });
  });

  it('EC-19: concurrent first requests for a new customer create it once', async () => {
    const { product } = await setUpCustomer([meteredCalls(100)]);
    const customer = uniqueName('new');
    expect((await post('/v1/check', usageOf({ customer }))).status).toBe(404);
    const answers = await inParallel(6, 6, () => call('PUT', `/v1/customers/${customer}`, { product }));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.every(({ status }) => status === 200 || status === 201)).toBe(true);
    expect(new Set(answers.map(({ body }) => body.subscription.id)).size).toBe(1);
    expect((await post('/v1/check', usageOf({ customer }))).body).toMatchObject({ allowed: true, used: 0 });
  });

  it('EC-22: a grant given while units are counted is neither lost nor does it undo a count', async () => {
    await setUpCustomer([meteredCalls(0)]);
    await grant({ quantity: 50 });
    const [answers] = await Promise.all([
      inParallel(40, 8, async () => (await consume()).body),
      grant({ quantity: 100 }),
    ]);
    expect(allowedOf(answers)).toBe(40);
    expect(await check()).toMatchObject({ limit: 150, used: 40, remaining: 110 });
  });

  it('EC-23: an archived feature is off, and an override takes precedence over the plan', async () => {
    const { product } = await setUpCustomer([meteredCalls(10)], { exports: 'metered' });
    await override('calls', { limit: 700, window: 'month', overage: 'deny' });
    expect(await check()).toMatchObject({ limit: 700, source: { kind: 'override' } });
    await override('calls', { limit: 5, window: 'month', overage: 'deny' });
    expect(await check()).toMatchObject({ limit: 5, source: { kind: 'override' } });
    expect((await call('DELETE', `/v1/features/calls?product=${product}`)).status).toBeLessThan(300);
    expect(await check()).toMatchObject({ allowed: false, reason: 'feature_disabled' });
  });
});

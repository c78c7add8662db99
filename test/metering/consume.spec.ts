import { describe, expect, it } from '@jest/globals';
import { inParallel, uniqueName } from '../support/fixtures.js';
import { meteredCalls, startMetering } from './metering-fixture.js';

describe('consume over HTTP', () => {
  const metering = startMetering();
  const { call, post, check, consume, override, clock, setUpCustomer } = metering;

  it('several features are counted together or not at all', async () => {
    const { customer, product } = await setUpCustomer([meteredCalls(5), { ...meteredCalls(2), feature: 'exports' }]);
    const both = (quantity: number) =>
      post('/v1/usage/consume', {
        customer,
        product,
        features: [{ feature: 'calls', quantity }, { feature: 'exports' }],
      });
    expect((await both(2)).body).toMatchObject({
      allowed: true,
      data: [
        { feature: 'calls', used: 2 },
        { feature: 'exports', used: 1 },
      ],
    });
    expect((await both(4)).body).toMatchObject({
      allowed: false,
      data: [
        { allowed: false, used: 2 },
        { allowed: true, used: 1 },
      ],
    });
    expect(
      (await post('/v1/usage/consume', { customer, product, features: [{ feature: 'calls' }, { feature: 'calls' }] }))
        .status,
    ).toBe(422);
    expect(
      (await post('/v1/usage/consume', { customer, product, feature: 'calls', features: [{ feature: 'calls' }] }))
        .status,
    ).toBe(422);
    expect((await post('/v1/usage/consume', { customer, product })).status).toBe(422);
  });

  it('a threshold is recorded once per window', async () => {
    const { customer } = await setUpCustomer([meteredCalls(10, { overage: 'allow' })]);
    const thresholds = async () =>
      (
        await metering.service.database.query<{ after: { percent: number; windowStart: string } }>(
          `select e.after from events e join customers c on c.id = e.customer_id where c.key = $1 and e.type = 'usage.threshold_reached' order by e.id`,
          [customer],
        )
      ).map(({ after }) => after.percent);
    await consume({ quantity: 7 });
    expect(await thresholds()).toEqual([]);
    await inParallel(5, 5, () => consume());
    expect(await thresholds()).toEqual([80, 100]);
    clock.set('2027-04-10T00:00:00Z');
    await consume({ quantity: 12 });
    expect(await thresholds()).toEqual([80, 100, 80, 100]);
  });

  describe('Idempotency-Key', () => {
    it('a denial is replayed although units are available again', async () => {
      await setUpCustomer([meteredCalls(1)]);
      await consume();
      const denied = await consume({}, { 'idempotency-key': 'denied' });
      expect(denied.body.allowed).toBe(false);
      await override('calls', { limit: 10, window: 'month' });
      const again = await consume({}, { 'idempotency-key': 'denied' });
      expect([JSON.stringify(again.body), again.headers.get('idempotency-replayed')]).toEqual([
        JSON.stringify(denied.body),
        'true',
      ]);
      expect((await consume({}, { 'idempotency-key': 'other' })).body.allowed).toBe(true);
    });

    it('many copies have one effect, and another body is rejected, in any batch', async () => {
      const { product } = await setUpCustomer([meteredCalls(1_000)]);
      const other = uniqueName('c');
      await call('PUT', `/v1/customers/${other}`, { product });
      const responses = await inParallel(400, 100, async (index) => {
        const name = `storm-${index % 50}`;
        const changed = index % 5 === 4;
        return {
          name,
          changed,
          ...(await consume(changed ? { customer: other, quantity: 2 } : {}, { 'idempotency-key': name })),
        };
      });
      const byKey = new Map<string, Set<string>>();
      for (const { name, status, body } of responses.filter((answer) => answer.status === 200))
        byKey.set(name, (byKey.get(name) ?? new Set()).add(JSON.stringify([status, body])));
      expect([...byKey.values()].map(({ size }) => size)).toEqual(Array<number>(50).fill(1));
      expect(responses.filter(({ status }) => status !== 200 && status !== 422)).toEqual([]);
      for (const { body } of responses.filter(({ status }) => status === 422))
        expect(body.code).toBe('idempotency_key_reused');
      const [mine, theirs] = [await check(), await check({ customer: other })];
      expect(mine.used + theirs.used / 2).toBe(50);
    });

    it('a request that failed with an error may be retried', async () => {
      await setUpCustomer([meteredCalls(5)]);
      expect((await consume({ feature: 'later' }, { 'idempotency-key': 'early' })).status).toBe(404);
      expect((await consume({ quantity: 0 }, { 'idempotency-key': 'early' })).status).toBe(422);
      expect((await consume({}, { 'idempotency-key': 'early' })).status).toBe(200);
    });
  });
});

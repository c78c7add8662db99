import { describe, expect, it } from '@jest/globals';
import { meteredCalls, DAY_MS, startMetering } from './metering-fixture.js';

describe('grants and credits', () => {
  const { call, check, consume, admin, grant, usageOf, clock, setUpCustomer } = startMetering();

  describe('grants', () => {
    it('grants are burnt after the included units, in order, and unwound newest first', async () => {
      await setUpCustomer([meteredCalls(10)]);
      await grant({ quantity: 5, priority: 2, reason: 'bought' });
      await grant({ quantity: 5, priority: 1, expiresAt: '2027-03-12T00:00:00Z' });
      expect(await check()).toMatchObject({ limit: 20, remaining: 20, granted: 10 });
      expect((await consume({ quantity: 13 })).body).toMatchObject({
        allowed: true,
        used: 13,
        remaining: 7,
        granted: 10,
      });
      expect((await consume({ quantity: 8 })).body).toMatchObject({ allowed: false, used: 13 });
      // 2 units of the grant that expires are left, and 5 of the other one.
      clock.set('2027-03-12T00:00:00Z');
      expect(await check()).toMatchObject({ limit: 18, remaining: 5, granted: 8 });
      expect((await consume({ quantity: 5 })).body).toMatchObject({ allowed: true, used: 18, remaining: 0 });
      const { body } = await admin('POST', '/v1/usage/corrections', usageOf({ quantity: -6, reason: 'a mistake' }));
      // 5 return to the grant that is active; 1 returns to the expired grant and is lost.
      expect(body).toMatchObject({ allowed: true, used: 12, remaining: 5, limit: 17 });
    });

    it('a new grant covers overage of the same window', async () => {
      await setUpCustomer([meteredCalls(10, { overage: 'allow' })]);
      expect((await consume({ quantity: 13 })).body).toMatchObject({ overage: 3 });
      await grant({ quantity: 5 });
      expect(await check()).toMatchObject({ overage: 0, remaining: 2, granted: 5 });
      expect((await consume({ quantity: 3 })).body).toMatchObject({ used: 16, overage: 1 });
    });

    it('grants recur, roll over within their bounds, and end when voided', async () => {
      const { customer, product } = await setUpCustomer([meteredCalls(0)]);
      const { body } = await grant({ quantity: 10, recurrence: { interval: 'day' }, rolloverMax: 4 });
      expect((await consume({ quantity: 7 })).body).toMatchObject({ allowed: true, remaining: 3 });
      clock.advance(DAY_MS);
      expect(await check()).toMatchObject({ remaining: 10 });
      // The window ends at midnight; the grant recurs at 09:00.
      clock.set('2027-04-01T00:00:00Z');
      expect(await check()).toMatchObject({ remaining: 4, used: 0 });
      clock.set('2027-04-01T09:00:00Z');
      expect(await check()).toMatchObject({ remaining: 10 });
      const at = `/v1/customers/${customer}/grants`;
      expect((await call('DELETE', `${at}/${body.id}`)).status).toBe(204);
      expect((await call('DELETE', `${at}/${body.id}`)).body.code).toBe('grant_voided');
      expect(await check()).toMatchObject({ allowed: false, remaining: 0 });
      const list = await call('GET', `${at}?product=${product}`);
      expect(list.body.data).toMatchObject([
        { id: body.id, feature: 'calls', quantity: 10, voidedAt: expect.any(String) },
      ]);
    });

    it('a correction takes back units that a voided grant had covered', async () => {
      const { customer } = await setUpCustomer([meteredCalls(2)]);
      const { body } = await grant({ quantity: 5 });
      expect((await consume({ quantity: 6 })).body).toMatchObject({ allowed: true, granted: 5 });
      expect((await call('DELETE', `/v1/customers/${customer}/grants/${body.id}`)).status).toBe(204);
      const corrected = await admin('POST', '/v1/usage/corrections', usageOf({ quantity: -6, reason: 'a mistake' }));
      expect(corrected).toMatchObject({ status: 200, body: { used: 0, limit: 2, remaining: 2 } });
    });

    it('a grant gives a feature that the plan lacks', async () => {
      const { customer, product } = await setUpCustomer([meteredCalls(5)], { exports: 'metered' });
      await admin('POST', `/v1/customers/${customer}/grants`, { product, feature: 'exports', quantity: 2 });
      expect((await consume({ feature: 'exports', quantity: 2 })).body).toMatchObject({
        allowed: true,
        limit: 2,
        source: { kind: 'grant' },
      });
      expect((await consume({ feature: 'exports' })).body).toMatchObject({ allowed: false, reason: 'limit_reached' });
      const { body } = await call('GET', `/v1/customers/${customer}/entitlements?product=${product}`);
      expect(body.data.map(({ feature }: { feature: string }) => feature).sort()).toEqual(['calls', 'exports']);
    });
  });

  it('unused credits roll over up to a bound, also through windows without usage', async () => {
    await setUpCustomer([
      { feature: 'calls', type: 'credit', grant: { quantity: 100, every: 'month', rolloverMax: 50 } },
    ]);
    expect((await consume({ quantity: 60 })).body).toMatchObject({ remaining: 40 });
    clock.set('2027-04-05T00:00:00Z');
    expect(await check()).toMatchObject({ limit: 140, remaining: 140, carriedOver: 40 });
    expect((await consume({ quantity: 1 })).body).toMatchObject({ remaining: 139, carriedOver: 40 });
    clock.set('2027-05-05T00:00:00Z');
    expect(await check()).toMatchObject({ limit: 150, carriedOver: 50 });
    clock.set('2027-09-05T00:00:00Z');
    expect((await consume({ quantity: 150 })).body).toMatchObject({ allowed: true, remaining: 0 });
    clock.set('2027-10-05T00:00:00Z');
    expect(await check()).toMatchObject({ limit: 100, remaining: 100 });
  });
});

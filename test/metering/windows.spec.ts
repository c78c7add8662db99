import { describe, expect, it } from '@jest/globals';
import { inParallel } from '../support/fixtures.js';
import { waitForBlockedStatements, withCustomerLocked } from '../support/transactions.js';
import { meteredCalls, START, DAY_MS, startMetering } from './metering-fixture.js';

describe('windows and overrides', () => {
  const metering = startMetering();
  const { call, check, consume, admin, grant, override, reserve, usageOf, clock, setUpCustomer } = metering;

  describe('windows', () => {
    it.each([
      ['none', null, 400 * DAY_MS, 5],
      ['hour', 3_600_000, 3_600_000, 0],
      ['day', DAY_MS, DAY_MS, 0],
      ['week', 7 * DAY_MS, 7 * DAY_MS, 0],
      ['month', 31 * DAY_MS, 31 * DAY_MS, 0],
      ['year', 365 * DAY_MS, 365 * DAY_MS, 0],
      ['billing_period', 31 * DAY_MS, 31 * DAY_MS, 0],
    ])('%s: a new window starts at zero at the boundary and not before', async (window, length, later, kept) => {
      await setUpCustomer([meteredCalls(5, { window })]);
      const { body } = await consume({ quantity: 5 });
      if (length === null) expect(body.resetsAt).toBeNull();
      else {
        expect(Date.parse(body.resetsAt) - Date.parse(body.windowStart)).toBe(length);
        clock.set(new Date(Date.parse(body.resetsAt) - 1));
        expect(await check()).toMatchObject({ allowed: false, used: 5 });
      }
      clock.set(new Date(Date.parse(START) + later));
      expect(await check()).toMatchObject({ used: kept, allowed: kept < 5 });
    });

    it('windows follow the time zone of the customer', async () => {
      const { customer, product } = await setUpCustomer([meteredCalls(5, { window: 'day' })]);
      await call('PUT', `/v1/customers/${customer}`, { product, timezone: 'Asia/Kolkata' });
      expect((await consume()).body).toMatchObject({
        windowStart: '2027-03-09T18:30:00.000Z',
        resetsAt: '2027-03-10T18:30:00.000Z',
      });
    });

    it('a consume that waits across a boundary counts in the new window', async () => {
      const { customer } = await setUpCustomer([meteredCalls(5, { window: 'hour' })]);
      await consume();
      const [waiting, behind] = await withCustomerLocked(metering.service.database, customer, async () => {
        const first = consume({ quantity: 2 });
        await waitForBlockedStatements(metering.service.database);
        const second = consume({ quantity: 3 });
        clock.set('2027-03-10T10:00:00Z');
        return [first, second];
      });
      expect([(await waiting).body, (await behind).body]).toMatchObject([
        { used: 3, windowStart: START },
        { used: 3, windowStart: '2027-03-10T10:00:00.000Z' },
      ]);
    });

    it('a window of another kind starts from the usage of the same time span', async () => {
      await setUpCustomer([meteredCalls(10, { window: 'day' })]);
      await consume({ quantity: 4 });
      clock.advance(DAY_MS);
      await consume({ quantity: 3 });
      await override('calls', { limit: 10, window: 'month' });
      expect(await check()).toMatchObject({ used: 7, remaining: 3 });
      expect((await consume({ quantity: 4 })).body.allowed).toBe(false);
      expect((await consume({ quantity: 3 })).body).toMatchObject({ allowed: true, used: 10 });
      expect(await check()).toMatchObject({ used: 10 });
    });
  });

  describe('overrides', () => {
    it('an override replaces the plan for the next request and ends when removed or expired', async () => {
      const { customer, product } = await setUpCustomer([meteredCalls(5)]);
      await consume({ quantity: 5 });
      expect((await override('calls', { limit: 8, window: 'month', reason: 'goodwill' })).body).toMatchObject({
        feature: 'calls',
        terms: { limit: 8, overage: 'deny' },
      });
      expect((await consume({ quantity: 2 })).body).toMatchObject({
        allowed: true,
        limit: 8,
        used: 7,
        source: { kind: 'override', plan: 'plan' },
      });
      await override('calls', { limit: 0, window: 'month' });
      expect((await consume()).body).toMatchObject({
        allowed: false,
        reason: 'limit_reached',
        limit: 0,
        used: 7,
        remaining: 0,
        overage: 7,
      });
      await override('calls', { limit: null, window: 'month', expiresAt: '2027-03-11T00:00:00.000Z' });
      expect((await consume()).body).toMatchObject({ allowed: true, limit: null });
      clock.set('2027-03-11T00:00:00.000Z');
      expect(await check()).toMatchObject({ allowed: false, limit: 5, source: { kind: 'plan' } });
      expect((await call('DELETE', `/v1/customers/${customer}/overrides/calls?product=${product}`)).status).toBe(204);
      expect((await call('DELETE', `/v1/customers/${customer}/overrides/calls?product=${product}`)).body.code).toBe(
        'override_not_found',
      );
    });

    it('an override grants a feature that the plan lacks, and an invalid one is rejected', async () => {
      await setUpCustomer([meteredCalls(5)], { sso: 'boolean' });
      expect(await check({ feature: 'sso' })).toMatchObject({ allowed: false, reason: 'feature_not_in_plan' });
      await override('sso', { value: true });
      expect(await check({ feature: 'sso' })).toMatchObject({
        allowed: true,
        value: true,
        source: { kind: 'override' },
      });
      expect((await override('sso', { limit: 3 })).status).toBe(422);
      expect((await override('calls', { limit: -1 })).status).toBe(422);
      expect((await override('calls', { limit: 1, expiresAt: '2020-01-01T00:00:00Z' })).body.errors).toEqual([
        { field: 'expiresAt', message: 'must be in the future' },
      ]);
      expect((await override('nothing', { limit: 1 })).status).toBe(404);
    });
  });

  it('a rate limit holds over a sliding span', async () => {
    await setUpCustomer([meteredCalls(null, { rateLimit: { limit: 3, windowSeconds: 60 } })]);
    const responses = await inParallel(5, 5, () => consume());
    expect(responses.filter(({ body }) => body.allowed)).toHaveLength(3);
    clock.advance(59_999);
    expect((await consume()).body).toMatchObject({ allowed: false, reason: 'limit_reached' });
    clock.advance(1);
    expect((await consume()).body.allowed).toBe(true);
  });

  it('?at= returns the decision of that instant, unaffected by later changes', async () => {
    const { customer, product } = await setUpCustomer([meteredCalls(10)]);
    const at = async (instant: string) =>
      (await call('GET', `/v1/customers/${customer}/entitlements/calls?product=${product}&at=${instant}`)).body;
    await consume({ quantity: 4 });
    clock.set('2027-03-10T10:00:00Z');
    await override('calls', { limit: 20, window: 'month' });
    await consume({ quantity: 5 });
    await reserve(2, 60);
    clock.set('2027-03-10T11:00:00Z');
    await override('calls', { limit: 3, window: 'month' });
    await grant({ quantity: 5 });
    await admin('POST', '/v1/usage/corrections', usageOf({ quantity: -9, reason: 'all wrong' }));
    clock.set('2027-03-10T12:00:00Z');
    expect(await at('2027-03-10T09:00:00.000Z')).toMatchObject({
      limit: 10,
      used: 4,
      source: { kind: 'plan' },
      asOf: '2027-03-10T09:00:00.000Z',
    });
    expect(await at('2027-03-10T10:00:30.000Z')).toMatchObject({
      limit: 20,
      used: 9,
      reserved: 2,
      remaining: 9,
      source: { kind: 'override' },
    });
    expect(await at('2027-03-10T10:30:00.000Z')).toMatchObject({ limit: 20, used: 9, reserved: 0 });
    expect(await at('2027-03-10T11:30:00.000Z')).toMatchObject({ limit: 8, used: 0 });
    expect(await check()).toMatchObject({ limit: 8, used: 0 });
    expect(
      (await call('GET', `/v1/customers/${customer}/entitlements/calls?product=${product}&at=2027-03-10T12:00:01Z`))
        .body.errors,
    ).toEqual([{ field: 'at', message: 'must not be in the future' }]);
    const all = await call('GET', `/v1/customers/${customer}/entitlements?product=${product}&at=2027-03-10T09:30:00Z`);
    expect(all.body.data).toMatchObject([{ feature: 'calls', used: 4, limit: 10 }]);
    expect(await at('2027-03-10T08:00:00Z')).toMatchObject({ allowed: false, reason: 'no_subscription' });
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startService, TestClock, type TestApp } from '../support/app.js';
import { conformanceCases } from '../support/conformance.js';
import type { TestDatabase } from '../support/database.js';
import {
  applyLifecycleProduct,
  createApiKey,
  createCustomerOnTestClock,
  inParallel,
  type RegisteredUser,
  uniqueName,
} from '../support/fixtures.js';

const START = '2027-03-10T09:00:00.000Z';
const GRACE_END = '2027-03-17T09:00:00.000Z';
const later = (instant: string, ms: number): string => new Date(new Date(instant).getTime() + ms).toISOString();
const utc = (instant: string): string => new Date(instant).toISOString();

interface GraceCase {
  zone: string;
  graceDays: number;
  failedAt: string;
  endsAt: string | null;
}

describe('the grace after a failed payment', () => {
  const clock = new TestClock();
  let service: TestApp & { database: TestDatabase };
  let call: RegisteredUser['call'];
  const product = uniqueName('grace');

  const switchOn = async (key: string, graceDays: number): Promise<void> => {
    const { status } = await service.admin('PUT', `/v1/products/${key}/billing`, {
      body: { pastDueGraceDays: graceDays, dunning: { finally: 'keep' } },
    });
    expect(status).toBe(200);
  };
  const check = async (customer: string, of = product, feature = 'calls') =>
    (await call('POST', '/v1/check', { body: { customer, product: of, feature } })).body;
  const createCustomer = async (of = product): Promise<{ customer: string; id: string }> => {
    const customer = uniqueName('customer');
    const { status, body } = await call('PUT', `/v1/customers/${customer}`, { body: { product: of } });
    expect(status).toBe(201);
    return { customer, id: body.subscription.id };
  };
  const record = async (id: string, outcome: 'failed' | 'succeeded'): Promise<any> => {
    const { status, body } = await call('POST', `/v1/subscriptions/${id}/record-payment`, { body: { outcome } });
    expect([status, body.code]).toEqual([200, undefined]);
    return body;
  };
  /** The code or the status of a usage event at each instant. */
  const ingest = async (customer: string, instants: string[]): Promise<string[]> => {
    const events = instants.map((occurredAt) => ({
      id: uniqueName('event'),
      customer,
      feature: 'calls',
      quantity: 1,
      occurredAt,
    }));
    const { body } = await call('POST', '/v1/usage/events', { body: { product, events } });
    return body.results.map((one: { status: string; code?: string }) => one.code ?? one.status);
  };

  beforeAll(async () => {
    clock.set(START);
    service = await startService({ clock });
    ({ call } = await createApiKey(service));
    await applyLifecycleProduct(service, product);
    await switchOn(product, 7);
  });
  beforeEach(() => clock.set(START));
  afterAll(() => service.stop());

  describe('on test clocks', () => {
    const of = uniqueName('graced');
    beforeAll(() => applyLifecycleProduct(service, of));

    it.each(conformanceCases<GraceCase>('graces'))('$id', async ({ zone, graceDays, failedAt, endsAt }) => {
      await switchOn(of, graceDays);
      const { customer, id, advanceTo, readSubscription } = await createCustomerOnTestClock(call, of, utc(failedAt), {
        timezone: zone,
      });
      const pastDueSince = utc(failedAt);
      const graceEndsAt = endsAt && utc(endsAt);
      const denied = { allowed: false, reason: 'past_due', pastDueSince };
      expect(await record(id, 'failed')).toMatchObject({ status: 'past_due', pastDueSince, graceEndsAt });
      expect(await check(customer, of)).toMatchObject(graceEndsAt ? { allowed: true, pastDueSince } : denied);
      if (graceEndsAt) {
        await advanceTo(later(graceEndsAt, -1));
        expect(await check(customer, of)).toMatchObject({ allowed: true, reason: null, pastDueSince });
        await advanceTo(graceEndsAt);
        expect(await check(customer, of)).toMatchObject(denied);
        expect(await check(customer, of, 'seats')).toMatchObject(denied);
        for (const [at, expected] of [
          [later(graceEndsAt, -1), { allowed: true, pastDueSince }],
          [graceEndsAt, denied],
        ] as const) {
          const past = await call('GET', `/v1/customers/${customer}/entitlements/calls?product=${of}&at=${at}`);
          expect(past.body).toMatchObject(expected);
          const then = await call('GET', `/v1/subscriptions/${id}?at=${at}`);
          expect(then.body).toMatchObject({ status: 'past_due', pastDueSince, graceEndsAt });
        }
      }
      expect(await record(id, 'succeeded')).toMatchObject({ status: 'active', pastDueSince: null, graceEndsAt: null });
      const recovered = await check(customer, of);
      expect(recovered).toMatchObject({ allowed: true });
      expect(recovered).not.toHaveProperty('pastDueSince');
      expect(await readSubscription()).toMatchObject({ status: 'active', pastDueSince: null });
    });
  });

  it('is none for a product that is not billed: checks are denied immediately', async () => {
    const unbilled = uniqueName('unbilled');
    await applyLifecycleProduct(service, unbilled);
    const { customer, id } = await createCustomer(unbilled);
    expect(await record(id, 'failed')).toMatchObject({ pastDueSince: START, graceEndsAt: null });
    expect(await check(customer, unbilled)).toMatchObject({ allowed: false, reason: 'past_due', pastDueSince: START });
  });

  it('ends for cached entitlements, checks and consumption at its instant, by time alone', async () => {
    const { customer, id } = await createCustomer();
    await record(id, 'failed');
    clock.set(later(GRACE_END, -1));
    const body = { customer, product, feature: 'calls' };
    const consume = async () => (await call('POST', '/v1/usage/consume', { body })).body;
    const checks = async () =>
      (await call('POST', '/v1/checks', { body: { checks: [body, { ...body, feature: 'seats' }] } })).body.results;
    const all = async () => (await call('GET', `/v1/customers/${customer}/entitlements?product=${product}`)).body.data;
    const allowed = { allowed: true, pastDueSince: START };
    expect(await consume()).toMatchObject({ ...allowed, used: 1 });
    expect(await checks()).toMatchObject([allowed, allowed]);
    expect(await all()).toMatchObject([allowed, allowed, allowed]);
    clock.set(GRACE_END);
    const denied = { allowed: false, reason: 'past_due', pastDueSince: START };
    expect(await checks()).toMatchObject([denied, denied]);
    expect(await consume()).toMatchObject(denied);
    expect(await all()).toMatchObject([denied, denied, denied]);
  });

  it('does not count as a denied time: late events in it are recorded, those after it are rejected', async () => {
    const { customer, id } = await createCustomer();
    clock.set('2027-03-12T09:00:00.000Z');
    await record(id, 'failed');
    const end = '2027-03-19T09:00:00.000Z';
    clock.set('2027-03-20T09:00:00.000Z');
    expect(await ingest(customer, [later(end, -1)])).toEqual(['past_due']);
    await record(id, 'succeeded');
    expect(
      await ingest(customer, [START, '2027-03-15T09:00:00.000Z', later(end, -1), end, '2027-03-20T09:00:00.000Z']),
    ).toEqual(['recorded', 'recorded', 'recorded', 'past_due', 'recorded']);
  });

  it('leaves no denied time when a payment succeeds in it, or exactly at its end', async () => {
    for (const paidAt of ['2027-03-12T09:00:00.000Z', GRACE_END]) {
      clock.set(START);
      const { customer, id } = await createCustomer();
      await record(id, 'failed');
      clock.set(paidAt);
      await record(id, 'succeeded');
      const [{ denied_until }] = (await service.database.query<{ denied_until: Date | null }>(
        'select denied_until from subscriptions where id = $1',
        [id],
      )) as [{ denied_until: Date | null }];
      expect(denied_until).toBeNull();
      expect(await ingest(customer, [START, later(paidAt, -1), paidAt])).toEqual(Array(3).fill('recorded'));
    }
  });

  it('a later failure has its own grace, and the end of a past due subscription clears both instants', async () => {
    const { customer, id } = await createCustomer();
    await record(id, 'failed');
    clock.set('2027-03-12T09:00:00.000Z');
    await record(id, 'succeeded');
    clock.set('2027-03-16T09:00:00.000Z');
    expect(await record(id, 'failed')).toMatchObject({
      pastDueSince: '2027-03-16T09:00:00.000Z',
      graceEndsAt: '2027-03-23T09:00:00.000Z',
    });
    clock.set(GRACE_END);
    expect(await check(customer)).toMatchObject({ allowed: true });
    const { body } = await call('POST', `/v1/subscriptions/${id}/cancel`, { body: { when: 'now' } });
    expect(body).toMatchObject({ status: 'inactive', pastDueSince: null, graceEndsAt: null });
    expect(await check(customer)).toMatchObject({ allowed: false, reason: 'no_subscription' });
  });

  it('no check is denied after a payment succeeded, with checks under way', async () => {
    const { customer, id } = await createCustomer();
    await record(id, 'failed');
    clock.set(GRACE_END);
    expect(await check(customer)).toMatchObject({ allowed: false });
    let paid = false;
    await Promise.all([
      record(id, 'succeeded').then(() => (paid = true)),
      inParallel(8, 8, async () => {
        for (let last = false; !last;) {
          last = paid;
          const { allowed, reason } = await check(customer);
          if (last) expect({ allowed, reason }).toEqual({ allowed: true, reason: null });
        }
      }),
    ]);
  });
});

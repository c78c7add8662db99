import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DueSubscriptionsService } from '@app/subscriptions';
import { startService, TestClock, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import {
  applyLifecycleProduct,
  type CustomerOnTestClock,
  createCustomerOnTestClock,
  type RegisteredUser,
  createApiKey,
} from '../support/fixtures.js';

const PRODUCT = 'lived';
const PRODUCT_WITH_TRIAL = 'lived-trial';

describe('lifecycles', () => {
  const clock = new TestClock();
  let service: TestApp & { database: TestDatabase };
  let call: RegisteredUser['call'];
  const consume = async (customer: string, feature: string, quantity = 1) =>
    (await call('POST', '/v1/usage/consume', { body: { customer, product: PRODUCT, feature, quantity } })).body;
  const check = async (customer: string, feature = 'calls', product = PRODUCT) =>
    (await call('POST', '/v1/check', { body: { customer, product, feature } })).body;
  const types = async ({ id }: CustomerOnTestClock) =>
    (await call('GET', `/v1/subscriptions/${id}/timeline?limit=100`)).body.data.map(({ type }: { type: string }) =>
      type.replace('subscription.', ''),
    );

  beforeAll(async () => {
    service = await startService({ clock });
    ({ call } = await createApiKey(service));
    await applyLifecycleProduct(service, PRODUCT);
    await applyLifecycleProduct(service, PRODUCT_WITH_TRIAL, { trialDays: 14 });
  });
  afterAll(() => service.stop());

  it('a customer who started on 31 January: periods end at month ends through a leap year', async () => {
    const life = await createCustomerOnTestClock(call, PRODUCT, '2027-12-31T23:30:00Z');
    const ends: string[] = [];
    for (let month = 0; month < 16; month++) {
      const { currentPeriodStart, currentPeriodEnd } = await life.readSubscription();
      if (month > 0) expect(currentPeriodStart).toBe(`${ends.at(-1)}T23:30:00.000Z`);
      expect(await consume(life.customer, 'calls', 7)).toMatchObject({
        allowed: true,
        used: 7,
        windowStart: currentPeriodStart,
        resetsAt: currentPeriodEnd,
      });
      expect(await consume(life.customer, 'calls', 7)).toMatchObject({ allowed: false, used: 7 });
      ends.push(currentPeriodEnd.slice(0, 10));
      await life.advanceTo(currentPeriodEnd);
    }
    expect(ends).toEqual([
      '2028-01-31',
      '2028-02-29',
      '2028-03-31',
      '2028-04-30',
      '2028-05-31',
      '2028-06-30',
      '2028-07-31',
      '2028-08-31',
      '2028-09-30',
      '2028-10-31',
      '2028-11-30',
      '2028-12-31',
      '2029-01-31',
      '2029-02-28',
      '2029-03-31',
      '2029-04-30',
    ]);
  });

  it('a customer in Berlin: the daily limit resets at local midnight, on days of 23 and 25 hours too', async () => {
    const life = await createCustomerOnTestClock(call, PRODUCT, '2027-03-26T23:00:00Z', { timezone: 'Europe/Berlin' });
    const days: [string, string, number][] = [];
    const live = async (count: number) => {
      for (let day = 0; day < count; day++) {
        const response = await consume(life.customer, 'daily', 5);
        expect(response).toMatchObject({ allowed: true, used: 5 });
        expect(await consume(life.customer, 'daily')).toMatchObject({ allowed: false });
        days.push([
          response.windowStart,
          response.resetsAt,
          (Date.parse(response.resetsAt) - Date.parse(response.windowStart)) / 3_600_000,
        ]);
        // The limit is used up one minute before midnight, and available again at midnight.
        await life.advanceTo(new Date(Date.parse(response.resetsAt) - 60_000));
        expect(await check(life.customer, 'daily')).toMatchObject({ allowed: false });
        await life.advanceTo(response.resetsAt);
      }
    };
    await live(3);
    await life.advanceTo('2027-10-29T22:00:00Z');
    await live(3);
    expect(days.map(([, , hours]) => hours)).toEqual([24, 23, 24, 24, 25, 24]);
    expect(days[1]).toEqual(['2027-03-27T23:00:00.000Z', '2027-03-28T22:00:00.000Z', 23]);
    expect(days[4]).toEqual(['2027-10-30T22:00:00.000Z', '2027-10-31T23:00:00.000Z', 25]);
    // Its months follow the local time zone too.
    expect(await life.readSubscription()).toMatchObject({
      currentPeriodStart: '2027-10-26T22:00:00.000Z',
      currentPeriodEnd: '2027-11-26T23:00:00.000Z',
    });
  });

  it('a customer who tries, pays, downgrades, leaves and returns', async () => {
    const life = await createCustomerOnTestClock(call, PRODUCT_WITH_TRIAL, '2027-04-01T12:00:00Z', { plan: 'pro' });
    const checkSso = () => check(life.customer, 'sso', PRODUCT_WITH_TRIAL);
    expect(await life.readSubscription()).toMatchObject({ status: 'trialing', trialEnd: '2027-04-15T12:00:00.000Z' });
    expect(await checkSso()).toMatchObject({ allowed: true });
    expect((await life.command('preview-change', { plan: 'basic', when: 'now' })).body).toMatchObject({
      lines: [],
      nextCharge: { at: '2027-04-15T12:00:00.000Z', amount: 1_000 },
    });
    await life.advanceTo('2027-04-15T12:00:00Z');
    expect(await life.readSubscription()).toMatchObject({
      status: 'active',
      currentPeriodEnd: '2027-05-15T12:00:00.000Z',
    });
    await life.advanceTo('2027-04-30T12:00:00Z');
    await life.command('change', { plan: 'basic', when: 'period_end', reason: 'too much' });
    expect(await checkSso()).toMatchObject({ allowed: true });
    await life.advanceTo('2027-05-15T12:00:00Z');
    expect(await checkSso()).toMatchObject({ allowed: false, reason: 'feature_not_in_plan' });
    await life.command('cancel', { when: 'period_end' });
    await life.advanceTo('2027-06-15T12:00:00Z');
    expect(await life.readSubscription()).toMatchObject({ status: 'expired', endedAt: '2027-06-15T12:00:00.000Z' });
    expect(await check(life.customer, 'calls', PRODUCT_WITH_TRIAL)).toMatchObject({
      allowed: false,
      reason: 'subscription_expired',
    });
    await life.advanceTo('2027-09-01T00:00:00Z');
    expect((await life.command('renew')).body).toMatchObject({
      status: 'active',
      plan: { key: 'basic' },
      currentPeriodStart: '2027-09-01T00:00:00.000Z',
      trialEnd: '2027-04-15T12:00:00.000Z',
    });
    expect(await types(life)).toEqual([
      'created',
      'trial_ending',
      'trial_ended',
      'change_scheduled',
      'renewal_upcoming',
      'plan_changed',
      'cancel_scheduled',
      'expiry_upcoming',
      'expired',
      'reactivated',
    ]);
  });

  it('a customer who pauses across a renewal: no renewal, no lost time', async () => {
    const life = await createCustomerOnTestClock(call, PRODUCT, '2027-05-01T00:00:00Z');
    await life.command('change', { plan: 'daily', when: 'period_end' });
    await consume(life.customer, 'calls', 6);
    await life.advanceTo('2027-05-25T00:00:00Z');
    await life.command('pause');
    await life.advanceTo('2027-08-01T00:00:00Z');
    expect(await check(life.customer)).toMatchObject({ allowed: false, reason: 'subscription_paused' });
    expect((await life.command('unpause')).body).toMatchObject({
      currentPeriodEnd: '2027-08-08T00:00:00.000Z',
      scheduledChange: { effectiveAt: '2027-08-08T00:00:00.000Z' },
    });
    expect(await check(life.customer)).toMatchObject({ allowed: true, used: 6, remaining: 4 });
    await life.advanceTo('2027-08-10T00:00:00Z');
    expect(await life.readSubscription()).toMatchObject({
      plan: { key: 'daily' },
      currentPeriodStart: '2027-08-10T00:00:00.000Z',
    });
    expect(await types(life)).toEqual([
      'created',
      'change_scheduled',
      'renewal_upcoming',
      'paused',
      'unpaused',
      'renewal_upcoming',
      'plan_changed',
      'renewed',
      'renewed',
    ]);
  });

  it('a customer whose next subscription starts before any job has processed the last one', async () => {
    const { body } = await call('PUT', '/v1/customers/hurried', { body: { product: PRODUCT, plan: 'daily' } });
    const last = (
      await call('POST', `/v1/subscriptions/${body.subscription.id}/cancel`, { body: { when: 'period_end' } })
    ).body;
    const { body: next } = await call('POST', '/v1/subscriptions', {
      body: { customer: 'hurried', product: PRODUCT, plan: 'pro', startsAt: last.currentPeriodEnd },
    });
    clock.set(last.currentPeriodEnd);
    expect(await check('hurried')).toMatchObject({ allowed: true, limit: 100 });
    expect(
      await call('POST', `/v1/subscriptions/${next.id}/change`, { body: { quantity: 2, when: 'now' } }),
    ).toMatchObject({ status: 200, body: { status: 'active', quantity: 2 } });
    expect((await call('GET', `/v1/subscriptions/${last.id}`)).body).toMatchObject({
      status: 'expired',
      endedAt: last.currentPeriodEnd,
    });
  });

  it('jobs that stop for three days: every decision stays correct, and every transition is applied afterwards', async () => {
    const { body } = await call('PUT', '/v1/customers/stood-still', { body: { product: PRODUCT, plan: 'daily' } });
    const { id } = body.subscription as { id: string };
    const startedAt = clock.now().getTime();
    for (let day = 1; day <= 3; day++) {
      await consume('stood-still', 'calls', 3);
      clock.set(new Date(startedAt + day * 86_400_000));
      expect(await check('stood-still')).toMatchObject({ allowed: true, used: 0 });
      expect((await call('GET', `/v1/subscriptions/${id}`)).body).toMatchObject({
        version: 1 + day,
        currentPeriodStart: new Date(startedAt + day * 86_400_000).toISOString(),
      });
    }
    expect(
      await service.database.query(`select 1 from subscription_actions where subscription_id = '${id}'`),
    ).toHaveLength(0);
    await service.app.get(DueSubscriptionsService).processDue();
    expect(await service.app.get(DueSubscriptionsService).processDue()).toBe(0);
    const timeline = (await call('GET', `/v1/subscriptions/${id}/timeline`)).body.data.slice(1);
    expect(timeline.map(({ at, type }: { at: string; type: string }) => [type, Date.parse(at) - startedAt])).toEqual(
      [1, 2, 3].map((day) => ['subscription.renewed', day * 86_400_000]),
    );
  });
});

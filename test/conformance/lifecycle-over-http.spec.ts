import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import {
  applyLifecycleProduct,
  createCustomerOnTestClock,
  type RegisteredUser,
  createApiKey,
} from '../support/fixtures.js';

const PRODUCT = 'conforming';
const PRODUCT_WITH_TRIAL = 'conforming-trial';

/** Rows about timing. LC-06 and LC-07 are in test/lifecycle; add-ons (LC-13) are not supported. */
describe('subscription timing', () => {
  let service: TestApp & { database: TestDatabase };
  let call: RegisteredUser['call'];
  const check = async (customer: string, product = PRODUCT) =>
    (await call('POST', '/v1/check', { body: { customer, product, feature: 'calls' } })).body;
  const scheduleNext = (customer: string, startsAt: string) =>
    call('POST', '/v1/subscriptions', { body: { customer, product: PRODUCT, plan: 'pro', startsAt } });

  beforeAll(async () => {
    service = await startService();
    ({ call } = await createApiKey(service));
    await applyLifecycleProduct(service, PRODUCT);
    await applyLifecycleProduct(service, PRODUCT_WITH_TRIAL, { trialDays: 31 });
  });
  afterAll(() => service.stop());

  it('LC-01: a subscription canceled at period end gives access until exactly that instant', async () => {
    const { customer, command, advanceTo } = await createCustomerOnTestClock(call, PRODUCT, '2031-01-01T00:00:00Z');
    expect((await command('cancel', { when: 'period_end' })).body).toMatchObject({
      status: 'canceled',
      currentPeriodEnd: '2031-02-01T00:00:00.000Z',
    });
    await advanceTo('2031-01-31T23:59:59.999Z');
    expect(await check(customer)).toMatchObject({ allowed: true, resetsAt: '2031-02-01T00:00:00.000Z' });
    await advanceTo('2031-02-01T00:00:00Z');
    expect(await check(customer)).toMatchObject({ allowed: false, reason: 'subscription_expired' });
  });

  it('LC-03: a subscription is not renewed when another one is scheduled to follow', async () => {
    const { customer, command } = await createCustomerOnTestClock(call, PRODUCT, '2031-01-01T00:00:00Z');
    await command('cancel', { when: 'period_end' });
    expect((await scheduleNext(customer, '2031-02-01T00:00:00Z')).status).toBe(201);
    expect(await command('resume')).toMatchObject({ status: 409, body: { code: 'next_contract_exists' } });
  });

  it('LC-04: a scheduled subscription can be canceled and records no further event', async () => {
    const { customer, command, advanceTo } = await createCustomerOnTestClock(call, PRODUCT, '2031-05-01T00:00:00Z');
    await advanceTo('2031-05-15T12:00:00Z');
    await command('cancel', { when: 'period_end' });
    const { body: follower } = await scheduleNext(customer, '2031-06-01T00:00:00Z');
    await call('POST', `/v1/subscriptions/${follower.id}/cancel`, { body: { when: 'now' } });
    await advanceTo('2031-06-02T00:00:00Z');
    expect(await check(customer)).toMatchObject({ allowed: false, reason: 'subscription_expired' });
    expect(await call('GET', `/v1/customers/${customer}/subscription?product=${PRODUCT}`)).toMatchObject({
      status: 404,
      body: { code: 'no_subscription' },
    });
  });

  it('LC-08: a subscription canceled in its trial ends immediately or with the trial, as requested', async () => {
    const now = await createCustomerOnTestClock(call, PRODUCT_WITH_TRIAL, '2031-01-01T00:00:00Z');
    expect((await now.command('cancel', { when: 'now' })).body).toMatchObject({
      status: 'inactive',
      endedAt: '2031-01-01T00:00:00.000Z',
    });
    const later = await createCustomerOnTestClock(call, PRODUCT_WITH_TRIAL, '2031-01-01T00:00:00Z');
    await later.command('cancel', { when: 'period_end' });
    await later.advanceTo('2031-06-01T00:00:00Z');
    expect(await later.readSubscription()).toMatchObject({ status: 'expired', endedAt: '2031-02-01T00:00:00.000Z' });
  });

  it('LC-09: a canceled subscription ends once; a second cancellation is rejected', async () => {
    const { command, readSubscription, advanceTo } = await createCustomerOnTestClock(
      call,
      PRODUCT,
      '2031-01-01T00:00:00Z',
    );
    await command('cancel', { when: 'period_end' });
    expect(await command('cancel', { when: 'period_end' })).toMatchObject({
      status: 409,
      body: { code: 'already_canceled' },
    });
    await advanceTo('2031-04-01T00:00:00Z');
    expect(await readSubscription()).toMatchObject({ status: 'expired', endedAt: '2031-02-01T00:00:00.000Z' });
  });

  it('LC-11: a plan change within the trial keeps the end of the trial', async () => {
    const { command } = await createCustomerOnTestClock(call, PRODUCT_WITH_TRIAL, '2031-01-01T00:00:00Z');
    expect((await command('change', { plan: 'yearly', when: 'now' })).body).toMatchObject({
      status: 'trialing',
      plan: { key: 'yearly' },
      trialEnd: '2031-02-01T00:00:00.000Z',
      currentPeriodEnd: '2031-02-01T00:00:00.000Z',
    });
  });

  it('LC-12: a change at period end leaves the plan unchanged until then', async () => {
    const { command, readSubscription, advanceTo } = await createCustomerOnTestClock(
      call,
      PRODUCT,
      '2031-01-01T00:00:00Z',
    );
    await command('change', { plan: 'pro', when: 'period_end' });
    await advanceTo('2031-01-31T23:59:59Z');
    expect(await readSubscription()).toMatchObject({
      plan: { key: 'basic' },
      scheduledChange: { plan: { key: 'pro' }, effectiveAt: '2031-02-01T00:00:00.000Z' },
    });
    await advanceTo('2031-02-01T00:00:00Z');
    expect(await readSubscription()).toMatchObject({ plan: { key: 'pro' }, scheduledChange: null });
  });

  it('LC-14: a trial is charged nothing, and its allowance ends with it', async () => {
    const { customer, id, advanceTo } = await createCustomerOnTestClock(
      call,
      PRODUCT_WITH_TRIAL,
      '2031-01-01T00:00:00Z',
    );
    await call('POST', '/v1/usage/consume', {
      body: { customer, product: PRODUCT_WITH_TRIAL, feature: 'calls', quantity: 10 },
    });
    expect(await check(customer, PRODUCT_WITH_TRIAL)).toMatchObject({
      allowed: false,
      resetsAt: '2031-02-01T00:00:00.000Z',
    });
    await advanceTo('2031-02-01T00:00:00Z');
    expect(await check(customer, PRODUCT_WITH_TRIAL)).toMatchObject({
      allowed: true,
      used: 0,
      resetsAt: '2031-03-01T00:00:00.000Z',
    });
    expect((await call('GET', `/v1/subscriptions/${id}/lines`)).body.data).toEqual([]);
  });

  it('LC-15: editing a plan changes no existing subscription', async () => {
    const { customer } = await createCustomerOnTestClock(call, PRODUCT, '2031-01-01T00:00:00Z');
    await call('POST', '/v1/subscriptions', { body: { customer, product: PRODUCT_WITH_TRIAL, plan: 'pro' } });
    await call('POST', '/v1/usage/consume', {
      body: { customer, product: PRODUCT_WITH_TRIAL, feature: 'calls', quantity: 40 },
    });
    await call('PATCH', '/v1/plans/basic', {
      body: {
        product: PRODUCT,
        entitlements: [{ feature: 'calls', type: 'metered', limit: 1, window: 'billing_period', overage: 'deny' }],
      },
    });
    await call('POST', '/v1/plans/basic/publish', { body: { product: PRODUCT } });
    expect(await check(customer)).toMatchObject({ limit: 10, source: { version: 1 } });
    expect(await check(customer, PRODUCT_WITH_TRIAL)).toMatchObject({ limit: 100, used: 40 });
  });
});

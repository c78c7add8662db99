import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import {
  applyLifecycleProduct,
  createCustomerOnTestClock,
  type RegisteredUser,
  registerUser,
  createApiKey,
  uniqueName,
} from '../support/fixtures.js';

const PRODUCT = 'life';
const NOW = '2027-01-31T10:00:00.000Z';

describe('a subscription over HTTP', () => {
  let service: TestApp & { database: TestDatabase };
  let call: RegisteredUser['call'];
  const at = (profile: object = {}) => createCustomerOnTestClock(call, PRODUCT, NOW, profile);
  const check = async (customer: string, feature = 'calls') =>
    (await call('POST', '/v1/check', { body: { customer, product: PRODUCT, feature } })).body;
  const consume = (customer: string, quantity: number, feature = 'calls') =>
    call('POST', '/v1/usage/consume', { body: { customer, product: PRODUCT, feature, quantity } });
  const timeline = async (id: string): Promise<any[]> =>
    (await call('GET', `/v1/subscriptions/${id}/timeline?limit=100`)).body.data;

  beforeAll(async () => {
    service = await startService();
    ({ call } = await createApiKey(service));
    await applyLifecycleProduct(service, PRODUCT);
    await applyLifecycleProduct(service, 'with-trial', { trialDays: 14 });
  });
  afterAll(() => service.stop());

  it('unpause continues with the rest of the period', async () => {
    const { advanceTo, readSubscription, command, customer, id } = await at();
    await consume(customer, 4);
    await advanceTo('2027-02-10T10:00:00Z');
    expect(await command('pause', { reason: 'away' })).toMatchObject({
      status: 200,
      body: { status: 'paused', pausedAt: '2027-02-10T10:00:00.000Z' },
    });
    expect(await check(customer)).toMatchObject({ allowed: false, reason: 'subscription_paused' });
    expect(await command('pause')).toMatchObject({
      status: 409,
      body: {
        code: 'transition_not_allowed',
        subscriptionStatus: 'paused',
        allowed: ['cancel', 'set-auto-renew', 'unpause'],
      },
    });
    await advanceTo('2027-04-10T10:00:00Z');
    expect(await readSubscription()).toMatchObject({
      status: 'paused',
      currentPeriodEnd: '2027-02-28T10:00:00.000Z',
      version: 2,
    });
    expect(await command('unpause')).toMatchObject({
      status: 200,
      body: { status: 'active', pausedAt: null, currentPeriodEnd: '2027-04-28T10:00:00.000Z' },
    });
    expect(await check(customer)).toMatchObject({ allowed: true, used: 4, remaining: 6 });
    await advanceTo('2027-04-28T10:00:00Z');
    expect(await readSubscription()).toMatchObject({
      currentPeriodStart: '2027-04-28T10:00:00.000Z',
      currentPeriodEnd: '2027-05-28T10:00:00.000Z',
    });
    expect((await timeline(id)).find(({ type }) => type === 'subscription.paused')).toMatchObject({
      reason: 'away',
      before: { status: 'active' },
      after: { status: 'paused' },
    });
  });

  it('renewals by hand add one period each, then the subscription expires', async () => {
    const { advanceTo, readSubscription, command, id } = await at();
    expect(await command('renew')).toMatchObject({ status: 409, body: { code: 'renews_by_itself' } });
    expect(await call('PATCH', `/v1/subscriptions/${id}`, { body: { autoRenew: false } })).toMatchObject({
      status: 200,
      body: { autoRenew: false },
    });
    expect(await call('PATCH', `/v1/subscriptions/${id}`, { body: { autoRenew: false } })).toMatchObject({
      status: 409,
      body: { code: 'auto_renew_unchanged' },
    });
    expect(await command('renew')).toMatchObject({ status: 200, body: { prepaidPeriods: 1 } });
    await advanceTo('2027-03-01T00:00:00Z');
    expect(await readSubscription()).toMatchObject({
      status: 'active',
      prepaidPeriods: 0,
      currentPeriodEnd: '2027-03-31T10:00:00.000Z',
    });
    await advanceTo('2027-03-31T10:00:00Z');
    expect(await readSubscription()).toMatchObject({ status: 'expired', endedAt: '2027-03-31T10:00:00.000Z' });
  });

  it('renewing now starts a new period with usage at zero', async () => {
    const { advanceTo, command, customer, id } = await at();
    await consume(customer, 10);
    await advanceTo('2027-02-14T10:00:00Z');
    expect(await command('renew', { when: 'now' })).toMatchObject({
      body: { currentPeriodStart: '2027-02-14T10:00:00.000Z', currentPeriodEnd: '2027-03-14T10:00:00.000Z' },
    });
    expect(await check(customer)).toMatchObject({ allowed: true, used: 0 });
    expect((await call('GET', `/v1/subscriptions/${id}/lines`)).body.data).toMatchObject([
      { kind: 'credit', amount: 500, currency: 'USD', subscriptionVersion: 2 },
      { kind: 'charge', amount: 1_000, currency: 'USD', periodEnd: '2027-03-14T10:00:00.000Z' },
    ]);
  });

  it('renewing now twice at one instant is refused, and writes no line, version or event', async () => {
    const { advanceTo, readSubscription, command, id } = await at();
    await advanceTo('2027-02-14T10:00:00Z');
    const { body: renewed } = await command('renew', { when: 'now' });
    expect(await command('renew', { when: 'now' })).toMatchObject({
      status: 409,
      body: { code: 'already_renewed', currentPeriodStart: '2027-02-14T10:00:00.000Z' },
    });
    expect(await readSubscription()).toEqual(renewed);
    expect((await call('GET', `/v1/subscriptions/${id}/lines`)).body.data).toHaveLength(2);
    expect(await timeline(id)).toHaveLength(2);
    await advanceTo('2027-02-14T10:00:01Z');
    expect(await command('renew', { when: 'now' })).toMatchObject({ status: 200, body: { version: 3 } });
  });

  it('renewing now ends a trial that starts at this instant, once', async () => {
    const { command } = await createCustomerOnTestClock(call, 'with-trial', NOW);
    expect(await command('renew', { when: 'now' })).toMatchObject({ status: 200, body: { status: 'active' } });
    expect(await command('renew', { when: 'now' })).toMatchObject({ status: 409, body: { code: 'already_renewed' } });
  });

  it('an ended subscription is reactivated under its id, once, unless another one replaced it', async () => {
    const { advanceTo, readSubscription, command, customer } = await at();
    await consume(customer, 10);
    await command('cancel', { when: 'now' });
    expect(await check(customer)).toMatchObject({ allowed: false, reason: 'no_subscription' });
    expect(await command('resume')).toMatchObject({
      status: 409,
      body: { code: 'subscription_ended', allowed: ['cancel', 'renew'] },
    });
    expect(await command('renew')).toMatchObject({
      status: 200,
      body: { status: 'active', endedAt: null, version: 3 },
    });
    expect(await check(customer)).toMatchObject({ allowed: false, reason: 'limit_reached', used: 10 });
    await command('cancel', { when: 'now' });
    await advanceTo('2027-06-01T00:00:00Z');
    expect(
      await call('POST', '/v1/subscriptions', { body: { customer, product: PRODUCT, plan: 'pro' } }),
    ).toMatchObject({ status: 201 });
    expect(await command('renew')).toMatchObject({ status: 409, body: { code: 'superseded' } });
    expect(await readSubscription()).toMatchObject({ status: 'inactive' });
  });

  it('a scheduled subscription starts after the ending one, which then cannot be resumed', async () => {
    const { advanceTo, readSubscription, command, customer, id } = await at();
    const next = (startsAt: string) =>
      call('POST', '/v1/subscriptions', { body: { customer, product: PRODUCT, plan: 'pro', startsAt } });
    expect(await next('2027-02-28T10:00:00Z')).toMatchObject({ status: 409, body: { code: 'subscription_exists' } });
    await command('cancel', { when: 'period_end' });
    expect(await next('2027-02-20T00:00:00Z')).toMatchObject({ status: 409, body: { code: 'subscription_exists' } });
    expect(await next('2027-01-01T00:00:00Z')).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'startsAt' }] },
    });
    const { status, body: later } = await next('2027-02-28T10:00:00Z');
    expect({ status, later }).toMatchObject({
      status: 201,
      later: { status: 'inactive', startedAt: '2027-02-28T10:00:00.000Z', endedAt: null },
    });
    expect(await command('resume')).toMatchObject({ status: 409, body: { code: 'next_contract_exists' } });
    const live = async () => (await call('GET', `/v1/customers/${customer}/subscription?product=${PRODUCT}`)).body.id;
    expect(await live()).toBe(id);
    expect(await check(customer)).toMatchObject({ limit: 10 });
    await advanceTo('2027-02-28T10:00:00Z');
    expect(await live()).toBe(later.id);
    expect(await check(customer)).toMatchObject({ allowed: true, limit: 100 });
    expect(await readSubscription()).toMatchObject({ status: 'expired' });
    expect((await timeline(later.id)).map(({ type }) => type)).toEqual([
      'subscription.created',
      'subscription.started',
    ]);
  });

  it('a scheduled subscription that was canceled blocks no other one', async () => {
    const { command, customer } = await at();
    await command('cancel', { when: 'period_end' });
    const { body: later } = await call('POST', '/v1/subscriptions', {
      body: { customer, product: PRODUCT, plan: 'pro', startsAt: '2027-03-10T00:00:00Z' },
    });
    expect(await call('POST', `/v1/subscriptions/${later.id}/cancel`, { body: { when: 'now' } })).toMatchObject({
      status: 200,
      body: { status: 'inactive' },
    });
    expect(await command('resume')).toMatchObject({ status: 200, body: { status: 'active' } });
    expect(await check(customer)).toMatchObject({ allowed: true, limit: 10 });
  });

  it('an indefinite subscription ends only by cancellation', async () => {
    const { advanceTo, command, customer } = await at();
    await command('cancel', { when: 'now' });
    const { body } = await call('POST', '/v1/subscriptions', {
      body: { customer, product: PRODUCT, plan: 'pro', indefinite: true },
    });
    expect(body).toMatchObject({ status: 'active', currentPeriodEnd: null });
    const send = (name: string, fields: object) =>
      call('POST', `/v1/subscriptions/${body.id}/${name}`, { body: fields });
    await consume(customer, 7);
    await advanceTo('2037-01-01T00:00:00Z');
    // Its billing windows still follow the interval of the price.
    expect(await check(customer)).toMatchObject({ allowed: true, limit: 100, used: 0 });
    for (const [name, fields] of [
      ['cancel', { when: 'period_end' }],
      ['renew', {}],
      ['extend', { to: '2040-01-01T00:00:00Z', reason: 'x' }],
      ['change', { plan: 'basic', when: 'period_end' }],
    ] as const) {
      expect(await send(name, fields)).toMatchObject({ status: 409, body: { code: 'no_period_end' } });
    }
    expect(await send('change', { plan: 'basic', when: 'now' })).toMatchObject({
      status: 200,
      body: { plan: { key: 'basic' }, currentPeriodEnd: null },
    });
    expect(await send('cancel', { when: 'now' })).toMatchObject({ status: 200, body: { status: 'inactive' } });
  });

  it('a customer gets one trial, and sellers may extend it', async () => {
    const { advanceTo, readSubscription, command, customer, id } = await createCustomerOnTestClock(
      call,
      'with-trial',
      NOW,
    );
    expect(await readSubscription()).toMatchObject({ status: 'trialing', trialEnd: '2027-02-14T10:00:00.000Z' });
    expect(await command('extend', { to: '2027-02-01T00:00:00Z', reason: 'on request' })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'to' }] },
    });
    expect(await command('extend', { to: '2027-02-20T10:00:00Z' })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'reason' }] },
    });
    expect(await command('extend', { to: '2027-02-20T10:00:00Z', reason: 'on request' })).toMatchObject({
      status: 200,
      body: { status: 'trialing', trialEnd: '2027-02-20T10:00:00.000Z' },
    });
    await advanceTo('2027-02-20T10:00:00Z');
    expect(await readSubscription()).toMatchObject({ status: 'active', currentPeriodEnd: '2027-03-20T10:00:00.000Z' });
    await command('cancel', { when: 'now' });
    expect(
      (await call('POST', '/v1/subscriptions', { body: { customer, product: 'with-trial', plan: 'pro' } })).body,
    ).toMatchObject({ status: 'active', trialEnd: null });
    expect((await timeline(id)).map(({ type }) => type.replace('subscription.', ''))).toEqual([
      'created',
      'extended',
      'trial_ending',
      'trial_ended',
      'canceled',
    ]);
  });

  it('a failed payment makes it past_due until a payment succeeds, and its announced end stays', async () => {
    const { advanceTo, readSubscription, command, customer } = await at();
    expect(await command('record-payment', { outcome: 'succeeded' })).toMatchObject({
      status: 409,
      body: { code: 'transition_not_allowed' },
    });
    expect(await command('record-payment', { outcome: 'failed', reason: 'card' })).toMatchObject({
      status: 200,
      body: { status: 'past_due' },
    });
    expect(await check(customer)).toMatchObject({ allowed: false, reason: 'past_due' });
    await advanceTo('2027-03-01T00:00:00Z');
    expect(await readSubscription()).toMatchObject({
      status: 'past_due',
      currentPeriodEnd: '2027-03-31T10:00:00.000Z',
    });
    expect(await command('cancel', { when: 'period_end' })).toMatchObject({
      body: { status: 'past_due', cancelAtPeriodEnd: true },
    });
    expect(await command('record-payment', { outcome: 'succeeded' })).toMatchObject({ body: { status: 'canceled' } });
    expect(await check(customer)).toMatchObject({ allowed: true });
    await advanceTo('2027-03-31T10:00:00Z');
    expect(await readSubscription()).toMatchObject({ status: 'expired' });
  });

  it('a quantity change keeps the sold price, an interval change takes the current price', async () => {
    const { command, id } = await at();
    expect(await command('change', { quantity: 3, when: 'now' })).toMatchObject({
      status: 200,
      body: { quantity: 3, plan: { key: 'basic', version: 1 } },
    });
    expect(await command('change', { quantity: 3, when: 'now' })).toMatchObject({
      status: 409,
      body: { code: 'already_on_plan' },
    });
    expect(await command('change', { interval: 'year', when: 'now' })).toMatchObject({
      status: 409,
      body: { code: 'no_price' },
    });
    expect((await call('GET', `/v1/subscriptions/${id}/lines`)).body.data).toMatchObject([
      { kind: 'credit', amount: 1_000, quantity: 1 },
      { kind: 'charge', amount: 3_000, quantity: 3 },
    ]);
  });

  it('?at= returns the subscription as of any instant', async () => {
    const { advanceTo, command, customer, id } = await at();
    await advanceTo('2027-02-10T00:00:00Z');
    await command('change', { plan: 'pro', when: 'now' });
    await advanceTo('2027-05-15T00:00:00Z');
    await command('cancel', { when: 'now' });
    const was = async (instant: string) => (await call('GET', `/v1/subscriptions/${id}?at=${instant}`)).body;
    const liveThen = async (instant: string) =>
      (await call('GET', `/v1/customers/${customer}/subscription?product=${PRODUCT}&at=${instant}`)).status;
    expect(await was('2027-02-09T00:00:00Z')).toMatchObject({
      status: 'active',
      plan: { key: 'basic' },
      currentPeriodEnd: '2027-02-28T10:00:00.000Z',
      version: 1,
    });
    expect(await was('2027-04-30T09:59:59Z')).toMatchObject({
      status: 'active',
      plan: { key: 'pro' },
      currentPeriodStart: '2027-03-31T10:00:00.000Z',
      price: { amount: 3_000 },
    });
    expect(await was('2027-04-30T10:00:00Z')).toMatchObject({
      currentPeriodStart: '2027-04-30T10:00:00.000Z',
      canceledAt: null,
    });
    expect(await was('2027-01-01T00:00:00Z')).toMatchObject({ code: 'subscription_not_found' });
    expect(await was('2027-05-16T00:00:00Z')).toMatchObject({ code: 'invalid_fields', errors: [{ field: 'at' }] });
    expect([await liveThen('2027-05-14T00:00:00Z'), await liveThen('2027-05-15T00:00:00Z')]).toEqual([200, 404]);
    const then = await call(
      'GET',
      `/v1/customers/${customer}/entitlements/calls?product=${PRODUCT}&at=2027-02-09T00:00:00Z`,
    );
    expect(then.body).toMatchObject({ limit: 10, source: { plan: 'basic' } });
  });

  it('users cannot set terms that only sellers may set', async () => {
    const someone = await registerUser(service);
    const mine = (name: string, body: object) =>
      someone.call('POST', `/v1/subscriptions/${someone.subscriptionId}/${name}`, { body });
    const refused = { status: 403, body: { code: 'terms_not_allowed' } };
    expect(await mine('renew', { when: 'now' })).toMatchObject(refused);
    expect(await mine('cancel', { when: 'now', prorate: true })).toMatchObject(refused);
    expect(await mine('change', { quantity: 2, when: 'now', prorate: false })).toMatchObject(refused);
    expect(await someone.call('POST', '/v1/subscriptions', { body: { plan: 'x', indefinite: true } })).toMatchObject(
      refused,
    );
    expect(await mine('extend', { to: '2099-01-01T00:00:00Z', reason: 'me' })).toMatchObject({ status: 403 });
    expect(await mine('record-payment', { outcome: 'succeeded' })).toMatchObject({ status: 403 });
    expect(await mine('pause', {})).toMatchObject({ status: 200, body: { status: 'paused' } });
  });

  it('a command is replayed by its key and rejected with a stale version', async () => {
    const { id, readSubscription } = await at();
    const headers = { 'idempotency-key': uniqueName('pause') };
    const first = await call('POST', `/v1/subscriptions/${id}/pause`, { body: {}, headers });
    const again = await call('POST', `/v1/subscriptions/${id}/pause`, { body: {}, headers });
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(
      await call('POST', `/v1/subscriptions/${id}/unpause`, { body: {}, headers: { 'if-match': '"1"' } }),
    ).toMatchObject({ status: 412 });
    expect(await readSubscription()).toMatchObject({ status: 'paused', version: 2 });
  });

  describe('preview', () => {
    it('returns money, entitlements and limits exceeded, and writes nothing', async () => {
      const { advanceTo, readSubscription, command, customer } = await at();
      await command('change', { plan: 'pro', when: 'now' });
      await consume(customer, 12, 'seats');
      await advanceTo('2027-02-14T10:00:00Z');
      const before = await readSubscription();
      const now = await command('preview-change', { plan: 'basic', when: 'now' });
      expect(now).toMatchObject({
        status: 200,
        body: {
          effectiveAt: '2027-02-14T10:00:00.000Z',
          lines: [
            { kind: 'credit', amount: 1_500 },
            { kind: 'charge', amount: 500 },
          ],
          total: { amount: -1_000, currency: 'USD' },
          nextCharge: { at: '2027-02-28T10:00:00.000Z', amount: 1_000 },
          entitlements: {
            gained: [],
            lost: [{ feature: 'sso', type: 'boolean', value: true }],
            changed: [
              { feature: 'calls', before: { limit: 100 }, after: { limit: 10 } },
              { feature: 'seats', before: { limit: 20 }, after: { limit: 10 } },
            ],
            overLimit: [{ feature: 'seats', used: 12, limit: 10 }],
          },
          subscription: { plan: { key: 'basic' }, version: 3 },
        },
      });
      expect(await readSubscription()).toEqual(before);
      const made = await command('change', { plan: 'basic', when: 'now' });
      const { updatedAt: _, ...foretold } = now.body.subscription;
      expect(made.body).toMatchObject(foretold);
      expect(await consume(customer, 1, 'seats')).toMatchObject({
        body: { allowed: false, used: 12, limit: 10, remaining: 0 },
      });
    });

    it('LC-06, LC-07: a change at period end costs nothing now, and a later request replaces it', async () => {
      const { advanceTo, readSubscription, command, customer } = await at();
      await command('change', { plan: 'pro', when: 'now' });
      expect((await command('preview-change', { plan: 'basic', when: 'period_end' })).body).toMatchObject({
        effectiveAt: '2027-02-28T10:00:00.000Z',
        lines: [],
        total: { amount: 0 },
        nextCharge: { amount: 1_000 },
      });
      await command('change', { plan: 'basic', when: 'period_end' });
      await command('change', { plan: 'daily', when: 'period_end' });
      expect(await readSubscription()).toMatchObject({
        plan: { key: 'pro' },
        scheduledChange: { plan: { key: 'daily' } },
      });
      expect(await check(customer)).toMatchObject({ limit: 100 });
      await advanceTo('2027-02-28T10:00:00Z');
      expect(await check(customer)).toMatchObject({ limit: 3, used: 0 });
    });

    it('fails with the same errors as the change', async () => {
      const { command } = await at();
      expect(await command('preview-change', { plan: 'basic', when: 'now' })).toMatchObject({
        status: 409,
        body: { code: 'already_on_plan' },
      });
      expect(await command('preview-change', { plan: 'nope', when: 'now' })).toMatchObject({
        status: 404,
        body: { code: 'plan_not_found' },
      });
      expect(await command('preview-change', { plan: 'pro' })).toMatchObject({
        status: 422,
        body: { errors: [{ field: 'when' }] },
      });
    });
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Call, startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { applyLifecycleProduct, createApiKey, createCustomerOnTestClock, registerUser } from '../support/fixtures.js';

const PRODUCT = 'anchored';
const NOW = '2027-05-01T00:00:00.000Z';

describe('the billing anchor of a subscription', () => {
  let service: TestApp & { database: TestDatabase };
  let call: Call;
  const at = (product = PRODUCT) => createCustomerOnTestClock(call, product, NOW);
  const linesOf = async (id: string) => (await call('GET', `/v1/subscriptions/${id}/lines`)).body.data;
  const timeline = async (id: string): Promise<any[]> =>
    (await call('GET', `/v1/subscriptions/${id}/timeline?limit=100`)).body.data;

  beforeAll(async () => {
    service = await startService();
    ({ call } = await createApiKey(service));
    await applyLifecycleProduct(service, PRODUCT);
    await applyLifecycleProduct(service, 'anchored-trial', { trialDays: 14 });
  });
  afterAll(() => service.stop());

  it('moves now: prorated, with usage kept, an event, and the state before at ?at=', async () => {
    const { id, customer, advanceTo, command, readSubscription } = await at();
    const usage = { customer, product: PRODUCT, feature: 'calls' };
    await call('POST', '/v1/usage/consume', { body: { ...usage, quantity: 4 } });
    await advanceTo('2027-05-11T00:00:00Z');
    const body = { dayOfMonth: 16, when: 'now' };
    const preview = await command('preview-billing-anchor', body);
    expect(preview).toMatchObject({
      status: 200,
      body: {
        effectiveAt: '2027-05-11T00:00:00.000Z',
        lines: [
          { kind: 'credit', amount: 677, periodEnd: '2027-06-01T00:00:00.000Z' },
          { kind: 'charge', amount: 167, periodEnd: '2027-05-16T00:00:00.000Z' },
        ],
        total: { amount: -510 },
        nextCharge: { at: '2027-05-16T00:00:00.000Z', amount: 1_000 },
      },
    });
    expect(await readSubscription()).toMatchObject({ version: 1, billingAnchor: NOW });
    expect(await linesOf(id)).toEqual([]);
    expect(await command('billing-anchor', { ...body, reason: 'payday' })).toMatchObject({
      status: 200,
      body: {
        currentPeriodStart: '2027-05-11T00:00:00.000Z',
        currentPeriodEnd: '2027-05-16T00:00:00.000Z',
        billingAnchor: '2027-05-16T00:00:00.000Z',
        nextBillingAnchor: null,
        version: 2,
      },
    });
    expect(await linesOf(id)).toMatchObject(preview.body.lines);
    expect((await call('POST', '/v1/check', { body: usage })).body).toMatchObject({ used: 4 });
    expect((await timeline(id)).at(-1)).toMatchObject({
      type: 'subscription.billing_anchor_changed',
      reason: 'payday',
      before: { currentPeriodEnd: '2027-06-01T00:00:00.000Z' },
      after: { anchor: '2027-05-16T00:00:00.000Z', currentPeriodEnd: '2027-05-16T00:00:00.000Z' },
    });
    expect((await call('GET', `/v1/subscriptions/${id}?at=2027-05-10T00:00:00Z`)).body).toMatchObject({
      billingAnchor: NOW,
      currentPeriodEnd: '2027-06-01T00:00:00.000Z',
    });
    await advanceTo('2027-05-16T00:00:00Z');
    expect(await readSubscription()).toMatchObject({ currentPeriodEnd: '2027-06-16T00:00:00.000Z' });
    expect((await call('POST', '/v1/check', { body: usage })).body).toMatchObject({ used: 0 });
  });

  it('moves from the next period on, which is shortened and costs its share', async () => {
    const { id, advanceTo, command, readSubscription } = await at();
    const body = { anchor: '2027-01-16T00:00:00Z', when: 'period_end' };
    expect((await command('preview-billing-anchor', body)).body).toMatchObject({
      effectiveAt: '2027-06-01T00:00:00.000Z',
      lines: [],
      total: { amount: 0 },
      // 15 of the 31 days from 16 May to 16 June.
      nextCharge: { at: '2027-06-01T00:00:00.000Z', amount: 484 },
    });
    expect(await command('billing-anchor', body)).toMatchObject({
      status: 200,
      body: {
        currentPeriodEnd: '2027-06-01T00:00:00.000Z',
        billingAnchor: NOW,
        nextBillingAnchor: '2027-01-16T00:00:00.000Z',
      },
    });
    await advanceTo('2027-06-20T00:00:00Z');
    expect(await readSubscription()).toMatchObject({
      currentPeriodStart: '2027-06-16T00:00:00.000Z',
      currentPeriodEnd: '2027-07-16T00:00:00.000Z',
      nextBillingAnchor: null,
    });
    expect(await linesOf(id)).toEqual([]);
  });

  it('a trial keeps its end, and the first paid period is shortened', async () => {
    const { command, readSubscription, advanceTo } = await at('anchored-trial');
    expect(await command('billing-anchor', { dayOfMonth: 20, when: 'now' })).toMatchObject({
      status: 200,
      body: { status: 'trialing', currentPeriodEnd: '2027-05-15T00:00:00.000Z' },
    });
    await advanceTo('2027-05-15T00:00:00Z');
    expect(await readSubscription()).toMatchObject({ currentPeriodEnd: '2027-05-20T00:00:00.000Z' });
  });

  it('refuses an anchor that changes nothing, and subscriptions that it cannot move; nothing is written', async () => {
    const { id, command, readSubscription, customer } = await at();
    const body = { anchor: '2027-05-16T00:00:00Z', when: 'now' };
    const refused = async (fields: object, status: number, code: string) => {
      const version = (await readSubscription()).version;
      for (const name of ['preview-billing-anchor', 'billing-anchor'])
        expect(await command(name, fields)).toMatchObject({ status, body: { code } });
      expect((await readSubscription()).version).toBe(version);
    };
    await refused({ anchor: NOW, when: 'now' }, 409, 'billing_anchor_unchanged');
    await refused({ when: 'now' }, 422, 'invalid_fields');
    await refused({ ...body, dayOfMonth: 3 }, 422, 'invalid_fields');
    await refused({ dayOfMonth: 32, when: 'now' }, 422, 'invalid_fields');
    await call('PATCH', `/v1/subscriptions/${id}`, { body: { autoRenew: false } });
    await command('renew');
    await refused(body, 409, 'periods_agreed');
    await command('change', { plan: 'daily', when: 'now' });
    await refused({ dayOfMonth: 3, when: 'now' }, 422, 'invalid_fields');
    await command('pause');
    await refused(body, 409, 'transition_not_allowed');
    await command('cancel', { when: 'now' });
    await refused(body, 409, 'subscription_ended');
    const indefinite = { customer, product: PRODUCT, plan: 'basic', indefinite: true };
    const { body: endless } = await call('POST', '/v1/subscriptions', { body: indefinite });
    expect(await call('POST', `/v1/subscriptions/${endless.id}/billing-anchor`, { body })).toMatchObject({
      status: 409,
      body: { code: 'no_period_end' },
    });
  });

  it('without proration no line is written; users may not move it', async () => {
    const { id, command, advanceTo } = await at();
    await advanceTo('2027-05-11T00:00:00Z');
    await command('billing-anchor', { dayOfMonth: 16, when: 'now', prorate: false });
    expect(await linesOf(id)).toEqual([]);
    const user = await registerUser(service);
    const mine = `/v1/subscriptions/${user.subscriptionId}`;
    for (const path of ['billing-anchor', 'preview-billing-anchor'])
      expect((await user.call('POST', `${mine}/${path}`, { body: { dayOfMonth: 1, when: 'now' } })).status).toBe(403);
  });
});

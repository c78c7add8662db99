import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DueSubscriptionsService } from '@app/subscriptions';
import { startService, TestClock, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { type RegisteredUser, createApiKey } from '../support/fixtures.js';

/** Three months of a customer in Berlin with a subscription from 31 January. */
describe('three months of one customer', () => {
  const clock = new TestClock();
  let service: TestApp & { database: TestDatabase };
  let call: RegisteredUser['call'];
  let id: string;
  const consume = (quantity = 1) =>
    call('POST', '/v1/usage/consume', { body: { customer: 'berlin', product: 'api', feature: 'api_calls', quantity } });
  const check = async () =>
    (await call('POST', '/v1/check', { body: { customer: 'berlin', product: 'api', feature: 'api_calls' } })).body;
  const subscription = async () => (await call('GET', `/v1/subscriptions/${id}`)).body;
  const command = async (name: string, body: object) =>
    (await call('POST', `/v1/subscriptions/${id}/${name}`, { body })).body;

  beforeAll(async () => {
    service = await startService({ clock });
    ({ call } = await createApiKey(service));
    clock.set('2027-01-31T10:00:00+01:00');
  });
  afterAll(() => service.stop());

  it('1: the customer gets the default plan until the end of February', async () => {
    const { status, body } = await call('PUT', '/v1/customers/berlin', {
      body: { product: 'api', timezone: 'Europe/Berlin', name: 'Berlin' },
    });
    expect(status).toBe(201);
    expect(body.subscription).toMatchObject({
      status: 'active',
      plan: { key: 'basic-monthly', version: 1 },
      price: { amount: 10_000, currency: 'INR' },
    });
    expect(body.subscription.currentPeriodEnd).toMatch(/^2027-02-28T09:00:00/);
    id = body.subscription.id;
  });

  it('2: usage is allowed until the limit and then denied', async () => {
    for (let used = 1; used <= 5; used++)
      expect((await consume()).body).toMatchObject({ allowed: true, used, remaining: 5 - used });
    expect((await consume()).body).toMatchObject({ allowed: false, reason: 'limit_reached', used: 5, remaining: 0 });
  });

  it('3: an upgrade takes effect now and keeps the usage', async () => {
    clock.set('2027-02-10T12:00:00Z');
    expect(await command('change', { plan: 'quota', when: 'now' })).toMatchObject({
      plan: { key: 'quota' },
      version: 2,
    });
    expect(await check()).toMatchObject({ allowed: true, limit: 100, used: 5, remaining: 95 });
    expect((await subscription()).currentPeriodEnd).toMatch(/^2027-02-28T09:00:00/);
  });

  it('4: the subscription renews by time, whether or not a job has run, until the last day of March', async () => {
    clock.set('2027-03-01T00:00:00Z');
    expect(await check()).toMatchObject({ allowed: true, used: 0, remaining: 100 });
    const renewed = await subscription();
    expect(renewed).toMatchObject({ status: 'active', version: 3 });
    // 10:00 local time in Berlin throughout, although summer time has started.
    expect(renewed.currentPeriodEnd).toMatch(/^2027-03-31T08:00:00/);
    expect(await service.app.get(DueSubscriptionsService).processDue()).toBeGreaterThan(0);
    expect(await subscription()).toMatchObject({ version: 3, currentPeriodStart: renewed.currentPeriodStart });
  });

  it('5: a downgrade at period end is scheduled, undone, and scheduled again', async () => {
    expect((await command('change', { plan: 'basic-monthly', when: 'period_end' })).scheduledChange).toMatchObject({
      plan: { key: 'basic-monthly' },
    });
    expect((await command('resume', {})).scheduledChange).toBeNull();
    await command('change', { plan: 'basic-monthly', when: 'period_end' });
    expect((await consume(50)).body).toMatchObject({ allowed: true, remaining: 50 });
    clock.set('2027-03-31T08:00:00.000Z');
    expect(await subscription()).toMatchObject({
      plan: { key: 'basic-monthly' },
      scheduledChange: null,
      status: 'active',
    });
    expect(await check()).toMatchObject({ limit: 5, used: 0 });
  });

  it('6: a cancellation at period end is resumed, then requested again', async () => {
    expect(await command('cancel', { when: 'period_end', reason: 'too expensive' })).toMatchObject({
      status: 'canceled',
      cancelAtPeriodEnd: true,
    });
    expect(await check()).toMatchObject({ allowed: true });
    expect(await command('cancel', { when: 'period_end' })).toMatchObject({ status: 409, code: 'already_canceled' });
    expect(await command('resume', {})).toMatchObject({ status: 'active', cancelAtPeriodEnd: false });
    await command('cancel', { when: 'period_end', reason: 'gone' });
  });

  it('7: the subscription expires at that instant, and every check is denied', async () => {
    clock.set('2027-04-30T07:59:59.000Z');
    expect(await check()).toMatchObject({ allowed: true });
    clock.set('2027-04-30T08:00:00.000Z');
    expect(await check()).toMatchObject({ allowed: false, reason: 'subscription_expired' });
    expect((await consume()).body).toMatchObject({ allowed: false, reason: 'subscription_expired' });
    expect((await call('GET', '/v1/customers/berlin/subscription?product=api')).body).toMatchObject({
      status: 404,
      code: 'no_subscription',
    });
    await service.app.get(DueSubscriptionsService).processDue();
    expect(await subscription()).toMatchObject({ status: 'expired', endedAt: '2027-04-30T08:00:00.000Z' });
    expect(await command('resume', {})).toMatchObject({ status: 409, code: 'subscription_ended' });
  });

  it('8: the customer subscribes again to another plan', async () => {
    const { status, body } = await call('POST', '/v1/subscriptions', {
      body: { customer: 'berlin', product: 'api', plan: 'quota' },
    });
    expect(status).toBe(201);
    expect(body.id).not.toBe(id);
    const history = await call('GET', '/v1/customers/berlin/subscriptions?product=api&limit=1');
    expect(history.body).toMatchObject({ hasMore: true, data: [{ id: body.id }] });
    const older = await call(
      'GET',
      `/v1/customers/berlin/subscriptions?product=api&limit=1&cursor=${history.body.nextCursor}`,
    );
    expect(older.body).toMatchObject({ hasMore: false, nextCursor: null, data: [{ id }] });
  });

  it('9: the timeline has no gap', async () => {
    const { body } = await call('GET', `/v1/subscriptions/${id}/timeline?limit=100`);
    expect(body.data.map(({ type }: { type: string }) => type.replace('subscription.', ''))).toEqual([
      'created',
      'plan_changed',
      'renewal_upcoming',
      'renewed',
      'change_scheduled',
      'resumed',
      'change_scheduled',
      'renewal_upcoming',
      'plan_changed',
      'cancel_scheduled',
      'resumed',
      'cancel_scheduled',
      'expiry_upcoming',
      'expired',
    ]);
    // An event that only announces a future change has no version.
    const changes = body.data.filter(({ type }: { type: string }) => !type.endsWith('_upcoming'));
    expect(changes.map(({ after }: { after: { version: number } }) => after.version)).toEqual(
      Array.from({ length: 11 }, (_, index) => index + 1),
    );
    expect(body.data.map(({ actor }: { actor: { kind: string } }) => actor.kind)).toContain('system');
    expect(body.data.at(-3).reason).toBe('gone');
  });

  it('10: usage is returned by day of the customer zone, and counters equal the ledger', async () => {
    const { body } = await call(
      'GET',
      '/v1/customers/berlin/usage?product=api&feature=api_calls&from=2027-01-01T00:00:00Z&to=2027-05-01T00:00:00Z&by=month',
    );
    expect(body).toMatchObject({
      total: 55,
      timezone: 'Europe/Berlin',
      data: [
        { start: '2026-12-31T23:00:00.000Z', quantity: 5 },
        { start: '2027-02-28T23:00:00.000Z', quantity: 50 },
      ],
    });
    const wrong = await service.database.query(
      `select c.customer_id from usage_counters c left join usage_ledger l using (customer_id, feature_id, window_start)
       group by c.customer_id, c.feature_id, c.window_start, c.used having c.used <> coalesce(sum(l.quantity), 0)`,
    );
    expect(wrong).toHaveLength(0);
  });
});

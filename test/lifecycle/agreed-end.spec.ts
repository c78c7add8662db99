import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DueSubscriptionsService } from '@app/subscriptions';
import { type Call, startService, TestClock, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import {
  applyLifecycleProduct,
  createApiKey,
  createCustomerOnTestClock,
  registerUser,
  uniqueName,
} from '../support/fixtures.js';

const PRODUCT = 'fixed-term';
const NOW = '2027-05-01T00:00:00.000Z';

describe('the agreed end of a subscription', () => {
  const clock = new TestClock();
  let service: TestApp & { database: TestDatabase };
  let call: Call;
  /** A subscription of a customer on a test clock, with these terms. */
  const agreed = async (terms: object) => {
    const subject = await createCustomerOnTestClock(call, PRODUCT, NOW);
    await subject.command('cancel', { when: 'now' });
    const { status, body } = await call('POST', '/v1/subscriptions', {
      body: { customer: subject.customer, product: PRODUCT, plan: 'basic', ...terms },
    });
    const path = `/v1/subscriptions/${body.id}`;
    return {
      ...subject,
      status,
      body,
      id: body.id as string,
      read: async () => (await call('GET', path)).body,
      command: (name: string, fields: object = {}) => call('POST', `${path}/${name}`, { body: fields }),
    };
  };
  const eventsOf = async (id: string): Promise<string[]> =>
    (await call('GET', `/v1/subscriptions/${id}/timeline?limit=100`)).body.data.map(({ type }: { type: string }) =>
      type.replace('subscription.', ''),
    );

  beforeAll(async () => {
    service = await startService({ clock });
    ({ call } = await createApiKey(service));
    await applyLifecycleProduct(service, PRODUCT);
  });
  afterAll(() => service.stop());

  it('cuts the last period, is announced, and no renewal goes beyond it', async () => {
    const endsAt = '2027-06-16T00:00:00.000Z';
    const { status, body, id, customer, advanceTo, read } = await agreed({ endsAt });
    expect([status, body]).toMatchObject([201, { endsAt, currentPeriodEnd: '2027-06-01T00:00:00.000Z' }]);
    await advanceTo('2027-06-10T00:00:00Z');
    expect(await read()).toMatchObject({ currentPeriodStart: '2027-06-01T00:00:00.000Z', currentPeriodEnd: endsAt });
    await advanceTo(endsAt);
    expect(await read()).toMatchObject({ status: 'expired', endedAt: endsAt });
    const check = await call('POST', '/v1/check', { body: { customer, product: PRODUCT, feature: 'calls' } });
    expect(check.body).toMatchObject({ allowed: false, reason: 'subscription_expired' });
    expect(await eventsOf(id)).toEqual(['created', 'renewal_upcoming', 'renewed', 'expiry_upcoming', 'expired']);
    expect((await call('GET', `/v1/subscriptions/${id}?at=2027-06-10T00:00:00Z`)).body).toMatchObject({
      status: 'active',
      endsAt,
    });
  });

  it('is announced by a reminder, listed and counted as ending', async () => {
    const begin = '2029-05-01T00:00:00.000Z';
    clock.set(begin);
    const customer = uniqueName('ending');
    await call('PUT', `/v1/customers/${customer}`, { body: { product: 'api' } });
    const body = { customer, product: PRODUCT, plan: 'basic', endsAt: '2029-06-30T00:00:00Z' };
    const { id } = (await call('POST', '/v1/subscriptions', { body })).body;
    const listed = async (): Promise<string[]> =>
      (await call('GET', `/v1/subscriptions?product=${PRODUCT}&expiringWithin=10d`)).body.data.map(
        (one: { id: string }) => one.id,
      );
    expect(await listed()).toEqual([]);
    clock.set('2029-06-23T00:00:00Z');
    await service.app.get(DueSubscriptionsService).processDue();
    expect(await listed()).toEqual([id]);
    expect(await eventsOf(id)).toEqual(['created', 'renewal_upcoming', 'renewed', 'expiry_upcoming']);
    clock.set('2029-06-30T00:00:00Z');
    await service.app.get(DueSubscriptionsService).processDue();
    expect(await eventsOf(id)).toContain('expired');
  });

  it('is the end of the last period also when no job has run for months', async () => {
    clock.set('2029-07-01T00:00:00Z');
    const customer = uniqueName('unattended');
    await call('PUT', `/v1/customers/${customer}`, { body: { product: 'api' } });
    const endsAt = '2029-09-16T00:00:00.000Z';
    const body = { customer, product: PRODUCT, plan: 'basic', endsAt };
    const { id } = (await call('POST', '/v1/subscriptions', { body })).body;
    clock.set('2029-12-01T00:00:00Z');
    const ended = {
      status: 'expired',
      currentPeriodStart: '2029-09-01T00:00:00.000Z',
      currentPeriodEnd: endsAt,
      endedAt: endsAt,
    };
    expect((await call('GET', `/v1/subscriptions/${id}`)).body).toMatchObject(ended);
    await service.app.get(DueSubscriptionsService).processDue();
    expect((await call('GET', `/v1/subscriptions/${id}`)).body).toMatchObject(ended);
  });

  it('can be moved and removed, prorated, until the subscription has ended', async () => {
    const { id, command, read, advanceTo } = await agreed({ endsAt: '2027-05-16T00:00:00Z' });
    await advanceTo('2027-05-06T00:00:00Z');
    expect(await command('agreed-end', { endsAt: null, reason: 'stays' })).toMatchObject({
      status: 200,
      body: { endsAt: null, currentPeriodEnd: '2027-06-01T00:00:00.000Z' },
    });
    expect((await call('GET', `/v1/subscriptions/${id}/lines`)).body.data).toMatchObject([
      { kind: 'credit', amount: 323, periodEnd: '2027-05-16T00:00:00.000Z' },
      { kind: 'charge', amount: 839, periodEnd: '2027-06-01T00:00:00.000Z' },
    ]);
    expect((await eventsOf(id)).at(-1)).toBe('end_changed');
    expect(await command('agreed-end', { endsAt: null })).toMatchObject({
      status: 409,
      body: { code: 'end_unchanged' },
    });
    expect(await command('agreed-end', { endsAt: '2027-05-06T00:00:00Z' })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'endsAt' }] },
    });
    expect(await command('agreed-end', {})).toMatchObject({ status: 422, body: { errors: [{ field: 'endsAt' }] } });
    expect(await command('agreed-end', { endsAt: '2027-07-10T00:00:00Z' })).toMatchObject({
      status: 200,
      body: { currentPeriodEnd: '2027-06-01T00:00:00.000Z' },
    });
    await advanceTo('2027-07-10T00:00:00Z');
    expect(await read()).toMatchObject({ status: 'expired' });
    expect(await command('agreed-end', { endsAt: null })).toMatchObject({
      status: 409,
      body: { code: 'subscription_ended' },
    });
    expect(await command('renew')).toMatchObject({ status: 200, body: { status: 'active', endsAt: null } });
  });

  it('bounds every other command: extension, agreed renewal, change at period end, pause', async () => {
    const endsAt = '2027-05-16T00:00:00.000Z';
    const { id, command, read, advanceTo } = await agreed({ endsAt });
    expect(await command('extend', { to: '2027-05-20T00:00:00Z', reason: 'x' })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'to' }] },
    });
    for (const [name, body] of [
      ['renew', {}],
      ['renew', { when: 'now' }],
      ['change', { plan: 'pro', when: 'period_end' }],
    ] as const)
      expect(await command(name, body)).toMatchObject({ status: 409, body: { code: 'end_agreed', endsAt } });
    expect(await command('change', { plan: 'yearly', when: 'now' })).toMatchObject({
      status: 200,
      body: { currentPeriodEnd: endsAt },
    });
    expect((await call('GET', `/v1/subscriptions/${id}/lines`)).body.data).toMatchObject([
      { kind: 'credit', amount: 484 },
      // 15 of 366 days.
      { kind: 'charge', amount: 410, periodEnd: endsAt },
    ]);
    await command('pause');
    expect(await read()).toMatchObject({ status: 'paused' });
    await advanceTo(endsAt);
    expect(await read()).toMatchObject({ status: 'expired', endedAt: endsAt, pausedAt: null });
  });

  it('a manual renewal does not pass it: one is cut to it, and one for a later period is refused', async () => {
    const endsAt = '2027-06-16T00:00:00.000Z';
    const { command, read } = await agreed({ endsAt, autoRenew: false });
    expect(await command('renew')).toMatchObject({ status: 409, body: { code: 'end_agreed', endsAt } });
    expect(await read()).toMatchObject({ currentPeriodEnd: '2027-06-01T00:00:00.000Z', prepaidPeriods: 0 });
    const other = await agreed({ endsAt });
    await other.advanceTo('2027-05-20T00:00:00Z');
    expect(await other.command('renew', { when: 'now' })).toMatchObject({
      status: 200,
      body: { currentPeriodStart: '2027-05-20T00:00:00.000Z', currentPeriodEnd: endsAt },
    });
  });

  it('another subscription may start where it ends, and then the end cannot move later', async () => {
    const endsAt = '2027-05-16T00:00:00.000Z';
    const { customer, command, advanceTo } = await agreed({ endsAt });
    const next = (startsAt: string) =>
      call('POST', '/v1/subscriptions', { body: { customer, product: PRODUCT, plan: 'pro', startsAt } });
    expect(await next('2027-05-15T00:00:00Z')).toMatchObject({ status: 409, body: { code: 'subscription_exists' } });
    expect(await next(endsAt)).toMatchObject({ status: 201 });
    for (const end of [null, '2027-05-17T00:00:00Z'])
      expect(await command('agreed-end', { endsAt: end })).toMatchObject({
        status: 409,
        body: { code: 'next_contract_exists' },
      });
    expect(await command('agreed-end', { endsAt: '2027-05-15T00:00:00Z' })).toMatchObject({ status: 200 });
    await advanceTo('2027-05-16T00:00:00Z');
    const live = await call('GET', `/v1/customers/${customer}/subscription?product=${PRODUCT}`);
    expect(live.body).toMatchObject({ plan: { key: 'pro' }, startedAt: endsAt });
  });

  it('no command makes an ending subscription continue over a scheduled one', async () => {
    const { id, customer, command } = await createCustomerOnTestClock(call, PRODUCT, NOW);
    const { body } = await command('cancel', { when: 'period_end' });
    await call('POST', '/v1/subscriptions', {
      body: { customer, product: PRODUCT, plan: 'pro', startsAt: body.currentPeriodEnd },
    });
    for (const [name, fields] of [
      ['resume', {}],
      ['change', { plan: 'pro', when: 'now' }],
      ['extend', { to: '2027-06-20T00:00:00Z', reason: 'x' }],
    ] as const)
      expect(await command(name, fields)).toMatchObject({ status: 409, body: { code: 'next_contract_exists' } });
    expect(await eventsOf(id)).toEqual(['created', 'cancel_scheduled']);
  });

  it('start refuses an end that is not after the start, an indefinite one, and one from a user', async () => {
    const refused = { status: 422, body: { errors: [{ field: 'endsAt' }] } };
    expect(await agreed({ endsAt: NOW })).toMatchObject({ status: 422 });
    const { customer, command } = await createCustomerOnTestClock(call, PRODUCT, NOW);
    await command('cancel', { when: 'now' });
    const open = (body: object) =>
      call('POST', '/v1/subscriptions', { body: { customer, product: PRODUCT, plan: 'basic', ...body } });
    expect(await open({ endsAt: '2027-04-01T00:00:00Z' })).toMatchObject(refused);
    expect(await open({ startsAt: '2027-06-01T00:00:00Z', endsAt: '2027-06-01T00:00:00Z' })).toMatchObject(refused);
    expect(await open({ endsAt: '2027-06-01T00:00:00Z', indefinite: true })).toMatchObject(refused);
    expect((await call('GET', `/v1/customers/${customer}/subscriptions?product=${PRODUCT}`)).body.data).toHaveLength(1);
    const user = await registerUser(service);
    expect(
      await user.call('POST', '/v1/subscriptions', { body: { plan: 'x', endsAt: '2099-01-01T00:00:00Z' } }),
    ).toMatchObject({ status: 403, body: { code: 'terms_not_allowed' } });
    expect(
      (await user.call('POST', `/v1/subscriptions/${user.subscriptionId}/agreed-end`, { body: { endsAt: null } }))
        .status,
    ).toBe(403);
  });
});

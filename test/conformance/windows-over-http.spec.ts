import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import {
  createApiKey,
  createCustomerOnTestClock,
  type CustomerOnTestClock,
  type RegisteredUser,
} from '../support/fixtures.js';
import { windowZones } from '../support/conformance.js';

const PRODUCT = 'windowed';
const MONTHLY = { windowCount: 1, windowAnchor: 'subscription' };

const ENTITLEMENTS = [
  { feature: 'calls', type: 'metered', limit: 10, window: 'month', overage: 'deny', ...MONTHLY },
  { feature: 'credits', type: 'credit', grant: { quantity: 10, every: 'month', rolloverMax: 5, ...MONTHLY } },
  {
    feature: 'bursts',
    type: 'metered',
    limit: 3,
    window: 'hour',
    windowCount: 5,
    windowAnchor: 'first_use',
    overage: 'cap',
  },
  { feature: 'reports', type: 'metered', limit: 4, window: 'quarter', overage: 'deny' },
];

/** The life of an annual plan with a monthly quota, bought on 31 January: local times, the same in every zone. */
interface Step {
  at: string;
  /** A command on the subscription, `return` (a new subscription), or units of a feature to consume. */
  command?: string;
  body?: object;
  consume?: { feature: string; quantity: number };
  /** The decision on `calls` afterwards, or on the consumed feature. */
  expected: object;
  /** Local times. */
  window: [start: string, end: string];
}

const JANUARY: Step['window'] = ['2027-01-31T10:00', '2027-02-28T10:00'];
const FEBRUARY: Step['window'] = ['2027-02-28T10:00', '2027-03-31T10:00'];
const MARCH: Step['window'] = ['2027-03-31T10:00', '2027-04-30T10:00'];
const calls = (quantity: number) => ({ feature: 'calls', quantity });
const credits = (quantity: number) => ({ feature: 'credits', quantity });
const STEPS: Step[] = [
  { at: '2027-01-31T10:00', consume: calls(10), expected: { allowed: true, used: 10 }, window: JANUARY },
  { at: '2027-01-31T10:00', consume: credits(7), expected: { allowed: true, used: 7 }, window: JANUARY },
  { at: '2027-02-28T09:59', consume: calls(1), expected: { allowed: false, used: 10 }, window: JANUARY },
  { at: '2027-02-28T10:00', consume: calls(4), expected: { allowed: true, used: 4 }, window: FEBRUARY },
  { at: '2027-02-28T10:00', consume: credits(1), expected: { used: 1, limit: 13, carriedOver: 3 }, window: FEBRUARY },
  {
    at: '2027-03-05T12:00',
    command: 'change',
    body: { plan: 'monthly', when: 'now' },
    expected: { used: 4, remaining: 6, source: { plan: 'monthly' } },
    window: FEBRUARY,
  },
  {
    at: '2027-03-06T12:00',
    command: 'change',
    body: { plan: 'annual', when: 'now' },
    expected: { used: 4, source: { plan: 'annual' } },
    window: FEBRUARY,
  },
  {
    at: '2027-03-10T12:00',
    command: 'pause',
    expected: { allowed: false, reason: 'subscription_paused' },
    window: FEBRUARY,
  },
  { at: '2027-03-20T12:00', command: 'unpause', expected: { used: 4 }, window: FEBRUARY },
  {
    at: '2027-03-21T12:00',
    command: 'extend',
    body: { to: '2028-06-15T00:00:00Z', reason: 'goodwill' },
    expected: { used: 4 },
    window: FEBRUARY,
  },
  {
    at: '2027-03-25T12:00',
    command: 'cancel',
    body: { when: 'now' },
    expected: { allowed: false, reason: 'no_subscription' },
    window: FEBRUARY,
  },
  {
    at: '2027-03-25T13:00',
    command: 'return',
    body: { plan: 'annual' },
    expected: { used: 4, allowed: true },
    window: FEBRUARY,
  },
  { at: '2027-03-31T09:59', consume: calls(7), expected: { allowed: false, used: 4 }, window: FEBRUARY },
  { at: '2027-03-31T10:00', consume: calls(7), expected: { allowed: true, used: 7 }, window: MARCH },
  { at: '2027-03-31T10:00', consume: credits(1), expected: { used: 1, limit: 15, carriedOver: 5 }, window: MARCH },
  {
    at: '2027-04-01T22:30',
    consume: { feature: 'bursts', quantity: 5 },
    expected: { allowed: true, used: 3 },
    window: ['2027-04-01T22:30', '2027-04-02T03:30'],
  },
  {
    at: '2027-04-02T03:29',
    consume: { feature: 'bursts', quantity: 1 },
    expected: { allowed: false, used: 3 },
    window: ['2027-04-01T22:30', '2027-04-02T03:30'],
  },
  {
    at: '2027-06-30T23:59',
    consume: { feature: 'reports', quantity: 4 },
    expected: { allowed: true, used: 4 },
    window: ['2027-04-01T00:00', '2027-07-01T00:00'],
  },
  {
    at: '2027-07-01T00:00',
    consume: { feature: 'reports', quantity: 1 },
    expected: { allowed: true, used: 1 },
    window: ['2027-07-01T00:00', '2027-10-01T00:00'],
  },
  {
    at: '2028-02-29T10:00',
    consume: calls(1),
    expected: { allowed: true, used: 1 },
    window: ['2028-02-29T10:00', '2028-03-31T10:00'],
  },
];

describe('windows that are not calendar windows, over HTTP', () => {
  let service: TestApp & { database: TestDatabase };
  let call: RegisteredUser['call'];

  const createPlan = async (key: string, interval: string): Promise<void> => {
    const prices = [{ interval, amount: 1_000, currency: 'USD' }];
    const { status, body } = await service.admin('POST', '/v1/plans', {
      body: { product: PRODUCT, key, name: key, prices, entitlements: ENTITLEMENTS },
    });
    expect([status, body.errors]).toEqual([201, undefined]);
    expect(body.entitlements).toMatchObject(ENTITLEMENTS);
    expect((await service.admin('POST', `/v1/plans/${key}/publish`, { body: { product: PRODUCT } })).status).toBe(200);
  };

  const take = async ({ customer, command }: CustomerOnTestClock, step: Step): Promise<any> => {
    const feature = step.consume?.feature ?? 'calls';
    const subject = { customer, product: PRODUCT, feature };
    if (step.consume) return (await call('POST', '/v1/usage/consume', { body: { ...subject, ...step.consume } })).body;
    const done =
      step.command === 'return'
        ? await call('POST', '/v1/subscriptions', { body: { customer, product: PRODUCT, ...step.body } })
        : await command(step.command!, step.body);
    expect([done.body.detail, done.body.errors]).toEqual([undefined, undefined]);
    return (await call('POST', '/v1/check', { body: subject })).body;
  };

  beforeAll(async () => {
    service = await startService();
    ({ call } = await createApiKey(service));
    await service.admin('POST', '/v1/products', { body: { key: PRODUCT, name: 'Windowed' } });
    for (const { feature, type } of ENTITLEMENTS)
      await service.admin('POST', '/v1/features', { body: { product: PRODUCT, key: feature, name: feature, type } });
    await createPlan('annual', 'year');
    await createPlan('monthly', 'month');
  });
  afterAll(async () => {
    const { body } = await service.admin('POST', '/v1/usage/verify', { body: { limit: 10_000 } });
    await service.stop();
    expect(body.mismatches).toEqual([]);
  });

  it.each(windowZones())(
    'a monthly quota resets on the day of the sale through changes, a pause and a return, in %s',
    async (timezone) => {
      const instant = (local: string): string =>
        new Date(Temporal.PlainDateTime.from(local).toZonedDateTime(timezone).epochMilliseconds).toISOString();
      const bought = instant('2027-01-31T10:00');
      const clocked = await createCustomerOnTestClock(call, PRODUCT, bought, { timezone, plan: 'annual' });
      let now = '2027-01-31T10:00';
      for (const step of STEPS) {
        if (step.at > now) await clocked.advanceTo(instant(step.at));
        now = step.at;
        const decision = await take(clocked, step);
        const [windowStart, resetsAt] = step.window.map(instant);
        const shown = 'reason' in step.expected ? {} : { windowStart, resetsAt };
        expect([step.at, decision]).toMatchObject([step.at, { ...step.expected, ...shown }]);
      }
    },
    60_000,
  );

  it('the catalogue document has the windows, and applying it again changes nothing', async () => {
    const { body: document } = await service.admin('GET', `/v1/catalog?product=${PRODUCT}`);
    const terms = document.plans.find(({ key }: { key: string }) => key === 'annual').entitlements;
    expect(terms).toMatchObject(ENTITLEMENTS);
    const dryRun = () => service.admin('POST', '/v1/catalog/apply?dryRun=true', { body: document });
    expect((await dryRun()).body.plans).toMatchObject({ updated: [], unchanged: ['annual', 'monthly'] });
    terms[0].windowCount = 2;
    expect((await dryRun()).body.plans).toMatchObject({ updated: ['annual'] });
  });

  it.each([
    [{ windowCount: 0 }, 'windowCount'],
    [{ windowCount: 1_001 }, 'windowCount'],
    [{ windowCount: 2, window: 'billing_period' }, 'windowCount'],
    [{ windowCount: 2, window: 'none' }, 'windowCount'],
    [{ windowAnchor: 'first_use', window: 'none' }, 'windowAnchor'],
    [{ windowAnchor: 'subscription', window: 'billing_period' }, 'windowAnchor'],
    [{ windowAnchor: 'yesterday' }, 'windowAnchor'],
    [{ window: 'fortnight' }, 'window'],
  ])('POST /v1/plans and an override refuse %j, and name %s', async (terms, field) => {
    const entitlement = { feature: 'calls', type: 'metered', limit: 1, window: 'day', overage: 'deny', ...terms };
    const plan = { product: PRODUCT, key: 'refused', name: 'Refused', entitlements: [entitlement] };
    const refused = await service.admin('POST', '/v1/plans', { body: plan });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ field: `entitlements.0.${field}` }] } });
    expect((await service.admin('GET', `/v1/plans/refused?product=${PRODUCT}`)).status).toBe(404);
    const { customer } = await createCustomerOnTestClock(call, PRODUCT, '2027-01-31T10:00:00Z', { plan: 'annual' });
    const override = await call('PUT', `/v1/customers/${customer}/overrides/calls`, {
      body: { product: PRODUCT, limit: 1, window: 'day', ...terms },
    });
    expect(override).toMatchObject({ status: 422, body: { errors: [{ field }] } });
  });

  it('a preview of a change shows the windows of both plans', async () => {
    const { id } = await createCustomerOnTestClock(call, PRODUCT, '2027-01-31T10:00:00Z', { plan: 'annual' });
    const hourly = { ...ENTITLEMENTS[0], window: 'hour', windowCount: 12 };
    await service.admin('POST', '/v1/plans', {
      body: {
        product: PRODUCT,
        key: 'hourly',
        name: 'Hourly',
        prices: [{ interval: 'month', amount: 1, currency: 'USD' }],
        entitlements: [hourly],
      },
    });
    await service.admin('POST', '/v1/plans/hourly/publish', { body: { product: PRODUCT } });
    const { body } = await call('POST', `/v1/subscriptions/${id}/preview-change`, {
      body: { plan: 'hourly', when: 'now' },
    });
    expect(body.entitlements.changed).toMatchObject([{ feature: 'calls', before: ENTITLEMENTS[0], after: hourly }]);
  });
});

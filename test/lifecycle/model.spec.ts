import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type DomainError } from '@app/kernel';
import { projectedAt } from '../../libs/subscriptions/src/domain/time.js';
import * as commands from '../../libs/subscriptions/src/domain/commands/index.js';
import type { SoldPlan, Subscription, Transition } from '../../libs/subscriptions/src/domain/subscription.js';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import {
  LIFECYCLE_PLANS,
  applyLifecycleProduct,
  createCustomerOnTestClock,
  type RegisteredUser,
  createApiKey,
} from '../support/fixtures.js';

const PRODUCT = 'modelled';
const BEGIN = '2027-01-31T10:00:00.000Z';
type PlanKey = keyof typeof LIFECYCLE_PLANS;
type Step = { name: string; body?: any; days?: number };

const planOf = (key: PlanKey): SoldPlan => {
  const { interval, amount } = LIFECYCLE_PLANS[key];
  return {
    planId: key,
    planVersion: 1,
    planKey: key,
    planName: key.toUpperCase(),
    price: { amount, currency: 'USD', interval, intervalCount: 1 },
  };
};

/** The model: the pure function for each route. */
const MODEL: Record<string, (subscription: Subscription, body: any, now: Date) => Transition> = {
  change: (subscription, { plan, quantity, when }, now) =>
    commands.change(
      subscription,
      { plan: planOf(plan), quantity: quantity ?? subscription.quantity, when, prorate: true },
      now,
    ),
  cancel: (subscription, { when }, now) => commands.cancel(subscription, when, now),
  resume: (subscription, _, now) => commands.resume(subscription, now),
  pause: (subscription, _, now) => commands.pause(subscription, now),
  unpause: (subscription, _, now) => commands.unpause(subscription, now),
  renew: (subscription, { when }, now) => commands.renew(subscription, when, now),
  extend: (subscription, { to }, now) => commands.extend(subscription, new Date(to), now),
  'billing-anchor': (subscription, { dayOfMonth, when }, now) =>
    commands.moveBillingAnchor(subscription, { at: { dayOfMonth }, when, prorate: true }, now),
  'agreed-end': (subscription, { endsAt }, now) =>
    commands.setEnd(subscription, { endsAt: endsAt && new Date(endsAt), prorate: true }, now),
  'record-payment': (subscription, { outcome }, now) =>
    outcome === 'failed' ? commands.markPastDue(subscription, 0, now) : commands.markPaid(subscription, now),
  'auto-renew': (subscription, { autoRenew }, now) => commands.setAutoRenew(subscription, autoRenew, now),
};

const when = fc.constantFrom('now', 'period_end');
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ name: fc.constant('wait'), days: fc.integer({ min: 1, max: 50 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      name: fc.constant('change'),
      body: fc.record({
        plan: fc.constantFrom(...(Object.keys(LIFECYCLE_PLANS) as PlanKey[])),
        quantity: fc.constantFrom(1, 2),
        when,
      }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ name: fc.constantFrom('cancel', 'renew'), body: fc.record({ when }) }) },
  { weight: 4, arbitrary: fc.record({ name: fc.constantFrom('resume', 'pause', 'unpause'), body: fc.constant({}) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      name: fc.constant('extend'),
      body: fc.record({
        to: fc.constantFrom('2027-06-15T00:00:00Z', '2028-02-29T12:00:00Z'),
        reason: fc.constant('model'),
      }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      name: fc.constant('billing-anchor'),
      body: fc.record({ dayOfMonth: fc.constantFrom(1, 15, 31), when }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      name: fc.constant('agreed-end'),
      body: fc.record({ endsAt: fc.constantFrom('2027-04-10T00:00:00Z', '2027-09-30T07:00:00Z', null) }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      name: fc.constant('record-payment'),
      body: fc.record({ outcome: fc.constantFrom('failed', 'succeeded') }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ name: fc.constant('auto-renew'), body: fc.record({ autoRenew: fc.boolean() }) }),
  },
);

const instant = (at: Date | null): string | null => at && at.toISOString();
function expected(subscription: Subscription): object {
  const { status, planKey, quantity, autoRenew, prepaidPeriods, cancelAtPeriodEnd, version, scheduledChange } =
    subscription;
  return {
    status,
    quantity,
    autoRenew,
    prepaidPeriods,
    cancelAtPeriodEnd,
    version,
    plan: { key: planKey },
    currentPeriodStart: instant(subscription.currentPeriodStart),
    currentPeriodEnd: instant(subscription.currentPeriodEnd),
    trialEnd: instant(subscription.trialEnd),
    billingAnchor: instant(subscription.anchor),
    nextBillingAnchor: instant(subscription.nextAnchor),
    endsAt: instant(subscription.endsAt),
    canceledAt: instant(subscription.canceledAt),
    endedAt: instant(subscription.endedAt),
    pausedAt: instant(subscription.pausedAt),
    scheduledChange: scheduledChange && {
      plan: { key: scheduledChange.planKey },
      quantity: scheduledChange.quantity,
      effectiveAt: scheduledChange.effectiveAt,
    },
  };
}

describe('the state machine', () => {
  let service: TestApp & { database: TestDatabase };
  let call: RegisteredUser['call'];

  beforeAll(async () => {
    service = await startService();
    ({ call } = await createApiKey(service));
    await applyLifecycleProduct(service, PRODUCT, { trialDays: 7 });
  });
  afterAll(() => service.stop());

  it('random commands over HTTP with jobs match the pure functions', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(steps, { minLength: 4, maxLength: 16 }),
        fc.constantFrom('UTC', 'America/New_York', 'Australia/Lord_Howe'),
        async (history, timezone) => {
          const subject = await createCustomerOnTestClock(call, PRODUCT, BEGIN, { plan: 'basic', timezone });
          let now = new Date(BEGIN);
          let model = commands.start(
            {
              id: subject.id,
              customerId: 'c',
              productId: 'p',
              testClockId: null,
              plan: planOf('basic'),
              quantity: 1,
              timezone,
              startsAt: null,
              billingAnchor: null,
              trialDays: 7,
              autoRenew: true,
              indefinite: false,
              usageSince: null,
            },
            now,
          ).subscription;
          for (const { name, body, days } of history) {
            if (name === 'wait') {
              now = new Date(now.getTime() + days! * 86_400_000);
              await subject.advanceTo(now);
            } else {
              model = projectedAt(model, now);
              let code: string | null = null;
              try {
                model = MODEL[name]!(model, body, now).subscription;
              } catch (error) {
                code = (error as DomainError).code;
              }
              const response =
                name === 'auto-renew'
                  ? await call('PATCH', `/v1/subscriptions/${subject.id}`, { body })
                  : await subject.command(name, body);
              expect({ name, code: response.status === 200 ? null : response.body.code }).toEqual({ name, code });
            }
            expect(await subject.readSubscription()).toMatchObject(expected(projectedAt(model, now)));
          }
          const timeline = (await call('GET', `/v1/subscriptions/${subject.id}/timeline?limit=100`)).body.data as {
            type: string;
            after: { version: number };
          }[];
          const versions = timeline
            .filter(({ type }) => !/_upcoming$|_ending$/.test(type))
            .map(({ after }) => after.version);
          expect(versions).toEqual(versions.map((_, index) => index + 1));
        },
      ),
      { numRuns: 40 },
    );
  }, 120_000);
});

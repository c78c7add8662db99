import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type DomainError } from '@app/kernel';
import { projectedAt, dueTransitions } from './time.js';
import {
  cancel,
  change,
  extend,
  pause,
  putAddOn,
  removeAddOn,
  renew,
  resume,
  setEnd,
  start,
  unpause,
} from './commands/index.js';
import { isLive, type SoldPlan, type Subscription, type Transition } from './subscription.js';

const at = (text: string): Date => new Date(text);
const plan = (key: string, price: Partial<SoldPlan['price']> = {}): SoldPlan => ({
  planId: key,
  planVersion: 1,
  planKey: key,
  planName: key,
  price: { amount: 100, currency: 'USD', interval: 'month', intervalCount: 1, ...price },
});
const NEW = {
  id: 's',
  customerId: 'c',
  productId: 'p',
  testClockId: null,
  quantity: 1,
  timezone: 'UTC',
  startsAt: null,
  billingAnchor: null,
  trialDays: 0,
  autoRenew: true,
  indefinite: false,
  usageSince: null,
};
const begun = (over: Partial<Parameters<typeof start>[0]> = {}, now = at('2027-01-31T10:00:00Z')): Subscription =>
  start({ ...NEW, plan: plan('basic'), ...over }, now).subscription;
/** Transitions without reminders. */
const periodsOf = (transitions: Transition[]): Transition[] =>
  transitions.filter(({ type }) => !/_upcoming$|_ending$/.test(type));
const code = (work: () => unknown): string => {
  try {
    work();
    return 'none';
  } catch (error) {
    return (error as DomainError).code;
  }
};

describe('a subscription', () => {
  it('starts with a period of its price, or with a trial before it', () => {
    expect(begun()).toMatchObject({ status: 'active', currentPeriodEnd: at('2027-02-28T10:00:00Z'), trialEnd: null });
    const trial = begun({ trialDays: 14 });
    expect(trial).toMatchObject({
      status: 'trialing',
      currentPeriodEnd: at('2027-02-14T10:00:00Z'),
      trialEnd: at('2027-02-14T10:00:00Z'),
    });
    expect(projectedAt(trial, at('2027-02-14T10:00:00Z'))).toMatchObject({
      status: 'active',
      currentPeriodEnd: at('2027-03-14T10:00:00Z'),
    });
  });

  it('renews at the period end, from the anchor, with usage at zero', () => {
    const transitions = periodsOf(dueTransitions(begun(), at('2027-04-01T00:00:00Z')));
    expect(
      transitions.map(({ type, at: when, subscription }) => [
        type,
        when,
        subscription.currentPeriodEnd,
        subscription.version,
      ]),
    ).toEqual([
      ['subscription.renewed', at('2027-02-28T10:00:00Z'), at('2027-03-31T10:00:00Z'), 2],
      ['subscription.renewed', at('2027-03-31T10:00:00Z'), at('2027-04-30T10:00:00Z'), 3],
    ]);
    expect(transitions.at(-1)!.subscription.usagePeriodStart).toEqual(at('2027-03-31T10:00:00Z'));
  });

  it('expires at the period end without renewal or after a cancellation', () => {
    expect(projectedAt(begun({ autoRenew: false }), at('2027-02-28T10:00:00Z'))).toMatchObject({
      status: 'expired',
      endedAt: at('2027-02-28T10:00:00Z'),
    });
    const canceled = cancel(begun(), 'period_end', at('2027-02-01T00:00:00Z')).subscription;
    expect(canceled).toMatchObject({ status: 'canceled', canceledAt: at('2027-02-01T00:00:00Z') });
    expect(projectedAt(canceled, at('2027-02-28T09:59:59.999Z')).status).toBe('canceled');
    expect(projectedAt(canceled, at('2027-02-28T10:00:00Z')).status).toBe('expired');
  });

  it('ends immediately when canceled now', () => {
    expect(cancel(begun(), 'now', at('2027-02-01T00:00:00Z')).subscription).toMatchObject({
      status: 'inactive',
      endedAt: at('2027-02-01T00:00:00Z'),
    });
  });

  it('keeps period and usage through a plan change with the same billing interval', () => {
    const changed = change(
      begun(),
      { plan: plan('pro'), quantity: 2, when: 'now', prorate: true },
      at('2027-02-10T00:00:00Z'),
    ).subscription;
    expect(changed).toMatchObject({
      planKey: 'pro',
      quantity: 2,
      currentPeriodStart: at('2027-01-31T10:00:00Z'),
      usagePeriodStart: at('2027-01-31T10:00:00Z'),
    });
  });

  it('restarts the period, but not the usage, when the billing interval changes', () => {
    const now = at('2027-02-10T00:00:00Z');
    const changed = change(
      begun(),
      { plan: plan('pro', { interval: 'year' }), quantity: 1, when: 'now', prorate: true },
      now,
    ).subscription;
    expect(changed).toMatchObject({
      anchor: now,
      currentPeriodStart: now,
      currentPeriodEnd: at('2028-02-10T00:00:00Z'),
      usagePeriodStart: at('2027-01-31T10:00:00Z'),
    });
  });

  it('keeps the anchor of usage windows through changes, pauses and extensions, until a new period starts without usage', () => {
    const bought = at('2027-01-31T10:00:00Z');
    const anchorsOf = ({ anchor, usageAnchor }: Subscription) => [anchor, usageAnchor];
    const yearly = { plan: plan('pro', { interval: 'year' }), quantity: 1, when: 'now' as const, prorate: true };
    expect(anchorsOf(begun())).toEqual([bought, null]);
    const changed = change(begun(), yearly, at('2027-02-10T00:00:00Z')).subscription;
    expect(anchorsOf(changed)).toEqual([at('2027-02-10T00:00:00Z'), bought]);
    const paused = pause(changed, at('2027-03-01T00:00:00Z')).subscription;
    const unpaused = unpause(paused, at('2027-03-11T00:00:00Z')).subscription;
    expect(anchorsOf(unpaused)).toEqual([at('2027-02-20T00:00:00Z'), bought]);
    const extended = extend(begun(), at('2027-03-15T00:00:00Z'), at('2027-02-10T00:00:00Z')).subscription;
    expect(anchorsOf(extended)).toEqual([at('2027-03-15T00:00:00Z'), bought]);
    const returned = renew(
      cancel(extended, 'now', at('2027-02-11T00:00:00Z')).subscription,
      'now',
      at('2027-02-12T00:00:00Z'),
    ).subscription;
    expect(anchorsOf(returned)).toEqual([at('2027-02-12T00:00:00Z'), bought]);
    const later = renew(
      cancel(extended, 'now', at('2027-02-11T00:00:00Z')).subscription,
      'now',
      at('2027-05-12T00:00:00Z'),
    ).subscription;
    expect(anchorsOf(later)).toEqual([at('2027-05-12T00:00:00Z'), null]);
    const renewed = renew(extended, 'now', at('2027-02-12T00:00:00Z')).subscription;
    expect(anchorsOf(renewed)).toEqual([at('2027-02-12T00:00:00Z'), null]);
    const scheduled = change(begun(), { ...yearly, when: 'period_end' }, at('2027-02-10T00:00:00Z')).subscription;
    expect(anchorsOf(projectedAt(scheduled, at('2027-03-01T00:00:00Z')))).toEqual([at('2027-02-28T10:00:00Z'), bought]);
  });

  it('keeps its trial through a plan change', () => {
    const changed = change(
      begun({ trialDays: 14 }),
      { plan: plan('pro', { interval: 'year' }), quantity: 1, when: 'now', prorate: true },
      at('2027-02-01T00:00:00Z'),
    ).subscription;
    expect(changed).toMatchObject({ status: 'trialing', currentPeriodEnd: at('2027-02-14T10:00:00Z') });
    expect(projectedAt(changed, at('2027-02-14T10:00:00Z'))).toMatchObject({
      status: 'active',
      currentPeriodEnd: at('2028-02-14T10:00:00Z'),
    });
  });

  it('applies a scheduled change at the period end, unless it is undone', () => {
    const scheduled = change(
      begun(),
      { plan: plan('pro', { interval: 'year' }), quantity: 3, when: 'period_end', prorate: true },
      at('2027-02-01T00:00:00Z'),
    ).subscription;
    expect(scheduled).toMatchObject({
      planKey: 'basic',
      scheduledChange: { planKey: 'pro', effectiveAt: '2027-02-28T10:00:00.000Z' },
    });
    expect(projectedAt(scheduled, at('2027-02-28T10:00:00Z'))).toMatchObject({
      planKey: 'pro',
      quantity: 3,
      scheduledChange: null,
      currentPeriodEnd: at('2028-02-28T10:00:00Z'),
    });
    expect(resume(scheduled, at('2027-02-02T00:00:00Z')).subscription.scheduledChange).toBeNull();
  });

  it('keeps the anchor through a short pause, and moves it to the new end after a long one', () => {
    const ends = (subscription: Subscription, until: string): string[] =>
      periodsOf(dueTransitions(subscription, at(until))).map((step) =>
        step.subscription.currentPeriodEnd!.toISOString().slice(0, 13),
      );
    const paused = pause(begun(), at('2027-02-10T00:00:00Z')).subscription;
    expect(ends(unpause(paused, at('2027-02-10T01:00:00Z')).subscription, '2027-05-01T00:00:00Z')).toEqual([
      '2027-03-31T11',
      '2027-04-30T11',
      '2027-05-31T11',
    ]);
    // Fifty-nine days: the 28th of February becomes the 28th of April, which no count from the 31st of March meets.
    expect(ends(unpause(paused, at('2027-04-10T00:00:00Z')).subscription, '2027-06-01T00:00:00Z')).toEqual([
      '2027-05-28T10',
      '2027-06-28T10',
    ]);
  });

  it('rejects impossible commands with a specific code', () => {
    const now = at('2027-02-01T00:00:00Z');
    const over = cancel(begun(), 'now', now).subscription;
    const canceled = cancel(begun(), 'period_end', now).subscription;
    expect(code(() => cancel(over, 'now', now))).toBe('subscription_ended');
    expect(code(() => resume(over, now))).toBe('subscription_ended');
    expect(code(() => change(over, { plan: plan('pro'), quantity: 1, when: 'now', prorate: true }, now))).toBe(
      'subscription_ended',
    );
    expect(code(() => cancel(canceled, 'period_end', now))).toBe('already_canceled');
    expect(
      code(() => change(canceled, { plan: plan('pro'), quantity: 1, when: 'period_end', prorate: true }, now)),
    ).toBe('subscription_canceled');
    expect(code(() => resume(begun(), now))).toBe('nothing_to_resume');
    expect(code(() => change(begun(), { plan: plan('basic'), quantity: 1, when: 'now', prorate: true }, now))).toBe(
      'already_on_plan',
    );
  });

  it.each(['__proto__', 'constructor', 'toString'])(
    'has no add-on with the key %s of a member of every object',
    (key) => {
      const now = at('2027-02-01T00:00:00Z');
      expect(code(() => putAddOn(begun(), { key, quantity: 1, content: null }, now))).toBe('add_on_not_found');
      expect(code(() => removeAddOn(begun(), key, now))).toBe('add_on_not_found');
    },
  );

  it('is extended by at most 100 years, and then takes another agreed end', () => {
    const now = at('2027-02-01T00:00:00Z');
    const daily = { ...begun({ plan: plan('basic', { interval: 'day' }) }, now), endsAt: at('9999-12-31T23:59:59Z') };
    expect(code(() => extend(daily, at('9999-12-31T00:00:00Z'), now))).toBe('invalid_fields');
    const extended = extend(daily, at('2127-01-31T00:00:00Z'), now).subscription;
    const { subscription, prorationLines } = setEnd(
      extended,
      { endsAt: at('2126-01-01T00:00:00Z'), prorate: true },
      now,
    );
    expect(subscription.currentPeriodEnd).toEqual(at('2126-01-01T00:00:00Z'));
    expect(prorationLines).toMatchObject([
      { kind: 'credit', amount: 100 },
      { kind: 'charge', amount: 100 },
    ]);
  });
});

describe('due transitions', () => {
  const subscriptions = fc
    .record({
      interval: fc.constantFrom('hour' as const, 'day' as const, 'week' as const, 'month' as const, 'year' as const),
      intervalCount: fc.integer({ min: 1, max: 4 }),
      timezone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'),
      trialDays: fc.constantFrom(0, 0, 14),
      autoRenew: fc.boolean(),
      scheduled: fc.boolean(),
      canceled: fc.boolean(),
      began: fc.date({ min: at('2024-01-01'), max: at('2027-01-01'), noInvalidDate: true }),
    })
    .map(({ interval, intervalCount, scheduled, canceled, began, ...over }) => {
      const made = begun({ ...over, plan: plan('basic', { interval, intervalCount }) }, began);
      const changed = scheduled
        ? change(
            made,
            { plan: plan('pro', { interval: 'month' }), quantity: 2, when: 'period_end', prorate: true },
            began,
          ).subscription
        : made;
      return canceled ? cancel(changed, 'period_end', began).subscription : changed;
    });
  const laterThan = (subscription: Subscription, hours: number): Date =>
    new Date(subscription.createdAt.getTime() + hours * 3_600_000);
  const hours = fc.integer({ min: 0, max: 24 * 120 });

  it('give the same result step by step and in one call', () => {
    fc.assert(
      fc.property(subscriptions, hours, (subscription, later) => {
        const now = laterThan(subscription, later);
        const written = dueTransitions(subscription, now).at(-1)?.subscription ?? subscription;
        expect(projectedAt(subscription, now)).toEqual({ ...written, remindedOf: subscription.remindedOf });
      }),
      { numRuns: 300 },
    );
  });

  it('give the same result with and without a job in between', () => {
    fc.assert(
      fc.property(subscriptions, hours, hours, (subscription, one, other) => {
        const [sooner, later] = [
          laterThan(subscription, Math.min(one, other)),
          laterThan(subscription, Math.max(one, other)),
        ];
        expect(projectedAt(projectedAt(subscription, sooner), later)).toEqual(projectedAt(subscription, later));
      }),
      { numRuns: 300 },
    );
  });

  it('leave no gap between periods and no live subscription past its end', () => {
    fc.assert(
      fc.property(subscriptions, hours, (subscription, later) => {
        const now = laterThan(subscription, later);
        let end = subscription.currentPeriodEnd;
        for (const { subscription: next, at: when } of periodsOf(dueTransitions(subscription, now))) {
          expect(when).toEqual(end);
          if (isLive(next.status)) expect(next.currentPeriodStart).toEqual(end);
          end = next.currentPeriodEnd;
        }
        const current = projectedAt(subscription, now);
        if (isLive(current.status)) expect(current.currentPeriodEnd!.getTime()).toBeGreaterThan(now.getTime());
      }),
      { numRuns: 300 },
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EntitlementTerms, Feature, PlanVersion } from '@app/catalog';
import { currentOf, type Subscription } from '@app/subscriptions';
import { type Entitlement, entitlementOf, isValidAt } from './entitlement.js';
import type { Override } from './entitlement-snapshot.js';
import type { Grant } from './grant.js';

const DAY_MS = 86_400_000;
const NOW = new Date('2027-03-10T09:00:00Z');
const inDays = (days: number): Date => new Date(NOW.getTime() + days * DAY_MS);

const FEATURE: Feature = {
  id: 'f',
  productId: 'p',
  key: 'calls',
  name: 'Calls',
  type: 'metered',
  aggregation: 'sum',
  unit: null,
  failurePolicy: null,
  archivedAt: null,
  createdAt: NOW,
  updatedAt: NOW,
};
const metered = (limit: number, window: 'hour' | 'month' | 'billing_period' | 'none'): EntitlementTerms => ({
  type: 'metered',
  limit,
  window,
  overage: 'deny',
});
const terms = fc
  .tuple(fc.nat(100), fc.constantFrom('hour' as const, 'month' as const, 'billing_period' as const, 'none' as const))
  .map(([limit, window]) => metered(limit, window));
const day = (min: number, max: number) =>
  fc.integer({ min: min * 24, max: max * 24 }).map((hours) => inDays(hours / 24));
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value);

const subscription = fc
  .record({
    status: fc.constantFrom(
      'trialing' as const,
      'active' as const,
      'past_due' as const,
      'paused' as const,
      'canceled' as const,
    ),
    startedAt: day(-70, 5),
    periodDays: fc.integer({ min: 1, max: 31 }),
    endsAt: maybe(day(1, 60)),
    graceEndsAt: maybe(day(-5, 20)),
    autoRenew: fc.boolean(),
  })
  .map(({ status, startedAt, periodDays, endsAt, graceEndsAt, autoRenew }): Subscription => {
    const periodEnd = new Date(startedAt.getTime() + periodDays * DAY_MS);
    return {
      id: 's',
      customerId: 'c',
      productId: 'p',
      testClockId: null,
      planId: 'plan',
      planVersion: 1,
      planKey: 'plan',
      planName: 'Plan',
      price: { amount: 100, currency: 'USD', interval: 'month', intervalCount: 1 },
      quantity: 1,
      status: startedAt > NOW ? 'inactive' : status,
      timezone: 'UTC',
      anchor: periodEnd,
      usageAnchor: null,
      nextAnchor: null,
      endsAt,
      startedAt,
      currentPeriodStart: startedAt,
      currentPeriodEnd: endsAt && endsAt < periodEnd ? endsAt : periodEnd,
      usagePeriodStart: startedAt,
      planSince: startedAt,
      trialEnd: status === 'trialing' ? periodEnd : null,
      autoRenew,
      prepaidPeriods: 0,
      cancelAtPeriodEnd: status === 'canceled',
      canceledAt: status === 'canceled' ? startedAt : null,
      endedAt: null,
      pausedAt: status === 'paused' ? startedAt : null,
      pastDueSince: status === 'past_due' ? startedAt : null,
      graceEndsAt: status === 'past_due' ? graceEndsAt : null,
      deniedUntil: null,
      scheduledChange: null,
      addOns: {},
      remindedOf: null,
      version: 1,
      createdAt: startedAt,
      updatedAt: startedAt,
    };
  });
const override = fc.record({
  featureId: fc.constant('f'),
  terms,
  expiresAt: maybe(day(-5, 40)),
  reason: fc.constant(null),
  createdAt: fc.constant(inDays(-6)),
  updatedAt: fc.constant(inDays(-6)),
}) as fc.Arbitrary<Override>;
const grant = fc
  .tuple(day(-20, 20), maybe(day(1, 40)))
  .map(
    ([effectiveAt, expiresAt]) =>
      ({ id: 'g', featureId: 'f', effectiveAt, expiresAt, createdAt: inDays(-30) }) as unknown as Grant,
  );

describe('an entitlement', () => {
  it('changes by time alone only where it ends to be valid', () => {
    const inputs = fc.record({
      subscriptions: fc.uniqueArray(subscription, { maxLength: 2, selector: ({ startedAt }) => startedAt > NOW }),
      plan: maybe(terms),
      override: maybe(override),
      grants: fc.array(grant, { maxLength: 2 }),
    });
    fc.assert(
      fc.property(inputs, fc.double({ min: 0, max: 1, noNaN: true }), ({ subscriptions, plan, ...rest }, part) => {
        const newestFirst = subscriptions.sort((one, other) => other.startedAt.getTime() - one.startedAt.getTime());
        const version = {
          entitlements: plan ? [{ featureId: 'f', feature: 'calls', terms: plan }] : [],
        } as unknown as PlanVersion;
        const at = (now: Date): Entitlement =>
          entitlementOf(
            FEATURE,
            {
              subscription: currentOf(newestFirst, now),
              nextStartsAt: newestFirst.find(({ startedAt }) => startedAt > now)?.startedAt ?? null,
              version,
              timezone: 'UTC',
              ...rest,
            },
            now,
          );
        const entitlement = at(NOW);
        const until = entitlement.validUntil ?? inDays(400);
        const later = new Date(Math.min(NOW.getTime() + part * (until.getTime() - NOW.getTime()), until.getTime() - 1));
        expect(until.getTime()).toBeGreaterThan(NOW.getTime());
        expect(isValidAt(entitlement, later)).toBe(true);
        const { validFrom: _, validUntil: __, ...rederived } = at(later);
        expect(entitlement).toMatchObject(rederived);
      }),
      { numRuns: 2_000 },
    );
  });
});

import type { EntitlementTerms, PlanEntitlement, UsagePrice } from '@app/catalog';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  earliestWindow,
  type OverrideTerms,
  pricedFeatures,
  type SubscriptionTerms,
  type TermsHistory,
  termsSpans,
} from './usage-terms.js';

const FEATURE = 'f';
const DAY_MS = 86_400_000;
const START = new Date('2026-06-01T00:00:00Z');
const day = (days: number): Date => new Date(START.getTime() + days * DAY_MS);
const JUNE = { start: day(0), end: day(30), currency: 'USD' };
const price = (unitAmount: string, currency = 'USD'): UsagePrice => ({ model: 'per_unit', unitAmount, currency });
const metered = (limit: number | null, usagePrice: UsagePrice | null, window = 'month'): EntitlementTerms =>
  ({
    ...{ type: 'metered', limit, window, overage: usagePrice ? 'allow' : 'deny' },
    ...(usagePrice ? { usagePrice } : {}),
  }) as EntitlementTerms;
const entitled = (terms: EntitlementTerms, featureId = FEATURE): PlanEntitlement => ({
  featureId,
  feature: featureId,
  terms,
});
const sold = (since: Date, version: number, terms: EntitlementTerms, over = {}): SubscriptionTerms => ({
  since,
  plan: { key: 'pro', name: 'Pro', version },
  entitlements: [entitled(terms)],
  addOns: {},
  trialEnd: null,
  ...over,
});
const override = (since: Date, terms: EntitlementTerms | null, expiresAt: Date | null = null): OverrideTerms => ({
  ...{ featureId: FEATURE, since, terms, expiresAt },
});
const history = (subscription: SubscriptionTerms[], overrides: OverrideTerms[] = []): TermsHistory => ({
  ...{ timezone: 'UTC', subscription, overrides },
});
const CENT = price('0.01');
const spansOf = (of: TermsHistory) =>
  termsSpans(FEATURE, of, JUNE).map(({ start, end, limit, price: own, plan }) => [
    (start.getTime() - START.getTime()) / DAY_MS,
    (end.getTime() - START.getTime()) / DAY_MS,
    limit,
    own && own.model === 'per_unit' ? own.unitAmount : own,
    plan.version,
  ]);

describe('spans of equal terms', () => {
  it('are the whole period while nothing changes; the first terms also hold before their instant', () => {
    expect(spansOf(history([sold(day(10), 1, metered(100, CENT))]))).toEqual([[0, 30, 100, '0.01', 1]]);
  });

  it('are cut by a change of the plan', () => {
    const changes = [sold(day(-5), 1, metered(100, CENT)), sold(day(10), 2, metered(500, price('0.005')))];
    expect(spansOf(history(changes))).toEqual([
      [0, 10, 100, '0.01', 1],
      [10, 30, 500, '0.005', 2],
    ]);
  });

  it('have no price during a trial', () => {
    expect(spansOf(history([sold(day(-5), 1, metered(100, CENT), { trialEnd: day(14) })]))).toEqual([
      [0, 14, 100, null, 1],
      [14, 30, 100, '0.01', 1],
    ]);
  });

  it('follow an override until it expires, and one that was removed until then', () => {
    const plan = [sold(day(-5), 1, metered(100, CENT))];
    expect(spansOf(history(plan, [override(day(5), metered(900, CENT), day(20))]))).toEqual([
      [0, 5, 100, '0.01', 1],
      [5, 20, 900, '0.01', 1],
      [20, 30, 100, '0.01', 1],
    ]);
    expect(spansOf(history(plan, [override(day(-1), metered(900, CENT)), override(day(9), null)]))).toEqual([
      [0, 9, 900, '0.01', 1],
      [9, 30, 100, '0.01', 1],
    ]);
  });

  it('add the units of an add-on at the price of the plan', () => {
    const addOns = {
      more: { name: 'More', prices: [], quantity: 3, since: '', entitlements: [entitled(metered(50, null))] },
    };
    expect(spansOf(history([sold(day(-5), 1, metered(100, CENT), { addOns })]))).toEqual([[0, 30, 250, '0.01', 1]]);
  });

  it('have no price in another currency than the invoice, and none for a feature that is not entitled', () => {
    expect(spansOf(history([sold(day(-5), 1, metered(100, price('1', 'EUR')))]))).toEqual([[0, 30, 100, null, 1]]);
    expect(termsSpans('other', history([sold(day(-5), 1, metered(100, CENT))]), JUNE)).toMatchObject([
      { limit: null, price: null },
    ]);
  });

  it('have no gap, cover the period, and differ from the span before, through any history', () => {
    const terms = fc.tuple(fc.option(fc.constantFrom(0, 5, 10)), fc.option(fc.constantFrom(CENT, price('0.02'))));
    const subscription = fc.array(fc.tuple(fc.integer({ min: -5, max: 35 }), terms), { minLength: 1, maxLength: 6 });
    const overrides = fc.array(
      fc.tuple(fc.integer({ min: -5, max: 35 }), fc.option(terms), fc.option(fc.integer({ min: -5, max: 40 }))),
      { maxLength: 5 },
    );
    const sorted = <T extends [number, ...unknown[]]>(items: T[]): T[] => items.sort(([one], [other]) => one - other);
    fc.assert(
      fc.property(subscription, overrides, (changes, own) => {
        const given = history(
          sorted(changes).map(([since, [limit, usagePrice]], index) =>
            sold(day(since), index, metered(limit, usagePrice)),
          ),
          sorted(own).map(([since, replaced, until]) =>
            override(day(since), replaced && metered(...replaced), until === null ? null : day(until)),
          ),
        );
        const spans = termsSpans(FEATURE, given, JUNE);
        expect(spans[0]!.start).toEqual(JUNE.start);
        expect(spans.at(-1)!.end).toEqual(JUNE.end);
        spans.slice(1).forEach((span, index) => {
          const { start: _, end, ...before } = spans[index]!;
          const { start, end: __, ...after } = span;
          expect(start).toEqual(end);
          expect(after).not.toEqual(before);
        });
        // Each instant has the terms that a period of this instant alone has.
        for (let hour = 6; hour < 30 * 24; hour += 24) {
          const instant = day(hour / 24);
          const [{ limit, price: alone, plan }] = termsSpans(FEATURE, given, {
            ...{ start: instant, end: new Date(instant.getTime() + 1), currency: 'USD' },
          }) as [(typeof spans)[number]];
          const span = spans.find(({ start, end }) => start <= instant && instant < end);
          expect(span).toMatchObject({ limit, price: alone, plan });
        }
      }),
    );
  });
});

describe('features of a history', () => {
  it('that have a price are those of plans, add-ons and overrides', () => {
    const addOns = {
      more: { name: '', prices: [], quantity: 1, since: '', entitlements: [entitled(metered(1, CENT), 'added')] },
    };
    const own = { ...override(day(0), metered(1, CENT)), featureId: 'overridden' };
    const plans = [
      { ...sold(day(0), 1, metered(1, CENT), { addOns }) },
      { ...sold(day(1), 2, metered(1, null)), entitlements: [entitled(metered(1, null), 'free')] },
    ];
    expect(pricedFeatures(history(plans, [own])).sort()).toEqual(['added', FEATURE, 'overridden'].sort());
  });

  it.each([
    ['hour', 1],
    ['day', 2],
    ['week', 8],
    ['month', 32],
    ['quarter', 93],
    ['year', 367],
  ])('have windows of a %s that begin at most %i days before', (window, days) => {
    expect(earliestWindow(FEATURE, history([sold(day(0), 1, metered(1, CENT, window))]), day(0))).toEqual(day(-days));
  });

  it('have windows of a billing period of any length, and need none before for one that never ends', () => {
    const windowOf = (window: string): Date =>
      earliestWindow(FEATURE, history([sold(day(0), 1, metered(1, CENT, window))]), day(0));
    expect(windowOf('billing_period')).toEqual(new Date(0));
    expect(windowOf('none')).toEqual(day(0));
  });
});

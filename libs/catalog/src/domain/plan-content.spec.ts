import { describe, expect, it } from '@jest/globals';
import { type DomainError } from '@app/kernel';
import type { Feature } from './catalog.js';
import { checkContent, sameContent } from './plan-content.js';

const features = new Map(
  (['boolean', 'static', 'metered', 'credit'] as const).map((type) => [
    type,
    { key: type, type, aggregation: 'sum', archivedAt: null } as Feature,
  ]),
);
const price = { interval: 'month', amount: 2999, currency: 'USD' };
const metered = { feature: 'metered', type: 'metered', limit: 10, window: 'day', overage: 'deny' };
const fieldsOf = (content: object): string[] => {
  try {
    checkContent({ name: 'Pro', ...content }, features);
    return [];
  } catch (error) {
    return (error as DomainError).details.errors!.map(({ field }) => field);
  }
};

describe('plan content', () => {
  it('checkContent accepts each type of entitlement and returns prices in canonical form', () => {
    const content = checkContent(
      {
        name: 'Pro',
        prices: [price],
        entitlements: [
          { feature: 'boolean', type: 'boolean', value: false },
          { feature: 'static', type: 'static', value: 'email' },
          {
            ...metered,
            limit: null,
            rateLimit: { limit: 5, windowSeconds: 60 },
            overagePrice: { amount: 1, currency: 'INR' },
          },
          { feature: 'credit', type: 'credit', grant: { quantity: 10, every: 'month' } },
        ],
      },
      features,
    );
    expect(content.prices).toEqual([{ ...price, intervalCount: 1, region: null, deviceType: null }]);
    expect(content.entitlements.map(({ feature }) => feature)).toEqual(['boolean', 'static', 'metered', 'credit']);
  });

  it.each([
    ['a negative limit', { entitlements: [{ ...metered, limit: -1 }] }, 'entitlements.0.limit'],
    ['a fractional limit', { entitlements: [{ ...metered, limit: 1.5 }] }, 'entitlements.0.limit'],
    ['a limit as text', { entitlements: [{ ...metered, limit: 'unlimited' }] }, 'entitlements.0.limit'],
    ['a limit above 2^53 - 1', { entitlements: [{ ...metered, limit: 2 ** 53 }] }, 'entitlements.0.limit'],
    ['an unknown window', { entitlements: [{ ...metered, window: 'fortnight' }] }, 'entitlements.0.window'],
    ['an unknown member', { entitlements: [{ ...metered, limits: 3 }] }, 'entitlements.0.limits'],
    [
      'another type than the feature’s',
      { entitlements: [{ ...metered, type: 'boolean', value: true }] },
      'entitlements.0.type',
    ],
    ['an unknown feature', { entitlements: [{ ...metered, feature: 'x' }] }, 'entitlements.0.feature'],
    ['a feature twice', { entitlements: [metered, metered] }, 'entitlements.1'],
    [
      'a rate limit without a window',
      { entitlements: [{ ...metered, rateLimit: { limit: 5 } }] },
      'entitlements.0.rateLimit',
    ],
    [
      'a rate limit over more than 365 days',
      { entitlements: [{ ...metered, rateLimit: { limit: 5, windowSeconds: 31_536_001 } }] },
      'entitlements.0.rateLimit',
    ],
    ['a negative amount', { prices: [{ ...price, amount: -1 }] }, 'prices.0.amount'],
    ['an unknown currency', { prices: [{ ...price, currency: 'usd' }] }, 'prices.0.currency'],
    ['a region in words', { prices: [{ ...price, region: 'Armenia' }] }, 'prices.0.region'],
    ['a price twice', { prices: [price, { ...price, amount: 1 }] }, 'prices.1'],
    ['a trial of 731 days', { trialDays: 731 }, 'trialDays'],
    [
      'an error inside a member, reported once',
      { entitlements: [{ ...metered, rateLimit: { limit: 0 } }] },
      'entitlements.0.rateLimit',
    ],
    [
      'a grant without a window',
      { entitlements: [{ feature: 'credit', type: 'credit', grant: { quantity: 1 } }] },
      'entitlements.0.grant',
    ],
    [
      'a static value that is a list',
      { entitlements: [{ feature: 'static', type: 'static', value: [] }] },
      'entitlements.0.value',
    ],
    ['a window count of 0', { entitlements: [{ ...metered, windowCount: 0 }] }, 'entitlements.0.windowCount'],
    ['a window count of 1,001', { entitlements: [{ ...metered, windowCount: 1_001 }] }, 'entitlements.0.windowCount'],
    ['a fractional window count', { entitlements: [{ ...metered, windowCount: 1.5 }] }, 'entitlements.0.windowCount'],
    [
      'an unknown window anchor',
      { entitlements: [{ ...metered, windowAnchor: 'today' }] },
      'entitlements.0.windowAnchor',
    ],
    [
      'a first use of a counter without a window',
      { entitlements: [{ ...metered, window: 'none', windowAnchor: 'first_use' }] },
      'entitlements.0.windowAnchor',
    ],
    [
      'several billing periods',
      { entitlements: [{ ...metered, window: 'billing_period', windowCount: 2 }] },
      'entitlements.0.windowCount',
    ],
    [
      'a window count of 0 of a grant',
      { entitlements: [{ feature: 'credit', type: 'credit', grant: { quantity: 1, every: 'day', windowCount: 0 } }] },
      'entitlements.0.grant.windowCount',
    ],
    [
      'an anchor of a grant without a window',
      {
        entitlements: [
          { feature: 'credit', type: 'credit', grant: { quantity: 1, every: 'none', windowAnchor: 'subscription' } },
        ],
      },
      'entitlements.0.grant.windowAnchor',
    ],
    ['a missing limit', { entitlements: [{ ...metered, limit: undefined }] }, 'entitlements.0.limit'],
    ['an unknown member of a price', { prices: [{ ...price, cost: 1 }] }, 'prices.0.cost'],
    ['an interval count of null', { prices: [{ ...price, intervalCount: null }] }, 'prices.0.intervalCount'],
  ])('checkContent rejects %s', (_, content, field) => {
    expect(fieldsOf(content)).toEqual([field]);
  });

  it('checkContent denies overage unless the terms allow it', () => {
    const { overage: _, ...terms } = metered;
    const overageOf = (entitlement: object) =>
      checkContent({ name: 'Pro', entitlements: [entitlement] }, features).entitlements[0]!.terms;
    expect(overageOf(terms)).toEqual({ type: 'metered', limit: 10, window: 'day', overage: 'deny' });
    expect(overageOf({ ...terms, overage: 'allow' })).toMatchObject({ overage: 'allow' });
  });

  it('checkContent ignores members that are undefined', () => {
    expect(
      fieldsOf({ prices: [{ ...price, cost: undefined }], entitlements: [{ ...metered, value: undefined }] }),
    ).toEqual([]);
  });

  it.each(['calendar', 'subscription', 'first_use'])(
    'checkContent accepts windows of several units from %s',
    (anchor) => {
      const window = { windowCount: 5, windowAnchor: anchor };
      const grant = { quantity: 10, every: 'quarter', ...window };
      expect(
        fieldsOf({
          entitlements: [
            { ...metered, ...window },
            { feature: 'credit', type: 'credit', grant },
          ],
        }),
      ).toEqual([]);
    },
  );

  it('is equal in any order of its members', () => {
    expect(sameContent({ a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 })).toBe(true);
    expect(sameContent([1, 2], [2, 1])).toBe(false);
  });
});

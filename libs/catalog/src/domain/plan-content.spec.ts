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
const allowed = { ...metered, overage: 'allow' };
const tiersTo = (...ends: unknown[]) => ends.map((upTo) => ({ upTo, unitAmount: 2999 }));
const usageTiersTo = (...ends: unknown[]) => ends.map((upTo) => ({ upTo, unitAmount: '0.1' }));
const usage = (price: object, over: object = {}) => ({
  entitlements: [{ ...allowed, ...over, usagePrice: { currency: 'USD', ...price } }],
});
const tiered = (tiers: unknown[], over: object = {}) => ({
  prices: [{ ...price, tiers: { model: 'graduated', tiers, ...over } }],
});
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
    ['tiers of an unknown model', tiered(tiersTo(null), { model: 'stairs' }), 'prices.0.tiers.model'],
    ['no tiers', tiered([]), 'prices.0.tiers.tiers'],
    ['tiers that are null', { prices: [{ ...price, tiers: null }] }, 'prices.0.tiers'],
    ['101 tiers', tiered(tiersTo(...Array.from({ length: 100 }, (_, i) => i + 1), null)), 'prices.0.tiers.tiers'],
    ['a last tier with an end', tiered(tiersTo(10)), 'prices.0.tiers.tiers.0.upTo'],
    ['an endless tier in the middle', tiered(tiersTo(10, null, null)), 'prices.0.tiers.tiers.1.upTo'],
    ['tiers that do not ascend', tiered(tiersTo(10, 10, null)), 'prices.0.tiers.tiers.1.upTo'],
    ['a tier up to 0', tiered(tiersTo(0, null)), 'prices.0.tiers.tiers.0.upTo'],
    ['a fractional amount of a tier', tiered([{ upTo: null, unitAmount: 0.5 }]), 'prices.0.tiers.tiers.0.unitAmount'],
    ['an unknown member of a tier', tiered([{ upTo: null, unitAmount: 2999, to: 1 }]), 'prices.0.tiers.tiers.0.to'],
    ['an amount that one unit does not cost by the tiers', tiered([{ upTo: null, unitAmount: 1 }]), 'prices.0.amount'],
    ['an unknown model of a usage price', usage({ model: 'flat' }), 'entitlements.0.usagePrice.model'],
    ['a usage price that is text', { entitlements: [{ ...allowed, usagePrice: '1' }] }, 'entitlements.0.usagePrice'],
    ['a unit price as a number', usage({ model: 'per_unit', unitAmount: 0.1 }), 'entitlements.0.usagePrice.unitAmount'],
    [
      'a unit price with 13 decimal places',
      usage({ model: 'per_unit', unitAmount: '0.1234567890123' }),
      'entitlements.0.usagePrice.unitAmount',
    ],
    ['a negative unit price', usage({ model: 'per_unit', unitAmount: '-1' }), 'entitlements.0.usagePrice.unitAmount'],
    [
      'a usage price in an unknown currency',
      usage({ model: 'per_unit', unitAmount: '1', currency: 'usd' }),
      'entitlements.0.usagePrice.currency',
    ],
    [
      'a field of another model',
      usage({ model: 'per_unit', unitAmount: '1', packageSize: 5 }),
      'entitlements.0.usagePrice.packageSize',
    ],
    [
      'a package of 0',
      usage({ model: 'package', packageSize: 0, amount: '1' }),
      'entitlements.0.usagePrice.packageSize',
    ],
    [
      'usage tiers that do not ascend',
      usage({ model: 'volume', tiers: usageTiersTo(5, 4, null) }),
      'entitlements.0.usagePrice.tiers.1.upTo',
    ],
    [
      'a last usage tier with an end',
      usage({ model: 'graduated', tiers: usageTiersTo(5) }),
      'entitlements.0.usagePrice.tiers.0.upTo',
    ],
    [
      'a usage price without overage',
      usage({ model: 'per_unit', unitAmount: '1' }, { overage: 'deny' }),
      'entitlements.0.usagePrice',
    ],
    [
      'a usage price beside an overage price',
      usage({ model: 'per_unit', unitAmount: '1' }, { overagePrice: { amount: 1, currency: 'USD' } }),
      'entitlements.0.usagePrice',
    ],
    [
      'a usage price without a limit',
      usage({ model: 'per_unit', unitAmount: '1' }, { limit: null }),
      'entitlements.0.usagePrice',
    ],
    [
      'a usage price in another currency than the prices',
      { ...usage({ model: 'per_unit', unitAmount: '1' }), prices: [{ ...price, currency: 'EUR' }] },
      'entitlements.0.usagePrice.currency',
    ],
    [
      'a usage price beside prices in two currencies',
      {
        ...usage({ model: 'per_unit', unitAmount: '1' }),
        prices: [
          { ...price, currency: 'USD' },
          { ...price, currency: 'EUR' },
        ],
      },
      'entitlements.0.usagePrice.currency',
    ],
    [
      'an overage price in a currency that no price has',
      {
        prices: [{ ...price, currency: 'EUR' }],
        entitlements: [{ ...allowed, overagePrice: { amount: 1, currency: 'USD' } }],
      },
      'entitlements.0.overagePrice.currency',
    ],
  ])('checkContent rejects %s', (_, content, field) => {
    expect(fieldsOf(content)).toEqual([field]);
  });

  it('checkContent accepts tiers of each model and usage prices of each model, as they are', () => {
    const tiers = {
      model: 'volume',
      tiers: [
        { upTo: 5, unitAmount: 999, flatAmount: 2000 },
        { upTo: null, unitAmount: 0 },
      ],
    };
    expect(checkContent({ name: 'Pro', prices: [{ ...price, tiers }] }, features).prices[0]).toMatchObject({ tiers });
    for (const model of [
      { model: 'per_unit', unitAmount: '0.000000000001' },
      { model: 'package', packageSize: 100, amount: '5.00' },
      {
        model: 'graduated',
        tiers: [
          { upTo: 5, unitAmount: '0', flatAmount: '20.00' },
          { upTo: null, unitAmount: '3' },
        ],
      },
      { model: 'volume', tiers: [{ upTo: null, unitAmount: '1' }] },
    ]) {
      const usagePrice = { ...model, currency: 'JPY' };
      const { entitlements } = checkContent({ name: 'Pro', entitlements: [{ ...allowed, usagePrice }] }, features);
      expect(entitlements[0]!.terms).toEqual({
        type: 'metered',
        limit: 10,
        window: 'day',
        overage: 'allow',
        usagePrice,
      });
    }
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

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EntitlementTerms } from '@app/catalog';
import type { SoldAddOn } from '@app/subscriptions';
import { addedTerms, withAddOns } from './add-on-terms.js';

const SINCE = '2027-01-01T00:00:00.000Z';
const metered = (limit: number | null, over: object = {}): EntitlementTerms => ({
  type: 'metered',
  limit,
  window: 'month',
  overage: 'deny',
  ...over,
});
const usagePrice = (unitAmount: string) => ({ model: 'per_unit', unitAmount, currency: 'USD' });
const credit = (quantity: number): EntitlementTerms => ({
  type: 'credit',
  grant: { quantity, every: 'month', rolloverMax: 7 },
});
const addOn = (quantity: number, terms: EntitlementTerms, since = SINCE): SoldAddOn => ({
  name: 'add-on',
  quantity,
  since,
  prices: [],
  entitlements: [{ featureId: 'f', feature: 'feature', terms }],
});
const MAX = Number.MAX_SAFE_INTEGER;

describe('terms with add-ons', () => {
  it.each<[string, EntitlementTerms | null, Record<string, SoldAddOn>, EntitlementTerms]>([
    ['limits add up, times quantity', metered(10), { a: addOn(2, metered(5)), b: addOn(1, metered(1)) }, metered(21)],
    ['an unlimited plan stays unlimited', metered(null), { a: addOn(2, metered(5)) }, metered(null)],
    ['an unlimited add-on wins', metered(10), { a: addOn(1, metered(5)), b: addOn(1, metered(null)) }, metered(null)],
    ['2^53 - 1 is the largest sum', metered(1), { a: addOn(1_000_000, metered(MAX)) }, metered(MAX)],
    [
      'window, overage and rates of the plan stay',
      metered(10, { window: 'day', overage: 'allow' }),
      { a: addOn(1, metered(5, { rateLimit: { limit: 1, windowSeconds: 1 } })) },
      metered(15, { window: 'day', overage: 'allow' }),
    ],
    [
      'the plan keeps its price of usage',
      metered(10, { overage: 'allow', usagePrice: usagePrice('0.01') }),
      { a: addOn(2, metered(5, { overage: 'allow', usagePrice: usagePrice('0.02') })) },
      metered(20, { overage: 'allow', usagePrice: usagePrice('0.01') }),
    ],
    [
      'without the plan those of the first add-on by key apply',
      null,
      { b: addOn(3, metered(5, { window: 'year' })), a: addOn(2, metered(1, { window: 'day' })) },
      metered(17, { window: 'day' }),
    ],
    ['credits add up', credit(100), { a: addOn(2, credit(50)) }, credit(200)],
    [
      'a switch turns on',
      { type: 'boolean', value: false },
      { a: addOn(1, { type: 'boolean', value: true }) },
      { type: 'boolean', value: true },
    ],
  ])('%s', (_, plan, addOns, expected) => expect(addedTerms('f', plan, addOns)?.terms).toEqual(expected));

  it('are null for a feature that no add-on names', () =>
    expect(addedTerms('other', metered(10), { a: addOn(1, metered(5)) })).toBeNull());

  it('name the add-ons, and begin with the newest of them', () =>
    expect(
      addedTerms('f', metered(1), { b: addOn(1, metered(5)), a: addOn(4, metered(5), '2027-02-01T00:00:00.000Z') }),
    ).toMatchObject({
      addOns: [
        { key: 'a', quantity: 4 },
        { key: 'b', quantity: 1 },
      ],
      since: new Date('2027-02-01T00:00:00.000Z'),
    }));

  it('are the sum of the limits for any add-ons in any order', () => {
    const parts = fc.array(fc.tuple(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 1e3 })), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), parts, (included, added) => {
        const named = added.map(([limit, quantity], index) => [`a${index}`, addOn(quantity, metered(limit))] as const);
        const sum = added.reduce((total, [limit, quantity]) => total + limit * quantity, included);
        for (const order of [named, [...named].reverse()])
          expect(addedTerms('f', metered(included), Object.fromEntries(order))!.terms).toEqual(metered(sum));
      }),
    );
  });

  it('the entitlements of a plan get the features that only add-ons name', () => {
    const plan = [{ featureId: 'g', feature: 'other', terms: metered(3) }];
    expect(withAddOns(plan, { a: addOn(2, metered(5)) })).toEqual([
      { featureId: 'f', feature: 'feature', terms: metered(10) },
      { featureId: 'g', feature: 'other', terms: metered(3) },
    ]);
  });
});

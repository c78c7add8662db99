import { describe, expect, it } from '@jest/globals';
import type { MeteredTerms } from './catalog.js';
import { hasUsagePrices, usagePriceOf } from './usage-price.js';

const terms: MeteredTerms = { type: 'metered', limit: 5, window: 'month', overage: 'allow' };
const usagePrice = { model: 'per_unit', unitAmount: '0.00025', currency: 'USD' } as const;

describe('the price of usage', () => {
  it.each([
    ['is that of the terms', { ...terms, usagePrice }, usagePrice],
    [
      'is the overage price in major units',
      { ...terms, overagePrice: { amount: 1, currency: 'BHD' } },
      { model: 'per_unit', unitAmount: '0.001', currency: 'BHD' },
    ],
    ['is null without a price', terms, null],
    ['is null without a limit', { ...terms, limit: null, usagePrice }, null],
    [
      'is null without overage',
      { ...terms, overage: 'deny' as const, overagePrice: { amount: 1, currency: 'USD' } },
      null,
    ],
    ['is null for a switch', { type: 'boolean' as const, value: true }, null],
  ])('%s', (_, given, expected) => {
    expect(usagePriceOf(given)).toEqual(expected);
    expect(hasUsagePrices([{ terms: given }])).toBe(expected !== null);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { Price } from './catalog.js';
import { chooseAssignment, choosePrice, type PriceSelection } from './choose-price.js';

const price = (over: Partial<Price>): Price => ({
  interval: 'month',
  intervalCount: 1,
  amount: 1,
  currency: 'USD',
  region: null,
  deviceType: null,
  ...over,
});
const selection = (over: Partial<PriceSelection> = {}): PriceSelection => ({
  currency: null,
  currencyRequired: false,
  region: null,
  deviceType: null,
  ...over,
});

describe('choosePrice', () => {
  const prices = [
    price({ amount: 1 }),
    price({ amount: 2, region: 'US' }),
    price({ amount: 3, deviceType: 'ios' }),
    price({ amount: 4, region: 'US', deviceType: 'ios' }),
    price({ amount: 5, interval: 'year' }),
    price({ amount: 6, intervalCount: 3 }),
    price({ amount: 7, currency: 'EUR' }),
  ];

  it.each([
    ['all buyers', {}, 1],
    ['a region', { region: 'US' }, 2],
    ['a device type', { deviceType: 'ios' }, 3],
    ['a region before a device type', { region: 'US', deviceType: 'android' }, 2],
    ['both together', { region: 'US', deviceType: 'ios' }, 4],
    ['the year', { interval: 'year' as const }, 5],
    ['three months', { interval: 'month' as const, intervalCount: 3 }, 6],
    ['one month when only the month is named', { interval: 'month' as const }, 1],
    ['the customer’s currency', { currency: 'EUR' }, 7],
    ['any currency when the customer’s is not offered', { currency: 'JPY' }, 1],
  ])('is the one for %s', (_, wanted, amount) => {
    expect(choosePrice(prices, selection(wanted))?.amount).toBe(amount);
  });

  it('is null in a required currency that is not offered', () => {
    expect(choosePrice(prices, selection({ currency: 'JPY', currencyRequired: true }))).toBeNull();
  });

  it('is null for a buyer of another region when every price is limited to a region', () => {
    expect(
      choosePrice([price({ region: 'AM', deviceType: 'ios' })], selection({ region: 'US', deviceType: 'ios' })),
    ).toBeNull();
  });
});

describe('chooseAssignment', () => {
  const rules = [
    { plan: 'us-ios', region: 'US', deviceType: 'ios' },
    { plan: 'free', region: null, deviceType: null },
  ];

  it('is the most specific match, else the rule without region and device type', () => {
    expect(chooseAssignment(rules, { region: 'US', deviceType: 'ios' })?.plan).toBe('us-ios');
    expect(chooseAssignment(rules, { region: 'US', deviceType: null })?.plan).toBe('free');
    expect(chooseAssignment([rules[0]!], { region: 'FR', deviceType: 'ios' })).toBeNull();
  });
});

import { describe, expect, it } from '@jest/globals';
import { amountFromStripe, stripeAmount } from './amounts.js';

describe('amounts at Stripe', () => {
  it.each([
    ['USD', 1999, 1999],
    ['EUR', 1, 1],
    ['HUF', 10000, 10000],
    ['JPY', 500, 500],
    ['KRW', 12000, 12000],
    ['ISK', 5, 500],
    ['UGX', 5, 500],
    ['MGA', 500, 5],
    ['KWD', 5120, 5120],
    ['BHD', 1230, 1230],
  ])('%s %d is %d', (currency, amount, expected) => {
    expect(stripeAmount({ amount, currency })).toBe(expected);
    expect(amountFromStripe(expected, currency)).toBe(amount);
  });

  it.each([
    ['KWD', 5124],
    ['BHD', 1],
    ['MGA', 510],
  ])('%s %d cannot be charged exactly', (currency, amount) => {
    expect(stripeAmount({ amount, currency })).toBeNull();
  });
});

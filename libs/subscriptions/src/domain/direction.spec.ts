import { describe, expect, it } from '@jest/globals';
import { directionOf } from './direction.js';

const sold = (
  amount: number,
  interval: 'day' | 'month' | 'year' = 'month',
  { quantity = 1, currency = 'USD', intervalCount = 1 } = {},
) => ({ price: { amount, currency, interval, intervalCount }, quantity });

describe('the direction of a plan change', () => {
  it.each([
    [sold(1_000), sold(3_000), 'upgrade'],
    [sold(3_000), sold(1_000), 'downgrade'],
    [sold(1_000), sold(1_000), 'switch'],
    [sold(1_000), sold(10_000, 'year'), 'downgrade'],
    [sold(1_000), sold(13_000, 'year'), 'upgrade'],
    [sold(1_000), sold(2_900, 'month', { intervalCount: 3 }), 'downgrade'],
    [sold(1_000), sold(1_000, 'month', { quantity: 2 }), 'upgrade'],
    [sold(1_000), sold(3_000, 'month', { currency: 'EUR' }), 'switch'],
    [sold(0), sold(0, 'year'), 'switch'],
  ] as const)('%j to %j is an %s', (before, after, expected) => {
    expect(directionOf(before, after)).toBe(expected);
  });
});

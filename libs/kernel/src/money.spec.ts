import { describe, expect, it } from '@jest/globals';
import { amountOf, currencyExponent, decimalAmount, exactAmountOf, type PriceTiers } from './money.js';

const TIERS = [
  { upTo: 10, unitAmount: 1_000 },
  { upTo: 100, unitAmount: 800, flatAmount: 50 },
  { upTo: null, unitAmount: 500 },
];
const priced = (quantity: number, model?: PriceTiers['model']) => ({
  price: { amount: 1_000, ...(model ? { tiers: { model, tiers: TIERS } } : {}) },
  quantity,
});

describe('price times quantity', () => {
  it.each([
    [undefined, 11, 11_000],
    ['graduated', 0, 0],
    ['graduated', 1, 1_000],
    ['graduated', 10, 10_000],
    ['graduated', 11, 10_850],
    ['graduated', 150, 107_050],
    ['volume', 0, 0],
    ['volume', 10, 10_000],
    ['volume', 11, 8_850],
    ['volume', 101, 50_500],
  ] as const)('%s of %i units is %i', (model, quantity, amount) => {
    expect(amountOf(priced(quantity, model))).toBe(amount);
  });

  it('is exact above 2^53 - 1', () => {
    expect(exactAmountOf(priced(Number.MAX_SAFE_INTEGER))).toBe(9_007_199_254_740_991_000n);
  });
});

describe('currencies', () => {
  it.each([
    ['USD', 2],
    ['HUF', 2],
    ['COP', 2],
    ['JPY', 0],
    ['BHD', 3],
    ['IQD', 3],
    ['CLF', 4],
  ])('%s has %i decimal places by ISO 4217', (currency, exponent) => {
    expect(currencyExponent(currency)).toBe(exponent);
  });

  it.each([
    [0, 'USD', '0.00'],
    [-5, 'USD', '-0.05'],
    [123456, 'USD', '1234.56'],
    [9007199254740991, 'USD', '90071992547409.91'],
    [300, 'JPY', '300'],
    [3704, 'BHD', '3.704'],
  ])('%i minor units of %s are %s', (amount, currency, text) => {
    expect(decimalAmount({ amount, currency })).toBe(text);
  });
});

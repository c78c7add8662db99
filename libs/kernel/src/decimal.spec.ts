import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  compared,
  decimalText,
  dividedBy,
  floored,
  inMinorUnits,
  isDecimal,
  minus,
  negated,
  plus,
  rational,
  rounded,
  times,
} from './decimal.js';

const numbers = fc
  .tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.bigInt({ min: 1n, max: 10n ** 12n }))
  .map(([numerator, denominator]) => dividedBy(rational(numerator), rational(denominator)));

describe('exact decimals', () => {
  it.each(['0', '-0.5', '0.00025', '123456789012345.123456789012'])('isDecimal accepts %s', (text) => {
    expect(isDecimal(text)).toBe(true);
    expect(decimalText(rational(text))).toBe(text);
  });

  it.each(['', '.5', '1.', '01', '+1', '1e3', '1,5', ' 1', '0.1234567890123', '1234567890123456', 'NaN', 1, null])(
    'isDecimal rejects %p',
    (text) => {
      expect(isDecimal(text)).toBe(false);
    },
  );

  it.each([
    ['0.5', 1n],
    ['-0.5', -1n],
    ['0.499999999999', 0n],
    ['1.5', 2n],
    ['-1.5', -2n],
    ['-1.4', -1n],
  ])('rounds %s to %s: half away from zero', (text, whole) => {
    expect(rounded(rational(text))).toBe(whole);
  });

  it.each([
    ['0.005', 'USD', '0.5'],
    ['0.5', 'JPY', '0.5'],
    ['1.2345', 'BHD', '1234.5'],
  ])('%s %s are %s minor units', (major, currency, minor) => {
    expect(decimalText(inMinorUnits(rational(major), currency))).toBe(minor);
  });

  it.each(['', '.5', '1.', '+1', '1e3', '1,5', 'NaN', 0.5])('rational rejects %p', (value) => {
    expect(() => rational(value)).toThrow(RangeError);
  });

  it('a number without an exact decimal has no text, and nothing is divided by zero', () => {
    expect(() => decimalText(dividedBy(rational(1), rational(3)))).toThrow(RangeError);
    expect(() => dividedBy(rational(1), rational(0))).toThrow(RangeError);
  });

  it('computes without any loss', () => {
    fc.assert(
      fc.property(numbers, numbers, numbers, (one, other, third) => {
        expect(minus(plus(one, other), other)).toEqual(one);
        expect(times(plus(one, other), third)).toEqual(plus(times(one, third), times(other, third)));
        if (other.numerator !== 0n) expect(times(dividedBy(one, other), other)).toEqual(one);
        expect(compared(one, other)).toBe(-compared(other, one) + 0);
      }),
    );
  });

  it('rounds to the nearest whole number, and a negative as its opposite', () => {
    fc.assert(
      fc.property(numbers, (number) => {
        const half = dividedBy(rational(1), rational(2));
        const distance = minus(number, rational(rounded(number)));
        expect(compared(distance, half)).toBeLessThanOrEqual(0);
        expect(compared(distance, negated(half))).toBeGreaterThanOrEqual(0);
        expect(rounded(negated(number))).toBe(-rounded(number));
        expect(compared(rational(floored(number)), number)).toBeLessThanOrEqual(0);
        expect(compared(rational(floored(number) + 1n), number)).toBe(1);
      }),
    );
  });
});

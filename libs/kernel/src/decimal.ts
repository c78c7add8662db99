import { currencyExponent } from './money.js';

/** An exact number: a fraction in lowest terms. Never a float. */
export interface Rational {
  numerator: bigint;
  /** 1 or more. */
  denominator: bigint;
}

/** Decimal places of a decimal text, such as a unit price. */
export const MAX_DECIMAL_PLACES = 12;

const DECIMAL = new RegExp(`^-?(?:0|[1-9]\\d{0,14})(?:\\.\\d{1,${MAX_DECIMAL_PLACES}})?$`);

const NUMBER = /^-?\d+(?:\.\d+)?$/;

/** True for a decimal text with up to 15 digits and 12 decimal places: `0.00025`, `-3`. No sign +, no exponent. */
export const isDecimal = (text: unknown): text is string => typeof text === 'string' && DECIMAL.test(text);

export const ZERO: Rational = { numerator: 0n, denominator: 1n };

/**
 * The exact number of a decimal text of any length, or of a whole number.
 * @throws RangeError for any other form: texts of requests are checked by `isDecimal`
 * @example rational('0.00025')
 */
export function rational(value: string | number | bigint): Rational {
  if (typeof value === 'bigint') return { numerator: value, denominator: 1n };
  if (typeof value === 'number') return { numerator: BigInt(value), denominator: 1n };
  if (!NUMBER.test(value)) throw new RangeError(`"${value}" is not a decimal.`);
  const [whole, fraction = ''] = value.split('.');
  return reduced(BigInt(whole + fraction), 10n ** BigInt(fraction.length));
}

export const plus = (one: Rational, other: Rational): Rational =>
  reduced(one.numerator * other.denominator + other.numerator * one.denominator, one.denominator * other.denominator);

export const minus = (one: Rational, other: Rational): Rational => plus(one, negated(other));

export const times = (one: Rational, other: Rational): Rational =>
  reduced(one.numerator * other.numerator, one.denominator * other.denominator);

/** @throws RangeError when the divisor is zero */
export function dividedBy(dividend: Rational, { numerator, denominator }: Rational): Rational {
  if (numerator === 0n) throw new RangeError('Nothing is divided by zero.');
  const sign = numerator < 0n ? -1n : 1n;
  return reduced(dividend.numerator * denominator * sign, dividend.denominator * numerator * sign);
}

export const negated = ({ numerator, denominator }: Rational): Rational => ({ numerator: -numerator, denominator });

/** Negative, zero or positive, as comparators of `sort` are. */
export function compared(one: Rational, other: Rational): -1 | 0 | 1 {
  const difference = one.numerator * other.denominator - other.numerator * one.denominator;
  return difference === 0n ? 0 : difference < 0n ? -1 : 1;
}

/** The next whole number; half rounds away from zero, so that a credit rounds as its charge. */
export function rounded({ numerator, denominator }: Rational): bigint {
  const size = numerator < 0n ? -numerator : numerator;
  const whole = (2n * size + denominator) / (2n * denominator);
  return numerator < 0n ? -whole : whole;
}

/** The largest whole number that is not above it. */
export function floored({ numerator, denominator }: Rational): bigint {
  const whole = numerator / denominator;
  return numerator < 0n && whole * denominator !== numerator ? whole - 1n : whole;
}

/**
 * An amount in major units as exact minor units of a currency, not rounded.
 * @example inMinorUnits(rational('0.005'), 'USD') // 0.5
 */
export const inMinorUnits = (major: Rational, currency: string): Rational =>
  times(major, rational(10n ** BigInt(currencyExponent(currency))));

/**
 * The shortest decimal text of a number.
 * @throws RangeError for a number without one, such as a third
 * @example decimalText(times(rational('0.50'), rational(3))) // '1.5'
 */
export function decimalText({ numerator, denominator }: Rational): string {
  if (denominator === 1n) return String(numerator);
  let places = 0;
  let unit = 1n;
  while (unit % denominator !== 0n) {
    if (++places > 1_000) throw new RangeError(`${numerator}/${denominator} has no exact decimal.`);
    unit *= 10n;
  }
  const units = (numerator < 0n ? -numerator : numerator) * (unit / denominator);
  const digits = String(units).padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  return `${numerator < 0n ? '-' : ''}${whole}${places === 0 ? '' : `.${digits.slice(-places)}`}`;
}

function reduced(numerator: bigint, denominator: bigint): Rational {
  if (denominator === 1n) return { numerator, denominator };
  let divisor = denominator;
  for (let rest = numerator < 0n ? -numerator : numerator; rest !== 0n;) [divisor, rest] = [rest, divisor % rest];
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

import type { Period } from './calendar.js';

/**
 * An amount of money in integer minor units of an ISO 4217 currency: 2999 USD is 29.99 dollars, 323 JPY is 323 yen,
 * 1500 KWD is 1.5 dinars.
 */
export interface Money {
  amount: number;
  currency: string;
}

/** The largest amount, in minor units: JSON numbers are exact up to here. */
export const MAX_AMOUNT = Number.MAX_SAFE_INTEGER;

/**
 * Price times quantity, in minor units: the only place that multiplies the two.
 * @example amountOf({ price: { amount: 2999 }, quantity: 3 }) // 8997
 */
export const amountOf = ({ price, quantity }: { price: Pick<Money, 'amount'>; quantity: number }): number =>
  price.amount * quantity;

const CURRENCIES = new Set(Intl.supportedValuesOf('currency'));

/** True for an ISO 4217 code that this runtime knows. */
export const isCurrency = (code: unknown): code is string => typeof code === 'string' && CURRENCIES.has(code);

/**
 * Prorates an amount: the share of `part` in `cycle`, in minor units. Exact to the millisecond, half a unit rounds up.
 * Computed as the difference of the amounts left at both ends, so that the parts of a cycle always sum up to the whole.
 * A part without length is worth 0; a part that extends beyond the cycle is cut to it.
 * @param amount minor units, 0 or more
 * @example proratedAmount(3000, { start: day10, end: day30 }, { start: day0, end: day30 }) // 2000
 */
export function proratedAmount(amount: number, part: Period, cycle: Period): number {
  return leftAt(part.start, amount, cycle) - leftAt(part.end, amount, cycle);
}

function leftAt(at: Date, amount: number, { start, end }: Period): number {
  const length = BigInt(end.getTime() - start.getTime());
  const left = BigInt(Math.min(Math.max(end.getTime() - at.getTime(), 0), Number(length)));
  if (length === 0n) return 0;
  return Number((2n * BigInt(amount) * left + length) / (2n * length));
}

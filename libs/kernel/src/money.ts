import type { Period } from './calendar.js';

/** An amount of money in integer minor units of an ISO 4217 currency: 2999 USD is 29.99 dollars, 323 JPY is 323 yen, 1500 KWD is 1.5 dinars. */
export interface Money {
  amount: number;
  currency: string;
}

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
 * The part of an amount that a part of a cycle is worth, in minor units, exactly: by milliseconds, half a unit rounded up.
 * It is the difference of what is left at its two ends, so that the parts of a cycle, however it is cut, sum up to the whole.
 * A part without length is worth nothing; one that reaches beyond the cycle is cut to it.
 * @param amount minor units, 0 or more
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

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

/** How tiers price a quantity: each unit by its own tier, or all units by the tier that the quantity reaches. */
export const TIER_MODELS = ['graduated', 'volume'] as const;
export type TierModel = (typeof TIER_MODELS)[number];

/** A tier of a price, in minor units. */
export interface PriceTier {
  /** Last unit of the tier; null: all further units. */
  upTo: number | null;
  unitAmount: number;
  /** Charged once, when the quantity reaches the tier. */
  flatAmount?: number;
}

/** Tiers in ascending order; the last one has no end. */
export interface PriceTiers {
  model: TierModel;
  tiers: PriceTier[];
}

/** A quantity of something that has a price. With tiers, `price.amount` is what one unit costs. */
export interface Priced {
  price: Pick<Money, 'amount'> & { tiers?: PriceTiers };
  quantity: number;
}

/**
 * Price times quantity, in minor units: the only place that multiplies the two. Tiers of the price count.
 * @example amountOf({ price: { amount: 2999 }, quantity: 3 }) // 8997
 */
export const amountOf = (priced: Priced): number => Number(exactAmountOf(priced));

/** `amountOf` for amounts that may be above MAX_AMOUNT. */
export function exactAmountOf({ price: { amount, tiers: tiered }, quantity }: Priced): bigint {
  if (!tiered) return BigInt(amount) * BigInt(quantity);
  const { model, tiers } = tiered;
  const reached =
    model === 'graduated' ? tiers : tiers.filter(({ upTo }) => upTo === null || upTo >= quantity).slice(0, 1);
  let total = 0n;
  let before = 0;
  for (const { upTo, unitAmount, flatAmount = 0 } of reached) {
    if (quantity <= before) break;
    const last = upTo === null || upTo > quantity ? quantity : upTo;
    total += BigInt(unitAmount) * BigInt(last - before) + BigInt(flatAmount);
    before = last;
  }
  return total;
}

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

/** ISO 4217: exponents other than 2. Runtimes follow CLDR instead, which has 0 for HUF, COP and IQD. */
const EXPONENTS = new Map<string, number>([
  ...'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' ').map((code) => [code, 0] as const),
  ...'BHD IQD JOD KWD LYD OMR TND'.split(' ').map((code) => [code, 3] as const),
  ...'CLF UYW'.split(' ').map((code) => [code, 4] as const),
]);

/** Decimal places of the minor unit of a currency. @example currencyExponent('JPY') // 0 */
export const currencyExponent = (currency: string): number => EXPONENTS.get(currency) ?? 2;

/** An amount as an exact decimal in major units. @example decimalAmount({ amount: -5, currency: 'USD' }) // '-0.05' */
export function decimalAmount({ amount, currency }: Money): string {
  const exponent = currencyExponent(currency);
  const digits = Math.abs(amount)
    .toString()
    .padStart(exponent + 1, '0');
  const whole = digits.slice(0, digits.length - exponent);
  return `${amount < 0 ? '-' : ''}${whole}${exponent === 0 ? '' : `.${digits.slice(-exponent)}`}`;
}

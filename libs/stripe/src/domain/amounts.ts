import { currencyExponent, type Money } from '@app/kernel';

/** Currencies that Stripe counts in whole units. */
const ZERO_DECIMAL = new Set('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '));
/** Currencies that Stripe counts in thousandths: the last digit is always 0. */
const THREE_DECIMAL = new Set('BHD JOD KWD OMR TND'.split(' '));

/** Decimal places of an amount at Stripe. ISK and UGX have 2 there and none in ISO 4217: such amounts end with `00`. */
const exponentAtStripe = (currency: string): number => {
  if (ZERO_DECIMAL.has(currency)) return 0;
  return THREE_DECIMAL.has(currency) ? 3 : 2;
};

/**
 * An amount in minor units of ISO 4217 as Stripe counts it; null when Stripe cannot charge it exactly.
 * @example stripeAmount({ amount: 500, currency: 'JPY' }) // 500
 * @example stripeAmount({ amount: 5, currency: 'ISK' }) // 500
 * @example stripeAmount({ amount: 1234, currency: 'KWD' }) // null: the last digit must be 0
 */
export function stripeAmount({ amount, currency }: Money): number | null {
  const shift = exponentAtStripe(currency) - currencyExponent(currency);
  if (shift < 0 && amount % 10 ** -shift !== 0) return null;
  const scaled = shift < 0 ? amount / 10 ** -shift : amount * 10 ** shift;
  return THREE_DECIMAL.has(currency) && scaled % 10 !== 0 ? null : scaled;
}

/** An amount of Stripe in minor units of ISO 4217. @example amountFromStripe(500, 'ISK') // 5 */
export function amountFromStripe(amount: number, currency: string): number {
  const shift = exponentAtStripe(currency) - currencyExponent(currency);
  return shift < 0 ? amount * 10 ** -shift : Math.round(amount / 10 ** shift);
}

import {
  compared,
  dividedBy,
  floored,
  minus,
  negated,
  plus,
  rational,
  type Rational,
  rounded,
  times,
  ZERO,
} from '@app/kernel';
import type { AppliedRedemption } from './coupon-redemption.js';
import type { InvoiceDiscount, InvoiceLine, InvoiceTax, LineTax, TaxExempt, Totals } from './invoice.js';
import { exactAmount } from './rating.js';

/** The data from which the amounts of an invoice are computed. */
export interface TotalsInput {
  /** With the taxes that apply to each: see `taxesOf`. Discounts of the lines are replaced. */
  lines: readonly InvoiceLine[];
  /** In the order in which they count: see `appliedRedemptions`. */
  redemptions: readonly Pick<AppliedRedemption, 'id' | 'coupon' | 'lowers'>[];
  /** Anything but `none`: no line is taxed. */
  taxExempt: TaxExempt;
}

export interface ComputedTotals {
  /** The lines with their share of the discounts, and with the taxes that count. */
  lines: InvoiceLine[];
  discounts: InvoiceDiscount[];
  taxes: InvoiceTax[];
  totals: Totals;
}

/**
 * The amounts of an invoice or a draft. Each coupon lowers what the ones before it left: a percentage of all of it,
 * also when it is negative; an amount at most down to 0, and nothing of it is carried over. A discount is spread over
 * the lines in proportion, to the last minor unit. A tax is rounded once per rate, over all lines that have it.
 * Inclusive taxes are contained in the amounts, exclusive ones are added.
 * @throws DomainError `amount_too_large`
 * @example computeTotals({ lines, redemptions: [], taxExempt: 'none' }).totals.total
 */
export function computeTotals({ lines, redemptions, taxExempt }: TotalsInput): ComputedTotals {
  const left = lines.map(({ amount }) => BigInt(amount));
  const discounts = redemptions
    .filter(({ lowers }) => lines.some(lowers))
    .map((redemption) => discount(redemption, lines, left));
  const computed = lines.map((line, index) => ({
    ...line,
    discount: exactAmount(BigInt(line.amount) - left[index]!),
    taxes: taxExempt === 'none' ? line.taxes : [],
  }));
  const taxes = taxesOver(computed);
  const subtotal = sum(lines.map(({ amount }) => amount));
  const discountTotal = sum(discounts.map(({ amount }) => amount));
  const exclusiveTaxTotal = sum(taxes.filter(({ inclusive }) => !inclusive).map(({ amount }) => amount));
  const taxTotal = sum(taxes.map(({ amount }) => amount));
  const total = sum([subtotal, -discountTotal, exclusiveTaxTotal]);
  return { lines: computed, discounts, taxes, totals: { subtotal, discountTotal, taxTotal, exclusiveTaxTotal, total } };
}

const sum = (amounts: number[]): number => exactAmount(amounts.reduce((total, amount) => total + BigInt(amount), 0n));
const HUNDRED = rational(100);

/** One coupon on what is left of the lines that it lowers, in place. */
function discount(
  { id, coupon, lowers }: TotalsInput['redemptions'][number],
  lines: readonly InvoiceLine[],
  left: bigint[],
): InvoiceDiscount {
  const { key, name, percentOff, amountOff } = coupon;
  const lowered = left.map((amount, index) => (lowers(lines[index]!) ? amount : 0n));
  const remaining = lowered.reduce((total, amount) => total + amount, 0n);
  const shares =
    percentOff === null ? sharesOfAmount(BigInt(amountOff!), remaining, lowered) : sharesOfPercent(percentOff, lowered);
  shares.forEach((share, index) => (left[index]! -= share));
  const amount = exactAmount(shares.reduce((total, share) => total + share, 0n));
  return { coupon: key, name, redemptionId: id, percentOff, amountOff, amount };
}

function sharesOfPercent(percentOff: string, left: bigint[]): bigint[] {
  const factor = dividedBy(rational(percentOff), HUNDRED);
  return spread(left.map((amount) => times(rational(amount), factor)));
}

function sharesOfAmount(amountOff: bigint, remaining: bigint, left: bigint[]): bigint[] {
  if (remaining <= 0n) return left.map(() => 0n);
  const factor = dividedBy(rational(amountOff < remaining ? amountOff : remaining), rational(remaining));
  return spread(left.map((amount) => times(rational(amount), factor)));
}

/**
 * Rounds parts so that they sum up to their rounded sum: each is the whole number below or above, and those with the
 * largest remainders are the ones above; of equal ones the first. Negative parts give the negative of what their
 * opposites give.
 * @example spread([rational('0.5'), rational('0.5'), rational('0.5')]) // 1n, 1n, 0n
 */
export function spread(parts: readonly Rational[]): bigint[] {
  const whole = parts.reduce(plus, ZERO);
  const leading = compared(whole, ZERO) === 0 ? (parts.find(({ numerator }) => numerator !== 0n) ?? ZERO) : whole;
  if (leading.numerator < 0n) return spread(parts.map(negated)).map((share) => -share);
  const shares = parts.map(floored);
  const missing = Number(rounded(whole) - shares.reduce((total, share) => total + share, 0n));
  const remainders = parts.map((part, index) => ({ index, remainder: minus(part, rational(shares[index]!)) }));
  remainders.sort((one, other) => compared(other.remainder, one.remainder) || one.index - other.index);
  for (const { index } of remainders.slice(0, missing)) shares[index]! += 1n;
  return shares;
}

/** The taxes of all lines, one for each rate, in the order in which the lines name them. */
function taxesOver(lines: readonly InvoiceLine[]): InvoiceTax[] {
  const rates = new Map<string, { tax: LineTax; amount: Rational; gross: bigint; contained: Rational }>();
  for (const { amount, discount: off, taxes } of lines) {
    const after = BigInt(amount) - BigInt(off);
    const inclusive = taxes
      .filter((tax) => tax.inclusive)
      .reduce((all, tax) => plus(all, rational(tax.percentage)), ZERO);
    const net = dividedBy(times(rational(after), HUNDRED), plus(HUNDRED, inclusive));
    for (const tax of taxes) {
      const key = JSON.stringify([tax.rate, tax.percentage, tax.inclusive]);
      const { amount: taxed, gross, contained } = rates.get(key) ?? { amount: ZERO, gross: 0n, contained: ZERO };
      rates.set(key, {
        tax,
        amount: plus(taxed, dividedBy(times(net, rational(tax.percentage)), HUNDRED)),
        gross: gross + after,
        contained: plus(contained, minus(rational(after), net)),
      });
    }
  }
  return [...rates.values()].map(({ tax, amount, gross, contained }) => ({
    ...tax,
    taxable: exactAmount(gross - rounded(contained)),
    amount: exactAmount(rounded(amount)),
  }));
}

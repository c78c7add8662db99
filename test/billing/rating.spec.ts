import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { computeTotals, type InvoiceLine, ratedLine, type TaxExempt } from '@app/billing';
import { type MeteredTerms, type UsagePrice, usagePriceOf } from '@app/catalog';
import { describe, expect, it } from '@jest/globals';

interface RatingCases {
  cases: { id: string; price: UsagePrice; amounts: [number, number][] }[];
  terms: { id: string; terms: MeteredTerms; amounts: [number, number][] }[];
}
interface TotalsCase {
  id: string;
  lines: { amount: number; taxes?: { percentage: string; inclusive?: boolean }[] }[];
  coupons?: { percentOff?: string; amountOff?: number }[];
  taxExempt?: TaxExempt;
  expected: {
    discounts: number[];
    lineDiscounts?: number[];
    taxes: { taxable: number; amount: number }[];
    total: number;
  };
}

const casesOf = <Cases>(name: string): Cases =>
  JSON.parse(readFileSync(path.join(import.meta.dirname, 'cases', `${name}.json`), 'utf8')) as Cases;
const { cases: prices, terms: limits } = casesOf<RatingCases>('rating');
const AT = new Date('2026-01-01T00:00:00Z');

const lineOf = ({ amount, taxes = [] }: TotalsCase['lines'][number]): InvoiceLine => ({
  kind: 'subscription',
  description: 'Pro',
  quantity: 1,
  unitAmount: null,
  amount,
  service: { start: AT, end: AT },
  plan: null,
  addOn: null,
  feature: null,
  tiers: [],
  discount: 0,
  taxes: taxes.map(({ percentage, inclusive = false }) => ({ rate: percentage, name: 'Tax', percentage, inclusive })),
});

describe('usage is rated', () => {
  it.each(prices.map((row) => [row.id, row] as const))('%s', (_, { price, amounts }) => {
    expect(amounts.map(([units]) => [units, ratedLine(price, units).amount])).toEqual(amounts);
  });

  it.each(limits.map((row) => [row.id, row] as const))('%s', (_, { terms, amounts }) => {
    const price = usagePriceOf(terms)!;
    const chargedOf = (used: number) => ratedLine(price, Math.max(0, used - terms.limit!)).amount;
    expect(amounts.map(([used]) => [used, chargedOf(used)])).toEqual(amounts);
  });
});

describe('totals are computed', () => {
  it.each(casesOf<{ cases: TotalsCase[] }>('totals').cases.map((row) => [row.id, row] as const))(
    '%s',
    (_, { lines, coupons = [], taxExempt = 'none', expected }) => {
      const redemptions = coupons.map(({ percentOff = null, amountOff = null }, index) => {
        const terms = { currency: null, duration: 'forever' as const, periods: null, plans: null };
        const coupon = { key: String(index), name: 'Coupon', percentOff, amountOff, ...terms };
        return { id: String(index), coupon, lowers: () => true };
      });
      const computed = computeTotals({ lines: lines.map(lineOf), redemptions, taxExempt });
      expect({
        discounts: computed.discounts.map(({ amount }) => amount),
        ...(expected.lineDiscounts ? { lineDiscounts: computed.lines.map(({ discount }) => discount) } : {}),
        taxes: computed.taxes.map(({ taxable, amount }) => ({ taxable, amount })),
        total: computed.totals.total,
      }).toEqual(expected);
    },
  );
});

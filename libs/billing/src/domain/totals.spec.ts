import { minus, plus, rational, rounded, ZERO } from '@app/kernel';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RedeemedCoupon } from './coupon-redemption.js';
import { type InvoiceLine, type LineTax, TAX_EXEMPTIONS } from './invoice.js';
import { computeTotals, spread, type TotalsInput } from './totals.js';

const RATES: LineTax[] = [
  { rate: 'vat', name: 'VAT', percentage: '19', inclusive: false },
  { rate: 'vat-in', name: 'VAT', percentage: '19', inclusive: true },
  { rate: 'reduced', name: 'VAT', percentage: '7.7', inclusive: false },
  { rate: 'city', name: 'City', percentage: '0.1255', inclusive: true },
];
const AT = new Date('2026-01-01T00:00:00Z');

function line(amount: number, taxes: LineTax[]): InvoiceLine {
  return {
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
    taxes,
  };
}

function coupon(part: Pick<RedeemedCoupon, 'percentOff' | 'amountOff'>): TotalsInput['redemptions'][number] {
  return {
    id: 'r',
    coupon: { key: 'c', name: 'C', currency: null, duration: 'forever', periods: null, plans: null, ...part },
    lowers: () => true,
  };
}

const amounts = fc.oneof(fc.integer({ min: -500, max: 500 }), fc.integer({ min: -(10 ** 12), max: 10 ** 12 }));
const lines = fc.array(
  fc.tuple(amounts, fc.subarray(RATES)).map(([amount, taxes]) => line(amount, taxes)),
  {
    maxLength: 12,
  },
);
const redemptions = fc.array(
  fc.oneof(
    fc
      .integer({ min: 1, max: 10_000 })
      .map((hundredths) => coupon({ percentOff: `${hundredths / 100}`, amountOff: null })),
    fc.integer({ min: 1, max: 10 ** 6 }).map((amountOff) => coupon({ percentOff: null, amountOff })),
  ),
  { maxLength: 4 },
);
const inputs = fc.record({ lines, redemptions, taxExempt: fc.constantFrom(...TAX_EXEMPTIONS) });
const sumOf = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);

describe('totals', () => {
  it('add up for any discounts and taxes', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { lines: computed, discounts, taxes, totals } = computeTotals(input);
        expect(totals.subtotal).toBe(sumOf(input.lines.map(({ amount }) => amount)));
        expect(totals.discountTotal).toBe(sumOf(discounts.map(({ amount }) => amount)));
        expect(totals.discountTotal).toBe(sumOf(computed.map(({ discount }) => discount)));
        expect(totals.taxTotal).toBe(sumOf(taxes.map(({ amount }) => amount)));
        expect(totals.exclusiveTaxTotal).toBe(sumOf(taxes.map((tax) => (tax.inclusive ? 0 : tax.amount))));
        expect(totals.total).toBe(totals.subtotal - totals.discountTotal + totals.exclusiveTaxTotal);
        if (input.taxExempt !== 'none') expect(taxes).toEqual([]);
      }),
    );
  });

  it('an amount off never leaves less than 0, and a percentage never more than there was', () => {
    fc.assert(
      fc.property(inputs, ({ lines: charged, redemptions: applied }) => {
        const { discounts, totals } = computeTotals({ lines: charged, redemptions: applied, taxExempt: 'exempt' });
        let left = totals.subtotal;
        for (const { amount, amountOff } of discounts) {
          if (amountOff !== null) expect(amount).toBe(Math.max(0, Math.min(left, amountOff)));
          left -= amount;
          expect(left * Math.sign(totals.subtotal)).toBeGreaterThanOrEqual(0);
        }
        expect(left).toBe(totals.total);
      }),
    );
  });

  it('of a credit are the negative of those of its charge', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const percentages = input.redemptions.filter(({ coupon: { amountOff } }) => amountOff === null);
        const charge = computeTotals({ ...input, redemptions: percentages });
        const negative = input.lines.map((charged) => ({ ...charged, amount: 0 - charged.amount }));
        const credit = computeTotals({ ...input, lines: negative, redemptions: percentages });
        expect(credit.totals.total).toBe(0 - charge.totals.total);
        expect(credit.lines.map(({ discount }) => 0 - discount)).toEqual(charge.lines.map(({ discount }) => discount));
        expect(credit.taxes.map(({ amount }) => 0 - amount)).toEqual(charge.taxes.map(({ amount }) => amount));
      }),
    );
  });

  it('net and inclusive tax of one rate are the gross amount', () => {
    fc.assert(
      fc.property(fc.array(amounts, { minLength: 1, maxLength: 12 }), (charged) => {
        const { taxes, totals } = computeTotals({
          lines: charged.map((amount) => line(amount, [RATES[1]!])),
          redemptions: [],
          taxExempt: 'none',
        });
        expect(taxes[0]!.taxable + taxes[0]!.amount).toBe(totals.total);
      }),
    );
  });

  it('spread parts to their rounded sum, each to the whole number below or above it', () => {
    const parts = fc.array(
      fc.tuple(amounts, fc.integer({ min: 1, max: 10_000 })).map(([amount, factor]) => ({
        numerator: BigInt(amount) * BigInt(factor),
        denominator: 1n,
      })),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(parts, (whole) => {
        const exact = whole
          .map(({ numerator }) => rational(numerator))
          .map((part) => ({ ...part, denominator: 10_000n }));
        const shares = spread(exact);
        expect(shares.reduce((total, share) => total + share, 0n)).toBe(rounded(exact.reduce(plus, ZERO)));
        exact.forEach((part, index) => {
          const { numerator, denominator } = minus(part, rational(shares[index]!));
          expect(numerator < denominator && -numerator < denominator).toBe(true);
        });
      }),
    );
  });

  it('keep the order of the lines for equal remainders', () => {
    const half = rational('0.5');
    expect(spread([half, half, half])).toEqual([1n, 1n, 0n]);
    expect(
      spread([half, half, half].map(({ numerator, denominator }) => ({ numerator: -numerator, denominator }))),
    ).toEqual([-1n, -1n, 0n]);
  });
});

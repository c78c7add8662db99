import type { UsagePrice, UsageTier } from '@app/catalog';
import {
  amountOf,
  compared,
  decimalText,
  inMinorUnits,
  minus,
  negated,
  plus,
  rational,
  rounded,
  ZERO,
} from '@app/kernel';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rate, ratedLine, shownPrice } from './rating.js';

const currencies = fc.constantFrom('JPY', 'USD', 'BHD');
const unitAmounts = fc
  .tuple(fc.nat(1_000), fc.stringMatching(/^\d{1,12}$/))
  .map(([whole, fraction]) => `${whole}.${fraction}`);
const tierLists = fc
  .array(
    fc.record({ size: fc.integer({ min: 1, max: 50 }), unitAmount: unitAmounts, flatAmount: fc.option(unitAmounts) }),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .map((sizes) => {
    let last = 0;
    return sizes.map(({ size, unitAmount, flatAmount }, index): UsageTier => {
      last += size;
      return {
        upTo: index === sizes.length - 1 ? null : last,
        unitAmount,
        ...(flatAmount === null ? {} : { flatAmount }),
      };
    });
  });
const graduated = fc.record({ model: fc.constant('graduated' as const), tiers: tierLists, currency: currencies });
const prices: fc.Arbitrary<UsagePrice> = fc.oneof(
  graduated,
  fc.record({ model: fc.constant('volume' as const), tiers: tierLists, currency: currencies }),
  fc.record({ model: fc.constant('per_unit' as const), unitAmount: unitAmounts, currency: currencies }),
  fc.record({
    model: fc.constant('package' as const),
    packageSize: fc.integer({ min: 1, max: 100 }),
    amount: unitAmounts,
    currency: currencies,
  }),
);
const units = fc.oneof(fc.nat(400), fc.nat(10 ** 12));
const tierOf = (tiers: UsageTier[], unit: number): number =>
  tiers.findIndex(({ upTo }) => upTo === null || unit <= upTo);

describe('rating', () => {
  it('of graduated tiers grows with each unit by the price of its tier, and by the flat amount of a tier it opens', () => {
    fc.assert(
      fc.property(graduated, units, (price, before) => {
        const index = tierOf(price.tiers, before + 1);
        const { unitAmount, flatAmount } = price.tiers[index]!;
        const opens = before === 0 || tierOf(price.tiers, before) !== index;
        const step = plus(rational(unitAmount), opens ? rational(flatAmount ?? 0) : ZERO);
        expect(minus(rate(price, before + 1).exact, rate(price, before).exact)).toEqual(
          inMinorUnits(step, price.currency),
        );
      }),
    );
  });

  it('of any price but volume tiers never falls with more units', () => {
    fc.assert(
      fc.property(prices, units, fc.nat(1_000), (price, fewer, more) => {
        fc.pre(price.model !== 'volume' || tierOf(price.tiers, fewer) === tierOf(price.tiers, fewer + more));
        expect(compared(rate(price, fewer + more).exact, rate(price, fewer).exact)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('shows tiers that follow one another and sum up to the exact amount', () => {
    fc.assert(
      fc.property(prices, units, (price, count) => {
        const { exact, tiers } = rate(price, count);
        if (price.model === 'per_unit' || count === 0) return expect(tiers).toEqual([]);
        expect(tiers.map(({ amount }) => rational(amount)).reduce(plus, ZERO)).toEqual(exact);
        expect(tiers.map(({ from }) => from)).toEqual([1, ...tiers.slice(0, -1).map(({ to }) => to + 1)]);
        expect(tiers.at(-1)!.to).toBe(count);
      }),
    );
  });

  it('of a credit is the negative of the charge, with all of its tiers', () => {
    fc.assert(
      fc.property(prices, units, (price, count) => {
        const [charge, credit] = [rate(price, count), rate(price, -count)];
        expect(credit.exact).toEqual(negated(charge.exact));
        if (price.model !== 'per_unit')
          expect(credit.tiers.map(({ amount }) => rational(amount)).reduce(plus, ZERO)).toEqual(credit.exact);
        fc.pre(rounded(charge.exact) <= BigInt(Number.MAX_SAFE_INTEGER));
        expect(ratedLine(price, -count).amount).toBe(0 - ratedLine(price, count).amount);
      }),
    );
  });

  it('rounds once, on the line', () => {
    fc.assert(
      fc.property(prices, units, (price, count) => {
        fc.pre(rounded(rate(price, count).exact) <= BigInt(Number.MAX_SAFE_INTEGER));
        expect(BigInt(ratedLine(price, count).amount)).toBe(rounded(rate(price, count).exact));
      }),
    );
  });

  it('of seats is the same as price times quantity, and a line of a whole period shows the tiers', () => {
    const seatPrices = fc.record({
      amount: fc.constant(1),
      currency: currencies,
      tiers: fc.record({
        model: fc.constantFrom('graduated' as const, 'volume' as const),
        tiers: tierLists.map((tiers) =>
          tiers.map(({ upTo, flatAmount }, index) => ({
            upTo,
            unitAmount: index * 7 + 1,
            ...(flatAmount === undefined ? {} : { flatAmount: index }),
          })),
        ),
      }),
    });
    fc.assert(
      fc.property(seatPrices, fc.nat(10 ** 9), (price, quantity) => {
        const amount = amountOf({ price, quantity });
        const { unitAmount, tiers } = shownPrice({ price, quantity }, amount);
        expect(unitAmount).toBeNull();
        expect(tiers.map((tier) => rational(tier.amount)).reduce(plus, ZERO)).toEqual(rational(amount));
        expect(shownPrice({ price, quantity }, amount - 1)).toEqual({ unitAmount: null, tiers: [] });
      }),
    );
    expect(shownPrice({ price: { amount: 999, currency: 'USD' }, quantity: 3 }, 1)).toEqual({
      unitAmount: '9.99',
      tiers: [],
    });
  });

  it('refuses an amount that JSON does not carry exactly', () => {
    const price: UsagePrice = { model: 'per_unit', unitAmount: '10', currency: 'USD' };
    expect(() => ratedLine(price, Number.MAX_SAFE_INTEGER)).toThrow(
      expect.objectContaining({ code: 'amount_too_large' }),
    );
    expect(decimalText(rate(price, Number.MAX_SAFE_INTEGER).exact)).toBe('9007199254740991000');
  });
});

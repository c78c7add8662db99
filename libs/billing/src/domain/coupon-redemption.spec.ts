import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  afterPeriod,
  appliedRedemptions,
  type CouponRedemption,
  type DiscountedInvoice,
  isUsedBy,
} from './coupon-redemption.js';
import { type INVOICE_PURPOSES } from './invoice.js';

const day = (n: number): Date => new Date(Date.UTC(2026, 0, 1 + n));
const redemption = (
  coupon: Partial<CouponRedemption['coupon']> = {},
  rest: Partial<CouponRedemption> = {},
): CouponRedemption => ({
  id: 'r1',
  customerId: 'c1',
  subscriptionId: 's1',
  productId: 'p1',
  couponId: 'k1',
  coupon: {
    key: 'twenty',
    name: 'Twenty',
    percentOff: '20',
    amountOff: null,
    currency: null,
    duration: 'once',
    periods: null,
    plans: null,
    ...coupon,
  },
  position: 1,
  periodsUsed: 0,
  coveredPeriod: null,
  redeemedAt: day(0),
  endedAt: null,
  ...rest,
});
const AMOUNT = { percentOff: null, amountOff: 500, currency: 'USD' };
/** The invoice of a day; within the period that begins on another one. */
const at = (n: number, purpose: (typeof INVOICE_PURPOSES)[number] = 'period', period = n): DiscountedInvoice => ({
  ...{ purpose, at: day(n), couponPeriod: day(period), planKey: 'pro', currency: 'USD' },
});
const planned = (key: string) => ({ key, name: key, version: 1 });
/** The redemptions that lower a line of the plan. */
const lowering = (
  redemptions: CouponRedemption[],
  invoice: DiscountedInvoice,
  line: { plan: ReturnType<typeof planned> | null; couponPeriod?: Date } = { plan: planned('pro') },
): CouponRedemption[] => appliedRedemptions(redemptions, invoice).filter(({ lowers }) => lowers(line));
const positions = (found: CouponRedemption[]): number[] => found.map(({ position }) => position);

describe('coupons of an invoice', () => {
  it('are in the order of their redemption', () => {
    const three = [3, 1, 2].map((position) => redemption({}, { position }));
    expect(positions(lowering(three, at(1)))).toEqual([1, 2, 3]);
  });

  it.each([
    ['redeemed after it began', redemption({}, { redeemedAt: day(2) }), []],
    ['redeemed at its very start', redemption({}, { redeemedAt: day(1) }), [1]],
    ['ended before', redemption({}, { endedAt: day(1) }), []],
    ['removed later', redemption({}, { endedAt: day(2) }), [1]],
    ['for another plan', redemption({ plans: ['free'] }), []],
    ['for its plan', redemption({ plans: ['free', 'pro'] }), [1]],
    ['an amount in another currency', redemption({ ...AMOUNT, currency: 'EUR' }), []],
    ['an amount in its currency', redemption(AMOUNT), [1]],
  ])('of a period, with one %s', (_, one, expected) => {
    expect(positions(lowering([one], at(1)))).toEqual(expected);
    expect(isUsedBy(one, at(1))).toBe(expected.length > 0);
  });

  it('of a change are the percentages of the period in which it happens', () => {
    const fresh = redemption();
    expect(lowering([fresh], at(10, 'change', 0))).toEqual([]);
    const used = afterPeriod(fresh, day(0));
    expect(used).toMatchObject({ periodsUsed: 1, endedAt: day(0) });
    expect(positions(lowering([used], at(10, 'change', 0)))).toEqual([1]);
    // A pause has made the period longer.
    expect(positions(lowering([used], at(39, 'usage', 0)))).toEqual([1]);
    expect(positions(lowering([used], at(40, 'final', 0)))).toEqual([1]);
    expect(lowering([used], at(40, 'change', 40))).toEqual([]);
    expect(lowering([used], at(40))).toEqual([]);
    expect(lowering([afterPeriod(redemption(AMOUNT), day(0))], at(10, 'change', 0))).toEqual([]);
    expect(isUsedBy(used, at(10, 'change', 0))).toBe(false);
  });

  it('of a period that was removed from it still lower changes within it', () => {
    const removed = { ...afterPeriod(redemption({ duration: 'forever' }), day(0)), endedAt: day(5) };
    expect(positions(lowering([removed], at(10, 'change', 0)))).toEqual([1]);
    expect(lowering([removed], at(30))).toEqual([]);
  });

  it('lower credits for an earlier period as they lowered that period', () => {
    const [once, later] = [afterPeriod(redemption(), day(0)), redemption({}, { position: 2, redeemedAt: day(5) })];
    const credit = { plan: planned('pro'), couponPeriod: day(0) };
    expect(positions(lowering([once, later], at(10), credit))).toEqual([1]);
    expect(positions(lowering([once, later], at(10)))).toEqual([2]);
  });

  it('of certain plans lower the lines of these plans', () => {
    const used = afterPeriod(redemption({ plans: ['free'] }), day(0));
    expect(positions(lowering([used], at(10, 'change', 0), { plan: planned('free') }))).toEqual([1]);
    expect(lowering([used], at(10, 'change', 0))).toEqual([]);
  });

  it('lower the shorter period that replaces the rest of a covered one, and use none up', () => {
    const [used, other] = [afterPeriod(redemption(), day(0)), redemption({ duration: 'forever' }, { position: 2 })];
    expect(positions(lowering([used, other], at(10, 'period', 0)))).toEqual([1]);
    expect(isUsedBy(used, at(10, 'period', 0)) || isUsedBy(other, at(10, 'period', 0))).toBe(false);
  });

  it('are none of a manual one', () => {
    expect(lowering([redemption({ duration: 'forever' })], at(1, 'manual'))).toEqual([]);
  });

  it('count for as many periods as granted, with any number of changes within them', () => {
    const duration = fc.constantFrom(
      { duration: 'once' as const, periods: null, most: 1 },
      { duration: 'forever' as const, periods: null, most: Infinity },
      ...[1, 2, 3, 5].map((periods) => ({ duration: 'repeating' as const, periods, most: periods })),
    );
    fc.assert(
      fc.property(
        duration,
        fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 8 }),
        ({ most, ...coupon }, changes) => {
          let one = redemption(coupon);
          let lowered = 0;
          for (const [index, count] of changes.entries()) {
            const start = day(30 * index);
            const applied = lowering([one], at(30 * index));
            expect(isUsedBy(one, at(30 * index))).toBe(applied.length > 0);
            if (applied.length > 0) {
              lowered++;
              // Again for the same period: as when its invoice is voided and written once more.
              one = afterPeriod(afterPeriod(one, start), start);
            }
            for (let n = 0; n < count; n++)
              expect(lowering([one], at(30 * index + 1 + n, 'change', 30 * index)).length).toBe(applied.length);
          }
          expect(lowered).toBe(Math.min(most, changes.length));
          expect(one.periodsUsed).toBe(lowered);
          expect(one.endedAt !== null).toBe(lowered === most);
        },
      ),
    );
  });
});

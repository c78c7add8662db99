import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SoldAddOn, SoldPrice, SubscriptionStatus } from '@app/subscriptions';
import { monthlyRevenue, monthSpan, type MovementSum } from './monthly-revenue.js';
import { type RevenueFacts, yearlyRevenue } from './recurring-revenue.js';
import { mayMoveRevenue, type RevenueHistory, type RevenueMovement, revenueMovements } from './revenue-movement.js';

const DAY_MS = 86_400_000;
const START = new Date('2027-01-15T00:00:00Z');
const day = (days: number): Date => new Date(START.getTime() + days * DAY_MS);
const price = (amount: number, interval: SoldPrice['interval'] = 'month', intervalCount = 1, currency = 'USD') => ({
  amount,
  currency,
  interval,
  intervalCount,
});
const facts = (over: Partial<RevenueFacts> = {}): RevenueFacts => ({
  status: 'active',
  price: price(1_000),
  quantity: 1,
  addOns: {},
  ...over,
});
const addOn = (amount: number, quantity: number, of = price(0)): SoldAddOn => ({
  name: 'Seats',
  quantity,
  since: START.toISOString(),
  prices: [{ ...of, amount, region: null, deviceType: null }],
  entitlements: [],
});

/** The history of a subscription that has these facts one after the other. */
function historyOf(states: RevenueFacts[], at: (index: number) => Date, subscriptionId = 's'): RevenueHistory {
  const changed = (one: RevenueFacts, other: RevenueFacts): Partial<RevenueFacts> =>
    Object.fromEntries(
      Object.entries(one).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(other[name as never])),
    );
  return {
    subscriptionId,
    startedAt: at(0),
    present: states.at(-1)!,
    events: states.map((state, index) => ({
      sequence: index + 1,
      at: at(index),
      before: index === 0 ? null : changed(states[index - 1]!, state),
      after: index === 0 ? state : changed(state, states[index - 1]!),
    })),
  };
}
const kinds = (movements: RevenueMovement[]) =>
  movements.map(({ kind, amount, divisor, currency }) => [kind, Number(amount) / divisor / 12, currency]);
const movementsOf = (...states: RevenueFacts[]) => kinds(revenueMovements([historyOf(states, day)]));

describe('recurring revenue', () => {
  it.each([
    ['a month', price(1_000), 12_000n, 1],
    ['a quarter', price(3_000, 'month', 3), 36_000n, 3],
    ['a year', price(12_000, 'year'), 12_000n, 1],
    ['a week', price(100, 'week'), 5_200n, 1],
    ['two weeks', price(100, 'week', 2), 5_200n, 2],
    ['a day', price(10, 'day'), 3_650n, 1],
    ['an hour', price(1, 'hour'), 8_760n, 1],
  ])('is converted from %s', (_, sold, amount, divisor) =>
    expect(yearlyRevenue(facts({ price: sold }))).toEqual({ currency: 'USD', amount, divisor }),
  );

  it('includes seats and add-ons that have a price for the periods of the subscription', () => {
    const addOns = { seats: addOn(200, 3), yearly: addOn(9_000, 1, price(0, 'year')) };
    expect(yearlyRevenue(facts({ quantity: 5, addOns }))).toMatchObject({ amount: 12n * 5_600n });
  });

  it('counts tiers of seats', () => {
    const tiers = {
      model: 'graduated' as const,
      tiers: [
        { upTo: 2, unitAmount: 1_000 },
        { upTo: null, unitAmount: 500 },
      ],
    };
    expect(yearlyRevenue(facts({ quantity: 5, price: { ...price(1_000), tiers } }))?.amount).toBe(12n * 3_500n);
  });

  it.each([
    ['trialing', 0],
    ['active', 1],
    ['past_due', 1],
    ['canceled', 1],
    ['paused', 0],
    ['expired', 0],
    ['inactive', 0],
  ] as [SubscriptionStatus, number][])('of a subscription that is %s counts %d times', (status, counted) =>
    expect(yearlyRevenue(facts({ status }))?.amount ?? 0n).toBe(12_000n * BigInt(counted)),
  );
});

describe('the movements of recurring revenue', () => {
  it('are new, expansion, contraction, churn and reactivation', () => {
    expect(
      movementsOf(
        facts({ status: 'trialing' }),
        facts(),
        facts({ quantity: 3 }),
        facts({ quantity: 2 }),
        facts({ status: 'paused', quantity: 2 }),
        facts({ quantity: 2 }),
        facts({ quantity: 2, addOns: { seats: addOn(50, 2) } }),
        facts({ status: 'expired', quantity: 2, addOns: { seats: addOn(50, 2) } }),
      ),
    ).toEqual([
      ['new', 1_000, 'USD'],
      ['expansion', 2_000, 'USD'],
      ['contraction', -1_000, 'USD'],
      ['churn', -2_000, 'USD'],
      ['reactivation', 2_000, 'USD'],
      ['expansion', 100, 'USD'],
      ['churn', -2_100, 'USD'],
    ]);
  });

  it('of a plan change from a free plan are new, and of the same revenue in another interval none', () => {
    expect(movementsOf(facts({ price: price(0) }), facts(), facts({ price: price(12_000, 'year') }))).toEqual([
      ['new', 1_000, 'USD'],
    ]);
    expect(movementsOf(facts(), facts({ price: price(3_000, 'month', 3) }))).toEqual([['new', 1_000, 'USD']]);
  });

  it('of a change of the currency are churn in one and new in the other', () => {
    expect(movementsOf(facts(), facts({ price: price(900, 'month', 1, 'EUR') }), facts())).toEqual([
      ['new', 1_000, 'USD'],
      ['churn', -1_000, 'USD'],
      ['new', 900, 'EUR'],
      ['churn', -900, 'EUR'],
      ['reactivation', 1_000, 'USD'],
    ]);
  });

  it('of a second subscription of the same customer are a reactivation', () => {
    const first = historyOf([facts(), facts({ status: 'expired' })], day, 'a');
    const second = historyOf([facts({ quantity: 2 })], (index) => day(10 + index), 'b');
    expect(kinds(revenueMovements([first, second]))).toEqual([
      ['new', 1_000, 'USD'],
      ['churn', -1_000, 'USD'],
      ['reactivation', 2_000, 'USD'],
    ]);
  });

  it('begin with one at the start for events that are no longer kept', () => {
    const whole = historyOf([facts(), facts({ quantity: 2 }), facts({ quantity: 5 })], day);
    const movements = revenueMovements([{ ...whole, events: whole.events.slice(2) }]);
    expect(movements.map(({ sequence, at, kind }) => [sequence, at, kind])).toEqual([
      [0, day(0), 'new'],
      [3, day(2), 'expansion'],
    ]);
    expect(kinds(movements)).toEqual([
      ['new', 2_000, 'USD'],
      ['expansion', 3_000, 'USD'],
    ]);
  });
});

const state: fc.Arbitrary<RevenueFacts> = fc.record({
  status: fc.constantFrom<SubscriptionStatus>('trialing', 'active', 'past_due', 'canceled', 'paused', 'expired'),
  price: fc
    .tuple(
      fc.integer({ min: 0, max: 10_000 }),
      fc.constantFrom<SoldPrice['interval']>('day', 'week', 'month', 'year'),
      fc.integer({ min: 1, max: 13 }),
      fc.constantFrom('USD', 'EUR'),
    )
    .map((parts) => price(...parts)),
  quantity: fc.integer({ min: 1, max: 7 }),
  addOns: fc.constantFrom<Record<string, SoldAddOn>>({}, { seats: addOn(333, 2) }),
});
const histories = fc
  .array(fc.array(state, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 })
  .map((all) => all.map((states, index) => historyOf(states, (nth) => day(nth * 17 + index), `s${index}`)));

/** Sums by month, as the repository reads them. */
function sumsOf(movements: RevenueMovement[], first: string): MovementSum[] {
  return movements.map(({ at, ...movement }) => {
    const month = at.toISOString().slice(0, 7);
    return { ...movement, month: month < first ? null : month };
  });
}

describe('recurring revenue by month', () => {
  it('adds up: start and movements are the end, which is the next start', () =>
    fc.assert(
      fc.property(histories, (all) => {
        const { months } = monthSpan({ from: day(20) }, day(120));
        const movements = all.flatMap((history) => revenueMovements([history]));
        const rows = monthlyRevenue(sumsOf(movements, months[0]!), months);
        for (const row of rows) {
          expect(row.start + row.new + row.expansion + row.contraction + row.churn + row.reactivation).toBe(row.end);
          for (const gain of [row.new, row.expansion, row.reactivation]) expect(gain).toBeGreaterThanOrEqual(0);
          for (const loss of [row.contraction, row.churn]) expect(loss).toBeLessThanOrEqual(0);
        }
        for (const currency of new Set(rows.map((row) => row.currency))) {
          const own = rows.filter((row) => row.currency === currency);
          expect(own.slice(1).map(({ start }) => start)).toEqual(own.slice(0, -1).map(({ end }) => end));
        }
      }),
    ));

  it('ends with the revenue of the present, rounded once', () =>
    fc.assert(
      fc.property(histories, (all) => {
        const { months } = monthSpan({}, day(200));
        const rows = monthlyRevenue(
          sumsOf(
            all.flatMap((history) => revenueMovements([history])),
            months[0]!,
          ),
          months,
        );
        for (const currency of ['USD', 'EUR']) {
          const yearly = all
            .flatMap(({ present }) => yearlyRevenue(present) ?? [])
            .filter((one) => one.currency === currency);
          const common = yearly.reduce((product, { divisor }) => product * BigInt(divisor), 12n);
          const sum = yearly.reduce(
            (total, { amount, divisor }) => total + (amount * common) / 12n / BigInt(divisor),
            0n,
          );
          const end = rows.filter((row) => row.currency === currency).at(-1)?.end ?? 0;
          expect(BigInt(end)).toBe((2n * sum + common) / (2n * common));
        }
      }),
    ));

  it('needs only the events that may move revenue', () =>
    fc.assert(
      fc.property(histories, (all) => {
        for (const history of all) {
          const moving = history.events.filter(({ before, after }) =>
            mayMoveRevenue(before && { status: after.status, ...before }, { status: before?.status, ...after }),
          );
          expect(revenueMovements([{ ...history, events: moving }])).toEqual(revenueMovements([history]));
        }
      }),
    ));

  it.each([
    [{ from: day(10), to: day(10) }, 'must be before "to"'],
    [{ from: new Date('2010-01-01T00:00:00Z') }, 'must be at most 120 months before "to"'],
  ])('rejects the span %j', (span, message) => {
    const error = { code: 'invalid_fields', details: { errors: [{ field: 'from', message }] } };
    expect(() => monthSpan(span, day(0))).toThrow(expect.objectContaining(error));
  });

  it('has whole months: the last 12 by default', () => {
    expect(monthSpan({}, START).months).toEqual([
      ...Array.from({ length: 11 }, (_, index) => `2026-${String(index + 2).padStart(2, '0')}`),
      '2027-01',
    ]);
    expect(
      monthSpan({ from: new Date('2026-11-30T23:59:59.999Z'), to: new Date('2027-01-01T00:00:00Z') }, START),
    ).toEqual({
      from: new Date('2026-11-01T00:00:00Z'),
      to: new Date('2027-01-01T00:00:00Z'),
      months: ['2026-11', '2026-12'],
    });
  });
});

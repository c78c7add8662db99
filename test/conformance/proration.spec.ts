import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Period, proratedAmount } from '@app/kernel';
import { cancel, change, extend, renew, unpause, pause } from '../../libs/subscriptions/src/domain/commands/index.js';
import { netOf } from '../../libs/subscriptions/src/domain/proration.js';
import type { ProrationLine } from '../../libs/subscriptions/src/domain/subscription.js';
import { conformanceCases } from '../support/conformance.js';
import { soldPlan as plan, startedSubscription as startedOn } from '../support/subscriptions.js';

/** A part of the price of a cycle. Amounts are in minor units, days are midnights in UTC. */
interface PartCase {
  amount: number;
  part: [string, string];
  cycle: [string, string];
  expected: number;
}
type Price = [amount: number, interval: 'month' | 'year'];
/** An immediate change and its proration lines. */
interface ChangeCase {
  from: Price;
  to: Price;
  quantity?: [number, number];
  start: string;
  at: string;
  credit: number;
  charge: number;
}

const day = (text: string): Date => new Date(`${text}T00:00:00Z`);
const period = ([from, to]: [string, string]): Period => ({ start: day(from), end: day(to) });
const amountsOf = (lines: ProrationLine[] | undefined): object =>
  Object.fromEntries((lines ?? []).map(({ kind, amount }) => [kind, amount]));

describe('prorated amounts', () => {
  it.each(conformanceCases<PartCase>('prorated-parts'))('$id', ({ amount, part, cycle, expected }) =>
    expect(proratedAmount(amount, period(part), period(cycle))).toBe(expected),
  );

  const cycles = fc.record({
    start: fc.integer({ min: 0, max: 1e12 }),
    length: fc.integer({ min: 1, max: 4e10 }),
    amount: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  });

  it('parts of any split of a cycle sum to the whole price', () => {
    fc.assert(
      fc.property(
        cycles,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }),
        ({ start: from, length, amount }, at) => {
          const cycle = { start: new Date(from), end: new Date(from + length) };
          const cuts = [0, ...at.sort((a, b) => a - b).map((part) => Math.floor(part * length)), length].map(
            (ms) => new Date(from + ms),
          );
          const parts = cuts.slice(1).map((end, index) => proratedAmount(amount, { start: cuts[index]!, end }, cycle));
          expect(parts.reduce((sum, one) => sum + one, 0)).toBe(amount);
          expect(parts.every((one) => Number.isSafeInteger(one) && one >= 0 && one <= amount)).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('a part differs from the exact fraction by less than one minor unit', () => {
    fc.assert(
      fc.property(
        cycles,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        ({ start: from, length, amount }, one, other) => {
          const [a, b] = [one, other].sort((x, y) => x - y).map((part) => from + Math.floor(part * length)) as [
            number,
            number,
          ];
          const worth = proratedAmount(
            amount,
            { start: new Date(a), end: new Date(b) },
            { start: new Date(from), end: new Date(from + length) },
          );
          const distance = BigInt(worth) * BigInt(length) - BigInt(amount) * BigInt(b - a);
          expect(distance <= BigInt(length) && distance >= -BigInt(length)).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('plan change', () => {
  it.each(conformanceCases<ChangeCase>('plan-changes'))(
    '$id: $from to $to',
    ({ from, to, quantity = [1, 1], start: begins, at, credit, charge }) => {
      const subscription = startedOn(plan('a', ...from), day(begins), { quantity: quantity[0] });
      const sold = quantity[0] === quantity[1] ? plan('b', ...to) : plan('a', ...to);
      const { prorationLines } = change(
        subscription,
        { plan: sold, quantity: quantity[1], when: 'now', prorate: true },
        day(at),
      );
      expect(amountsOf(prorationLines)).toEqual({ credit, charge });
    },
  );

  it('PR-14: a quantity change keeps the scheduled plan change and applies the new quantity to it', () => {
    const waiting = change(
      startedOn(plan('a', 1_000), day('2025-06-01'), { quantity: 5 }),
      { plan: plan('b', 2_500), quantity: 5, when: 'period_end', prorate: true },
      day('2025-06-10'),
    ).subscription;
    const { subscription, prorationLines } = change(
      waiting,
      { plan: plan('a', 1_000), quantity: 8, when: 'now', prorate: true },
      day('2025-06-16'),
    );
    expect(netOf(prorationLines!)).toBe(1_500);
    expect(subscription.scheduledChange).toMatchObject({ planKey: 'b', quantity: 8 });
    expect(subscription.scheduledChange!.price.amount * subscription.scheduledChange!.quantity).toBe(20_000);
  });

  it('no proration lines without proration, in a trial, or outside a period', () => {
    const selection = { plan: plan('b', 3_000), quantity: 1, when: 'now' as const, prorate: true };
    expect(
      change(startedOn(plan('a', 1_000), day('2025-06-01')), { ...selection, prorate: false }, day('2025-06-10'))
        .prorationLines,
    ).toEqual([]);
    expect(
      change(startedOn(plan('a', 1_000), day('2025-06-01'), { trialDays: 14 }), selection, day('2025-06-10'))
        .prorationLines,
    ).toEqual([]);
    expect(
      change(startedOn(plan('a', 1_000), day('2025-06-01'), { indefinite: true }), selection, day('2025-06-10'))
        .prorationLines,
    ).toEqual([]);
    expect(
      change(startedOn(plan('a', 1_000), day('2025-06-01')), { ...selection, when: 'period_end' }, day('2025-06-10'))
        .prorationLines,
    ).toBeUndefined();
  });

  const moments = fc.integer({ min: 0, max: 30 * 86_400_000 - 1 });

  it('changing and changing back nets to zero at any instant and price, through stubs, pauses and extensions', () => {
    fc.assert(
      fc.property(
        fc.nat(1_000_000),
        fc.nat(1_000_000),
        fc.integer({ min: 1, max: 20 }),
        moments,
        fc.constantFrom('plain', 'stub', 'paused', 'extended'),
        (low, high, quantity, ms, kind) => {
          fc.pre(low !== high);
          const startedAt = day('2025-06-01');
          const created = startedOn(plan('a', low), startedAt, {
            quantity,
            billingAnchor: kind === 'stub' ? day('2025-07-05') : null,
          });
          const later = {
            plain: () => created,
            stub: () => created,
            paused: () => unpause(pause(created, day('2025-06-02')).subscription, day('2025-08-20')).subscription,
            extended: () => extend(created, day('2025-09-13'), startedAt).subscription,
          }[kind]();
          const at = new Date(
            later.currentPeriodEnd!.getTime() - 1 - (ms % (later.currentPeriodEnd!.getTime() - startedAt.getTime())),
          );
          const changed = change(later, { plan: plan('b', high), quantity, when: 'now', prorate: true }, at);
          const changedBack = change(
            changed.subscription,
            { plan: plan('a', low), quantity, when: 'now', prorate: true },
            at,
          );
          expect(netOf([...changed.prorationLines!, ...changedBack.prorationLines!])).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('a credit never exceeds the price of the period', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        moments,
        fc.integer({ min: 0, max: 400 }),
        (amount, ms, days) => {
          const created = startedOn(plan('a', amount), day('2025-06-01'));
          const later =
            days > 30
              ? extend(created, new Date(day('2025-06-01').getTime() + days * 86_400_000), day('2025-06-01'))
                  .subscription
              : created;
          const [credit] = cancel(later, 'now', new Date(day('2025-06-01').getTime() + ms), {
            prorate: true,
          }).prorationLines!;
          expect(credit?.amount ?? 0).toBeLessThanOrEqual(amount);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('other proration lines', () => {
  const subscription = startedOn(plan('a', 3_000), day('2025-06-01'));

  it('renewing now credits the rest and charges a whole period', () => {
    expect(amountsOf(renew(subscription, 'now', day('2025-06-16')).prorationLines)).toEqual({
      credit: 1_500,
      charge: 3_000,
    });
  });

  it('an agreed renewal charges each agreed period once', () => {
    const byHand = { ...subscription, autoRenew: false };
    const first = renew(byHand, 'period_end', day('2025-06-10'));
    const second = renew(first.subscription, 'period_end', day('2025-06-10'));
    expect(
      [first, second].map(({ prorationLines }) =>
        prorationLines!.map(({ periodStart, periodEnd, amount }) => [periodStart, periodEnd, amount]),
      ),
    ).toEqual([[[day('2025-07-01'), day('2025-08-01'), 3_000]], [[day('2025-08-01'), day('2025-09-01'), 3_000]]]);
    const gone = cancel(second.subscription, 'now', day('2025-06-16'), { prorate: true });
    expect(gone.prorationLines!.map(({ amount }) => amount)).toEqual([1_500, 6_000]);
  });

  it('a cancellation credits the rest on request, from the pause when paused', () => {
    expect(amountsOf(cancel(subscription, 'now', day('2025-06-16'), { prorate: true }).prorationLines)).toEqual({
      credit: 1_500,
    });
    expect(cancel(subscription, 'now', day('2025-06-16')).prorationLines).toEqual([]);
    const paused = pause(subscription, day('2025-06-16')).subscription;
    expect(amountsOf(cancel(paused, 'now', day('2026-06-16'), { prorate: true }).prorationLines)).toEqual({
      credit: 1_500,
    });
  });
});

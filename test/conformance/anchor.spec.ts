import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { amountOf } from '@app/kernel';
import { moveBillingAnchor, pause, setEnd, unpause } from '../../libs/subscriptions/src/domain/commands/index.js';
import { netOf } from '../../libs/subscriptions/src/domain/proration.js';
import { dueAt, dueTransitions, projectedAt } from '../../libs/subscriptions/src/domain/time.js';
import type { Subscription, Transition } from '../../libs/subscriptions/src/domain/subscription.js';
import { conformanceCases } from '../support/conformance.js';
import { soldPlan, startedSubscription } from '../support/subscriptions.js';

interface BillingDayCase {
  at: string;
  dayOfMonth: number;
  /** Of the period that runs at `at` after the move. */
  end: string;
  start?: string;
}
interface AgreedEndCase {
  start: string;
  anchor: string;
  endsAt: string;
  periods: [string, string][];
}

const DAY_MS = 86_400_000;
const day = (text: string): Date => new Date(`${text}T00:00:00Z`);
const startedOn = (at: Date, over: Parameters<typeof startedSubscription>[2] = {}): Subscription =>
  startedSubscription(soldPlan('a', 3_100), at, over);
const move = (subscription: Subscription, at: Date | { dayOfMonth: number }, now: Date, when = 'now' as const) =>
  moveBillingAnchor(subscription, { at, when, prorate: true }, now);
const periodOf = ({ currentPeriodStart, currentPeriodEnd }: Subscription): [Date, Date | null] => [
  currentPeriodStart,
  currentPeriodEnd,
];
const changes = (transitions: Transition[]): Transition[] =>
  transitions.filter(({ type }) => !/_upcoming$|_ending$/.test(type));

describe('another billing day', () => {
  it.each(conformanceCases<BillingDayCase>('billing-days'))('$id', ({ at, dayOfMonth, start: from, end }) => {
    const now = new Date(at);
    const { subscription } = move(projectedAt(startedOn(day('2012-04-01')), now), { dayOfMonth }, now);
    expect(periodOf(subscription)).toEqual([from ? new Date(from) : now, new Date(end)]);
    // The 31st stays the 31st where the month has it.
    const next = projectedAt(subscription, day('2012-08-15'));
    expect(next.currentPeriodEnd!.getUTCDate()).toBe(dayOfMonth);
  });

  it('credits the rest of the old period and charges the share of the new one', () => {
    const { subscription, prorationLines } = move(startedOn(day('2024-05-01')), { dayOfMonth: 16 }, day('2024-05-11'));
    expect(prorationLines).toMatchObject([
      { kind: 'credit', amount: 2_100, periodStart: day('2024-05-11'), periodEnd: day('2024-06-01') },
      // Five days of the cycle from 16 April to 16 May, which has 30.
      { kind: 'charge', amount: 517, periodStart: day('2024-05-11'), periodEnd: day('2024-05-16') },
    ]);
    expect(subscription.usagePeriodStart).toEqual(day('2024-05-01'));
  });

  it('from the next period on: the current one stays, the next one ends at its first boundary', () => {
    const before = startedOn(day('2024-05-01'));
    const at = day('2024-05-11');
    const { subscription, prorationLines } = moveBillingAnchor(
      before,
      { at: { dayOfMonth: 16 }, when: 'period_end', prorate: true },
      at,
    );
    expect(prorationLines).toBeUndefined();
    expect(periodOf(subscription)).toEqual(periodOf(before));
    const periods = changes(dueTransitions(subscription, day('2024-07-20'))).map((one) => periodOf(one.subscription));
    expect(periods).toEqual([
      [day('2024-06-01'), day('2024-06-16')],
      [day('2024-06-16'), day('2024-07-16')],
      [day('2024-07-16'), day('2024-08-16')],
    ]);
  });

  const instants = fc.integer({ min: 0, max: 27 * DAY_MS });
  it('moved there and back at one instant nets zero, and every period stays within one interval', () => {
    fc.assert(
      fc.property(instants, instants, fc.integer({ min: 0, max: 1e9 }), (elapsed, shift, amount) => {
        const begin = day('2024-05-01');
        const now = new Date(begin.getTime() + elapsed);
        const before = startedOn(begin);
        before.price = { ...before.price, amount };
        const anchor = new Date(begin.getTime() + shift);
        fc.pre(shift > 0);
        const there = move(before, anchor, now);
        const back = move(there.subscription, begin, now);
        expect(netOf([...there.prorationLines!, ...back.prorationLines!])).toBe(0);
        expect(back.subscription.currentPeriodEnd).toEqual(before.currentPeriodEnd);
        const { currentPeriodStart, currentPeriodEnd } = there.subscription;
        expect(currentPeriodStart).toEqual(now);
        expect(currentPeriodEnd!.getTime() - now.getTime()).toBeLessThanOrEqual(31 * DAY_MS);
        expect(currentPeriodEnd!.getTime()).toBeGreaterThan(now.getTime());
        for (const line of there.prorationLines!) expect(line.amount).toBeLessThanOrEqual(amountOf(before));
      }),
    );
  });
});

describe('an agreed end', () => {
  it.each(conformanceCases<AgreedEndCase>('agreed-ends'))('$id', ({ start: from, anchor, endsAt, periods }) => {
    const terms = { billingAnchor: new Date(anchor), endsAt: new Date(endsAt) };
    const subscription = startedOn(new Date(from), terms);
    const steps = changes(dueTransitions(subscription, day('2025-01-01')));
    const spans = [subscription, ...steps.slice(0, -1).map((one) => one.subscription)].map(periodOf);
    expect(spans).toEqual(periods.map(([begin, end]) => [new Date(begin), new Date(end)]));
    expect(steps.at(-1)).toMatchObject({ type: 'subscription.expired', at: new Date(endsAt) });
    expect(dueAt(steps.at(-1)!.subscription)).toBeNull();
  });

  it('is the same by reads and by jobs at any instant, also with pauses and moved ends', () => {
    const steps = fc.array(
      fc.record({ days: fc.integer({ min: 0, max: 40 }), what: fc.constantFrom('pause', 'unpause', 'end', 'anchor') }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), steps, fc.integer({ min: 0, max: 300 }), (days, commands, last) => {
        let now = day('2024-01-10');
        const endsAt = new Date(now.getTime() + days * DAY_MS);
        let subscription = startedOn(now, { endsAt });
        for (const { days: wait, what } of commands) {
          now = new Date(now.getTime() + wait * DAY_MS);
          subscription = projectedAt(subscription, now);
          try {
            if (what === 'pause') ({ subscription } = pause(subscription, now));
            if (what === 'unpause') ({ subscription } = unpause(subscription, now));
            if (what === 'anchor') ({ subscription } = move(subscription, { dayOfMonth: 1 + (wait % 31) }, now));
            if (what === 'end')
              ({ subscription } = setEnd(
                subscription,
                { endsAt: new Date(now.getTime() + wait * DAY_MS), prorate: true },
                now,
              ));
          } catch {
            // A refused command changes nothing.
          }
          const { endsAt: end, currentPeriodStart, currentPeriodEnd } = subscription;
          if (subscription.endedAt === null) {
            expect(currentPeriodEnd!.getTime()).toBeGreaterThan(currentPeriodStart.getTime());
            if (subscription.status !== 'paused')
              expect(currentPeriodEnd!.getTime()).toBeLessThanOrEqual(end!.getTime());
          }
        }
        const then = new Date(now.getTime() + last * DAY_MS);
        const { remindedOf: _, ...read } = projectedAt(subscription, then);
        const { remindedOf: __, ...stored } = dueTransitions(subscription, then).at(-1)?.subscription ?? subscription;
        expect(read).toEqual(stored);
        if (subscription.endsAt && then >= subscription.endsAt) expect(read.endedAt).not.toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  it('an end within the period credits what is cut; moving it back charges the same', () => {
    const whole = startedOn(day('2024-05-01'));
    const now = day('2024-05-11');
    const cut = setEnd(whole, { endsAt: day('2024-05-21'), prorate: true }, now);
    expect(netOf(cut.prorationLines!)).toBe(-1_100);
    expect(cut.subscription.currentPeriodEnd).toEqual(day('2024-05-21'));
    const back = setEnd(cut.subscription, { endsAt: null, prorate: true }, now);
    expect(netOf(back.prorationLines!)).toBe(1_100);
    expect(back.subscription.currentPeriodEnd).toEqual(whole.currentPeriodEnd);
  });
});

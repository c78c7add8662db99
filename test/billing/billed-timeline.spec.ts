import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { amountOf, periodAt, proratedAmount } from '@app/kernel';
import { type BilledEvent, type Charge, fold, mergeCharges } from '../../libs/billing/src/domain/charges.js';
import { sumOf } from '../../libs/billing/src/domain/draft.js';
import type { Subscription, Transition } from '../../libs/subscriptions/src/domain/subscription.js';
import { startedSubscription } from '../support/subscriptions.js';
import { act, live, PLANS, START } from '../support/timelines.js';

function chargesOf(steps: Transition[]): Charge[] {
  let state: Subscription | null = null;
  return steps.flatMap(({ type, at, subscription, prorationLines = [], prorated = false }, index) => {
    const event: BilledEvent = { type, at, sequence: index + 1, after: subscription, prorationLines, prorated };
    const folded = fold(state, event);
    state = folded.state;
    return folded.charges;
  });
}

/** The cost of a state from one instant to another: the share of its cycle, for the plan and each add-on. */
function owedFor(state: Subscription, start: Date, end: Date): number {
  if (state.status === 'trialing' || start >= end) return 0;
  const { interval, intervalCount } = state.price;
  const cadence = { anchor: state.anchor, interval, count: intervalCount, timeZone: state.timezone };
  const cycle = periodAt(cadence, start);
  const addOns = Object.values(state.addOns).flatMap(({ prices, quantity }) => {
    const price = prices.find((offer) => offer.interval === interval && offer.intervalCount === intervalCount);
    return price ? [{ price, quantity }] : [];
  });
  return [state, ...addOns].reduce((sum, sold) => sum + proratedAmount(amountOf(sold), { start, end }, cycle), 0);
}

const owed = (steps: Transition[], end: Date): number =>
  steps.reduce((sum, { subscription, at }, index) => {
    if (subscription.endedAt !== null) return sum;
    return sum + owedFor(subscription, at, steps[index + 1]?.at ?? end);
  }, 0);

const total = (charges: Charge[]): number => charges.reduce((sum, { lines }) => sum + sumOf(lines), 0);

describe('the amount billed for a subscription', () => {
  it('is what its timeline says is owed, to the minor unit, through any path of changes', () => {
    fc.assert(
      fc.property(
        fc.array(act, { maxLength: 12 }),
        fc.constantFrom(0, 14),
        fc.integer({ min: 1, max: 4 }),
        (acts, trialDays, quantity) => {
          const first = startedSubscription(PLANS[1]!, START, { trialDays, quantity });
          const { at, steps } = live(first, acts);
          const charges = chargesOf(steps);
          expect(total(charges)).toBe(owed(steps, at));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('is the same on merged invoices', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 12 }), (acts) => {
        const charges = chargesOf(live(startedSubscription(PLANS[1]!, START), acts).steps);
        const merged = mergeCharges(charges);
        expect(total(merged)).toBe(total(charges));
        const instants = merged.filter(({ purpose }) => purpose !== 'final').map(({ at }) => at.getTime());
        expect(new Set(instants).size).toBe(instants.length);
      }),
      { numRuns: 500 },
    );
  });
});

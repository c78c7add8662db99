import fc from 'fast-check';
import { DomainError } from '@app/kernel';
import type { SoldPlan, Subscription, Transition } from '../../libs/subscriptions/src/domain/subscription.js';
import { commands, dueTransitions, soldPlan } from './subscriptions.js';

/** The start of every timeline. */
export const START = new Date('2027-01-31T10:00:00Z');
const HOUR_MS = 3_600_000;
/** Plans with prices of several intervals; the second one is a good start. */
export const PLANS: SoldPlan[] = [
  soldPlan('free', 0),
  soldPlan('small', 999),
  soldPlan('medium', 2_501),
  soldPlan('large', 30_007),
  soldPlan('annual', 99_999, 'year'),
  soldPlan('weekly', 333, 'week'),
];
const ADD_ON_PRICES = [
  { interval: 'month', intervalCount: 1, amount: 501, currency: 'USD', region: null, deviceType: null },
  { interval: 'year', intervalCount: 1, amount: 5_003, currency: 'USD', region: null, deviceType: null },
] as const;

/** A command after some hours. */
export interface Act {
  kind: 'change' | 'changeLater' | 'quantity' | 'renew' | 'addOn' | 'removeAddOn' | 'anchor' | 'wait';
  hours: number;
  plan: number;
  quantity: number;
}
/** A random command. */
export const act: fc.Arbitrary<Act> = fc.record({
  kind: fc.constantFrom('change', 'changeLater', 'quantity', 'renew', 'addOn', 'removeAddOn', 'anchor', 'wait'),
  hours: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1_000 })),
  plan: fc.integer({ min: 0, max: PLANS.length - 1 }),
  quantity: fc.integer({ min: 1, max: 7 }),
});

function perform(subscription: Subscription, { kind, plan, quantity }: Act, now: Date): Transition | null {
  const selection = { plan: PLANS[plan]!, quantity: subscription.quantity, prorate: true };
  switch (kind) {
    case 'change':
      return commands.change(subscription, { ...selection, when: 'now' }, now);
    case 'changeLater':
      return commands.change(subscription, { ...selection, when: 'period_end' }, now);
    case 'quantity':
      return commands.change(
        subscription,
        { ...selection, plan: PLANS.find(({ planKey }) => planKey === subscription.planKey)!, quantity, when: 'now' },
        now,
      );
    case 'renew':
      return commands.renew(subscription, 'now', now);
    case 'addOn':
      return commands.putAddOn(
        subscription,
        {
          key: `add-on-${plan % 2}`,
          quantity,
          content: { name: 'More', description: '', prices: [...ADD_ON_PRICES], entitlements: [] },
        },
        now,
      );
    case 'removeAddOn':
      return commands.removeAddOn(subscription, `add-on-${plan % 2}`, now);
    case 'anchor':
      return commands.moveBillingAnchor(
        subscription,
        { at: { dayOfMonth: quantity }, when: 'now', prorate: true },
        now,
      );
    case 'wait':
      return null;
  }
}

/** The transitions of a subscription through the acts, and at last a cancellation with proration. */
export function live(first: Subscription, acts: Act[]): { at: Date; steps: Transition[] } {
  const steps: Transition[] = [{ type: 'subscription.created', subscription: first, at: START }];
  const current = (): Subscription => steps.at(-1)!.subscription;
  let now = START;
  for (const one of acts) {
    now = new Date(now.getTime() + one.hours * HOUR_MS);
    steps.push(...dueTransitions(current(), now));
    try {
      const done = perform(current(), one, now);
      if (done) steps.push(done);
    } catch (error) {
      // Commands that the subscription refuses are no part of the path.
      if (!(error instanceof DomainError)) throw error;
    }
  }
  now = new Date(now.getTime() + 5 * 24 * HOUR_MS);
  steps.push(...dueTransitions(current(), now));
  steps.push(commands.cancel(current(), 'now', now, { prorate: true }));
  return { at: now, steps };
}

import { start } from '../../libs/subscriptions/src/domain/commands/index.js';
import type { SoldPlan, Subscription } from '../../libs/subscriptions/src/domain/subscription.js';

type NewSubscription = Parameters<typeof start>[0];

/** A plan as sold, in US dollars. `amount` is in minor units. */
export const soldPlan = (
  key: string,
  amount: number,
  interval: SoldPlan['price']['interval'] = 'month',
  intervalCount = 1,
): SoldPlan => ({
  planId: key,
  planVersion: 1,
  planKey: key,
  planName: key,
  price: { amount, currency: 'USD', interval, intervalCount },
});

/** A subscription of one seat that starts at an instant and renews, without a trial, in UTC, unless `over` differs. */
export const startedSubscription = (plan: SoldPlan, at: Date, over: Partial<NewSubscription> = {}): Subscription =>
  start(
    {
      id: 's',
      customerId: 'c',
      productId: 'p',
      testClockId: null,
      plan,
      quantity: 1,
      timezone: 'UTC',
      startsAt: null,
      billingAnchor: null,
      trialDays: 0,
      autoRenew: true,
      indefinite: false,
      usageSince: null,
      ...over,
    },
    at,
  ).subscription;

/** Commands on subscriptions, and what time does to them: pure functions that return transitions. */
export * as commands from '../../libs/subscriptions/src/domain/commands/index.js';
export { dueTransitions } from '../../libs/subscriptions/src/domain/time.js';

import type { Money } from '@app/kernel';
import { endsWithPeriod } from './cadence.js';
import { restOfPeriod } from './proration.js';
import type { Subscription } from './subscription.js';
import { projectedAt } from './time.js';

/** The charge for the next period, which may be shortened; null when the subscription does not renew automatically. */
export function upcomingCharge(subscription: Subscription): (Money & { at: Date }) | null {
  const { currentPeriodEnd: at, autoRenew } = subscription;
  if (at === null || !autoRenew || endsWithPeriod(subscription)) return null;
  const next = projectedAt(subscription, at);
  return { at, amount: restOfPeriod(next, next, at)!.amount, currency: next.price.currency };
}

import { addDays } from '@app/kernel';
import { assertAllowed } from '../state-machine.js';
import { nextVersion, NOT_PAST_DUE, type Subscription, type Transition } from '../subscription.js';

/**
 * Marks a failed payment. The features of the plan stay allowed for the days of grace, counted in the zone of the
 * subscription; after them checks are denied until a payment succeeds.
 * @param graceDays 0: checks are denied immediately
 * @throws DomainError `subscription_ended`, `transition_not_allowed`
 */
export function markPastDue(subscription: Subscription, graceDays: number, now: Date): Transition {
  assertAllowed(subscription, 'subscription.past_due');
  const pastDue: Subscription = {
    ...nextVersion(subscription),
    status: 'past_due',
    pastDueSince: now,
    graceEndsAt: graceDays > 0 ? addDays(now, graceDays, subscription.timezone) : null,
  };
  return { type: 'subscription.past_due', subscription: pastDue, at: now };
}

/**
 * Marks a payment as succeeded. Only a time after the grace counts as a time in which nothing was allowed.
 * @throws DomainError `subscription_ended`, `transition_not_allowed`
 */
export function markPaid(subscription: Subscription, now: Date): Transition {
  assertAllowed(subscription, 'subscription.recovered');
  const { cancelAtPeriodEnd, graceEndsAt, deniedUntil } = subscription;
  const recovered: Subscription = {
    ...nextVersion(subscription),
    status: cancelAtPeriodEnd ? 'canceled' : 'active',
    deniedUntil: graceEndsAt === null || graceEndsAt < now ? now : deniedUntil,
    ...NOT_PAST_DUE,
  };
  return { type: 'subscription.recovered', subscription: recovered, at: now };
}

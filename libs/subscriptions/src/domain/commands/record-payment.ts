import { assertAllowed } from '../state-machine.js';
import { nextVersion, type Subscription, type Transition } from '../subscription.js';

/**
 * Marks a failed payment: checks are denied until a payment succeeds.
 * @throws DomainError `subscription_ended`, `transition_not_allowed`
 */
export function markPastDue(subscription: Subscription, now: Date): Transition {
  assertAllowed(subscription, 'subscription.past_due');
  return { type: 'subscription.past_due', subscription: { ...nextVersion(subscription), status: 'past_due' }, at: now };
}

/** @throws DomainError `subscription_ended`, `transition_not_allowed` */
export function markPaid(subscription: Subscription, now: Date): Transition {
  assertAllowed(subscription, 'subscription.recovered');
  const status = subscription.cancelAtPeriodEnd ? 'canceled' : 'active';
  const recovered: Subscription = { ...nextVersion(subscription), status, deniedUntil: now };
  return { type: 'subscription.recovered', subscription: recovered, at: now };
}

import { DomainError } from '@app/kernel';
import { nonZero, prepaidLines, prorationLine, restOfPeriod } from '../proration.js';
import { assertAllowed } from '../state-machine.js';
import { nextVersion, NOT_PAST_DUE, runningStatus, type Subscription, type Transition } from '../subscription.js';
import { periodEndOf, type When } from './preconditions.js';

/** @throws DomainError `subscription_ended`, `transition_not_allowed`, `already_canceled`, `no_period_end` */
export function cancel(subscription: Subscription, when: When, now: Date, { prorate = false } = {}): Transition {
  assertAllowed(subscription, 'subscription.canceled');
  if (when === 'now') {
    const ended: Subscription = {
      ...nextVersion(subscription),
      status: 'inactive',
      canceledAt: now,
      endedAt: now,
      pausedAt: null,
      ...NOT_PAST_DUE,
      scheduledChange: null,
    };
    const old = prorate ? restOfPeriod(subscription, subscription, subscription.pausedAt ?? now) : null;
    const lines = old
      ? [
          prorationLine('credit', subscription, old.amount, old.service),
          ...prepaidLines('credit', subscription, subscription),
        ]
      : [];
    return {
      type: 'subscription.canceled',
      subscription: ended,
      at: now,
      prorationLines: nonZero(lines),
      prorated: prorate,
    };
  }
  if (subscription.cancelAtPeriodEnd)
    throw new DomainError('conflict', 'already_canceled', 'The subscription is already set to end with this period.');
  assertAllowed(subscription, 'subscription.cancel_scheduled');
  periodEndOf(subscription);
  const status = subscription.status === 'past_due' ? subscription.status : 'canceled';
  const canceled: Subscription = {
    ...nextVersion(subscription),
    status,
    cancelAtPeriodEnd: true,
    canceledAt: now,
    scheduledChange: null,
  };
  return { type: 'subscription.cancel_scheduled', subscription: canceled, at: now };
}

/**
 * Undoes a cancel at period end or a scheduled change.
 * @throws DomainError `subscription_ended`, `transition_not_allowed`, `nothing_to_resume`
 */
export function resume(subscription: Subscription, now: Date): Transition {
  assertAllowed(subscription, 'subscription.resumed');
  if (!subscription.cancelAtPeriodEnd && !subscription.scheduledChange) {
    throw new DomainError(
      'conflict',
      'nothing_to_resume',
      'The subscription has neither a cancellation nor a scheduled change to undo.',
    );
  }
  const status = subscription.status === 'canceled' ? runningStatus(subscription, now) : subscription.status;
  const resumed: Subscription = {
    ...nextVersion(subscription),
    status,
    cancelAtPeriodEnd: false,
    canceledAt: null,
    scheduledChange: null,
  };
  return { type: 'subscription.resumed', subscription: resumed, at: now };
}

import { invalidField } from '@app/kernel';
import { movedAnchor } from '../cadence.js';
import { assertAllowed } from '../state-machine.js';
import { nextVersion, type Subscription, type Transition } from '../subscription.js';
import { periodEndOf } from './preconditions.js';

/**
 * Extends the period, and a running trial, without charge; later periods are counted from the new end.
 * @throws DomainError `subscription_ended`, `transition_not_allowed`, `no_period_end`, `invalid_fields`
 */
export function extend(subscription: Subscription, to: Date, now: Date): Transition {
  assertAllowed(subscription, 'subscription.extended');
  if (to <= periodEndOf(subscription)) throw invalidField('to', 'must be after the end of the current period');
  const { scheduledChange, trialEnd, endsAt } = subscription;
  if (endsAt && to > endsAt) throw invalidField('to', 'must not be after the agreed end; set a later end first');
  const extended: Subscription = {
    ...nextVersion(subscription),
    currentPeriodEnd: to,
    ...movedAnchor(subscription, to),
    nextAnchor: null,
    trialEnd: trialEnd && trialEnd > now ? to : trialEnd,
    scheduledChange: scheduledChange && { ...scheduledChange, effectiveAt: to.toISOString() },
  };
  return { type: 'subscription.extended', subscription: extended, at: now };
}

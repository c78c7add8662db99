import { invalidField } from '@app/kernel';
import { movedAnchor } from '../cadence.js';
import { assertAllowed } from '../state-machine.js';
import { nextVersion, type Subscription, type Transition } from '../subscription.js';
import { periodEndOf } from './preconditions.js';

/** 100 years: a change of the subscription reads each billing period of the extension. */
const MAX_EXTENSION_MS = 100 * 366 * 86_400_000;

/**
 * Extends the period, and a running trial, without charge; later periods are counted from the new end.
 * @throws DomainError `subscription_ended`, `transition_not_allowed`, `no_period_end`, `invalid_fields`
 */
export function extend(subscription: Subscription, to: Date, now: Date): Transition {
  assertAllowed(subscription, 'subscription.extended');
  if (to <= periodEndOf(subscription)) throw invalidField('to', 'must be after the end of the current period');
  if (to.getTime() > now.getTime() + MAX_EXTENSION_MS) throw invalidField('to', 'must be at most 100 years from now');
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

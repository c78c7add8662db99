import { periodAt } from '@app/kernel';
import { cadenceOf } from '../cadence.js';
import { assertAllowed } from '../state-machine.js';
import { nextVersion, runningStatus, type Subscription, type Transition } from '../subscription.js';

/** The period stands still until it is unpaused: what is left of it, and of a trial, is left then. @throws DomainError `subscription_ended`, `transition_not_allowed` */
export function pause(subscription: Subscription, now: Date): Transition {
  assertAllowed(subscription, 'subscription.paused');
  return {
    type: 'subscription.paused',
    subscription: { ...nextVersion(subscription), status: 'paused', pausedAt: now },
    at: now,
  };
}

/** Everything that was to come comes later by the length of the pause. @throws DomainError `subscription_ended`, `transition_not_allowed` */
export function unpause(subscription: Subscription, now: Date): Transition {
  assertAllowed(subscription, 'subscription.unpaused');
  const { pausedAt, trialEnd, currentPeriodEnd, scheduledChange, anchor } = subscription;
  const later = (at: Date): Date => new Date(at.getTime() + now.getTime() - pausedAt!.getTime());
  const end = currentPeriodEnd && later(currentPeriodEnd);
  const unpaused: Subscription = {
    ...nextVersion(subscription),
    status: runningStatus(subscription, pausedAt!),
    pausedAt: null,
    currentPeriodEnd: end,
    anchor: end ? anchorThrough(end, { ...subscription, anchor: later(anchor) }) : anchor,
    trialEnd: trialEnd && trialEnd > pausedAt! ? later(trialEnd) : trialEnd,
    scheduledChange: end && scheduledChange && { ...scheduledChange, effectiveAt: end.toISOString() },
  };
  return { type: 'subscription.unpaused', subscription: unpaused, at: now };
}

/** The anchor, if periods that are counted from it meet at the end; else the end: so a pause of an hour in February does not cost the 31st. */
function anchorThrough(end: Date, subscription: Subscription): Date {
  return periodAt(cadenceOf(subscription), end).start.getTime() === end.getTime() ? subscription.anchor : end;
}

import { periodAt } from '@app/kernel';
import { cadenceOf, cutTo, movedAnchor, uncutEnd } from '../cadence.js';
import { assertAllowed } from '../state-machine.js';
import { nextVersion, NOT_PAST_DUE, runningStatus, type Subscription, type Transition } from '../subscription.js';

/**
 * Pauses: the rest of the period and of a trial is kept until unpause.
 * @param options.byDunning true: also when it is past due
 * @throws DomainError `subscription_ended`, `transition_not_allowed`
 */
export function pause(subscription: Subscription, now: Date, { byDunning = false } = {}): Transition {
  assertAllowed(subscription, 'subscription.paused', { byDunning });
  return {
    type: 'subscription.paused',
    subscription: { ...nextVersion(subscription), status: 'paused', pausedAt: now, ...NOT_PAST_DUE },
    at: now,
  };
}

/**
 * Moves every future instant by the length of the pause, except the boundaries of usage windows.
 * @throws DomainError `subscription_ended`, `transition_not_allowed`
 */
export function unpause(subscription: Subscription, now: Date): Transition {
  assertAllowed(subscription, 'subscription.unpaused');
  const { pausedAt, trialEnd, currentPeriodEnd, scheduledChange, anchor, endsAt } = subscription;
  const later = (at: Date): Date => new Date(at.getTime() + now.getTime() - pausedAt!.getTime());
  const end = currentPeriodEnd && later(uncutEnd(subscription, currentPeriodEnd));
  const cut = end && cutTo(endsAt, end);
  const unpaused: Subscription = {
    ...nextVersion(subscription),
    status: runningStatus(subscription, pausedAt!),
    pausedAt: null,
    deniedUntil: now,
    currentPeriodEnd: cut,
    ...movedAnchor(subscription, end ? anchorThrough(end, { ...subscription, anchor: later(anchor) }) : anchor),
    trialEnd: trialEnd && trialEnd > pausedAt! ? later(trialEnd) : trialEnd,
    scheduledChange: cut && scheduledChange && { ...scheduledChange, effectiveAt: cut.toISOString() },
  };
  return { type: 'subscription.unpaused', subscription: unpaused, at: now };
}

/**
 * Keeps the anchor when its periods still meet the end, else uses the end: a pause of one hour in February keeps the
 * 31st.
 */
function anchorThrough(end: Date, subscription: Subscription): Date {
  return periodAt(cadenceOf(subscription), end).start.getTime() === end.getTime() ? subscription.anchor : end;
}

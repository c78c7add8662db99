import { DomainError, invalidField, periodAt } from '@app/kernel';
import { cadenceOf, cutTo, uncutEnd } from '../cadence.js';
import { restOfPeriodLines } from '../proration.js';
import { assertAllowed } from '../state-machine.js';
import { isSame, nextVersion, type Subscription, type Transition } from '../subscription.js';
import { periodEndOf } from './preconditions.js';

/**
 * Agrees on another end, or on none. An end within the current period cuts it; an end that moves later gives the
 * period its full length again.
 * @param endsAt null: no agreed end
 * @throws DomainError `subscription_ended`, `transition_not_allowed`, `no_period_end`, `end_unchanged`,
 * `invalid_fields`
 */
export function setEnd(
  subscription: Subscription,
  { endsAt, prorate }: { endsAt: Date | null; prorate: boolean },
  now: Date,
): Transition {
  assertAllowed(subscription, 'subscription.end_changed');
  if (isSame(endsAt, subscription.endsAt))
    throw new DomainError('conflict', 'end_unchanged', 'The subscription already has this agreed end.');
  const end = uncutEnd(subscription, periodEndOf(subscription));
  assertAfterAgreed(subscription, endsAt, now);
  const currentPeriodEnd = cutTo(endsAt, end);
  const { scheduledChange } = subscription;
  const changed: Subscription = {
    ...nextVersion(subscription),
    endsAt,
    currentPeriodEnd,
    scheduledChange: scheduledChange && { ...scheduledChange, effectiveAt: currentPeriodEnd.toISOString() },
  };
  if (endsAt && currentPeriodEnd >= endsAt) changed.scheduledChange = null;
  const moved = currentPeriodEnd.getTime() !== subscription.currentPeriodEnd!.getTime();
  return {
    type: 'subscription.end_changed',
    subscription: changed,
    at: now,
    prorationLines: prorate && moved ? restOfPeriodLines(subscription, changed, now) : [],
    prorated: prorate && moved,
  };
}

/** Asserts that the end is in the future, and not within periods that were agreed. */
function assertAfterAgreed(subscription: Subscription, endsAt: Date | null, now: Date): void {
  if (endsAt === null) return;
  if (endsAt <= now) throw invalidField('endsAt', 'must be in the future; cancel the subscription to end it now');
  if (subscription.prepaidPeriods === 0) return;
  let agreed = subscription.currentPeriodEnd!;
  for (let period = 0; period < subscription.prepaidPeriods; period++)
    agreed = periodAt(cadenceOf(subscription), agreed).end;
  if (endsAt < agreed)
    throw invalidField('endsAt', `must not be before the end of the agreed periods, ${agreed.toISOString()}`);
}

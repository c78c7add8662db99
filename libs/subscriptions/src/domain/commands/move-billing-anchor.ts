import { dayOfMonth, DomainError, invalidField, periodAt } from '@app/kernel';
import { cadenceOf, cutTo, movedAnchor } from '../cadence.js';
import { restOfPeriodLines } from '../proration.js';
import { assertAllowed } from '../state-machine.js';
import { nextVersion, type Subscription, type Transition } from '../subscription.js';
import { assertNotEnding, periodEndOf, type When } from './preconditions.js';

/** The new anchor: an instant, or a day of the month at the time of day of the present anchor. */
export interface BillingAnchor {
  at: Date | { dayOfMonth: number };
  when: When;
  /** false: no credit for the rest of the period, and no charge for the period that replaces it. */
  prorate: boolean;
}

/**
 * Moves the boundaries of the periods. `now`: a period up to the next boundary replaces the rest of the current one.
 * `period_end`: the current period stays, and the next one ends at its first boundary. A trial keeps its end. Usage
 * continues to count.
 * @throws DomainError `subscription_ended`, `transition_not_allowed`, `no_period_end`, `subscription_canceled`,
 * `end_agreed`, `periods_agreed`, `billing_anchor_unchanged`, `invalid_fields`
 */
export function moveBillingAnchor(
  subscription: Subscription,
  { at, when, prorate }: BillingAnchor,
  now: Date,
): Transition {
  assertAllowed(subscription, 'subscription.billing_anchor_changed');
  const end = periodEndOf(subscription);
  if (when === 'period_end') assertNotEnding(subscription);
  assertNoneAgreed(subscription);
  const anchor = at instanceof Date ? at : anchorOn(subscription, at.dayOfMonth);
  const later = when === 'period_end' && subscription.status !== 'trialing';
  const present = later ? subscription.nextAnchor : subscription.nextAnchor ? null : subscription.anchor;
  if (present?.getTime() === anchor.getTime())
    throw new DomainError('conflict', 'billing_anchor_unchanged', 'The periods are already counted from this anchor.');
  const moved: Subscription = { ...nextVersion(subscription), nextAnchor: later ? anchor : null };
  if (!later) Object.assign(moved, movedAnchor(subscription, anchor));
  if (later || subscription.status === 'trialing')
    return { type: 'subscription.billing_anchor_changed', subscription: moved, at: now };
  moved.currentPeriodStart = now;
  moved.currentPeriodEnd = cutTo(moved.endsAt, periodAt(cadenceOf(moved), now).end);
  if (moved.scheduledChange && moved.currentPeriodEnd.getTime() !== end.getTime())
    moved.scheduledChange = { ...moved.scheduledChange, effectiveAt: moved.currentPeriodEnd.toISOString() };
  return {
    type: 'subscription.billing_anchor_changed',
    subscription: moved,
    at: now,
    prorationLines: prorate ? restOfPeriodLines(subscription, moved, now) : [],
    prorated: prorate,
  };
}

/** The length of agreed periods is paid for, so it does not change. */
function assertNoneAgreed({ prepaidPeriods }: Subscription): void {
  if (prepaidPeriods > 0)
    throw new DomainError(
      'conflict',
      'periods_agreed',
      'Further periods are agreed and would change their length; move the anchor when they have started.',
      { prepaidPeriods },
    );
}

function anchorOn({ anchor, price, timezone }: Subscription, day: number): Date {
  const months = { month: price.intervalCount, year: 12 * price.intervalCount }[price.interval as 'month' | 'year'];
  if (months === undefined)
    throw invalidField('dayOfMonth', 'needs a price per month or year; use `anchor` for other intervals');
  return dayOfMonth({ at: anchor, timeZone: timezone, months }, day);
}

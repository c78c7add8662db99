import { boundary, type Cadence, periodAt } from '@app/kernel';
import { isLive, type ScheduledChange, type SoldPrice, type Subscription, type Transition } from './subscription.js';

/** Enough for two years of hourly periods in one go; the next call goes on from there. */
const MAX_STEPS = 20_000;

export function cadenceOf(subscription: { anchor: Date; price: SoldPrice; timezone: string }): Cadence {
  const { anchor, price, timezone } = subscription;
  return { anchor, interval: price.interval, count: price.intervalCount, timeZone: timezone };
}

/**
 * Everything that time alone has done to a subscription up to `now`: ended trials, renewals, scheduled changes and expiry,
 * period by period and each at its own instant. Empty when nothing is due. Reads use the outcome, jobs write it down:
 * what a subscription allows never depends on whether a job has run.
 */
export function dueTransitions(subscription: Subscription, now: Date, limit = MAX_STEPS): Transition[] {
  const transitions: Transition[] = [];
  let current = subscription;
  while (isLive(current.status) && current.currentPeriodEnd <= now && transitions.length < limit) {
    const next = endPeriod(current);
    transitions.push(next);
    current = next.subscription;
  }
  return transitions;
}

/** The subscription as it truly is at `now`. */
export function asOf(subscription: Subscription, now: Date): Subscription {
  if (!isLive(subscription.status) || subscription.currentPeriodEnd > now) return subscription;
  const jumped = renewSilently(subscription, now);
  return dueTransitions(jumped, now).at(-1)?.subscription ?? jumped;
}

/** A plain renewal only moves the period and the version, so a long absence is answered in one step, not thousands. */
function renewSilently(subscription: Subscription, now: Date): Subscription {
  if (subscription.status !== 'active' || !subscription.autoRenew || subscription.cancelAtPeriodEnd || subscription.scheduledChange) return subscription;
  const cadence = cadenceOf(subscription);
  const { start, end, index } = periodAt(cadence, now);
  const renewals = index - periodAt(cadence, subscription.currentPeriodStart).index;
  return { ...renewed(subscription, start, end), version: subscription.version + renewals };
}

/** What happens at the end of the current period: exactly one step. */
function endPeriod(subscription: Subscription): Transition {
  const at = subscription.currentPeriodEnd;
  if (subscription.cancelAtPeriodEnd || !subscription.autoRenew) return step('subscription.expired', expired(subscription, at), at);
  if (subscription.scheduledChange) return step('subscription.plan_changed', withScheduledChange(subscription, subscription.scheduledChange, at), at);
  const { start, end } = periodAt(cadenceOf(subscription), at);
  const type = subscription.status === 'trialing' ? 'subscription.trial_ended' : 'subscription.renewed';
  return step(type, { ...renewed(subscription, start, end), status: 'active' }, at);
}

function step(type: Transition['type'], subscription: Subscription, at: Date): Transition {
  return { type, at, subscription: { ...subscription, version: subscription.version + 1 } };
}

function expired(subscription: Subscription, at: Date): Subscription {
  return { ...subscription, status: 'expired', endedAt: at, scheduledChange: null };
}

function renewed(subscription: Subscription, start: Date, end: Date): Subscription {
  return { ...subscription, currentPeriodStart: start, currentPeriodEnd: end, usagePeriodStart: start };
}

/** The agreed plan starts with the period; another interval starts a new row of periods there. */
function withScheduledChange(subscription: Subscription, change: ScheduledChange, at: Date): Subscription {
  const { effectiveAt: _, ...sold } = change;
  const changed = { ...subscription, ...sold, planSince: at, scheduledChange: null, status: 'active' as const };
  const sameRhythm = subscription.price.interval === change.price.interval && subscription.price.intervalCount === change.price.intervalCount;
  if (!sameRhythm) changed.anchor = at;
  const { start, end } = periodAt(cadenceOf(changed), at);
  return renewed(changed, start, end);
}

/** The first period of a new contract or of one whose rhythm restarts at `anchor`. */
export function firstPeriodEnd(cadence: Cadence): Date {
  return boundary(cadence, 1);
}

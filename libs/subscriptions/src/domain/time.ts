import { periodAt } from '@app/kernel';
import { cadenceOf, cutTo, endsWithPeriod, movedAnchor, sameBillingInterval } from './cadence.js';
import {
  isLive,
  isUpcoming,
  nextVersion,
  NOT_PAST_DUE,
  type ReminderType,
  type ScheduledChange,
  type Subscription,
  type Transition,
} from './subscription.js';

/** Steps per call: two years of hourly periods. The next call continues. */
const MAX_STEPS = 20_000;
const DAY_MS = 86_400_000;
/** Time of a reminder before the period end, by minimum length of the period. Shorter periods have no reminder. */
const REMINDERS = [
  { periodMs: 27 * DAY_MS, leadMs: 7 * DAY_MS },
  { periodMs: 6 * DAY_MS, leadMs: DAY_MS },
];

/** The next due transition of a subscription and its instant. */
interface Due {
  at: Date;
  step: () => Transition;
}

function nextDue(subscription: Subscription): Due | null {
  if (isUpcoming(subscription))
    return {
      at: subscription.startedAt,
      step: () => step('subscription.started', begun(subscription), subscription.startedAt),
    };
  const end = endOf(subscription);
  if (end === null) return null;
  const reminderAt = reminderOf(subscription, end);
  if (reminderAt) return { at: reminderAt, step: () => reminded(subscription, reminderAt) };
  return { at: end, step: () => endPeriod(subscription, end) };
}

/** Instant of the next due transition; null when only a command can change the subscription. */
export const dueAt = (subscription: Subscription): Date | null => nextDue(subscription)?.at ?? null;

/** The end that comes by time; null when ended or indefinite. A pause suspends the period, but not an agreed end. */
function endOf({ status, currentPeriodEnd, endsAt }: Subscription): Date | null {
  if (!isLive(status)) return null;
  return status === 'paused' ? endsAt : currentPeriodEnd;
}

/**
 * Due transitions up to `now`: starts, reminders, trial ends, renewals, scheduled
 * changes and expiry, period by period and each at its own instant. Empty when nothing is due. Reads use the result and
 * jobs
 * store it: what a subscription allows never depends on whether a job has run.
 */
export function dueTransitions(subscription: Subscription, now: Date, limit = MAX_STEPS): Transition[] {
  const transitions: Transition[] = [];
  let due = nextDue(subscription);
  while (due && due.at <= now && transitions.length < limit) {
    const next = due.step();
    transitions.push(next);
    due = nextDue(next.subscription);
  }
  return transitions;
}

/** The subscription with all due transitions applied up to `now`, except reminders. */
export function projectedAt(subscription: Subscription, now: Date): Subscription {
  const current =
    isUpcoming(subscription) && subscription.startedAt <= now ? nextVersion(begun(subscription)) : subscription;
  const end = endOf(current);
  if (end === null || end > now) return current;
  let last = renewSilently(current, now);
  for (let ended = endOf(last); ended !== null && ended <= now; ended = endOf(last))
    last = renewSilently(endPeriod(last, ended).subscription, now);
  return last;
}

/**
 * Selects the current subscription at `at` from those of a customer on a product, newest first. A scheduled one is
 * current only when there is no other.
 */
export function currentOf(subscriptions: readonly Subscription[], at: Date): Subscription | null {
  const current = subscriptions.find(({ startedAt }) => startedAt <= at) ?? subscriptions[0];
  return current ? projectedAt(current, at) : null;
}

/** Applies plain renewals in one step: they change only period and version, so a long absence needs no loop. */
function renewSilently(subscription: Subscription, now: Date): Subscription {
  const { status, autoRenew, prepaidPeriods, scheduledChange, nextAnchor, endsAt, currentPeriodEnd } = subscription;
  const plain =
    (status === 'active' || status === 'past_due') &&
    autoRenew &&
    prepaidPeriods === 0 &&
    !endsWithPeriod(subscription) &&
    !scheduledChange &&
    !nextAnchor;
  if (!plain || currentPeriodEnd === null || currentPeriodEnd > now) return subscription;
  const cadence = cadenceOf(subscription);
  const { start, end, index } = periodAt(cadence, endsAt && endsAt <= now ? new Date(endsAt.getTime() - 1) : now);
  const renewals = index - periodAt(cadence, currentPeriodEnd).index + 1;
  return { ...renewed(subscription, start, end), version: subscription.version + renewals };
}

/** The one step at the end of the current period. */
function endPeriod(subscription: Subscription, at: Date): Transition {
  const { prepaidPeriods, scheduledChange, anchor, nextAnchor } = subscription;
  if (subscription.status === 'paused' || endsWithPeriod(subscription))
    return step('subscription.expired', expired(subscription, at), at);
  const continued = {
    ...subscription,
    ...movedAnchor(subscription, nextAnchor ?? anchor),
    nextAnchor: null,
    prepaidPeriods: Math.max(0, prepaidPeriods - 1),
    status: subscription.status === 'past_due' ? subscription.status : ('active' as const),
  };
  if (scheduledChange)
    return step('subscription.plan_changed', withScheduledChange(continued, scheduledChange, at), at);
  const { end } = periodAt(cadenceOf(continued), at);
  return step(
    subscription.status === 'trialing' ? 'subscription.trial_ended' : 'subscription.renewed',
    renewed(continued, at, end),
    at,
  );
}

function reminderOf({ currentPeriodStart, remindedOf, status }: Subscription, end: Date): Date | null {
  if (status === 'paused' || (remindedOf !== null && remindedOf >= end)) return null;
  const length = end.getTime() - currentPeriodStart.getTime();
  const reminder = REMINDERS.find(({ periodMs }) => length >= periodMs);
  return reminder ? new Date(end.getTime() - reminder.leadMs) : null;
}

/** A reminder. It does not change the subscription, so it is not a version. */
function reminded(subscription: Subscription, at: Date): Transition {
  return {
    type: reminderType(subscription),
    at,
    subscription: { ...subscription, remindedOf: subscription.currentPeriodEnd },
  };
}

function reminderType(subscription: Subscription): ReminderType {
  if (endsWithPeriod(subscription)) return 'subscription.expiry_upcoming';
  return subscription.status === 'trialing' ? 'subscription.trial_ending' : 'subscription.renewal_upcoming';
}

function step(type: Transition['type'], subscription: Subscription, at: Date): Transition {
  return { type, at, subscription: nextVersion(subscription) };
}

function begun(subscription: Subscription): Subscription {
  return { ...subscription, status: subscription.trialEnd ? 'trialing' : 'active' };
}

function expired(subscription: Subscription, at: Date): Subscription {
  return { ...subscription, status: 'expired', endedAt: at, pausedAt: null, ...NOT_PAST_DUE, scheduledChange: null };
}

function renewed(subscription: Subscription, start: Date, end: Date): Subscription {
  const currentPeriodEnd = cutTo(subscription.endsAt, end);
  return { ...subscription, currentPeriodStart: start, currentPeriodEnd, usagePeriodStart: start };
}

/** Applies the scheduled plan at the start of the period; another interval sets a new anchor there. */
function withScheduledChange(subscription: Subscription, change: ScheduledChange, at: Date): Subscription {
  const { effectiveAt: _, ...sold } = change;
  const changed = { ...subscription, ...sold, planSince: at, scheduledChange: null };
  if (!sameBillingInterval(subscription, change)) Object.assign(changed, movedAnchor(subscription, at));
  const { end } = periodAt(cadenceOf(changed), at);
  return renewed(changed, at, end);
}

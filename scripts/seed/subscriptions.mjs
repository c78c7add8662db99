import { dueTransitions } from '../../dist/libs/subscriptions/src/domain/time.js';
import { cancel } from '../../dist/libs/subscriptions/src/domain/commands/index.js';
import { DAY_MS } from './wall-clock.mjs';

/** Frozen: its text is written once. */
const NO_ADD_ONS = Object.freeze({});
const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * DAY_MS;
const FORTNIGHT_MS = 14 * DAY_MS;
const MONTH_MS = 30.4 * DAY_MS;
/** The oldest customers are two years old; the number of new customers grows every month. */
const OLDEST_MONTHS = 24;
const GROWTH = 1.5;

/** Percent of the subscriptions in each category. A subscription is in one category only. */
const CATEGORIES = [
  [20, expiring],
  [15, fresh],
  [5, canceling],
  [2.5, canceled],
  [2.5, expired],
  [55, steady],
];

/**
 * Draws a subscription with a history: created, renewed, and in some cases canceled in the past. Cancellations,
 * reminders and ends are computed by the service's own domain code. Only renewals are counted here, because the service
 * takes one step for each.
 * @param who the `plan`, the `clock` of the time zone, and `seniority`: 1 for the first customer, near 0 for the last
 * @returns the subscription as it is now, the steps since its period began, each with the state before it, and the
 *   number of steps `passed` before those
 */
export function drawSubscription(random, who, now) {
  const { current, last, passed, cancellation } = random.pick(CATEGORIES)(random, who, now);
  const steps = [last];
  let subscription = current;
  const keep = ({ type, subscription: after, at }, byTime) => {
    steps.push({ type, at, before: subscription, after, byTime });
    subscription = { ...after, updatedAt: at };
  };
  const passTime = (until) =>
    dueTransitions(subscription, new Date(until)).forEach((transition) => keep(transition, true));
  if (cancellation) {
    passTime(cancellation.at);
    keep(cancel(subscription, cancellation.when, new Date(cancellation.at)), false);
  }
  passTime(now);
  return { subscription, steps, passed };
}

/** The period ends within the next seven days. */
function expiring(random, who, now) {
  const draw = () => endingAt(who, periodsOf(who), random.instant(now + HOUR_MS, now + WEEK_MS));
  return drawUntil(
    draw,
    (history) => endOf(history) > now + HOUR_MS && endOf(history) <= now + WEEK_MS && isOld(history, now),
  );
}

/** Created within the last seven days; in a trial if the plan has one. */
function fresh(random, who, now) {
  return madeAt(who, random.instant(now - WEEK_MS, now), 0);
}

/** In none of the other categories. */
function steady(random, who, now) {
  return runningAt(random, who, now, (history) => endOf(history) > now + WEEK_MS && isOld(history, now));
}

/** Canceled within the last 14 days, and live until the period ends. */
function canceling(random, who, now) {
  const history = steady(random, who, now);
  return {
    ...history,
    cancellation: { when: 'period_end', at: random.instant(Math.max(now - FORTNIGHT_MS, startOf(history)), now) },
  };
}

/** Canceled with immediate effect within the last 14 days. */
function canceled(random, who, now) {
  const at = random.instant(now - FORTNIGHT_MS, now);
  return {
    ...runningAt(random, who, at, (history) => startOf(history) < at - DAY_MS && isOld(history, now)),
    cancellation: { when: 'now', at },
  };
}

/** Canceled within the last 14 days; the period has ended since. */
function expired(random, who, now) {
  const draw = () => endingAt(who, periodsOf(who), random.instant(now - FORTNIGHT_MS + DAY_MS, now - HOUR_MS));
  const history = drawUntil(draw, (drawn) => endOf(drawn) < now && endOf(drawn) > now - FORTNIGHT_MS + HOUR_MS);
  return {
    ...history,
    cancellation: {
      when: 'period_end',
      at: random.instant(Math.max(now - FORTNIGHT_MS, startOf(history)), endOf(history)),
    },
  };
}

/** In the middle of a period at an instant. Every second try is one period older, in case it would be too young. */
function runningAt(random, who, at, isMeant) {
  let tries = 0;
  const draw = () =>
    endingAt(who, periodsOf(who) + (tries++ % 2), random.instant(at + HOUR_MS, at + who.plan.months * MONTH_MS));
  return drawUntil(draw, (history) => startOf(history) < at && endOf(history) > at && isMeant(history));
}

function drawUntil(draw, isMeant) {
  for (;;) {
    const drawn = draw();
    if (isMeant(drawn)) return drawn;
  }
}

const startOf = ({ current }) => current.currentPeriodStart.getTime();
const endOf = ({ current }) => current.currentPeriodEnd.getTime();
const isOld = ({ current }, now) => current.createdAt.getTime() < now - WEEK_MS;

/** Whole periods between the anchor and the current one. */
function periodsOf({ plan, seniority }) {
  return Math.floor((OLDEST_MONTHS * seniority ** GROWTH) / plan.months);
}

/** Created so that the period after `periods` others ends at `end`, or a few days off: months differ in length. */
function endingAt(who, periods, end) {
  const { plan, clock } = who;
  const anchor = clock.addMonths(end, -plan.months * (periods + 1));
  return madeAt(who, clock.addDays(anchor, -plan.trialDays), periods + (plan.trialDays > 0 ? 1 : 0));
}

/** A subscription after a number of renewals; the end of a trial counts as one. */
function madeAt({ plan, clock }, made, renewals) {
  const trialEnd = plan.trialDays > 0 ? clock.addDays(made, plan.trialDays) : null;
  const anchor = trialEnd ?? made;
  const boundary = (index) => new Date(clock.addMonths(anchor, index * plan.months));
  const [start, at] = [new Date(made), new Date(anchor)];
  const first = {
    customerId: null,
    id: null,
    productId: plan.productId,
    testClockId: null,
    planId: plan.planId,
    planVersion: plan.planVersion,
    planKey: plan.planKey,
    planName: plan.planName,
    price: plan.price,
    quantity: 1,
    status: trialEnd ? 'trialing' : 'active',
    timezone: clock.timeZone,
    anchor: at,
    usageAnchor: null,
    nextAnchor: null,
    endsAt: null,
    startedAt: start,
    currentPeriodStart: start,
    currentPeriodEnd: trialEnd ? at : boundary(1),
    usagePeriodStart: start,
    planSince: start,
    trialEnd: trialEnd && at,
    autoRenew: true,
    prepaidPeriods: 0,
    cancelAtPeriodEnd: false,
    canceledAt: null,
    endedAt: null,
    pausedAt: null,
    pastDueSince: null,
    graceEndsAt: null,
    deniedUntil: null,
    scheduledChange: null,
    addOns: NO_ADD_ONS,
    remindedOf: null,
    version: 1,
    createdAt: start,
    updatedAt: start,
  };
  if (renewals === 0)
    return {
      current: first,
      last: { type: 'subscription.created', at: start, before: null, after: first, byTime: false },
      passed: 0,
    };
  const periods = trialEnd ? renewals - 1 : renewals;
  const [from, to] = [boundary(periods), boundary(periods + 1)];
  // The reminder of a period precedes the renewal that ends it.
  const before = { ...first, version: renewals, remindedOf: from, currentPeriodEnd: from };
  if (periods > 0)
    Object.assign(before, {
      status: 'active',
      currentPeriodStart: boundary(periods - 1),
      usagePeriodStart: boundary(periods - 1),
    });
  const current = {
    ...before,
    status: 'active',
    version: renewals + 1,
    updatedAt: from,
    currentPeriodStart: from,
    currentPeriodEnd: to,
    usagePeriodStart: from,
  };
  const type = periods > 0 ? 'subscription.renewed' : 'subscription.trial_ended';
  return { current, last: { type, at: from, before, after: current, byTime: true }, passed: 2 * renewals };
}

import { dueTransitions } from '../../dist/libs/subscriptions/src/domain/time.js';
import { cancel } from '../../dist/libs/subscriptions/src/domain/commands.js';
import { DAY_MS } from './wall-clock.mjs';

const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * DAY_MS;
const FORTNIGHT_MS = 14 * DAY_MS;
const MONTH_MS = 30.4 * DAY_MS;
/** The first customers came two years ago, and more every month. */
const OLDEST_MONTHS = 24;
const GROWTH = 1.5;

/** How many of a hundred are what; a contract is one of them only. */
const CATEGORIES = [
  [20, expiring],
  [15, fresh],
  [5, canceling],
  [2.5, canceled],
  [2.5, expired],
  [55, steady],
];

/**
 * A contract with a past: made when it was, renewed as often as it was, and then canceled or not. Cancellations, reminders and ends are
 * the service's own domain code; only renewals are counted here, because the service takes a step for each.
 * @param who the `plan` that was sold, the `clock` of its zone, and `seniority`: 1 for the first customer, near 0 for the last
 * @returns the contract as it is now, the steps of its life since its period began, each with what was before, and how many steps there were before those
 */
export function drawContract(random, who, now) {
  const { current, last, passed, cancellation } = random.pick(CATEGORIES)(random, who, now);
  const steps = [last];
  let contract = current;
  const keep = ({ type, subscription, at }, byTime) => {
    steps.push({ type, at, before: contract, after: subscription, byTime });
    contract = { ...subscription, updatedAt: at };
  };
  const passTime = (until) => dueTransitions(contract, new Date(until)).forEach((transition) => keep(transition, true));
  if (cancellation) {
    passTime(cancellation.at);
    keep(cancel(contract, cancellation.when, new Date(cancellation.at)), false);
  }
  passTime(now);
  return { contract, steps, passed };
}

/** Its period ends within the next seven days. */
function expiring(random, who, now) {
  const draw = () => endingAt(who, periodsOf(who), random.instant(now + HOUR_MS, now + WEEK_MS));
  return drawUntil(
    draw,
    (contract) => endOf(contract) > now + HOUR_MS && endOf(contract) <= now + WEEK_MS && isOld(contract, now),
  );
}

/** Made within the last seven days; in its trial, where the plan has one. */
function fresh(random, who, now) {
  return madeAt(who, random.instant(now - WEEK_MS, now), 0);
}

/** None of the others. */
function steady(random, who, now) {
  return runningAt(random, who, now, (contract) => endOf(contract) > now + WEEK_MS && isOld(contract, now));
}

/** Canceled within the last fortnight, and live until its period ends. */
function canceling(random, who, now) {
  const contract = steady(random, who, now);
  return {
    ...contract,
    cancellation: { when: 'period_end', at: random.instant(Math.max(now - FORTNIGHT_MS, startOf(contract)), now) },
  };
}

/** Ended at once within the last fortnight. */
function canceled(random, who, now) {
  const at = random.instant(now - FORTNIGHT_MS, now);
  return {
    ...runningAt(random, who, at, (contract) => startOf(contract) < at - DAY_MS && isOld(contract, now)),
    cancellation: { when: 'now', at },
  };
}

/** Canceled within the last fortnight, and ended with its period since. */
function expired(random, who, now) {
  const draw = () => endingAt(who, periodsOf(who), random.instant(now - FORTNIGHT_MS + DAY_MS, now - HOUR_MS));
  const contract = drawUntil(draw, (drawn) => endOf(drawn) < now && endOf(drawn) > now - FORTNIGHT_MS + HOUR_MS);
  return {
    ...contract,
    cancellation: {
      when: 'period_end',
      at: random.instant(Math.max(now - FORTNIGHT_MS, startOf(contract)), endOf(contract)),
    },
  };
}

/** In the middle of a period at that instant; one period older where it would be too young. */
function runningAt(random, who, at, isMeant) {
  let tries = 0;
  const draw = () =>
    endingAt(who, periodsOf(who) + (tries++ % 2), random.instant(at + HOUR_MS, at + who.plan.months * MONTH_MS));
  return drawUntil(draw, (contract) => startOf(contract) < at && endOf(contract) > at && isMeant(contract));
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

/** Made when its period after so many others ends then, or a few days off: months have different lengths. */
function endingAt(who, periods, end) {
  const { plan, clock } = who;
  const anchor = clock.addMonths(end, -plan.months * (periods + 1));
  return madeAt(who, clock.addDays(anchor, -plan.trialDays), periods + (plan.trialDays > 0 ? 1 : 0));
}

/** A contract in the first period of its life, or in the one after so many renewals; the end of a trial is one of them. */
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
    scheduledChange: null,
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
  // A period's reminder comes before the renewal that ends it.
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

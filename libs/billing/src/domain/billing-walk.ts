import type { Charge } from './charges.js';
import { type BilledEvent, fold } from './charges.js';
import type { InvoiceLine } from './invoice.js';
import type { Position } from './position.js';
import { nextLateInstant, nextUsageInstant } from './usage-instants.js';
import type { ProrationLine, Subscription, SubscriptionEventType } from '@app/subscriptions';
import { stateAfter, stateBefore, type StoredEvent } from './position.js';

/** An unread event as it is stored. */
export interface UnreadStep extends StoredEvent {
  type: SubscriptionEventType;
  sequence: number;
  at: Date;
}

/** An event with the subscription before it. */
export interface Step extends BilledEvent {
  before: Subscription | null;
}

/** A charge, and whether usage is charged with it. */
export interface BilledCharge extends Charge {
  /** The subscription that is billed: after the event, or for an end, before it. */
  subscription: Subscription;
  /** Where usage begins that may be on the invoice; null: none can be. */
  usageFrom: Date | null;
  /** True when the draft waits for usage that arrives late; else only adjustments of earlier usage may be on it. */
  waits: boolean;
  /**
   * Start of the coupon period, in which one period of a coupon counts: the period of the subscription. A pause or an
   * extension lengthens it, and a command that replaces the rest of the period by a shorter one continues it.
   */
  couponPeriod: Date;
}

/** The facts beside events. */
export interface WalkContext {
  until: Date;
  /** True when earlier usage has changed. A stopped subscription, which has no next invoice, gets one for it. */
  rereads?: boolean;
  /** Returns whether usage of a subscription may cost something. */
  hasPrices: (subscription: Subscription) => boolean;
}

/** Result of `walk`: the state of billing after it. */
export interface Walked {
  position: Position;
  charges: BilledCharge[];
  /** The next instant at which something is billed without an event; null when there is none. */
  dueAt: Date | null;
  /** The start of the next period whose reminder was due, while it has not begun: its invoice is announced. */
  upcomingAt: Date | null;
}

/**
 * The unread events of a position in order, each with the subscription before and after it.
 * @param present the subscription as stored with the sequence of its last event; needed while the position has no state
 */
export function stepsOf(
  { identity, state }: Position,
  unread: UnreadStep[],
  present: { subscription: Subscription; last: number } | null,
): Step[] {
  let before = state;
  if (!before && present)
    before = stateBefore(
      present.subscription,
      unread.filter(({ sequence }) => sequence <= present.last),
    );
  return unread.map(({ type, sequence, at, after: facts }) => {
    const { lines, prorated, ...rest } = facts;
    const after = stateAfter(before, identity, rest);
    const prorationLines = (lines ?? []) as ProrationLine[];
    const step = { type, sequence, at, before, after, prorationLines, prorated: prorated === true };
    before = after;
    return step;
  });
}

/**
 * Bills what happened since a position, up to `until`: events, and between them the months of longer periods whose
 * usage is invoiced.
 */
export function walk(start: Position, steps: Step[], { until, rereads = false, hasPrices }: WalkContext): Walked {
  const position = { ...start };
  const charges: BilledCharge[] = [];
  const add = (charge: Charge, subscription: Subscription): void => {
    const usageFrom = usageFromOf(position, charge);
    const couponPeriod = position.couponPeriod ?? subscription.currentPeriodStart;
    const waits = usageFrom !== null && position.hasUsage;
    charges.push({ ...charge, subscription, usageFrom, waits, couponPeriod });
    if (charge.purpose !== 'change') position.hasUsage = false;
  };
  const seePrices = (subscription: Subscription): void => {
    position.hasUsage ||= hasPrices(subscription);
    position.hadUsage ||= position.hasUsage;
  };
  const billMonths = (before: Date): void => {
    for (let at = nextMonth(position); at && at < before; at = nextMonth(position)) {
      add(usageCharge(position, at), position.state!);
      position.usageAt = at;
      if (position.state!.endedAt === null) seePrices(position.state!);
    }
  };
  for (const step of steps) {
    billMonths(step.at);
    position.billedFrom ??= firstBilled(step);
    const { state, charges: own, ended } = fold(step.before, step);
    if (step.before) seePrices(step.before);
    const former = position.couponPeriod ?? step.before?.currentPeriodStart;
    if (startsCouponPeriod(step)) position.couponPeriod = state.currentPeriodStart;
    for (const charge of own) add(ofPeriods(charge, former, position), ended ? (step.before ?? state) : state);
    Object.assign(position, { state, sequence: step.sequence });
    if (!ended) seePrices(state);
  }
  // An override may have a price since: it is no event of the subscription.
  if (position.state?.endedAt === null) seePrices(position.state);
  billMonths(new Date(until.getTime() + 1));
  if (rereads && position.hadUsage && stoppedAt(position) && position.usageAt?.getTime() !== until.getTime()) {
    // It waits for further corrections.
    position.hasUsage = true;
    add(usageCharge(position, until), position.state!);
    position.usageAt = until;
  }
  return { position, charges, dueAt: nextMonth(position), upcomingAt: upcomingAt(steps, until) };
}

/** Reminders that a period follows. */
const REMINDERS: readonly SubscriptionEventType[] = ['subscription.renewal_upcoming', 'subscription.trial_ending'];

/** True for another period, unless it replaces the rest of the running one and ends no later. */
function startsCouponPeriod({ before, after, at }: Step): boolean {
  if (!before || after.endedAt !== null) return before === null;
  const { currentPeriodStart: start, currentPeriodEnd: end } = before;
  if (start.getTime() === after.currentPeriodStart.getTime()) return false;
  const isShortened = end !== null && at < end && after.currentPeriodEnd !== null && after.currentPeriodEnd <= end;
  return !isShortened || before.status === 'trialing' || before.endedAt !== null;
}

/** Credits of a command that starts another coupon period are of the one before. */
function ofPeriods(charge: Charge, former: Date | undefined, { couponPeriod }: Position): Charge {
  if (!former || !couponPeriod || former.getTime() === couponPeriod.getTime()) return charge;
  const isCredit = ({ kind, amount }: InvoiceLine): boolean => kind === 'proration' && amount < 0;
  return {
    ...charge,
    lines: charge.lines.map((line) => (isCredit(line) ? { ...line, couponPeriod: former } : line)),
  };
}

function upcomingAt(steps: Step[], until: Date): Date | null {
  const reminder = steps.findLast(({ type }) => REMINDERS.includes(type));
  const begins = reminder?.after.currentPeriodEnd ?? null;
  return begins && begins > until ? begins : null;
}

/** Usage is invoiced with a period, a month of it, and the end; not with a change, whose usage is still running. */
function usageFromOf({ billedFrom, hadUsage }: Position, { purpose, at }: Charge): Date | null {
  return purpose !== 'change' && hadUsage && billedFrom !== null && billedFrom < at ? billedFrom : null;
}

/**
 * Billing of a subscription first heard of in a running period begins with the next period: the running one was paid
 * elsewhere.
 */
function firstBilled({ before, at }: Step): Date {
  return before?.currentPeriodEnd && at < before.currentPeriodEnd ? before.currentPeriodEnd : at;
}

/** Since when a subscription has no running periods; null: it has. */
const stoppedAt = ({ state }: Position): Date | null => state && (state.endedAt ?? state.pausedAt);

function nextMonth(position: Position): Date | null {
  const { state, usageAt, hadUsage, billedFrom } = position;
  if (!state || !hadUsage || state.status === 'trialing') return null;
  const stopped = stoppedAt(position);
  if (stopped) return nextLateInstant(stopped, usageAt ?? stopped, state.timezone);
  const since = usageAt && usageAt > state.currentPeriodStart ? usageAt : state.currentPeriodStart;
  const after = billedFrom && billedFrom > since ? billedFrom : since;
  return nextUsageInstant(state, after, true);
}

/** Usage of a month. Of a subscription that has ended, only usage before its end is on it. */
function usageCharge({ state, usageAt }: Position, at: Date): Charge {
  const { currentPeriodStart, endedAt, price } = state!;
  const end = endedAt ?? at;
  const start = usageAt && usageAt > currentPeriodStart ? usageAt : currentPeriodStart;
  const period = { start: start < end ? start : end, end };
  return { at, purpose: 'usage', immediate: true, currency: price.currency, lines: [], period, source: 0 };
}

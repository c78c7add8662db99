import { addDays, DomainError, invalidField, periodAt } from '@app/kernel';
import { cadenceOf, firstPeriodEnd, sameBillingInterval } from './cadence.js';
import { prorationLine, restOfPeriod, nonZero } from './proration.js';
import { allowedCommands, assertAllowed } from './state-machine.js';
import type {
  ProrationLine,
  ScheduledChange,
  SoldPlan,
  Subscription,
  SubscriptionStatus,
  Transition,
} from './subscription.js';

/** A contract about to be made. Ids are the caller's: the domain makes none. */
export interface NewSubscription {
  id: string;
  customerId: string;
  productId: string;
  testClockId: string | null;
  plan: SoldPlan;
  quantity: number;
  timezone: string;
  /** When it begins; null: at once. */
  startsAt: Date | null;
  /** Period boundaries are counted from here instead of its start: the first period is then shorter. */
  billingAnchor: Date | null;
  /** 0: no trial. */
  trialDays: number;
  autoRenew: boolean;
  /** It has no end but the one that somebody gives it. */
  indefinite: boolean;
  /** Where the customer's earlier contract on this product counted from, if its period is still running: usage is kept. */
  usageSince: Date | null;
}

export function start(input: NewSubscription, now: Date): Transition {
  const startedAt = input.startsAt && input.startsAt > now ? input.startsAt : now;
  const trialEnd =
    input.trialDays > 0 && !input.indefinite ? addDays(startedAt, input.trialDays, input.timezone) : null;
  const anchor = input.billingAnchor ?? trialEnd ?? startedAt;
  const running: SubscriptionStatus = trialEnd ? 'trialing' : 'active';
  const subscription: Subscription = {
    ...input.plan,
    id: input.id,
    customerId: input.customerId,
    productId: input.productId,
    testClockId: input.testClockId,
    quantity: input.quantity,
    status: startedAt > now ? 'inactive' : running,
    timezone: input.timezone,
    anchor,
    startedAt,
    currentPeriodStart: startedAt,
    currentPeriodEnd: input.indefinite
      ? null
      : (trialEnd ?? periodAt(cadenceOf({ anchor, price: input.plan.price, timezone: input.timezone }), startedAt).end),
    usagePeriodStart: input.usageSince ?? startedAt,
    planSince: startedAt,
    trialEnd,
    autoRenew: input.autoRenew,
    prepaidPeriods: 0,
    cancelAtPeriodEnd: false,
    canceledAt: null,
    endedAt: null,
    pausedAt: null,
    scheduledChange: null,
    remindedOf: null,
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
  return { type: 'subscription.created', subscription, at: now };
}

export type When = 'now' | 'period_end';

/** What is asked of a change: the plan as it would be sold, how many, and when. */
export interface Change {
  plan: SoldPlan;
  quantity: number;
  when: When;
  /** false: no credit for the old plan and, within a running period, no charge for the new one. */
  prorate: boolean;
}

/** @throws DomainError `subscription_ended`, `transition_not_allowed`, `already_on_plan`, `no_period_end` */
export function change(subscription: Subscription, asked: Change, now: Date): Transition {
  if (asked.when === 'period_end') assertNotEnding(subscription);
  assertAllowed(subscription, asked.when === 'now' ? 'subscription.plan_changed' : 'subscription.change_scheduled');
  if (isSold(subscription, asked))
    throw new DomainError(
      'conflict',
      'already_on_plan',
      'The subscription is on this plan, price and quantity already.',
    );
  return asked.when === 'now' ? changeNow(subscription, asked, now) : changeAtPeriodEnd(subscription, asked, now);
}

/**
 * The same rhythm keeps its period; another one starts anew here. Either way usage goes on counting from where it counted:
 * a change of plan never resets what was used. A trial keeps its end. A change of quantity alone leaves a scheduled change of plan as it is.
 */
function changeNow(subscription: Subscription, { plan, quantity, prorate }: Change, now: Date): Transition {
  const status = subscription.status === 'canceled' ? running(subscription, now) : subscription.status;
  const changed: Subscription = {
    ...next(subscription),
    ...plan,
    quantity,
    status,
    planSince: now,
    cancelAtPeriodEnd: false,
    canceledAt: null,
  };
  const quantityAlone = isPlan(subscription, plan);
  changed.scheduledChange =
    quantityAlone && subscription.scheduledChange ? { ...subscription.scheduledChange, quantity } : null;
  if (quantityAlone) changed.planSince = subscription.planSince;
  const restarts = changed.status !== 'trialing' && !sameBillingInterval(subscription, plan);
  if (restarts) changed.anchor = now;
  if (restarts && subscription.currentPeriodEnd !== null) {
    changed.currentPeriodStart = now;
    changed.currentPeriodEnd = firstPeriodEnd(cadenceOf(changed));
    changed.prepaidPeriods = 0;
  }
  return {
    type: 'subscription.plan_changed',
    subscription: changed,
    at: now,
    prorationLines: nonZero(prorationLinesOf(subscription, changed, { prorate, restarts, now })),
  };
}

/** Back for what is left of the old plan, forth for the same time on the new one; or for a whole period, where one begins. */
function prorationLinesOf(
  before: Subscription,
  after: Subscription,
  { prorate, restarts, now }: { prorate: boolean; restarts: boolean; now: Date },
): ProrationLine[] {
  const old = restOfPeriod(before, before, now);
  if (!old || after.currentPeriodEnd === null) return [];
  const credits = prorate
    ? [prorationLine('credit', before, old.amount, old.service), ...prepaid('credit', before, before)]
    : [];
  const whole = { start: now, end: after.currentPeriodEnd };
  if (restarts) return [...credits, prorationLine('charge', after, after.price.amount * after.quantity, whole)];
  return prorate
    ? [
        ...credits,
        prorationLine('charge', after, restOfPeriod(before, after, now)!.amount, whole),
        ...prepaid('charge', before, after),
      ]
    : [];
}

/** Periods that were agreed on already, at the price of a plan. */
function prepaid(
  kind: ProrationLine['kind'],
  { prepaidPeriods, currentPeriodEnd, ...subscription }: Subscription,
  sold: Subscription,
): ProrationLine[] {
  if (prepaidPeriods === 0 || currentPeriodEnd === null) return [];
  let end = currentPeriodEnd;
  for (let period = 0; period < prepaidPeriods; period++) ({ end } = periodAt(cadenceOf(subscription), end));
  return [
    prorationLine(kind, sold, sold.price.amount * sold.quantity * prepaidPeriods, { start: currentPeriodEnd, end }),
  ];
}

function changeAtPeriodEnd(subscription: Subscription, { plan, quantity }: Change, now: Date): Transition {
  const end = periodEndOf(subscription);
  const scheduledChange: ScheduledChange = { ...plan, quantity, effectiveAt: end.toISOString() };
  return { type: 'subscription.change_scheduled', subscription: { ...next(subscription), scheduledChange }, at: now };
}

/** @throws DomainError `subscription_ended`, `transition_not_allowed`, `already_canceled`, `no_period_end` */
export function cancel(subscription: Subscription, when: When, now: Date, { prorate = false } = {}): Transition {
  assertAllowed(subscription, 'subscription.canceled');
  if (when === 'now') {
    const ended: Subscription = {
      ...next(subscription),
      status: 'inactive',
      canceledAt: now,
      endedAt: now,
      pausedAt: null,
      scheduledChange: null,
    };
    const old = prorate ? restOfPeriod(subscription, subscription, subscription.pausedAt ?? now) : null;
    const lines = old
      ? [
          prorationLine('credit', subscription, old.amount, old.service),
          ...prepaid('credit', subscription, subscription),
        ]
      : [];
    return { type: 'subscription.canceled', subscription: ended, at: now, prorationLines: nonZero(lines) };
  }
  if (subscription.cancelAtPeriodEnd)
    throw new DomainError('conflict', 'already_canceled', 'The subscription is set to end with this period already.');
  assertAllowed(subscription, 'subscription.cancel_scheduled');
  periodEndOf(subscription);
  const status = subscription.status === 'past_due' ? subscription.status : 'canceled';
  const canceled: Subscription = {
    ...next(subscription),
    status,
    cancelAtPeriodEnd: true,
    canceledAt: now,
    scheduledChange: null,
  };
  return { type: 'subscription.cancel_scheduled', subscription: canceled, at: now };
}

/** Undoes a cancel at period end or a scheduled change. @throws DomainError `subscription_ended`, `transition_not_allowed`, `nothing_to_resume` */
export function resume(subscription: Subscription, now: Date): Transition {
  assertAllowed(subscription, 'subscription.resumed');
  if (!subscription.cancelAtPeriodEnd && !subscription.scheduledChange) {
    throw new DomainError(
      'conflict',
      'nothing_to_resume',
      'The subscription has neither a cancellation nor a scheduled change to undo.',
    );
  }
  const status = subscription.status === 'canceled' ? running(subscription, now) : subscription.status;
  const resumed: Subscription = {
    ...next(subscription),
    status,
    cancelAtPeriodEnd: false,
    canceledAt: null,
    scheduledChange: null,
  };
  return { type: 'subscription.resumed', subscription: resumed, at: now };
}

/** The period stands still until it is unpaused: what is left of it, and of a trial, is left then. @throws DomainError `subscription_ended`, `transition_not_allowed` */
export function pause(subscription: Subscription, now: Date): Transition {
  assertAllowed(subscription, 'subscription.paused');
  return {
    type: 'subscription.paused',
    subscription: { ...next(subscription), status: 'paused', pausedAt: now },
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
    ...next(subscription),
    status: running(subscription, pausedAt!),
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

/**
 * By hand. Now: a new period begins at once, its usage counts anew, and what was left of the old one is credited. At the end of the period: one
 * more period is agreed on, for a contract that does not renew by itself. What is over begins again, with the plan and price that it had.
 * @throws DomainError `transition_not_allowed`, `no_period_end`, `subscription_canceled`, `renews_by_itself`
 */
export function renew(subscription: Subscription, when: When, now: Date): Transition {
  if (subscription.endedAt !== null) return reactivate(subscription, now);
  assertNotEnding(subscription);
  assertAllowed(subscription, when === 'now' ? 'subscription.renewed' : 'subscription.renewal_agreed');
  const end = periodEndOf(subscription);
  return when === 'now' ? renewNow(subscription, now) : agreeOnRenewal(subscription, end, now);
}

function renewNow(subscription: Subscription, now: Date): Transition {
  const old = restOfPeriod(subscription, subscription, now);
  const status = subscription.status === 'past_due' ? subscription.status : 'active';
  const trialEnd = subscription.trialEnd && subscription.trialEnd > now ? now : subscription.trialEnd;
  const renewed: Subscription = { ...withPeriodFrom(next(subscription), now), status, trialEnd, usagePeriodStart: now };
  const { currentPeriodEnd: end, scheduledChange } = renewed;
  renewed.scheduledChange = scheduledChange && { ...scheduledChange, effectiveAt: end!.toISOString() };
  const charge = prorationLine('charge', renewed, renewed.price.amount * renewed.quantity, { start: now, end: end! });
  const lines = old ? [prorationLine('credit', subscription, old.amount, old.service), charge] : [charge];
  return { type: 'subscription.renewed', subscription: renewed, at: now, prorationLines: nonZero(lines) };
}

function agreeOnRenewal(subscription: Subscription, end: Date, now: Date): Transition {
  if (subscription.autoRenew)
    throw new DomainError(
      'conflict',
      'renews_by_itself',
      'The subscription renews by itself at the end of its period.',
    );
  const agreed: Subscription = { ...next(subscription), prepaidPeriods: subscription.prepaidPeriods + 1 };
  const [before] = prepaid('charge', subscription, subscription);
  const begin = before?.periodEnd ?? end;
  const charge = prorationLine('charge', subscription, subscription.price.amount * subscription.quantity, {
    start: begin,
    end: periodAt(cadenceOf(subscription), begin).end,
  });
  return { type: 'subscription.renewal_agreed', subscription: agreed, at: now, prorationLines: nonZero([charge]) };
}

/** Coming back within the period that was left resets no usage. */
function reactivate(subscription: Subscription, now: Date): Transition {
  assertAllowed(subscription, 'subscription.reactivated');
  const { currentPeriodEnd, usagePeriodStart } = subscription;
  const back: Subscription = {
    ...next(subscription),
    status: 'active',
    endedAt: null,
    canceledAt: null,
    cancelAtPeriodEnd: false,
    prepaidPeriods: 0,
    planSince: now,
    usagePeriodStart: currentPeriodEnd === null || currentPeriodEnd > now ? usagePeriodStart : now,
  };
  if (back.trialEnd && back.trialEnd > now) back.trialEnd = now;
  const reactivated = currentPeriodEnd === null ? back : withPeriodFrom(back, now);
  return { type: 'subscription.reactivated', subscription: reactivated, at: now };
}

/** @throws DomainError `subscription_ended`, `transition_not_allowed`, `auto_renew_unchanged` */
export function setAutoRenew(subscription: Subscription, autoRenew: boolean, now: Date): Transition {
  assertAllowed(subscription, 'subscription.auto_renew_changed');
  if (subscription.autoRenew === autoRenew)
    throw new DomainError('conflict', 'auto_renew_unchanged', `autoRenew is ${autoRenew} already.`);
  return { type: 'subscription.auto_renew_changed', subscription: { ...next(subscription), autoRenew }, at: now };
}

/** Moves the end of the period, and of a trial, to a later instant, for nothing; periods are counted from there on. @throws DomainError `subscription_ended`, `transition_not_allowed`, `no_period_end`, `invalid_fields` */
export function extend(subscription: Subscription, to: Date, now: Date): Transition {
  assertAllowed(subscription, 'subscription.extended');
  if (to <= periodEndOf(subscription)) throw invalidField('to', 'must be after the end of the current period');
  const { scheduledChange, trialEnd } = subscription;
  const extended: Subscription = {
    ...next(subscription),
    currentPeriodEnd: to,
    anchor: to,
    trialEnd: trialEnd && trialEnd > now ? to : trialEnd,
    scheduledChange: scheduledChange && { ...scheduledChange, effectiveAt: to.toISOString() },
  };
  return { type: 'subscription.extended', subscription: extended, at: now };
}

/** A payment has failed: nothing is allowed until it is made good. @throws DomainError `subscription_ended`, `transition_not_allowed` */
export function markPastDue(subscription: Subscription, now: Date): Transition {
  assertAllowed(subscription, 'subscription.past_due');
  return { type: 'subscription.past_due', subscription: { ...next(subscription), status: 'past_due' }, at: now };
}

/** @throws DomainError `subscription_ended`, `transition_not_allowed` */
export function markPaid(subscription: Subscription, now: Date): Transition {
  assertAllowed(subscription, 'subscription.recovered');
  const status = subscription.cancelAtPeriodEnd ? 'canceled' : 'active';
  return { type: 'subscription.recovered', subscription: { ...next(subscription), status }, at: now };
}

const next = (subscription: Subscription): Subscription => ({ ...subscription, version: subscription.version + 1 });

/** What it is when nothing holds it up. */
const running = ({ trialEnd }: Subscription, at: Date): 'trialing' | 'active' =>
  trialEnd !== null && at < trialEnd ? 'trialing' : 'active';

function withPeriodFrom(subscription: Subscription, at: Date): Subscription {
  return {
    ...subscription,
    anchor: at,
    currentPeriodStart: at,
    currentPeriodEnd: firstPeriodEnd(cadenceOf({ ...subscription, anchor: at })),
  };
}

function assertNotEnding({ endedAt, cancelAtPeriodEnd, status }: Subscription): void {
  if (endedAt !== null || !cancelAtPeriodEnd) return;
  throw new DomainError(
    'conflict',
    'subscription_canceled',
    'The subscription ends with this period; resume it first.',
    { subscriptionStatus: status, allowed: allowedCommands(status) },
  );
}

function periodEndOf({ currentPeriodEnd, status }: Subscription): Date {
  if (currentPeriodEnd) return currentPeriodEnd;
  throw new DomainError('conflict', 'no_period_end', 'The subscription is indefinite: it has no period that ends.', {
    subscriptionStatus: status,
    allowed: allowedCommands(status),
  });
}

function isPlan(subscription: Subscription, plan: SoldPlan): boolean {
  const sold = subscription.price;
  return (
    subscription.planId === plan.planId &&
    subscription.planVersion === plan.planVersion &&
    sameBillingInterval(subscription, plan) &&
    sold.amount === plan.price.amount &&
    sold.currency === plan.price.currency
  );
}

const isSold = (subscription: Subscription, { plan, quantity }: Change): boolean =>
  isPlan(subscription, plan) && subscription.quantity === quantity;

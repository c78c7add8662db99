import { addDays, DomainError } from '@app/kernel';
import { cadenceOf, firstPeriodEnd } from './advance.js';
import { isLive, type SoldPlan, type Subscription, type Transition } from './subscription.js';

/** A contract about to be made. Ids are the caller's: the domain makes none. */
export interface NewSubscription {
  id: string;
  customerId: string;
  productId: string;
  plan: SoldPlan;
  quantity: number;
  timezone: string;
  /** 0: no trial. */
  trialDays: number;
  autoRenew: boolean;
  /** Where the customer's earlier contract on this product counted from, if its period is still running: usage is kept. */
  usageSince: Date | null;
}

export function start(input: NewSubscription, now: Date): Transition {
  const trialEnd = input.trialDays > 0 ? addDays(now, input.trialDays, input.timezone) : null;
  const anchor = trialEnd ?? now;
  const subscription: Subscription = {
    ...input.plan,
    id: input.id,
    customerId: input.customerId,
    productId: input.productId,
    quantity: input.quantity,
    status: trialEnd ? 'trialing' : 'active',
    timezone: input.timezone,
    anchor,
    startedAt: now,
    currentPeriodStart: now,
    currentPeriodEnd: trialEnd ?? firstPeriodEnd(cadenceOf({ anchor, price: input.plan.price, timezone: input.timezone })),
    usagePeriodStart: input.usageSince ?? now,
    planSince: now,
    trialEnd,
    autoRenew: input.autoRenew,
    cancelAtPeriodEnd: false,
    canceledAt: null,
    endedAt: null,
    pausedAt: null,
    scheduledChange: null,
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
  return { type: 'subscription.created', subscription, at: now };
}

/** What is asked of a change: the plan as it would be sold, how many, and when. */
export interface Change {
  plan: SoldPlan;
  quantity: number;
  when: 'now' | 'period_end';
}

/** @throws DomainError `subscription_ended`, `already_on_plan` */
export function change(subscription: Subscription, asked: Change, now: Date): Transition {
  refuseEnded(subscription);
  if (samePlan(subscription, asked)) throw new DomainError('conflict', 'already_on_plan', 'The subscription is on this plan, price and quantity already.');
  return asked.when === 'now' ? changeNow(subscription, asked, now) : changeAtPeriodEnd(subscription, asked, now);
}

/**
 * The same rhythm keeps its period; another one starts anew here. Either way usage goes on counting from where it counted:
 * a change of plan never resets what was used. A trial keeps its end.
 */
function changeNow(subscription: Subscription, { plan, quantity }: Change, now: Date): Transition {
  const changed: Subscription = { ...next(subscription), ...plan, quantity, planSince: now, scheduledChange: null, cancelAtPeriodEnd: false, canceledAt: null };
  if (subscription.status === 'canceled') changed.status = trialRuns(subscription, now) ? 'trialing' : 'active';
  const keepsPeriod = changed.status === 'trialing' || sameRhythm(subscription, plan);
  if (!keepsPeriod) {
    changed.anchor = now;
    changed.currentPeriodStart = now;
    changed.currentPeriodEnd = firstPeriodEnd(cadenceOf(changed));
  }
  return { type: 'subscription.plan_changed', subscription: changed, at: now };
}

function changeAtPeriodEnd(subscription: Subscription, { plan, quantity }: Change, now: Date): Transition {
  if (subscription.cancelAtPeriodEnd) {
    throw new DomainError('conflict', 'subscription_canceled', 'The subscription ends with this period; resume it before changing it.');
  }
  const scheduledChange = { ...plan, quantity, effectiveAt: subscription.currentPeriodEnd.toISOString() };
  return { type: 'subscription.change_scheduled', subscription: { ...next(subscription), scheduledChange }, at: now };
}

/** @throws DomainError `subscription_ended`, `already_canceled` */
export function cancel(subscription: Subscription, when: 'now' | 'period_end', now: Date): Transition {
  refuseEnded(subscription);
  if (when === 'now') {
    const ended: Subscription = { ...next(subscription), status: 'inactive', canceledAt: now, endedAt: now, scheduledChange: null };
    return { type: 'subscription.canceled', subscription: ended, at: now };
  }
  if (subscription.cancelAtPeriodEnd) throw new DomainError('conflict', 'already_canceled', 'The subscription is set to end with this period already.');
  const canceled: Subscription = { ...next(subscription), status: 'canceled', cancelAtPeriodEnd: true, canceledAt: now, scheduledChange: null };
  return { type: 'subscription.cancel_scheduled', subscription: canceled, at: now };
}

/** Undoes a cancel at period end or a scheduled change. @throws DomainError `subscription_ended`, `nothing_to_resume` */
export function resume(subscription: Subscription, now: Date): Transition {
  refuseEnded(subscription);
  if (!subscription.cancelAtPeriodEnd && !subscription.scheduledChange) {
    throw new DomainError('conflict', 'nothing_to_resume', 'The subscription has neither a cancellation nor a scheduled change to undo.');
  }
  const resumed: Subscription = { ...next(subscription), cancelAtPeriodEnd: false, canceledAt: null, scheduledChange: null };
  if (subscription.status === 'canceled') resumed.status = trialRuns(subscription, now) ? 'trialing' : 'active';
  return { type: 'subscription.resumed', subscription: resumed, at: now };
}

const next = (subscription: Subscription): Subscription => ({ ...subscription, version: subscription.version + 1 });
const trialRuns = (subscription: Subscription, now: Date): boolean => subscription.trialEnd !== null && now < subscription.trialEnd;

function sameRhythm(subscription: Subscription, plan: SoldPlan): boolean {
  return subscription.price.interval === plan.price.interval && subscription.price.intervalCount === plan.price.intervalCount;
}

function samePlan(subscription: Subscription, { plan, quantity }: Change): boolean {
  const sold = subscription.price;
  return (
    subscription.planId === plan.planId &&
    subscription.planVersion === plan.planVersion &&
    subscription.quantity === quantity &&
    sameRhythm(subscription, plan) &&
    sold.amount === plan.price.amount &&
    sold.currency === plan.price.currency
  );
}

function refuseEnded(subscription: Subscription): void {
  if (!isLive(subscription.status)) {
    throw new DomainError('conflict', 'subscription_ended', `The subscription is ${subscription.status}.`, { subscriptionStatus: subscription.status });
  }
}

import { amountOf, DomainError } from '@app/kernel';
import { assertAmount } from '../amounts.js';
import { cadenceOf, cutTo, firstPeriodEnd, movedAnchor, sameBillingInterval } from '../cadence.js';
import { nonZero, prepaidLines, prorationLine, restOfPeriod } from '../proration.js';
import { assertAllowed } from '../state-machine.js';
import {
  isSame,
  nextVersion,
  runningStatus,
  type ProrationLine,
  type ScheduledChange,
  type SoldPlan,
  type Subscription,
  type Transition,
} from '../subscription.js';
import { assertNotEnding, periodEndOf, type When } from './preconditions.js';

/** Input of a plan change: the plan as sold now, quantity and time. */
export interface Change {
  plan: SoldPlan;
  quantity: number;
  when: When;
  /** false: no credit for the old plan and, within a running period, no charge for the new one. */
  prorate: boolean;
}

/**
 * @throws DomainError `subscription_ended`, `transition_not_allowed`, `already_on_plan`, `no_period_end`,
 * `amount_too_large`
 */
export function change(subscription: Subscription, wanted: Change, now: Date): Transition {
  if (wanted.when === 'period_end') assertNotEnding(subscription);
  assertAllowed(subscription, wanted.when === 'now' ? 'subscription.plan_changed' : 'subscription.change_scheduled');
  if (isSold(subscription, wanted))
    throw new DomainError('conflict', 'already_on_plan', 'The subscription already has this plan, price and quantity.');
  return wanted.when === 'now' ? changeNow(subscription, wanted, now) : changeAtPeriodEnd(subscription, wanted, now);
}

/**
 * The same billing interval keeps the period; another one starts a new period now. Usage is kept in both cases:
 * a plan change never resets usage. A trial keeps its end. A change of quantity alone keeps a scheduled plan change.
 */
function changeNow(subscription: Subscription, { plan, quantity, prorate }: Change, now: Date): Transition {
  const status = subscription.status === 'canceled' ? runningStatus(subscription, now) : subscription.status;
  const changed: Subscription = {
    ...nextVersion(subscription),
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
  if (restarts) Object.assign(changed, movedAnchor(subscription, now), { nextAnchor: null });
  if (restarts && subscription.currentPeriodEnd !== null) {
    changed.currentPeriodStart = now;
    changed.currentPeriodEnd = cutTo(changed.endsAt, firstPeriodEnd(cadenceOf(changed)));
    changed.prepaidPeriods = 0;
  }
  assertAmount(changed);
  return {
    type: 'subscription.plan_changed',
    subscription: changed,
    at: now,
    prorationLines: nonZero(prorationLinesOf(subscription, changed, { prorate, restarts, now })),
    prorated: prorate,
  };
}

/** Credit for the rest of the old plan, and charge for the same time on the new one, or for a whole new period. */
function prorationLinesOf(
  before: Subscription,
  after: Subscription,
  { prorate, restarts, now }: { prorate: boolean; restarts: boolean; now: Date },
): ProrationLine[] {
  const old = restOfPeriod(before, before, now);
  if (!old || after.currentPeriodEnd === null) return [];
  const credits = prorate
    ? [prorationLine('credit', before, old.amount, old.service), ...prepaidLines('credit', before, before)]
    : [];
  const whole = { start: now, end: after.currentPeriodEnd };
  if (restarts) {
    const { amount } = restOfPeriod(after, after, now) ?? { amount: amountOf(after) };
    return [...credits, prorationLine('charge', after, amount, whole)];
  }
  return prorate
    ? [
        ...credits,
        prorationLine('charge', after, restOfPeriod(before, after, now)!.amount, whole),
        ...prepaidLines('charge', before, after),
      ]
    : [];
}

function changeAtPeriodEnd(subscription: Subscription, { plan, quantity }: Change, now: Date): Transition {
  const end = periodEndOf(subscription);
  const scheduledChange: ScheduledChange = { ...plan, quantity, effectiveAt: end.toISOString() };
  const scheduled: Subscription = { ...nextVersion(subscription), scheduledChange };
  assertAmount(scheduled);
  return { type: 'subscription.change_scheduled', subscription: scheduled, at: now };
}

function isPlan(subscription: Subscription, plan: SoldPlan): boolean {
  const sold = subscription.price;
  return (
    subscription.planId === plan.planId &&
    subscription.planVersion === plan.planVersion &&
    sameBillingInterval(subscription, plan) &&
    sold.amount === plan.price.amount &&
    sold.currency === plan.price.currency &&
    isSame(sold.tiers, plan.price.tiers)
  );
}

const isSold = (subscription: Subscription, { plan, quantity }: Change): boolean =>
  isPlan(subscription, plan) && subscription.quantity === quantity;

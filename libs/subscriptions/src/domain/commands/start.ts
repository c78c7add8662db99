import { addDays, periodAt } from '@app/kernel';
import { cadenceOf } from '../cadence.js';
import type { SoldPlan, Subscription, SubscriptionStatus, Transition } from '../subscription.js';

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

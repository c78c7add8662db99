import { addDays, periodAt } from '@app/kernel';
import { assertAmount } from '../amounts.js';
import { cadenceOf, cutTo, movedAnchor } from '../cadence.js';
import type { SoldPlan, Subscription, SubscriptionStatus, Transition } from '../subscription.js';

/** Input for a new subscription. The caller passes the id: the domain creates none. */
export interface NewSubscription {
  id: string;
  customerId: string;
  productId: string;
  testClockId: string | null;
  plan: SoldPlan;
  quantity: number;
  timezone: string;
  /** Start; null: now. */
  startsAt: Date | null;
  /** Anchor of the periods instead of the start: the first period is then shorter. */
  billingAnchor: Date | null;
  /** Agreed end; null: none. */
  endsAt?: Date | null;
  /** 0: no trial. */
  trialDays: number;
  autoRenew: boolean;
  /** True: no period end; only a cancellation ends it. */
  indefinite: boolean;
  /** Start of the usage window of an earlier subscription whose period is still running: usage is kept. */
  usageSince: Date | null;
  /** Anchor of the usage windows of such a subscription. Default: the anchor of the periods. */
  usageAnchor?: Date | null;
}

/** @throws DomainError `amount_too_large` */
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
    ...movedAnchor({ anchor, usageAnchor: input.usageAnchor ?? null }, anchor),
    nextAnchor: null,
    endsAt: input.endsAt ?? null,
    startedAt,
    currentPeriodStart: startedAt,
    currentPeriodEnd: input.indefinite
      ? null
      : cutTo(
          input.endsAt ?? null,
          trialEnd ?? periodAt(cadenceOf({ anchor, price: input.plan.price, timezone: input.timezone }), startedAt).end,
        ),
    usagePeriodStart: input.usageSince ?? startedAt,
    planSince: startedAt,
    trialEnd,
    autoRenew: input.autoRenew,
    prepaidPeriods: 0,
    cancelAtPeriodEnd: false,
    canceledAt: null,
    endedAt: null,
    pausedAt: null,
    pastDueSince: null,
    graceEndsAt: null,
    deniedUntil: null,
    scheduledChange: null,
    addOns: {},
    remindedOf: null,
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
  assertAmount(subscription);
  return { type: 'subscription.created', subscription, at: now };
}

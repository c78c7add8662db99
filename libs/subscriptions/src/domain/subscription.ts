import type { Interval, Money } from '@app/kernel';

/** Canceled means set to end: still live until `currentPeriodEnd`. Inactive means ended early. */
export const SUBSCRIPTION_STATUSES = ['trialing', 'active', 'past_due', 'paused', 'canceled', 'expired', 'inactive'] as const;
export type SubscriptionStatus = (typeof SUBSCRIPTION_STATUSES)[number];

export const LIVE_STATUSES: readonly SubscriptionStatus[] = ['trialing', 'active', 'past_due', 'paused', 'canceled'];

export const isLive = (status: SubscriptionStatus): boolean => LIVE_STATUSES.includes(status);

/** The price as sold: amount in minor units of the currency for each `intervalCount` intervals and unit of quantity. */
export interface SoldPrice extends Money {
  interval: Interval;
  intervalCount: number;
}

/** A plan version as sold: copied onto the subscription, so that no later change of the plan changes the contract. */
export interface SoldPlan {
  planId: string;
  planVersion: number;
  planKey: string;
  planName: string;
  price: SoldPrice;
}

/** A change that waits for the end of the period, with all that was agreed when it was asked for. */
export interface ScheduledChange extends SoldPlan {
  quantity: number;
  effectiveAt: string;
}

/** A customer's contract on one product. */
export interface Subscription extends SoldPlan {
  id: string;
  customerId: string;
  productId: string;
  quantity: number;
  status: SubscriptionStatus;
  /** The customer's zone when the contract was made: running periods never move. */
  timezone: string;
  /** Period boundaries are counted from here in `price.interval` steps. */
  anchor: Date;
  startedAt: Date;
  currentPeriodStart: Date;
  /** Exclusive. */
  currentPeriodEnd: Date;
  /** Where usage of the billing period is counted from: earlier than the period when it was restarted before its end. */
  usagePeriodStart: Date;
  /** Since when the plan version and price are the ones that hold. */
  planSince: Date;
  trialEnd: Date | null;
  autoRenew: boolean;
  cancelAtPeriodEnd: boolean;
  canceledAt: Date | null;
  endedAt: Date | null;
  pausedAt: Date | null;
  scheduledChange: ScheduledChange | null;
  /** Grows by one with every change. */
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

/** One step of a subscription's life: what it became, and the event that says so. */
export interface Transition {
  type: SubscriptionEventType;
  subscription: Subscription;
  at: Date;
}

export type SubscriptionEventType =
  | 'subscription.created'
  | 'subscription.trial_ended'
  | 'subscription.renewed'
  | 'subscription.plan_changed'
  | 'subscription.change_scheduled'
  | 'subscription.cancel_scheduled'
  | 'subscription.canceled'
  | 'subscription.resumed'
  | 'subscription.expired';

/** What an event keeps of a subscription. */
export function subscriptionFacts(subscription: Subscription): object {
  const { planKey, planVersion, price, quantity, status, currentPeriodStart, currentPeriodEnd, usagePeriodStart, cancelAtPeriodEnd, version } = subscription;
  return { plan: { key: planKey, version: planVersion }, price, quantity, status, currentPeriodStart, currentPeriodEnd, usagePeriodStart, cancelAtPeriodEnd, version };
}

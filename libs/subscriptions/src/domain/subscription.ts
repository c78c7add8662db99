import type { Interval, Money } from '@app/kernel';

/**
 * Canceled means set to end: still live until `currentPeriodEnd`. Inactive means ended early, or, without `endedAt`, not begun yet.
 * Which one follows which is in `state-machine.ts`.
 */
export const SUBSCRIPTION_STATUSES = [
  'trialing',
  'active',
  'past_due',
  'paused',
  'canceled',
  'expired',
  'inactive',
] as const;
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

export const soldPlanOf = ({ planId, planVersion, planKey, planName, price }: SoldPlan): SoldPlan => ({
  planId,
  planVersion,
  planKey,
  planName,
  price,
});

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
  /** The customer's test clock: its instants are that clock's. Null: real time. */
  testClockId: string | null;
  quantity: number;
  status: SubscriptionStatus;
  /** The customer's zone when the contract was made: running periods never move. */
  timezone: string;
  /** Period boundaries are counted from here in `price.interval` steps. */
  anchor: Date;
  /** In the future for one that has not begun yet. */
  startedAt: Date;
  currentPeriodStart: Date;
  /** Exclusive. Null: indefinite, it ends only when somebody ends it. */
  currentPeriodEnd: Date | null;
  /** Where usage of the billing period is counted from: earlier than the period when it was restarted before its end. */
  usagePeriodStart: Date;
  /** Since when the plan version and price are the ones that hold. */
  planSince: Date;
  trialEnd: Date | null;
  autoRenew: boolean;
  /** Periods after this one that were agreed on by hand; each is used up by one renewal. */
  prepaidPeriods: number;
  cancelAtPeriodEnd: boolean;
  canceledAt: Date | null;
  endedAt: Date | null;
  pausedAt: Date | null;
  scheduledChange: ScheduledChange | null;
  /** The period end that the customer was last reminded of. */
  remindedOf: Date | null;
  /** Grows by one with every change. */
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

/** True for a contract that begins later. */
export const isUpcoming = ({ status, endedAt }: Subscription): boolean => status === 'inactive' && endedAt === null;

/** The subscription with its next version number: every command and every due transition is one version. */
export const nextVersion = (subscription: Subscription): Subscription => ({
  ...subscription,
  version: subscription.version + 1,
});

/** The status of a subscription that is neither paused, canceled nor past due. */
export const runningStatus = ({ trialEnd }: Subscription, at: Date): 'trialing' | 'active' =>
  trialEnd !== null && at < trialEnd ? 'trialing' : 'active';

/** Money that a change of contract moves, for the invoice that follows. Amounts are positive, in minor units. */
export interface ProrationLine extends Money {
  kind: 'credit' | 'charge';
  plan: { key: string; name: string; version: number };
  quantity: number;
  /** Of one unit for a whole period. */
  unitAmount: number;
  /** What it is for; half open. */
  periodStart: Date;
  periodEnd: Date;
}

/** One step of a subscription's life: what it became, and the event that says so. */
export interface Transition {
  type: SubscriptionEventType;
  subscription: Subscription;
  at: Date;
  prorationLines?: ProrationLine[];
}

export type SubscriptionEventType =
  | 'subscription.created'
  | 'subscription.started'
  | 'subscription.trial_ended'
  | 'subscription.renewed'
  | 'subscription.plan_changed'
  | 'subscription.change_scheduled'
  | 'subscription.cancel_scheduled'
  | 'subscription.canceled'
  | 'subscription.resumed'
  | 'subscription.paused'
  | 'subscription.unpaused'
  | 'subscription.renewal_agreed'
  | 'subscription.auto_renew_changed'
  | 'subscription.extended'
  | 'subscription.past_due'
  | 'subscription.recovered'
  | 'subscription.reactivated'
  | 'subscription.expired'
  | ReminderType;

export type ReminderType =
  'subscription.trial_ending' | 'subscription.renewal_upcoming' | 'subscription.expiry_upcoming';

/** What an event keeps of a subscription: all that is needed to know it as it was. */
export type SubscriptionPayload = Omit<
  Subscription,
  | 'id'
  | 'customerId'
  | 'productId'
  | 'testClockId'
  | 'planId'
  | 'planKey'
  | 'planName'
  | 'planVersion'
  | 'remindedOf'
  | 'createdAt'
  | 'updatedAt'
> & { plan: { key: string; name: string; version: number } };

export function eventPayload(subscription: Subscription): SubscriptionPayload {
  const {
    planKey,
    planName,
    planVersion,
    price,
    quantity,
    status,
    timezone,
    anchor,
    startedAt,
    currentPeriodStart,
    currentPeriodEnd,
  } = subscription;
  const {
    usagePeriodStart,
    planSince,
    trialEnd,
    autoRenew,
    prepaidPeriods,
    cancelAtPeriodEnd,
    canceledAt,
    endedAt,
    pausedAt,
    scheduledChange,
    version,
  } = subscription;
  return {
    plan: { key: planKey, name: planName, version: planVersion },
    price,
    quantity,
    status,
    timezone,
    anchor,
    startedAt,
    currentPeriodStart,
    currentPeriodEnd,
    usagePeriodStart,
    planSince,
    trialEnd,
    autoRenew,
    prepaidPeriods,
    cancelAtPeriodEnd,
    canceledAt,
    endedAt,
    pausedAt,
    scheduledChange,
    version,
  };
}

/** Of what an event keeps, what is not the same in another: plan, status, version and the end of the period always. */
export function changedFields(subscription: Subscription, other: Subscription): Partial<SubscriptionPayload> {
  const [these, those] = [eventPayload(subscription), eventPayload(other)];
  const kept: Record<string, unknown> = {
    plan: these.plan,
    status: these.status,
    version: these.version,
    currentPeriodEnd: these.currentPeriodEnd,
  };
  for (const name of Object.keys(these) as (keyof SubscriptionPayload)[])
    if (!isSame(these[name], those[name])) kept[name] = these[name];
  return kept;
}

/** The same value, whether or not it is the same object. */
export function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime();
  return typeof one === 'object' && typeof other === 'object' && JSON.stringify(one) === JSON.stringify(other);
}

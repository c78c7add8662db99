import type { AddOnContent } from '@app/catalog';
import type { Interval, Money, PriceTiers } from '@app/kernel';

/**
 * `canceled`: set to end, live until `currentPeriodEnd`. `inactive`: ended early, or scheduled when `endedAt` is null.
 * The transitions are in `state-machine.ts`.
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

/** The price as sold: minor units of the currency per `intervalCount` intervals and unit of quantity. */
export interface SoldPrice extends Money {
  interval: Interval;
  intervalCount: number;
  /** The cost of more units; absent: each costs `amount`. */
  tiers?: PriceTiers;
}

/** A plan version as sold: copied to the subscription, so that later changes of the plan do not affect it. */
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

/** A change scheduled for the end of the period, with the terms at the time of the request. */
export interface ScheduledChange extends SoldPlan {
  quantity: number;
  effectiveAt: string;
}

/** An add-on as sold: its content is copied, so that later changes of the add-on do not affect it. */
export interface SoldAddOn extends Pick<AddOnContent, 'name' | 'prices' | 'entitlements'> {
  quantity: number;
  /** When it was added, or its quantity last changed. RFC 3339. */
  since: string;
}

/** A subscription of a customer on one product. */
export interface Subscription extends SoldPlan {
  id: string;
  customerId: string;
  productId: string;
  /** Test clock of the customer, which sets all instants; null: real time. */
  testClockId: string | null;
  quantity: number;
  status: SubscriptionStatus;
  /** IANA time zone of the customer at creation: running periods never move. */
  timezone: string;
  /** Anchor: period boundaries are `price.interval` steps from here. */
  anchor: Date;
  /**
   * Anchor of usage windows that are counted from the subscription. Set when a command moves `anchor`, which would
   * reset usage; null: the same as `anchor`.
   */
  usageAnchor: Date | null;
  /** Anchor from the end of the current period on; null: the present one. */
  nextAnchor: Date | null;
  /** Agreed end, exclusive: it cuts the last period. Null: none. */
  endsAt: Date | null;
  /** In the future for a scheduled subscription. */
  startedAt: Date;
  currentPeriodStart: Date;
  /** Exclusive. null: indefinite, it ends only by cancellation. */
  currentPeriodEnd: Date | null;
  /** Start of the usage window of the billing period; earlier than the period when it was restarted before its end. */
  usagePeriodStart: Date;
  /** Start of the current plan version and price. */
  planSince: Date;
  trialEnd: Date | null;
  autoRenew: boolean;
  /** Further periods agreed by manual renewal; each renewal uses one. */
  prepaidPeriods: number;
  cancelAtPeriodEnd: boolean;
  canceledAt: Date | null;
  endedAt: Date | null;
  pausedAt: Date | null;
  /** When a payment failed, while the status is `past_due`; null else. */
  pastDueSince: Date | null;
  /** While the status is `past_due`: the features of the plan stay allowed until then, exclusive. Null: no grace. */
  graceEndsAt: Date | null;
  /** End of the last span in which nothing was allowed: a pause, an unpaid time, or an end before a restart. */
  deniedUntil: Date | null;
  scheduledChange: ScheduledChange | null;
  /** Add-ons by key. */
  addOns: Record<string, SoldAddOn>;
  /** The period end of the last reminder. */
  remindedOf: Date | null;
  /** Increases by one with every change. */
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

/** True for a scheduled subscription. */
export const isUpcoming = ({ status, endedAt }: Subscription): boolean => status === 'inactive' && endedAt === null;

/** The end that is certain unless a command changes it; null: the subscription continues. */
export function plannedEnd({ endedAt, cancelAtPeriodEnd, currentPeriodEnd, endsAt }: Subscription): Date | null {
  return endedAt ?? (cancelAtPeriodEnd ? currentPeriodEnd : endsAt);
}

/** The subscription with its next version number: every command and every due transition is one version. */
export const nextVersion = (subscription: Subscription): Subscription => ({
  ...subscription,
  version: subscription.version + 1,
});

/** The fields of a subscription of which no payment is late. */
export const NOT_PAST_DUE = { pastDueSince: null, graceEndsAt: null } as const;

/** True while a failed payment denies nothing yet. Time alone ends it. */
export const isInGrace = ({ status, graceEndsAt }: Pick<Subscription, 'status' | 'graceEndsAt'>, at: Date): boolean =>
  status === 'past_due' && graceEndsAt !== null && at < graceEndsAt;

/** The status of a subscription that is neither paused, canceled nor past due. */
export const runningStatus = ({ trialEnd }: Subscription, at: Date): 'trialing' | 'active' =>
  trialEnd !== null && at < trialEnd ? 'trialing' : 'active';

/** A credit or charge of a change, for a later invoice. Amounts are positive, in minor units. */
export interface ProrationLine extends Money {
  kind: 'credit' | 'charge';
  plan: { key: string; name: string; version: number };
  quantity: number;
  /** Price of one unit for a whole period, in minor units; null when tiers decide. */
  unitAmount: number | null;
  /** The span that it covers; half open. */
  periodStart: Date;
  periodEnd: Date;
}

/** One transition: the subscription after it, and the event to record. */
export interface Transition {
  type: SubscriptionEventType;
  subscription: Subscription;
  at: Date;
  prorationLines?: ProrationLine[];
  /** True when a command prorates: unused time is credited, also when the plan costs nothing and has no line. */
  prorated?: boolean;
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
  | 'subscription.billing_anchor_changed'
  | 'subscription.end_changed'
  | 'subscription.add_ons_changed'
  | 'subscription.past_due'
  | 'subscription.recovered'
  | 'subscription.reactivated'
  | 'subscription.expired'
  | ReminderType;

export type ReminderType =
  'subscription.trial_ending' | 'subscription.renewal_upcoming' | 'subscription.expiry_upcoming';

/** The event payload of a subscription: complete enough to reconstruct it. */
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
  const { planKey, planName, planVersion } = subscription;
  return {
    plan: { key: planKey, name: planName, version: planVersion },
    price: subscription.price,
    quantity: subscription.quantity,
    status: subscription.status,
    timezone: subscription.timezone,
    anchor: subscription.anchor,
    usageAnchor: subscription.usageAnchor,
    nextAnchor: subscription.nextAnchor,
    endsAt: subscription.endsAt,
    startedAt: subscription.startedAt,
    currentPeriodStart: subscription.currentPeriodStart,
    currentPeriodEnd: subscription.currentPeriodEnd,
    usagePeriodStart: subscription.usagePeriodStart,
    planSince: subscription.planSince,
    trialEnd: subscription.trialEnd,
    autoRenew: subscription.autoRenew,
    prepaidPeriods: subscription.prepaidPeriods,
    cancelAtPeriodEnd: subscription.cancelAtPeriodEnd,
    canceledAt: subscription.canceledAt,
    endedAt: subscription.endedAt,
    pausedAt: subscription.pausedAt,
    pastDueSince: subscription.pastDueSince,
    graceEndsAt: subscription.graceEndsAt,
    deniedUntil: subscription.deniedUntil,
    scheduledChange: subscription.scheduledChange,
    addOns: subscription.addOns,
    version: subscription.version,
  };
}

/** The fields of the payload that are fields of the subscription; the first payload shows them. */
let payloadFields: (keyof SubscriptionPayload & keyof Subscription)[] | null = null;

/** The payload fields that differ from another subscription; always plan, status, version and period end. */
export function changedFields(subscription: Subscription, other: Subscription): Partial<SubscriptionPayload> {
  const { planKey, planName, planVersion, status, version, currentPeriodEnd } = subscription;
  const kept: Record<string, unknown> = {
    plan: { key: planKey, name: planName, version: planVersion },
    status,
    version,
    currentPeriodEnd,
  };
  payloadFields ??= Object.keys(eventPayload(subscription)).filter((name) => name in subscription) as never[];
  for (const name of payloadFields) if (!isSame(subscription[name], other[name])) kept[name] = subscription[name];
  return kept;
}

/** True for equal values, also in different objects. */
export function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime();
  return typeof one === 'object' && typeof other === 'object' && JSON.stringify(one) === JSON.stringify(other);
}

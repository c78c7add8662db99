import { boundary, type Cadence, periodAt } from '@app/kernel';
import type { SoldPlan, SoldPrice, Subscription } from './subscription.js';

export function cadenceOf({ anchor, price, timezone }: { anchor: Date; price: SoldPrice; timezone: string }): Cadence {
  return { anchor, interval: price.interval, count: price.intervalCount, timeZone: timezone };
}

/** End of the first period of a subscription whose periods start at the anchor. */
export const firstPeriodEnd = (cadence: Cadence): Date => boundary(cadence, 1);

export function sameBillingInterval({ price }: Pick<SoldPlan, 'price'>, other: Pick<SoldPlan, 'price'>): boolean {
  return price.interval === other.price.interval && price.intervalCount === other.price.intervalCount;
}

/** The anchor of usage windows that are counted from the subscription: only a new start with usage at zero moves it. */
export const usageAnchorOf = ({ anchor, usageAnchor }: Pick<Subscription, 'anchor' | 'usageAnchor'>): Date =>
  usageAnchor ?? anchor;

/** A new anchor of the periods. Usage windows keep their anchor, so that no command resets usage. */
export const movedAnchor = (
  subscription: Pick<Subscription, 'anchor' | 'usageAnchor'>,
  anchor: Date,
): Pick<Subscription, 'anchor' | 'usageAnchor'> => {
  const usageAnchor = usageAnchorOf(subscription);
  return { anchor, usageAnchor: usageAnchor.getTime() === anchor.getTime() ? null : usageAnchor };
};

/** The end of a period, cut to the agreed end of the subscription. */
export const cutTo = (endsAt: Date | null, end: Date): Date => (endsAt !== null && endsAt < end ? endsAt : end);

/** True when the current period is the last one because of the agreed end. */
export const endsAsAgreed = ({ endsAt, currentPeriodEnd }: Subscription): boolean =>
  endsAt !== null && currentPeriodEnd !== null && currentPeriodEnd >= endsAt;

/** True when the subscription ends with its current period, unless a command changes that. */
export const endsWithPeriod = (subscription: Subscription): boolean =>
  subscription.cancelAtPeriodEnd ||
  endsAsAgreed(subscription) ||
  !(subscription.autoRenew || subscription.prepaidPeriods > 0);

/** The end of the current period without an agreed end: the first boundary at or after the cut. */
export function uncutEnd(subscription: Subscription, currentPeriodEnd: Date): Date {
  if (!endsAsAgreed(subscription)) return currentPeriodEnd;
  const { status, trialEnd } = subscription;
  if (status === 'trialing' && trialEnd) return trialEnd;
  return periodAt(cadenceOf(subscription), new Date(currentPeriodEnd.getTime() - 1)).end;
}

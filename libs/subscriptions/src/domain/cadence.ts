import { boundary, type Cadence } from '@app/kernel';
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

import { boundary, type Cadence } from '@app/kernel';
import type { SoldPlan, SoldPrice } from './subscription.js';

export function cadenceOf({ anchor, price, timezone }: { anchor: Date; price: SoldPrice; timezone: string }): Cadence {
  return { anchor, interval: price.interval, count: price.intervalCount, timeZone: timezone };
}

/** End of the first period of a subscription whose periods start at the anchor. */
export const firstPeriodEnd = (cadence: Cadence): Date => boundary(cadence, 1);

export function sameBillingInterval({ price }: Pick<SoldPlan, 'price'>, other: Pick<SoldPlan, 'price'>): boolean {
  return price.interval === other.price.interval && price.intervalCount === other.price.intervalCount;
}

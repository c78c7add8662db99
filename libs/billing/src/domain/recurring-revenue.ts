import { exactAmountOf } from '@app/kernel';
import {
  addOnPrice,
  CYCLES_A_YEAR,
  PAYING_STATUSES,
  type SoldAddOn,
  type SoldPrice,
  type Subscription,
} from '@app/subscriptions';

/** The facts of a subscription that decide its recurring revenue. */
export type RevenueFacts = Pick<Subscription, 'status' | 'price' | 'quantity' | 'addOns'>;

/** Revenue per year: `amount` / `divisor` minor units. Two whole numbers, so that every sum is exact. */
export interface YearlyRevenue {
  currency: string;
  amount: bigint;
  /** Intervals of a period, such as 3 for a price per quarter. */
  divisor: number;
}

/**
 * The agreed recurring revenue of a subscription: plan and add-ons, without usage, discounts and taxes. Null: none,
 * because it is free, in a trial, paused, ended or not started. The same rule as `GET /v1/stats/revenue`.
 */
export function yearlyRevenue({ status, price, quantity, addOns }: RevenueFacts): YearlyRevenue | null {
  if (!PAYING_STATUSES.includes(status)) return null;
  const aPeriod = Object.values(addOns).reduce(
    (sum, addOn) => sum + addOnAmount(addOn, price),
    exactAmountOf({ price, quantity }),
  );
  const amount = aPeriod * BigInt(CYCLES_A_YEAR[price.interval]);
  return amount === 0n ? null : { currency: price.currency, amount, divisor: price.intervalCount };
}

/** The cost of an add-on per period of the subscription; 0: it has no price for these periods. */
function addOnAmount(addOn: SoldAddOn, subscriptionPrice: SoldPrice): bigint {
  const price = addOnPrice(addOn, subscriptionPrice);
  return price ? exactAmountOf({ price, quantity: addOn.quantity }) : 0n;
}

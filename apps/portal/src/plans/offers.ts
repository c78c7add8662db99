import type { components } from '@tollgate/schema';

export type Plan = components['schemas']['PlanDto'];
export type Price = components['schemas']['PriceDto'];

/** A billing period as one text, such as `month:1`. */
export const periodOf = ({ interval, intervalCount = 1 }: Pick<Price, 'interval' | 'intervalCount'>): string =>
  `${interval}:${intervalCount}`;

/** A plan at one of its prices. */
export interface Offer {
  plan: Plan;
  price: Price;
}

/** The offers in a currency, the cheapest of each period first. */
export function offersOf(plans: readonly Plan[], currency: string): Offer[] {
  return plans
    .flatMap((plan) => plan.prices.map((price) => ({ plan, price })))
    .filter(({ price }) => price.currency === currency)
    .sort((one, other) => one.price.amount - other.price.amount);
}

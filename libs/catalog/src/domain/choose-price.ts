import type { Interval } from '@app/kernel';
import type { Assignment, Price } from './catalog.js';

/** Who buys: where, and on what. */
export interface Buyer {
  region: string | null;
  deviceType: string | null;
}

/** The price somebody wants. A currency that is not required is a preference only. */
export interface PriceWish extends Buyer {
  interval?: Interval;
  intervalCount?: number;
  currency: string | null;
  currencyRequired: boolean;
}

/** Region counts more than device type; a bound offer is for equal buyers only. */
function specificity(offer: Buyer, buyer: Buyer): number {
  if (offer.region !== null && offer.region !== buyer.region) return -1;
  if (offer.deviceType !== null && offer.deviceType !== buyer.deviceType) return -1;
  return (offer.region === null ? 0 : 2) + (offer.deviceType === null ? 0 : 1);
}

/** The most specific offer for the buyer; of equals the one listed first. */
function mostSpecific<T extends Buyer>(offers: T[], buyer: Buyer): T | null {
  return (
    offers
      .map((offer) => ({ offer, rank: specificity(offer, buyer) }))
      .filter(({ rank }) => rank >= 0)
      .reduce<{ offer: T; rank: number } | null>((best, next) => (best && best.rank >= next.rank ? best : next), null)
      ?.offer ?? null
  );
}

/** The price a buyer pays, or null when the plan is not sold to such a buyer or not at such an interval. */
export function choosePrice(prices: Price[], wish: PriceWish): Price | null {
  const rhythm = prices.filter((price) => {
    const sameInterval = wish.interval === undefined || price.interval === wish.interval;
    const count = wish.intervalCount ?? (wish.interval === undefined ? undefined : 1);
    return sameInterval && (count === undefined || price.intervalCount === count);
  });
  const inCurrency = rhythm.filter((price) => price.currency === wish.currency);
  const preferred = wish.currency === null ? null : mostSpecific(inCurrency, wish);
  return preferred ?? (wish.currencyRequired ? null : mostSpecific(rhythm, wish));
}

/** The assignment rule that fits a buyer best. */
export function chooseAssignment(rules: Assignment[], buyer: Buyer): Assignment | null {
  return mostSpecific(rules, buyer);
}

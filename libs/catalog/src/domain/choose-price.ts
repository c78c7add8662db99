import type { Interval } from '@app/kernel';
import type { Assignment, Price } from './catalog.js';

/** Region and device type of a buyer. */
export interface Buyer {
  region: string | null;
  deviceType: string | null;
}

/** The wanted price. A currency that is not required is only a preference. */
export interface PriceSelection extends Buyer {
  interval?: Interval;
  intervalCount?: number;
  currency: string | null;
  currencyRequired: boolean;
}

/** Rank of an offer: region counts more than device type. -1: the offer is for other buyers. */
function specificity(offer: Buyer, buyer: Buyer): number {
  if (offer.region !== null && offer.region !== buyer.region) return -1;
  if (offer.deviceType !== null && offer.deviceType !== buyer.deviceType) return -1;
  return (offer.region === null ? 0 : 2) + (offer.deviceType === null ? 0 : 1);
}

/** The most specific matching offer; the first of equals. */
function mostSpecific<T extends Buyer>(offers: T[], buyer: Buyer): T | null {
  return (
    offers
      .map((offer) => ({ offer, rank: specificity(offer, buyer) }))
      .filter(({ rank }) => rank >= 0)
      .reduce<{ offer: T; rank: number } | null>((best, next) => (best && best.rank >= next.rank ? best : next), null)
      ?.offer ?? null
  );
}

/**
 * The price for a buyer; null when no price matches the buyer, interval and currency.
 * @example choosePrice(version.prices, { region: 'DE', deviceType: null, currency: 'EUR', currencyRequired: false })
 */
export function choosePrice(prices: Price[], selection: PriceSelection): Price | null {
  const matching = prices.filter((price) => {
    const sameInterval = selection.interval === undefined || price.interval === selection.interval;
    const count = selection.intervalCount ?? (selection.interval === undefined ? undefined : 1);
    return sameInterval && (count === undefined || price.intervalCount === count);
  });
  const inCurrency = matching.filter((price) => price.currency === selection.currency);
  const preferred = selection.currency === null ? null : mostSpecific(inCurrency, selection);
  return preferred ?? (selection.currencyRequired ? null : mostSpecific(matching, selection));
}

/** The most specific assignment rule for a buyer. */
export function chooseAssignment(rules: Assignment[], buyer: Buyer): Assignment | null {
  return mostSpecific(rules, buyer);
}

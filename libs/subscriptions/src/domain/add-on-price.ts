import type { SoldAddOn, SoldPrice } from './subscription.js';

/**
 * The price of an add-on for the periods and the currency of a subscription: the one for every buyer, else the first.
 * Its SQL form is `AMOUNT_WITH_ADD_ONS`.
 * @returns null when it has none: the add-on costs nothing there
 */
export function addOnPrice(
  { prices }: Pick<SoldAddOn, 'prices'>,
  { interval, intervalCount, currency }: SoldPrice,
): SoldPrice | null {
  const matching = prices.filter(
    (price) => price.interval === interval && price.intervalCount === intervalCount && price.currency === currency,
  );
  const price = matching.find(({ region, deviceType }) => region === null && deviceType === null) ?? matching[0];
  return price ? { amount: price.amount, interval, intervalCount, currency, tiers: price.tiers } : null;
}

import type { TaxRate } from '@app/catalog';
import type { Address, InvoiceLine, LineTax, TaxExempt } from './invoice.js';

/** Where the buyer is, for taxes. */
export type TaxPlace = Pick<Address, 'country'> & Partial<Pick<Address, 'region'>>;

/** The facts that decide the taxes of a line beside the line itself. */
export interface TaxSituation {
  /** The active tax rates of the product. */
  rates: readonly TaxRate[];
  /** null: not known. Then only rates for every country apply. */
  place: TaxPlace | null;
  taxExempt: TaxExempt;
  /** The instant at which rates must be in force. */
  at: Date;
}

/**
 * The taxes of a line. Of the rates that are in force and match the buyer's place, those for the smallest place count:
 * its region, else its country, else everywhere. Of these, those for the narrowest goods: the line's feature or add-on,
 * else its plan, else everything. Several equally narrow rates apply together, by key. A buyer that is exempt, or owes
 * the tax itself (reverse charge), has none: prices with inclusive tax stay what they are.
 * @example taxesOf(line, { rates, place: { country: 'DE' }, taxExempt: 'none', at: invoice.billedAt })
 */
export function taxesOf(
  line: Pick<InvoiceLine, 'plan' | 'addOn' | 'feature'>,
  { rates, place, taxExempt, at }: TaxSituation,
): LineTax[] {
  if (taxExempt !== 'none') return [];
  const instant = at.toISOString();
  const matching = rates
    .filter((rate) => isInForce(rate, instant))
    .map((rate) => ({ rate, place: placeRank(rate, place), goods: goodsRank(rate, line) }))
    .filter((candidate) => candidate.place !== null && candidate.goods !== null) as {
    rate: TaxRate;
    place: number;
    goods: number;
  }[];
  const ofPlace = highest(matching, (candidate) => candidate.place);
  return highest(ofPlace, (candidate) => candidate.goods)
    .map(({ rate }) => rate)
    .sort((one, other) => (one.key < other.key ? -1 : 1))
    .map(({ key, name, percentage, inclusive }) => ({ rate: key, name, percentage, inclusive }));
}

/** Half open; instants are texts of equal form, which sort as they follow each other. */
const isInForce = ({ validFrom, validUntil }: TaxRate, instant: string): boolean =>
  (validFrom === null || validFrom <= instant) && (validUntil === null || instant < validUntil);

/** How narrow the place of a rate is; null: the buyer is elsewhere. */
function placeRank({ country, region }: TaxRate, place: TaxPlace | null): number | null {
  if (country === null) return 0;
  if (country !== place?.country) return null;
  if (region === null) return 1;
  return sameRegion(region, place.region) ? 2 : null;
}

const sameRegion = (one: string, other: string | null | undefined): boolean =>
  one.trim().toLowerCase() === other?.trim().toLowerCase();

/** How narrow the goods of a rate are; null: the line is none of them. */
function goodsRank(
  { appliesTo }: TaxRate,
  { plan, addOn, feature }: Pick<InvoiceLine, 'plan' | 'addOn' | 'feature'>,
): number | null {
  if (appliesTo === null) return 0;
  const names = (keys: string[], key: string | null | undefined): boolean =>
    typeof key === 'string' && keys.includes(key);
  if (names(appliesTo.features, feature) || names(appliesTo.addOns, addOn)) return 2;
  // The line of an add-on is not one of its plan.
  return addOn === null && names(appliesTo.plans, plan?.key) ? 1 : null;
}

function highest<T>(candidates: T[], rank: (candidate: T) => number): T[] {
  const top = Math.max(...candidates.map(rank));
  return candidates.filter((candidate) => rank(candidate) === top);
}

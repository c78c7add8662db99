import { amountOf, type Interval } from '@app/kernel';
import type { SoldPrice } from './subscription.js';

/** Of which way a change of plan goes. */
export type Direction = 'upgrade' | 'downgrade' | 'switch';

/** Days of an interval, on average of the Gregorian calendar: good enough to tell dearer from cheaper. */
const DAYS: Record<Interval, number> = { hour: 1 / 24, day: 1, week: 7, month: 30.436875, year: 365.2425 };

const perDay = (sold: { price: SoldPrice; quantity: number }): number =>
  amountOf(sold) / (DAYS[sold.price.interval] * sold.price.intervalCount);

/** Dearer by the day is an upgrade, cheaper a downgrade; what costs the same, or is paid in other money, is neither. */
export function directionOf(
  before: { price: SoldPrice; quantity: number },
  after: { price: SoldPrice; quantity: number },
): Direction {
  if (before.price.currency !== after.price.currency) return 'switch';
  const difference = perDay(after) - perDay(before);
  if (difference === 0) return 'switch';
  return difference > 0 ? 'upgrade' : 'downgrade';
}

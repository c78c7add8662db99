import { amountOf, type Interval } from '@app/kernel';
import type { SoldPrice } from './subscription.js';

/** Direction of a plan change. */
export type Direction = 'upgrade' | 'downgrade' | 'switch';

/** Average days of an interval in the Gregorian calendar, to compare prices per day. */
const DAYS: Record<Interval, number> = { hour: 1 / 24, day: 1, week: 7, month: 30.436875, year: 365.2425 };

const perDay = (sold: { price: SoldPrice; quantity: number }): number =>
  amountOf(sold) / (DAYS[sold.price.interval] * sold.price.intervalCount);

/** A higher price per day is an upgrade, a lower one a downgrade; an equal price or another currency is neither. */
export function directionOf(
  before: { price: SoldPrice; quantity: number },
  after: { price: SoldPrice; quantity: number },
): Direction {
  if (before.price.currency !== after.price.currency) return 'switch';
  const difference = perDay(after) - perDay(before);
  if (difference === 0) return 'switch';
  return difference > 0 ? 'upgrade' : 'downgrade';
}

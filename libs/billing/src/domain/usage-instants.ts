import { boundary, type Cadence, type Interval, periodAt } from '@app/kernel';

/** The facts of a subscription that its usage instants follow from. */
export interface UsageCadence {
  /** Anchor of the billing periods. */
  anchor: Date;
  timezone: string;
  price: { interval: Interval; intervalCount: number };
  currentPeriodStart: Date;
  /** Exclusive; null: indefinite. */
  currentPeriodEnd: Date | null;
}

/** The most intervals of a period that is not longer than a month. */
const WITHIN_A_MONTH: Record<Interval, number> = { hour: 744, day: 31, week: 4, month: 1, year: 0 };

/** True for periods that are longer than a month, or have no end: their usage is invoiced every month. */
export const hasUsageInstants = ({
  price: { interval, intervalCount },
  currentPeriodEnd,
}: Pick<UsageCadence, 'price' | 'currentPeriodEnd'>): boolean =>
  currentPeriodEnd === null || intervalCount > WITHIN_A_MONTH[interval];

/**
 * The next instant at which usage of a period that is longer than a month is invoiced on its own: monthly boundaries
 * from the anchor, strictly inside the period. The end of the period is no such instant, because the invoice of the
 * next period has the usage.
 * @param after exclusive
 * @param hasUsagePrices see `hasUsagePrices`; without any, there is nothing to invoice
 * @returns null when there is none
 */
export function nextUsageInstant(subscription: UsageCadence, after: Date, hasUsagePrices: boolean): Date | null {
  if (!hasUsagePrices || !hasUsageInstants(subscription)) return null;
  const { anchor, timezone, currentPeriodStart, currentPeriodEnd } = subscription;
  const monthly: Cadence = { anchor, interval: 'month', count: 1, timeZone: timezone };
  const from = after < currentPeriodStart ? currentPeriodStart : after;
  const at = boundary(monthly, periodAt(monthly, from).index + 1);
  return currentPeriodEnd === null || at < currentPeriodEnd ? at : null;
}

/**
 * All usage instants of the current period of a subscription, oldest first. An indefinite period has no last one: none
 * is returned, query the next one instead.
 * @example usageInstants(annual, true) // 11 instants
 */
export function usageInstants(subscription: UsageCadence, hasUsagePrices: boolean): Date[] {
  const instants: Date[] = [];
  if (subscription.currentPeriodEnd === null) return instants;
  let at = nextUsageInstant(subscription, subscription.currentPeriodStart, hasUsagePrices);
  while (at) {
    instants.push(at);
    at = nextUsageInstant(subscription, at, hasUsagePrices);
  }
  return instants;
}

/** Late facts arrive for this long after a subscription stopped: events are accepted 92 days back. */
const LATE_MS = 93 * 86_400_000;

/**
 * The next instant at which late usage of a subscription without running periods is invoiced: monthly from its end or
 * pause, until no event can arrive late any more.
 * @param after exclusive
 * @returns null when there is none left
 */
export function nextLateInstant(since: Date, after: Date, timeZone: string): Date | null {
  const monthly: Cadence = { anchor: since, interval: 'month', count: 1, timeZone };
  const { index } = periodAt(monthly, after < since ? since : after);
  return boundary(monthly, index).getTime() < since.getTime() + LATE_MS ? boundary(monthly, index + 1) : null;
}

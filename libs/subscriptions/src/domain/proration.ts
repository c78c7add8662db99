import { amountOf, type Period, periodAt, proratedAmount } from '@app/kernel';
import { cadenceOf } from './cadence.js';
import type { ProrationLine, Subscription } from './subscription.js';

type Priced = Pick<Subscription, 'planKey' | 'planName' | 'planVersion' | 'price' | 'quantity'>;

/**
 * What of the period's price is for the rest of it, by the milliseconds that are left of the whole cycles which it is made of.
 * The same for what is given back and for what is charged, so that a change and its undoing at one instant come to nothing.
 */
export function restOfPeriod(
  subscription: Subscription,
  sold: Priced,
  now: Date,
): { amount: number; service: Period } | null {
  if (subscription.currentPeriodEnd === null || subscription.status === 'trialing' || inTrial(subscription, now))
    return null;
  const service = { start: now, end: subscription.currentPeriodEnd };
  const total = amountOf(sold);
  const worth = cyclesOf(subscription, service).reduce(
    (sum, { part, cycle }) => sum + proratedAmount(total, part, cycle),
    0,
  );
  // What was given on top of a period costs nothing and is worth nothing.
  return { service, amount: Math.min(total, worth) };
}

const inTrial = ({ trialEnd }: Subscription, now: Date): boolean => trialEnd !== null && now < trialEnd;

/** A stub, or a period that was lengthened, is measured by the full cycles that it lies in. */
function cyclesOf(subscription: Subscription, { start, end }: Period): { part: Period; cycle: Period }[] {
  const cadence = cadenceOf(subscription);
  const cycles: { part: Period; cycle: Period }[] = [];
  for (let at = start; at < end;) {
    const cycle = periodAt(cadence, at);
    const until = cycle.end < end ? cycle.end : end;
    cycles.push({ part: { start: at, end: until }, cycle });
    at = until;
  }
  return cycles;
}

export function prorationLine(
  kind: ProrationLine['kind'],
  sold: Priced,
  amount: number,
  period: Period,
): ProrationLine {
  const { planKey, planName, planVersion, price, quantity } = sold;
  return {
    kind,
    amount,
    currency: price.currency,
    plan: { key: planKey, name: planName, version: planVersion },
    quantity,
    unitAmount: price.amount,
    periodStart: period.start,
    periodEnd: period.end,
  };
}

/** Periods that were agreed on already, at the price of a plan. */
export function prepaidLines(
  kind: ProrationLine['kind'],
  { prepaidPeriods, currentPeriodEnd, ...subscription }: Subscription,
  sold: Subscription,
): ProrationLine[] {
  if (prepaidPeriods === 0 || currentPeriodEnd === null) return [];
  let end = currentPeriodEnd;
  for (let period = 0; period < prepaidPeriods; period++) ({ end } = periodAt(cadenceOf(subscription), end));
  return [prorationLine(kind, sold, amountOf(sold) * prepaidPeriods, { start: currentPeriodEnd, end })];
}

/** Credits count against charges. Minor units. */
export const netOf = (lines: ProrationLine[]): number =>
  lines.reduce((sum, { kind, amount }) => sum + (kind === 'charge' ? amount : -amount), 0);

/** Lines of nothing are no lines. */
export const nonZero = (lines: ProrationLine[]): ProrationLine[] => lines.filter(({ amount }) => amount > 0);

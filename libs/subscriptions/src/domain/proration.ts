import { amountOf, MAX_AMOUNT, type Period, periodAt, proratedAmount } from '@app/kernel';
import { amountTooLarge } from './amounts.js';
import { cadenceOf } from './cadence.js';
import type { ProrationLine, Subscription } from './subscription.js';

type Priced = Pick<Subscription, 'planKey' | 'planName' | 'planVersion' | 'price' | 'quantity'>;

/**
 * The part of the price for the rest of the period, by the milliseconds left of the whole cycles that it consists of.
 * Credits and charges use the same function, so a change and its reversal at one instant sum to zero.
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
  // Time added by an extension is free and has no value: beyond the total, no cycle is read. There may be thousands.
  let worth = 0;
  for (const { part, cycle } of cyclesOf(subscription, service)) {
    worth += proratedAmount(total, part, cycle);
    if (worth >= total) break;
  }
  return { service, amount: Math.min(total, worth) };
}

const inTrial = ({ trialEnd }: Subscription, now: Date): boolean => trialEnd !== null && now < trialEnd;

/** The full cycles that contain a stub or an extended period. */
function* cyclesOf(subscription: Subscription, { start, end }: Period): Generator<{ part: Period; cycle: Period }> {
  const cadence = cadenceOf(subscription);
  for (let at = start; at < end;) {
    const cycle = periodAt(cadence, at);
    const until = cycle.end < end ? cycle.end : end;
    yield { part: { start: at, end: until }, cycle };
    at = until;
  }
}

/** @throws DomainError `amount_too_large` for a subscription that was sold before amounts had a bound */
export function prorationLine(
  kind: ProrationLine['kind'],
  sold: Priced,
  amount: number,
  period: Period,
): ProrationLine {
  const { planKey, planName, planVersion, price, quantity } = sold;
  if (amount > MAX_AMOUNT) throw amountTooLarge('conflict', price);
  return {
    kind,
    amount,
    currency: price.currency,
    plan: { key: planKey, name: planName, version: planVersion },
    quantity,
    unitAmount: price.tiers ? null : price.amount,
    periodStart: period.start,
    periodEnd: period.end,
  };
}

/** Credit for the rest of a period, and charge for the period that replaces it from now on. */
export function restOfPeriodLines(before: Subscription, after: Subscription, now: Date): ProrationLine[] {
  const old = restOfPeriod(before, before, now);
  const fresh = restOfPeriod(after, after, now);
  return nonZero([
    ...(old ? [prorationLine('credit', before, old.amount, old.service)] : []),
    ...(fresh ? [prorationLine('charge', after, fresh.amount, fresh.service)] : []),
  ]);
}

/** Proration lines of agreed periods at the price of a plan. */
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

/** Charges minus credits, in minor units. */
export const netOf = (lines: ProrationLine[]): number =>
  lines.reduce((sum, { kind, amount }) => sum + (kind === 'charge' ? amount : -amount), 0);

/** Drops lines with the amount zero. */
export const nonZero = (lines: ProrationLine[]): ProrationLine[] => lines.filter(({ amount }) => amount > 0);

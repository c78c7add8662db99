import { compared, dividedBy, grouped, plus, rational, ZERO } from '@app/kernel';
import { type RevenueFacts, type YearlyRevenue, yearlyRevenue } from './recurring-revenue.js';

export const MOVEMENT_KINDS = ['new', 'expansion', 'contraction', 'churn', 'reactivation'] as const;
/**
 * `new`: the first revenue of a customer on a product, in a currency. `reactivation`: revenue after a time without any.
 * `churn`: the end of all revenue of a subscription, a pause too.
 */
export type MovementKind = (typeof MOVEMENT_KINDS)[number];

/** A change of recurring revenue by one event. Its amount is signed, per year, times `divisor`. */
export interface RevenueMovement extends YearlyRevenue {
  subscriptionId: string;
  /** Sequence of the event; 0: revenue from before the events that are kept. */
  sequence: number;
  kind: MovementKind;
  at: Date;
}

/** An event with the facts that it changed. */
export interface RevenueEvent {
  sequence: number;
  at: Date;
  /** Null: it created the subscription. */
  before: Partial<RevenueFacts> | null;
  after: Partial<RevenueFacts>;
}

/** A subscription with its events that may change its revenue, oldest first. */
export interface RevenueHistory {
  subscriptionId: string;
  startedAt: Date;
  /** As it is after the last event. */
  present: RevenueFacts;
  events: RevenueEvent[];
}

interface Step {
  subscriptionId: string;
  sequence: number;
  at: Date;
  before: YearlyRevenue | null;
  after: YearlyRevenue | null;
}

/** True for an event that may change recurring revenue. Renewals and most others do not. */
export const mayMoveRevenue = (
  before: Record<string, unknown> | null,
  after: Record<string, unknown> | null,
): boolean =>
  before === null ||
  before['status'] !== after?.['status'] ||
  'price' in before ||
  'quantity' in before ||
  'addOns' in before;

/**
 * The movements of the recurring revenue of one customer on one product. Their sum up to an instant is the revenue
 * then; each event has the same movements whenever they are computed.
 */
export function revenueMovements(histories: RevenueHistory[]): RevenueMovement[] {
  const steps = histories.flatMap(stepsOf).sort((one, other) => one.at.getTime() - other.at.getTime());
  const earned = new Set<string>();
  return steps.flatMap((step) => movementsOf(step, earned));
}

/** The steps of one subscription, from none: what was there before its first kept event is a step at its start. */
function stepsOf({ subscriptionId, startedAt, present, events }: RevenueHistory): Step[] {
  let facts = events.reduceRight<RevenueFacts | null>(
    (later, { before }) => (before === null ? null : { ...later!, ...before }),
    present,
  );
  let revenue = facts && yearlyRevenue(facts);
  const steps: Step[] = [{ subscriptionId, sequence: 0, at: startedAt, before: null, after: revenue }];
  for (const { sequence, at, after } of events) {
    facts = { ...facts, ...after } as RevenueFacts;
    const next = yearlyRevenue(facts);
    steps.push({ subscriptionId, sequence, at, before: revenue, after: next });
    revenue = next;
  }
  return steps;
}

/** @param earned the currencies in which the customer has had revenue before; completed here */
function movementsOf({ before, after, ...event }: Step, earned: Set<string>): RevenueMovement[] {
  const parts = [...(before ? [negated(before)] : []), ...(after ? [after] : [])];
  return [...grouped(parts, ({ currency }) => currency)].flatMap(([currency, ofCurrency]) => {
    const amounts = sumsByDivisor(ofCurrency).filter(({ amount }) => amount !== 0n);
    const sign = signOf(amounts);
    if (sign === 0) return [];
    const kind = kindOf(sign, {
      wasEarning: before?.currency === currency,
      isEarning: after?.currency === currency,
      hasEarned: earned.has(currency),
    });
    earned.add(currency);
    return amounts.map((amount) => ({ ...event, ...amount, kind }));
  });
}

function kindOf(
  sign: number,
  { wasEarning, isEarning, hasEarned }: { wasEarning: boolean; isEarning: boolean; hasEarned: boolean },
): MovementKind {
  if (!wasEarning) return hasEarned ? 'reactivation' : 'new';
  if (!isEarning) return 'churn';
  return sign > 0 ? 'expansion' : 'contraction';
}

const negated = (revenue: YearlyRevenue): YearlyRevenue => ({ ...revenue, amount: -revenue.amount });

const sumsByDivisor = (parts: YearlyRevenue[]): YearlyRevenue[] =>
  [...grouped(parts, ({ divisor }) => divisor).values()].map((same) => ({
    ...same[0]!,
    amount: same.reduce((sum, { amount }) => sum + amount, 0n),
  }));

const signOf = (amounts: YearlyRevenue[]): -1 | 0 | 1 =>
  compared(
    amounts.reduce((sum, { amount, divisor }) => plus(sum, dividedBy(rational(amount), rational(divisor))), ZERO),
    ZERO,
  );

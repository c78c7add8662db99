import { decimalText, grouped, minus, type Period, plus, rational, totalOf } from '@app/kernel';
import type { InvoiceLine, TierCharge } from './invoice.js';
import { priceKey } from './price-key.js';
import { rate } from './rating.js';
import type { UsageChange } from './usage-changes.js';
import type { TermsSpan } from './usage-terms.js';

/** The data that lines of usage show beside amounts. */
export interface LineContext {
  feature: { key: string; name: string };
  /** End of the billing period that is charged now; null: only differences of earlier ones are. */
  currentEnd: Date | null;
  terms: TermsSpan[];
  /** Zone of the dates in descriptions. */
  timezone: string;
}

/**
 * One line per plan version, price and billing period: usage of the period that has just ended, and an adjustment for
 * each earlier one.
 */
export function usageLines(changes: UsageChange[], context: LineContext): InvoiceLine[] {
  const byLine = grouped(
    changes,
    ({ plan, price, periodEnd }) => `${periodEnd.getTime()} ${plan.key} ${plan.version} ${priceKey(price)}`,
  );
  return [...byLine.values()]
    .map((own) => lineOf(own, context))
    .filter(({ quantity, amount }) => quantity !== 0 || amount !== 0)
    .sort((one, other) => one.service.start.getTime() - other.service.start.getTime());
}

function lineOf(changes: UsageChange[], context: LineContext): InvoiceLine {
  const { plan, price, periodEnd } = changes[0]!;
  const isCurrent = periodEnd.getTime() === context.currentEnd?.getTime();
  const service = serviceOf(changes, context);
  const { feature } = context;
  return {
    kind: isCurrent ? 'usage' : 'adjustment',
    description: isCurrent
      ? `${feature.name} beyond the limit`
      : `Adjustment of ${feature.name} beyond the limit, ${daysOf(service, context)}`,
    quantity: totalOf(changes, 'units'),
    unitAmount: price.model === 'per_unit' ? price.unitAmount : null,
    amount: totalOf(changes, 'amount'),
    service,
    plan,
    addOn: null,
    feature: feature.key,
    tiers: isCurrent ? tiersOf(changes) : [],
    discount: 0,
    taxes: [],
  };
}

/** The part of the billing period in which the plan version and price were in force. */
function serviceOf(changes: UsageChange[], { terms }: LineContext): Period {
  const { plan, price, period } = changes[0]!;
  const own = terms.filter(
    (span) =>
      span.price !== null &&
      span.plan.key === plan.key &&
      span.plan.version === plan.version &&
      priceKey(span.price) === priceKey(price),
  );
  const within = own.filter(({ start, end }) => period !== null && start < period.end && end > period.start);
  if (!period || within.length === 0)
    return {
      start: new Date(Math.min(...changes.map(({ start }) => start.getTime()))),
      end: new Date(Math.max(...changes.map(({ end }) => end.getTime()))),
    };
  const first = within[0]!.start;
  const last = within.at(-1)!.end;
  return { start: first < period.start ? period.start : first, end: last > period.end ? period.end : last };
}

/** One per zone: its construction takes longer than all the rest of a line. */
const FORMATS = new Map<string, Intl.DateTimeFormat>();

function daysOf({ start, end }: Period, { timezone }: LineContext): string {
  let format = FORMATS.get(timezone);
  if (!format) FORMATS.set(timezone, (format = new Intl.DateTimeFormat('en-CA', { timeZone: timezone })));
  return `${format.format(start)} to ${format.format(new Date(end.getTime() - 1))}`;
}

/**
 * The tiers of all windows of a line. A window that was charged in part before shows what its later units added; with
 * volume tiers, which change the price of earlier units, it shows none.
 */
function tiersOf(changes: UsageChange[]): TierCharge[] {
  const tiers = new Map<string, TierCharge>();
  for (const { price, before, after } of changes) {
    if (price.model === 'volume' && before > 0) return [];
    const charged = rate(price, before).tiers;
    for (const tier of rate(price, after).tiers) {
      const earlier = charged.find(({ from }) => from === tier.from);
      const added = earlier ? withoutEarlier(tier, earlier, before) : tier;
      if (added.quantity === 0 && added.amount === '0') continue;
      const name = `${tier.from} ${tier.unitAmount}`;
      const known = tiers.get(name);
      tiers.set(name, known ? merged(known, added) : added);
    }
  }
  return [...tiers.values()];
}

const difference = (one: string, other: string): string => decimalText(minus(rational(one), rational(other)));
const sum = (one: string, other: string): string => decimalText(plus(rational(one), rational(other)));

const withoutEarlier = ({ flatAmount: _, ...tier }: TierCharge, earlier: TierCharge, before: number): TierCharge => ({
  ...tier,
  from: before + 1,
  quantity: tier.quantity - earlier.quantity,
  amount: difference(tier.amount, earlier.amount),
});

/** Tiers of two windows: flat amounts add up, because each window has its own. */
const merged = (one: TierCharge, other: TierCharge): TierCharge => ({
  ...one,
  from: Math.min(one.from, other.from),
  to: Math.max(one.to, other.to),
  quantity: one.quantity + other.quantity,
  ...(one.flatAmount || other.flatAmount ? { flatAmount: sum(one.flatAmount ?? '0', other.flatAmount ?? '0') } : {}),
  amount: sum(one.amount, other.amount),
});

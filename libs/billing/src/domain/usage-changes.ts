import type { UsagePrice } from '@app/catalog';
import { decimalText, grouped, minus, type Period, plus, rational, type Rational, rounded, ZERO } from '@app/kernel';
import { priceKey } from './price-key.js';
import { exactAmount, rate } from './rating.js';
import type { JudgedSpan } from './usage-spans.js';
import type { LinePlan } from './usage-terms.js';

/** Units of one span of one window that were charged: the sum of its revisions, or the next one. */
export interface UsageCharge extends Period {
  windowStart: Date;
  /** Exclusive; null: it never ends. */
  windowEnd: Date | null;
  /** End of the billing period that the span belongs to. */
  periodEnd: Date;
  plan: LinePlan;
  price: UsagePrice;
  units: number;
  /** Minor units. */
  amount: number;
  /** The amount before rounding, where windows share one rounding; null: the window is rounded alone. */
  exact: string | null;
  revision: number;
}

/** The amount that was charged for all windows of a billing period that share one rounding. */
export interface SharedRounding extends Pick<UsageCharge, 'periodEnd' | 'plan' | 'price' | 'amount'> {
  exact: string;
}

/** A change of what was charged for a span, with what the line shows. */
export interface UsageChange extends UsageCharge {
  /** The billing period of the span; null: nothing was judged there any more. */
  period: Period | null;
  /** Units of the window at this price: before this span, and with it. */
  before: number;
  after: number;
}

/** A span with the units that it should have been charged, and what it was. */
interface Target extends Omit<UsageCharge, 'units' | 'amount' | 'exact' | 'revision'> {
  units: number;
  stored: UsageCharge | null;
  period: Period | null;
}

const lineName = ({ periodEnd, plan, price }: Pick<UsageCharge, 'periodEnd' | 'plan' | 'price'>): string =>
  `${periodEnd.getTime()} ${plan.key} ${plan.version} ${priceKey(price)}`;
const chainName = ({ windowStart, price }: Target): string => `${windowStart.getTime()} ${priceKey(price)}`;
const spanName = (span: Pick<UsageCharge, 'windowStart' | 'start' | 'plan' | 'price' | 'periodEnd'>): string =>
  `${span.windowStart.getTime()} ${span.start.getTime()} ${lineName(span)}`;

/**
 * The changes that make the charges of a feature those of the judged spans: new spans, and differences of earlier
 * ones. Tiers count cumulatively within a window and price, so that the parts of a window always sum up to the whole.
 * Windows that lie within one billing period share one rounding: that of their line.
 * @param stored the charges for the judged windows
 * @param since spans that begin before this were not judged: they stay as they are
 * @param shared the amounts that were charged for the periods of these windows, by windows that share a rounding
 */
export function changesOf(
  judged: JudgedSpan[],
  stored: UsageCharge[],
  { since, shared }: { since: Date; shared: SharedRounding[] },
): UsageChange[] {
  const targets = targetsOf(judged, stored, since);
  const revisions = new Map<string, number>();
  for (const { windowStart, start, revision } of stored) {
    const name = `${windowStart.getTime()} ${start.getTime()}`;
    revisions.set(name, Math.max(revision, revisions.get(name) ?? 0));
  }
  const roundings = new Map(
    shared.map((totals) => [lineName(totals), { exact: rational(totals.exact), amount: totals.amount }]),
  );
  return [...grouped(targets, chainName).values()]
    .sort((one, other) => one[0]!.windowStart.getTime() - other[0]!.windowStart.getTime())
    .flatMap((chain) => changesOfChain(chain, roundings))
    .filter(({ units, amount, exact }) => units !== 0 || amount !== 0 || (exact !== null && exact !== '0'))
    .map((change) => {
      const name = `${change.windowStart.getTime()} ${change.start.getTime()}`;
      const revision = (revisions.get(name) ?? 0) + 1;
      revisions.set(name, revision);
      change.revision = revision;
      return change;
    });
}

/** The spans of one window at one price in order, each with its difference. */
function changesOfChain(chain: Target[], roundings: Map<string, { exact: Rational; amount: number }>): UsageChange[] {
  const inOrder = [...chain].sort((one, other) => one.start.getTime() - other.start.getTime());
  const sharesRounding = isWithinOneLine(inOrder);
  let counted = 0;
  return inOrder.map((target) => {
    const { stored, units, price } = target;
    const before = counted;
    counted += units;
    const [low, high] = [rate(price, before).exact, rate(price, counted).exact];
    // Without spreads, which took half of the time of a change.
    const change: UsageChange = {
      windowStart: target.windowStart,
      windowEnd: target.windowEnd,
      start: target.start,
      end: target.end,
      periodEnd: target.periodEnd,
      plan: target.plan,
      price,
      units: units - (stored?.units ?? 0),
      amount: 0,
      exact: null,
      revision: 0,
      period: target.period,
      before,
      after: counted,
    };
    if (!sharesRounding) {
      change.amount = exactAmount(rounded(high) - rounded(low)) - (stored?.amount ?? 0);
      return change;
    }
    const known = rational(stored ? (stored.exact ?? stored.amount) : 0);
    const exact = minus(minus(high, low), known);
    const rounding = roundings.get(lineName(target)) ?? { exact: ZERO, amount: 0 };
    const total = plus(rounding.exact, exact);
    change.amount = exactAmount(rounded(total)) - rounding.amount;
    change.exact = decimalText(exact);
    roundings.set(lineName(target), { exact: total, amount: rounding.amount + change.amount });
    return change;
  });
}

/** True for a window that lies within one billing period and has one plan version there. */
function isWithinOneLine(chain: Target[]): boolean {
  const { windowStart, windowEnd, period } = chain[0]!;
  const isInside = period !== null && windowEnd !== null && windowStart >= period.start && windowEnd <= period.end;
  return isInside && chain.every((target) => lineName(target) === lineName(chain[0]!));
}

function targetsOf(judged: JudgedSpan[], stored: UsageCharge[], since: Date): Target[] {
  const known = new Map(stored.map((charge) => [spanName(charge), charge]));
  const targets = judged.map((span): Target => {
    const { windowStart, windowEnd, start, end, units, terms, period } = span;
    const { plan, price } = terms;
    const target: Target = {
      windowStart,
      windowEnd,
      start,
      end,
      periodEnd: period.end,
      plan,
      price: price!,
      units,
      stored: null,
      period,
    };
    const name = spanName(target);
    target.stored = known.get(name) ?? null;
    known.delete(name);
    return target;
  });
  const others = [...known.values()].map((charge): Target => ({
    ...charge,
    units: charge.start < since ? charge.units : 0,
    stored: charge,
    period: null,
  }));
  return [...targets, ...others];
}

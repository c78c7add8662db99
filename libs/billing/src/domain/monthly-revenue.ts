import { dividedBy, grouped, invalidField, MAX_AMOUNT, plus, rational, rounded, ZERO } from '@app/kernel';
import { MOVEMENT_KINDS, type MovementKind } from './revenue-movement.js';

/** Recurring revenue of one month and currency, per month, in minor units. start + movements = end. */
export interface MonthlyRevenue extends Record<MovementKind, number> {
  /** The month in UTC, such as `2026-11`. */
  month: string;
  currency: string;
  start: number;
  end: number;
}

/** A sum of movements of one kind and divisor: amounts per year, times the divisor. */
export interface MovementSum {
  /** Null: all months before the first one. */
  month: string | null;
  currency: string;
  kind: MovementKind;
  divisor: number;
  amount: bigint;
}

/** Whole months in UTC. */
export interface MonthSpan {
  from: Date;
  /** Exclusive. */
  to: Date;
  months: string[];
}

/** Months of one answer: 10 years. */
const MAX_MONTHS = 120;
const DEFAULT_MONTHS = 12;
const MONTHS_A_YEAR = rational(12);

/** Gains are added before losses: no intermediate sum is less than both the start and the end. */
const IN_ORDER = [...MOVEMENT_KINDS].sort((one, other) => Number(isLoss(one)) - Number(isLoss(other)));

function isLoss(kind: MovementKind): boolean {
  return kind === 'contraction' || kind === 'churn';
}

/**
 * The months that a span touches. Default: the last 12 months, the present one included.
 * @throws DomainError `invalid_fields` when it is empty or longer than 10 years
 */
export function monthSpan({ from, to }: { from?: Date; to?: Date }, now: Date): MonthSpan {
  const until = to ?? now;
  const last = monthOf(to ? new Date(until.getTime() - 1) : until);
  const first = from ? monthOf(from) : last - (DEFAULT_MONTHS - 1);
  if (from && from >= until) throw invalidField('from', 'must be before "to"');
  if (last - first >= MAX_MONTHS) throw invalidField('from', `must be at most ${MAX_MONTHS} months before "to"`);
  return {
    from: startOfMonth(first),
    to: startOfMonth(last + 1),
    months: Array.from({ length: last - first + 1 }, (_, index) => nameOf(startOfMonth(first + index))),
  };
}

const monthOf = (at: Date): number => at.getUTCFullYear() * 12 + at.getUTCMonth();
const startOfMonth = (month: number): Date => new Date(Date.UTC(Math.floor(month / 12), month % 12));
const nameOf = (month: Date): string => month.toISOString().slice(0, 7);

/**
 * Recurring revenue by month and currency. Sums are exact; each shown movement is the difference of two rounded sums,
 * so that start and movements add up to the end, and the end of a month is the start of the next.
 */
export function monthlyRevenue(sums: MovementSum[], months: string[]): MonthlyRevenue[] {
  const byCurrency = [...grouped(sums, ({ currency }) => currency)].sort(([one], [other]) => (one < other ? -1 : 1));
  return byCurrency.flatMap(([currency, own]) => {
    const total = new RunningTotal();
    total.add(own.filter(({ month }) => month === null));
    return months.map((month) => {
      const start = total.shown();
      const movements = {} as Record<MovementKind, number>;
      let before = start;
      for (const kind of IN_ORDER) {
        total.add(own.filter((sum) => sum.month === month && sum.kind === kind));
        const after = total.shown();
        movements[kind] = after - before;
        before = after;
      }
      return { month, currency, start, ...movements, end: before };
    });
  });
}

/** An exact sum. */
class RunningTotal {
  private yearly = ZERO;

  add(sums: MovementSum[]): void {
    for (const { amount, divisor } of sums)
      this.yearly = plus(this.yearly, dividedBy(rational(amount), rational(divisor)));
  }

  /** Per month, in minor units: half a unit rounds up. At most 2^53-1. */
  shown(): number {
    return Math.min(MAX_AMOUNT, Number(rounded(dividedBy(this.yearly, MONTHS_A_YEAR))));
  }
}

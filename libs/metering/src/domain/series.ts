import { invalidField } from '@app/kernel';

export const SERIES_STEPS = ['hour', 'day', 'month'] as const;
export type SeriesStep = (typeof SERIES_STEPS)[number];

/** The steps of one customer's usage: also the windows of its limit that began in the span. */
export const CUSTOMER_STEPS = [...SERIES_STEPS, 'window'] as const;
export type CustomerStep = (typeof CUSTOMER_STEPS)[number];

/** The time from one instant to another, exclusive, in steps. */
export interface Span<By extends CustomerStep = SeriesStep> {
  from: Date;
  to: Date;
  by: By;
}

const DEFAULT_MS = 30 * 86_400_000;
/** The most steps of one series. */
export const MAX_STEPS = 2_000;
/** The shortest length of each step, in milliseconds. Windows of any length are counted when they are read. */
const STEP_MS: Record<CustomerStep, number> = {
  hour: 3_600_000,
  day: 86_400_000,
  month: 28 * 86_400_000,
  window: Infinity,
};

/** @throws DomainError `invalid_fields` for a series of too many steps */
export const tooManySteps = (): never => {
  throw invalidField('by', `gives more than ${MAX_STEPS} steps; use a shorter span or longer steps`);
};

/**
 * Completes a span. The default is the last 30 days, by day.
 *
 * @throws DomainError `invalid_fields` when it is empty or has too many steps
 */
export function spanOf<By extends CustomerStep>(
  { to: until, from: since, by = 'day' as By }: Partial<Span<By>>,
  now: Date,
): Span<By> {
  const to = until ?? now;
  const from = since ?? new Date(to.getTime() - DEFAULT_MS);
  if (from >= to) throw invalidField('from', 'must be before "to"');
  if ((to.getTime() - from.getTime()) / STEP_MS[by] > MAX_STEPS) tooManySteps();
  return { from, to, by };
}

/** Rollup buckets are 15 minutes: the offsets of all time zones are multiples of 15 minutes. */
export const ROLLUP_BUCKET_MINUTES = 15;
const ROLLUP_BUCKET_MS = ROLLUP_BUCKET_MINUTES * 60_000;

/** The part of a span that consists of whole rollup buckets. Empty when the span has none. */
export function alignedBuckets({ from, to }: Pick<Span, 'from' | 'to'>): { first: Date; last: Date } {
  const first = Math.min(Math.ceil(from.getTime() / ROLLUP_BUCKET_MS) * ROLLUP_BUCKET_MS, to.getTime());
  const last = Math.max(Math.floor(to.getTime() / ROLLUP_BUCKET_MS) * ROLLUP_BUCKET_MS, first);
  return { first: new Date(first), last: new Date(last) };
}

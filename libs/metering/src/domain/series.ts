import { invalidField } from '@app/kernel';

export const SERIES_STEPS = ['hour', 'day', 'month'] as const;
export type SeriesStep = (typeof SERIES_STEPS)[number];

/** From one instant up to another one, left out, in steps. */
export interface Span {
  from: Date;
  to: Date;
  by: SeriesStep;
}

const DEFAULT_MS = 30 * 86_400_000;
const MAX_STEPS = 2_000;
/** Of months the shortest. */
const STEP_MS: Record<SeriesStep, number> = { hour: 3_600_000, day: 86_400_000, month: 28 * 86_400_000 };

/**
 * The last thirty days in days, where nothing else is asked for.
 * @throws DomainError `invalid_fields` when it is empty or has too many steps
 */
export function spanOf({ to: until, from: since, by = 'day' }: Partial<Span>, now: Date): Span {
  const to = until ?? now;
  const from = since ?? new Date(to.getTime() - DEFAULT_MS);
  if (from >= to) throw invalidField('from', 'must be before "to"');
  if ((to.getTime() - from.getTime()) / STEP_MS[by] > MAX_STEPS)
    throw invalidField('by', `gives more than ${MAX_STEPS} steps; ask for a shorter span or longer steps`);
  return { from, to, by };
}

/** Zones are apart by whole quarters of an hour. */
export const ROLLUP_BUCKET_MINUTES = 15;
const ROLLUP_BUCKET_MS = ROLLUP_BUCKET_MINUTES * 60_000;

/** The part of a span that is whole quarters of an hour, perhaps none; what is before and after it is shorter than one each. */
export function alignedBuckets({ from, to }: Pick<Span, 'from' | 'to'>): { first: Date; last: Date } {
  const first = Math.min(Math.ceil(from.getTime() / ROLLUP_BUCKET_MS) * ROLLUP_BUCKET_MS, to.getTime());
  const last = Math.max(Math.floor(to.getTime() / ROLLUP_BUCKET_MS) * ROLLUP_BUCKET_MS, first);
  return { first: new Date(first), last: new Date(last) };
}

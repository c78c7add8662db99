import { MAX_COUNT } from '@app/kernel';

/** The usage of one hour, day, month or window. */
export interface UsageStep {
  start: Date;
  /** Units, less those taken back. A sum beyond 2^53-1 is shown as 2^53-1. */
  quantity: number;
}

/** A step with the total of all steps of its series: exact up to 2^53-1, as JSON carries no larger integer exactly. */
export interface TotalledStep extends UsageStep {
  total: number;
}

/** A step with the number of its ledger entries. */
export interface CountedStep extends UsageStep {
  /** Ledger entries in the step, corrections included. */
  records: number;
}

/** A step with the number of its ledger entries and the total of its series. */
export type SummedStep = CountedStep & TotalledStep;

/** A SQL sum as it is shown: exact up to 2^53-1, and 2^53-1 beyond it. */
export const shownSum = (sum: string): string => `least(greatest(${sum}, -${MAX_COUNT}), ${MAX_COUNT})::float8`;

/**
 * True for entries of `usage_ledger l` that are usage. An opening repeats usage of another window, and coverage moves
 * earlier overage to a grant: both were counted before. `payment` is the former name of `grant_coverage`.
 */
export const IS_USAGE = `l.kind not in ('opening', 'payment', 'grant_coverage')`;

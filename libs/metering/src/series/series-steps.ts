/** The usage of one hour, day or month. */
export interface UsageStep {
  start: Date;
  /** Units, less those taken back. */
  quantity: number;
}

/** A step with the number of its ledger entries. */
export interface CountedStep extends UsageStep {
  /** Ledger entries in the step, corrections included. */
  records: number;
}

/**
 * True for entries of `usage_ledger l` that are usage. An opening repeats usage of another window, and coverage moves
 * earlier overage to a grant: both were counted before. `payment` is the former name of `grant_coverage`.
 */
export const IS_USAGE = `l.kind not in ('opening', 'payment', 'grant_coverage')`;

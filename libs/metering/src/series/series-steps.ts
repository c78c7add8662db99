export interface UsageStep {
  start: Date;
  /** Units; what was given back is taken off. */
  quantity: number;
}

export interface CountedStep extends UsageStep {
  /** How many lines of the ledger that is, corrections among them. */
  records: number;
}

/**
 * True for entries of `usage_ledger l` that are usage. An opening repeats usage of another window, and coverage moves
 * earlier overage to a grant: both were counted before. `payment` is the former name of `grant_coverage`.
 */
export const IS_USAGE = `l.kind not in ('opening', 'payment', 'grant_coverage')`;

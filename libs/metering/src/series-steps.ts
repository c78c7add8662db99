export interface UsageStep {
  start: Date;
  /** Units; what was given back is taken off. */
  quantity: number;
}

export interface CountedStep extends UsageStep {
  /** How many lines of the ledger that is, corrections among them. */
  records: number;
}

/** True of lines of `usage_ledger l` that use something: what is counted anew in another window, or paid for by a grant, was used before. */
export const IS_USAGE = `l.kind not in ('opening', 'payment')`;

/** The largest count that JSON carries exactly. Counters end here, and larger totals are shown as this. */
export const MAX_COUNT = Number.MAX_SAFE_INTEGER;

/** A sum of counts as it is shown. Counts are not negative, so an inexact sum is always beyond the bound. */
export const capped = (sum: number): number => Math.min(MAX_COUNT, sum);

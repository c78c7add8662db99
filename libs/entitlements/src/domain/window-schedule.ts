import type { WindowName } from '@app/catalog';
import { type Cadence, calendarWindow, type Period, periodAt } from '@app/kernel';

export type { Period } from '@app/kernel';

/** The sequence of windows of an entitlement. */
export interface WindowSchedule {
  name: WindowName;
  /** Calendar windows follow this zone's wall clock. */
  timezone: string;
  /** The current billing period, and the cadence of the others. An indefinite one has no end, only the cadence. */
  billing: { start: Date; end: Date | null; cadence: Cadence };
}

/** The window that contains `at`; null for counters without a window. */
export function windowAt({ name, timezone, billing }: WindowSchedule, at: Date): Period | null {
  if (name === 'none') return null;
  if (name !== 'billing_period') return calendarWindow(name, timezone, at);
  if (billing.end !== null && at >= billing.start && at < billing.end)
    return { start: billing.start, end: billing.end };
  const { start, end } = periodAt(billing.cadence, at);
  // The periods beside the current one end where it begins, and begin where it ends.
  if (at < billing.start) return { start, end: end > billing.start ? billing.start : end };
  const since = billing.end ?? billing.start;
  return { start: start < since ? since : start, end };
}

/**
 * `windowAt` with its last window memoized. Nearly all calls are for one window, and a calendar computation takes
 * longer than all the rest of a check.
 */
export function memoizedWindows(schedule: WindowSchedule): (at: Date) => Period | null {
  let last: Period | null = null;
  return (at) => {
    if (last === null || at < last.start || at >= last.end) last = windowAt(schedule, at);
    return last;
  };
}

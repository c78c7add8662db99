import type { WindowName } from '@app/catalog';
import { type Cadence, calendarWindow, type Period, periodAt } from '@app/kernel';

export type { Period } from '@app/kernel';

/** How the windows of an entitlement follow each other. */
export interface WindowSchedule {
  name: WindowName;
  /** Calendar windows follow its wall clock. */
  timezone: string;
  /** The billing period that runs now, and the cadence of the others; an indefinite one, without an end, has only the cadence. */
  billing: { start: Date; end: Date | null; cadence: Cadence };
}

/** The window that contains `at`; null when it counts for ever. */
export function windowAt({ name, timezone, billing }: WindowSchedule, at: Date): Period | null {
  if (name === 'none') return null;
  if (name !== 'billing_period') return calendarWindow(name, timezone, at);
  if (billing.end !== null && at >= billing.start && at < billing.end)
    return { start: billing.start, end: billing.end };
  const { start, end } = periodAt(billing.cadence, at);
  // Those around the one that runs now end where it begins, and begin where it ends.
  if (at < billing.start) return { start, end: end > billing.start ? billing.start : end };
  const since = billing.end ?? billing.start;
  return { start: start < since ? since : start, end };
}

/** The same for who asks again and again, nearly always about one window: it is remembered, because a calendar takes longer than all the rest of a check. */
export function memoizedWindows(schedule: WindowSchedule): (at: Date) => Period | null {
  let last: Period | null = null;
  return (at) => {
    if (last === null || at < last.start || at >= last.end) last = windowAt(schedule, at);
    return last;
  };
}

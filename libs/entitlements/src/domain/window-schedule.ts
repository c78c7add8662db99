import type { WindowAnchor, WindowName, WindowRule } from '@app/catalog';
import { boundary, type Cadence, calendarWindow, type Interval, type Period, periodAt } from '@app/kernel';

export type { Period } from '@app/kernel';

/** One kind for every length: a change of the length keeps the open window. */
const FIRST_USE = 'first_use';

/** The sequence of windows of an entitlement. */
export interface WindowSchedule {
  /** The kind of its windows, such as `month`, `2 week`, `month from subscription`. Stored with their counters. */
  name: string;
  rule: 'none' | 'billing_period' | WindowAnchor;
  /** The length of a window, except of `none` and `billing_period`. */
  interval: Interval;
  count: number;
  /** Calendar windows, and windows that open with first use, follow this zone's wall clock. */
  timezone: string;
  /** Windows from the subscription are counted from here, in its zone. */
  anchor: Date;
  /** The current billing period, and the cadence of the others. An indefinite one has no end, only the cadence. */
  billing: { start: Date; end: Date | null; cadence: Cadence };
  /** `first_use`: when windows were opened, oldest first. Only those around the requested instants. */
  opened: readonly Date[];
}

/** Name, rule and length of the windows of terms. */
export function windowRuleOf(
  window: WindowName,
  { windowCount = 1, windowAnchor = 'calendar' }: WindowRule,
): Pick<WindowSchedule, 'name' | 'rule' | 'interval' | 'count'> {
  if (window === 'none' || window === 'billing_period')
    return { name: window, rule: window, interval: 'month', count: 1 };
  const length = windowCount === 1 ? window : `${windowCount} ${window}`;
  const names: Record<WindowAnchor, string> = {
    calendar: length,
    subscription: `${length} from subscription`,
    first_use: FIRST_USE,
  };
  const common = { name: names[windowAnchor], rule: windowAnchor };
  return window === 'quarter'
    ? { ...common, interval: 'month', count: 3 * windowCount }
    : { ...common, interval: window, count: windowCount };
}

/** The window that contains `at`; null for counters without a window. */
export function windowAt(schedule: WindowSchedule, at: Date): Period | null {
  const { rule, interval, count, timezone, anchor, billing } = schedule;
  switch (rule) {
    case 'none':
      return null;
    case 'billing_period':
      return billingPeriodAt(billing, at);
    case 'calendar':
      return calendarWindow(interval, timezone, at, count);
    case 'subscription': {
      const { start, end } = periodAt({ anchor, interval, count, timeZone: billing.cadence.timeZone }, at);
      return { start, end };
    }
    case 'first_use':
      return openedWindowAt(schedule, at);
  }
}

function billingPeriodAt(billing: WindowSchedule['billing'], at: Date): Period {
  if (billing.end !== null && at >= billing.start && at < billing.end)
    return { start: billing.start, end: billing.end };
  const { start, end } = periodAt(billing.cadence, at);
  // The periods beside the current one end where it begins, and begin where it ends.
  if (at < billing.start) return { start, end: end > billing.start ? billing.start : end };
  const since = billing.end ?? billing.start;
  return { start: start < since ? since : start, end };
}

const steps = ({ interval, count, timezone }: WindowSchedule, anchor: Date, k: number): Date =>
  boundary({ anchor, interval, count, timeZone: timezone }, k);

/** The opened window that contains `at`, else the window that a use at `at` opens. It ends before the next one. */
function openedWindowAt(schedule: WindowSchedule, at: Date): Period {
  const { opened } = schedule;
  const last = opened.findLast((start) => start <= at);
  const start = last && at < steps(schedule, last, 1) ? last : at;
  const end = steps(schedule, start, 1);
  const next = opened.find((other) => other > start);
  return { start, end: next && next < end ? next : end };
}

/** No window that contains `at` was opened before. A day earlier than needed, for clock changes. */
export const earliestOpening = (schedule: WindowSchedule, at: Date): Date =>
  new Date(steps(schedule, at, -1).getTime() - 86_400_000);

/**
 * A schedule of windows that open with first use, with the stored windows, and with those that usage at the given
 * instants opens, in the order of time.
 */
export function withOpenings(schedule: WindowSchedule, stored: Date[], uses: Date[]): WindowSchedule {
  const inOrder = (instants: Date[]): Date[] => instants.sort((one, other) => one.getTime() - other.getTime());
  const distinct = new Map(stored.map((start) => [start.getTime(), start]));
  const opened = inOrder([...distinct.values()]);
  const completed = { ...schedule, opened };
  for (const use of inOrder([...uses])) {
    const { start } = openedWindowAt(completed, use);
    if (distinct.has(start.getTime())) continue;
    distinct.set(start.getTime(), start);
    opened.splice(opened.findLastIndex((other) => other < start) + 1, 0, start);
  }
  return completed;
}

/**
 * `windowAt` with its last window memoized. Nearly all calls are for one window, and a calendar computation takes
 * longer than all the rest of a check. Windows that open with first use are not memoized: without a use, each instant
 * begins its own.
 */
export function memoizedWindows(schedule: WindowSchedule): (at: Date) => Period | null {
  let last: Period | null = null;
  return (at) => {
    if (last === null || at < last.start || at >= last.end || schedule.rule === 'first_use')
      last = windowAt(schedule, at);
    return last;
  };
}

import type { WindowName } from '@app/catalog';
import { type Cadence, calendarWindow, type Period, periodAt } from '@app/kernel';

export type { Period } from '@app/kernel';

/** How the windows of an entitlement follow each other. */
export interface Rhythm {
  name: WindowName;
  /** Calendar windows follow its wall clock. */
  timezone: string;
  /** The billing period that runs now, and the cadence of the others; an indefinite one, without an end, has only the cadence. */
  billing: { start: Date; end: Date | null; cadence: Cadence };
}

/** The window that contains `at`; null when it counts for ever. */
export function windowAt({ name, timezone, billing }: Rhythm, at: Date): Period | null {
  if (name === 'none') return null;
  if (name !== 'billing_period') return calendarWindow(name, timezone, at);
  if (billing.end !== null && at >= billing.start && at < billing.end) return { start: billing.start, end: billing.end };
  const { start, end } = periodAt(billing.cadence, at);
  if (billing.end === null) return { start: at >= billing.start && start < billing.start ? billing.start : start, end };
  return at < billing.start && end > billing.start ? { start, end: billing.start } : { start, end };
}

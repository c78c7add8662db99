import { describe, expect, it } from '@jest/globals';
import { periodAt } from '@app/kernel';
import { conformanceCases } from '../support/conformance.js';

/**
 * Not supported: windows in minutes (PB-45b). Rows about subscriptions (stub periods, trials, billing days) are in
 * `lifecycle.spec.ts`.
 */
interface CalendarCase {
  anchor: string;
  interval: 'hour' | 'day' | 'week' | 'month' | 'year';
  count?: number;
  zone?: string;
  at: string;
  start?: string;
  end?: string;
}

describe('calendar periods', () => {
  it.each(conformanceCases<CalendarCase>('periods'))(
    '$id: $interval from $anchor at $at',
    ({ anchor, interval, count = 1, zone = 'UTC', at, start, end }) => {
      const period = periodAt({ anchor: new Date(anchor), interval, count, timeZone: zone }, new Date(at));
      if (start) expect(period.start.toISOString()).toBe(new Date(start).toISOString());
      if (end) expect(period.end.toISOString()).toBe(new Date(end).toISOString());
    },
  );
});

import { describe, expect, it } from '@jest/globals';
import { periodAt } from '@app/kernel';
import { CALENDAR_CASES } from './calendar-cases.js';

describe('calendar periods', () => {
  it.each(CALENDAR_CASES)(
    '$id: $interval from $anchor at $at',
    ({ anchor, interval, count = 1, zone = 'UTC', at, start, end }) => {
      const period = periodAt({ anchor: new Date(anchor), interval, count, timeZone: zone }, new Date(at));
      if (start) expect(period.start.toISOString()).toBe(new Date(start).toISOString());
      if (end) expect(period.end.toISOString()).toBe(new Date(end).toISOString());
    },
  );
});

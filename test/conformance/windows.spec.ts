import { describe, expect, it } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import type { WindowAnchor, WindowName } from '@app/catalog';
import { type WindowSchedule, windowAt } from '@app/entitlements';
import { windowRuleOf, withOpenings } from '../../libs/entitlements/src/domain/window-schedule.js';
import { conformanceCases, windowZones } from '../support/conformance.js';

interface WindowCase {
  window: WindowName;
  windowCount: number;
  windowAnchor: WindowAnchor;
  /** The anchor of the subscription, or the first use. */
  from?: string;
  at: string;
  start: string;
  end: string;
}
type Row = WindowCase & { id: string; zone: string };
const WALL_CLOCK_CASES = conformanceCases<WindowCase>('windows');
const CLOCK_CHANGE_CASES = conformanceCases<WindowCase & { zone: string }>('windows-at-clock-changes');

function scheduleOf({ window, windowCount, windowAnchor, zone, from }: Row): WindowSchedule {
  const anchor = new Date(from ?? '2020-01-01T00:00Z');
  const cadence = { anchor, interval: 'year' as const, count: 1, timeZone: zone };
  const schedule: WindowSchedule = {
    ...windowRuleOf(window, { windowCount, windowAnchor }),
    timezone: zone,
    anchor,
    billing: { start: anchor, end: null, cadence },
    opened: [],
  };
  return windowAnchor === 'first_use' ? withOpenings(schedule, [anchor], []) : schedule;
}

function inZone(zone: string, { from, at, start, end, ...rule }: (typeof WALL_CLOCK_CASES)[number]): Row {
  const instant = (local: string): string =>
    Temporal.PlainDateTime.from(local).toZonedDateTime(zone).toInstant().toString();
  return {
    ...rule,
    zone,
    from: from && instant(from),
    at: instant(at),
    start: instant(start),
    end: instant(end),
  };
}

describe('windows that are not calendar windows', () => {
  it.each([
    ...windowZones().flatMap((zone) => WALL_CLOCK_CASES.map((row) => inZone(zone, row))),
    ...CLOCK_CHANGE_CASES,
  ])('$id in $zone: $windowCount $window from $windowAnchor at $at', (row) => {
    const window = windowAt(scheduleOf(row), new Date(row.at));
    expect(window).toEqual({ start: new Date(row.start), end: new Date(row.end) });
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { WINDOW_ANCHORS, WINDOWS } from '@app/catalog';
import { INTERVALS } from '@app/kernel';
import { type WindowSchedule, windowAt, windowRuleOf, withOpenings, memoizedWindows } from './window-schedule.js';

const DAY_MS = 86_400_000;
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe'];
const instants = fc.date({
  min: new Date('2024-01-01T00:00:00Z'),
  max: new Date('2028-01-01T00:00:00Z'),
  noInvalidDate: true,
});
/** Near each other, so that some fall into the window of the one before and some do not. */
const visits = fc
  .tuple(instants, fc.array(fc.integer({ min: -40 * DAY_MS, max: 40 * DAY_MS }), { minLength: 2, maxLength: 12 }))
  .map(([at, steps]) => steps.map((ms) => new Date(at.getTime() + ms)));

const schedules: fc.Arbitrary<WindowSchedule> = fc
  .record({
    window: fc.constantFrom(...WINDOWS),
    windowCount: fc.integer({ min: 1, max: 7 }),
    windowAnchor: fc.constantFrom(...WINDOW_ANCHORS),
    timezone: fc.constantFrom(...ZONES),
    start: instants,
    days: fc.option(fc.integer({ min: 1, max: 400 })),
    anchor: instants,
    interval: fc.constantFrom(...INTERVALS),
    count: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ window, windowCount, windowAnchor, timezone, start, days, ...cadence }) => ({
    ...windowRuleOf(window, { windowCount, windowAnchor }),
    timezone,
    anchor: cadence.anchor,
    opened: [],
    billing: {
      start,
      end: days === null ? null : new Date(start.getTime() + days * DAY_MS),
      cadence: { ...cadence, timeZone: timezone },
    },
  }));

describe('the windows of a schedule', () => {
  it('contain the requested instant, and do not overlap', () => {
    fc.assert(
      fc.property(schedules, visits, (derived, instants) => {
        const schedule = derived.rule === 'first_use' ? withOpenings(derived, [], instants) : derived;
        const windows = instants.map((at) => windowAt(schedule, at)).filter((window) => window !== null);
        if (schedule.name === 'none') return expect(windows).toEqual([]);
        instants.forEach((at, index) => expect(at >= windows[index]!.start && at < windows[index]!.end).toBe(true));
        const inOrder = [...windows].sort((a, b) => a.start.getTime() - b.start.getTime());
        for (const [index, window] of inOrder.entries())
          if (index > 0)
            expect(
              window.start.getTime() === inOrder[index - 1]!.start.getTime() || window.start >= inOrder[index - 1]!.end,
            ).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('open with the first use: each use is in one window, in any order of the uses', () => {
    const opening = schedules
      .filter(({ name }) => name !== 'none' && name !== 'billing_period')
      .map((schedule): WindowSchedule => ({ ...schedule, rule: 'first_use' }));
    fc.assert(
      fc.property(opening, visits, fc.integer({ min: 0, max: 11 }), (schedule, uses, known) => {
        const inOrder = [...uses].sort((one, other) => one.getTime() - other.getTime());
        const { opened } = withOpenings(schedule, [], inOrder);
        expect(withOpenings(schedule, [], uses).opened).toEqual(opened);
        // Windows that are stored already stay as they are.
        expect(withOpenings(schedule, opened.slice(0, known), uses).opened).toEqual(opened);
        expect(opened[0]).toEqual(inOrder[0]);
        const completed = { ...schedule, opened };
        for (const use of uses) {
          const window = windowAt(completed, use)!;
          expect(opened).toContainEqual(window.start);
          expect(use >= window.start && use < window.end).toBe(true);
          expect(windowAt(completed, window.start)).toEqual(window);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('from the subscription: follow one another without a gap, before and after the anchor', () => {
    const anchored = schedules.filter(({ rule }) => rule === 'subscription');
    fc.assert(
      fc.property(anchored, instants, (schedule, at) => {
        const { start, end } = windowAt(schedule, at)!;
        expect(start <= at && at < end).toBe(true);
        expect(windowAt(schedule, end)!.start).toEqual(end);
        expect(windowAt(schedule, schedule.anchor)!.start).toEqual(schedule.anchor);
      }),
      { numRuns: 1_000 },
    );
  });

  it('are the same with and without memoization', () => {
    fc.assert(
      fc.property(schedules, visits, (schedule, instants) => {
        const windows = memoizedWindows(schedule);
        for (const at of instants) expect(windows(at)).toEqual(windowAt(schedule, at));
      }),
      { numRuns: 2_000 },
    );
  });
});

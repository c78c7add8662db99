import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { boundary, type Cadence, calendarWindow, INTERVALS, isTimeZone, periodAt } from './calendar.js';

const ZONES = [
  'UTC',
  'America/New_York',
  'America/Los_Angeles',
  'America/Sao_Paulo',
  'Europe/Berlin',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Asia/Tokyo',
  'Australia/Lord_Howe',
  'Australia/Sydney',
  'Pacific/Auckland',
  'Pacific/Apia',
];
const day = (text: string): Date => new Date(text);
/** One per zone: its construction takes most of the time. */
const FORMATS = new Map(ZONES.map((timeZone) => [timeZone, new Intl.DateTimeFormat('en-CA', { timeZone })]));
const localDate = (at: Date, timeZone: string): number[] => FORMATS.get(timeZone)!.format(at).split('-').map(Number);
const localDay = (at: Date, timeZone: string): number => localDate(at, timeZone)[2]!;
const daysInMonth = (at: Date, timeZone: string): number => {
  const [year, month] = localDate(at, timeZone);
  return new Date(Date.UTC(year!, month, 0)).getUTCDate();
};

const instants = fc.date({ min: day('2001-01-01'), max: day('2040-01-01'), noInvalidDate: true });
const cadences: fc.Arbitrary<Cadence> = fc.record({
  anchor: instants,
  interval: fc.constantFrom(...INTERVALS),
  count: fc.integer({ min: 1, max: 6 }),
  timeZone: fc.constantFrom(...ZONES),
});

describe('periods', () => {
  it('contain the requested instant, and a request for their start returns the same period', () => {
    fc.assert(
      fc.property(cadences, instants, (cadence, at) => {
        const { start, end, index } = periodAt(cadence, at);
        expect(start <= at && at < end).toBe(true);
        expect(periodAt(cadence, start)).toEqual({ start, end, index });
      }),
      { numRuns: 7_000 },
    );
  });

  it('follow one another without gap or overlap', () => {
    fc.assert(
      fc.property(cadences, instants, (cadence, at) => {
        const { end } = periodAt(cadence, at);
        expect(periodAt(cadence, end).start).toEqual(end);
      }),
      { numRuns: 7_000 },
    );
  });

  it('in UTC, which is computed without Temporal, are those of Etc/UTC', () => {
    fc.assert(
      fc.property(cadences, instants, fc.integer({ min: -300, max: 300 }), (cadence, at, k) => {
        const [utc, same] = ['UTC', 'Etc/UTC'].map((timeZone) => ({ ...cadence, timeZone }));
        expect(boundary(utc!, k)).toEqual(boundary(same!, k));
        expect(periodAt(utc!, at)).toEqual(periodAt(same!, at));
      }),
      { numRuns: 3_000 },
    );
  });

  it('of months keep the day of the anchor wherever the month has it', () => {
    fc.assert(
      fc.property(
        instants,
        fc.constantFrom(...ZONES.filter((zone) => zone !== 'Pacific/Apia')),
        fc.integer({ min: -240, max: 240 }),
        (anchor, timeZone, k) => {
          const at = boundary({ anchor, interval: 'month', count: 1, timeZone }, k);
          expect(localDay(at, timeZone)).toBe(Math.min(localDay(anchor, timeZone), daysInMonth(at, timeZone)));
        },
      ),
      { numRuns: 7_000 },
    );
  });
});

describe('calendar windows', () => {
  it('contain their instant and follow one another without gap or overlap', () => {
    fc.assert(
      fc.property(
        instants,
        fc.constantFrom(...ZONES),
        fc.constantFrom(...INTERVALS),
        fc.integer({ min: 1, max: 40 }),
        (at, zone, interval, count) => {
          // Apia skipped 30 December 2011: no wall clock has the hours of that day.
          fc.pre(count === 1 || interval !== 'hour' || zone !== 'Pacific/Apia');
          const { start, end } = calendarWindow(interval, zone, at, count);
          expect(start <= at && at < end).toBe(true);
          expect(calendarWindow(interval, zone, end, count).start).toEqual(end);
          expect(calendarWindow(interval, zone, start, count)).toEqual({ start, end });
        },
      ),
      { numRuns: 7_000 },
    );
  });

  it.each([
    [
      'the 23 hours of a spring day in Berlin',
      'day',
      'Europe/Berlin',
      '2025-03-30T12:00Z',
      '2025-03-29T23:00Z',
      '2025-03-30T22:00Z',
    ],
    [
      'the 25 hours of an autumn day in Berlin',
      'day',
      'Europe/Berlin',
      '2025-10-26T12:00Z',
      '2025-10-25T22:00Z',
      '2025-10-26T23:00Z',
    ],
    [
      'the 25 hours of an autumn day in Auckland',
      'day',
      'Pacific/Auckland',
      '2025-04-06T00:00Z',
      '2025-04-05T11:00Z',
      '2025-04-06T12:00Z',
    ],
    [
      'February in São Paulo',
      'month',
      'America/Sao_Paulo',
      '2025-02-10T00:00Z',
      '2025-02-01T03:00Z',
      '2025-03-01T03:00Z',
    ],
    ['the ISO week', 'week', 'UTC', '2026-06-17T08:00Z', '2026-06-15T00:00Z', '2026-06-22T00:00Z'],
    [
      'the half hour that Lord Howe loses',
      'hour',
      'Australia/Lord_Howe',
      '2025-10-05T12:45Z',
      '2025-10-05T12:30Z',
      '2025-10-05T13:00Z',
    ],
  ] as const)('know %s', (_, interval, zone, at, start, end) => {
    expect(calendarWindow(interval, zone, day(at))).toEqual({ start: day(start), end: day(end) });
  });
});

describe('the end of the calendar', () => {
  const last = new Date('9999-12-31T23:59:59.999Z');
  it.each(INTERVALS)('a boundary after the year 9999 is refused: %s', (interval) => {
    const cadence = { anchor: last, interval, count: 1, timeZone: 'UTC' };
    expect(boundary(cadence, 0)).toEqual(last);
    expect(() => boundary(cadence, 1)).toThrow('after the year 9999');
    expect(() => calendarWindow(interval, 'UTC', last)).toThrow('after the year 9999');
  });
});

describe('zone names', () => {
  it.each(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+3'])('%s is one', (name) =>
    expect(isTimeZone(name)).toBe(true),
  );
  it.each(['', '+03:00', 'Mars/Olympus', 'x'.repeat(200), '../etc/passwd', null, 3])('%j is none', (name) =>
    expect(isTimeZone(name)).toBe(false),
  );
});

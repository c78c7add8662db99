import { Temporal } from 'temporal-polyfill';
import { DomainError } from './errors.js';
import { LATEST_MS } from './instant.js';

export type Interval = 'hour' | 'day' | 'week' | 'month' | 'year';
export const INTERVALS: readonly Interval[] = ['hour', 'day', 'week', 'month', 'year'];

/** A half-open interval: `start` is inside, `end` belongs to the next period. */
export interface Period {
  start: Date;
  end: Date;
}

/**
 * The boundaries of recurring periods: multiples of `count` intervals from the anchor, on the wall clock of the IANA
 * zone.
 */
export interface Cadence {
  anchor: Date;
  interval: Interval;
  count: number;
  timeZone: string;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

const zoned = (at: Date, timeZone: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone);
const toDate = (at: Temporal.ZonedDateTime): Date => dateAt(at.epochMilliseconds);

/** @throws DomainError `time_out_of_range` for a boundary that no answer and no row of the database could contain */
function dateAt(ms: number): Date {
  // Also for NaN: an instant that no `Date` contains.
  if (!(ms <= LATEST_MS))
    throw new DomainError(
      'invalid',
      'time_out_of_range',
      'A period or window would end after the year 9999; choose an earlier time or a shorter interval.',
    );
  return new Date(ms);
}

/**
 * Boundary `k` of a cadence; `k` may be negative. Counted from the anchor, so it never drifts: months and years are
 * clamped to the length of the month (31 January, 28 February, 31 March). Days and longer intervals keep the wall time;
 * hours are elapsed hours. A wall time that a clock change skips moves later by the length of the gap; a wall time that
 * occurs twice is its first occurrence (Temporal, "compatible").
 * @throws DomainError `time_out_of_range` after the year 9999
 */
export function boundary({ anchor, interval, count, timeZone }: Cadence, k: number): Date {
  if (interval === 'hour') return dateAt(anchor.getTime() + k * count * HOUR_MS);
  if (timeZone === 'UTC') return dateAt(inUtc(anchor, interval, k * count));
  return toDate(zoned(anchor, timeZone).add({ [`${interval}s`]: k * count }));
}

/**
 * `boundary` in UTC, where no clock changes: milliseconds. Most customers have this zone, and with Temporal it takes a
 * sixth of the CPU of a renewal.
 */
function inUtc(anchor: Date, interval: Exclude<Interval, 'hour'>, units: number): number {
  if (interval === 'day' || interval === 'week')
    return anchor.getTime() + units * (interval === 'week' ? 7 : 1) * DAY_MS;
  const moved = new Date(anchor);
  moved.setUTCMonth(anchor.getUTCMonth() + units * (interval === 'year' ? 12 : 1));
  // A month that is too short passes the rest of the days on to the next one: day 0 of that is its last day.
  return moved.getUTCDate() === anchor.getUTCDate() ? moved.getTime() : moved.setUTCDate(0);
}

/** The period that contains `at`. A boundary belongs to the period that it starts. */
export function periodAt(cadence: Cadence, at: Date): Period & { index: number } {
  return periodAround((k) => boundary(cadence, k), estimate(cadence, at), at);
}

/** The period that contains `at`, searched from an index near it. */
function periodAround(boundaryAt: (k: number) => Date, near: number, at: Date): Period & { index: number } {
  let index = near;
  let start = boundaryAt(index);
  while (start > at) start = boundaryAt(--index);
  let end = boundaryAt(index + 1);
  while (end <= at) [start, end] = [end, boundaryAt(++index + 1)];
  return { start, end, index };
}

/** The index of the period that contains `at`, give or take one or two. */
function estimate({ anchor, interval, count, timeZone }: Cadence, at: Date): number {
  if (interval === 'hour') return Math.floor((at.getTime() - anchor.getTime()) / (count * HOUR_MS));
  const { months, days } = timeZone === 'UTC' ? elapsedInUtc(anchor, at) : elapsedIn(timeZone, anchor, at);
  const elapsed = { day: days, week: () => days() / 7, month: () => months, year: () => months / 12 }[interval]();
  return Math.floor(elapsed / count);
}

/** Time from one instant to another on a wall clock: months by their numbers, days only where they are needed. */
interface Elapsed {
  months: number;
  days: () => number;
}

function elapsedIn(timeZone: string, anchor: Date, at: Date): Elapsed {
  const [from, to] = [zoned(anchor, timeZone), zoned(at, timeZone)];
  return {
    months: (to.year - from.year) * 12 + to.month - from.month,
    days: () => from.toPlainDate().until(to.toPlainDate(), { largestUnit: 'day' }).days,
  };
}

function elapsedInUtc(from: Date, to: Date): Elapsed {
  return {
    months: (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth(),
    days: () => (to.getTime() - from.getTime()) / DAY_MS,
  };
}

/** The origin of calendar windows of several units, on the wall clock of every zone: a Thursday. */
const ORIGIN = Temporal.PlainDateTime.from('1970-01-01T00:00');
const FIRST_MONDAY = ORIGIN.add({ days: 4 });

/**
 * The calendar window of a zone that contains `at`: a local day, an ISO week from Monday, a month, a year.
 * Hours count from local midnight and the last hour ends with the day, so a clock change of 30 min leaves no gap.
 *
 * Windows of several units are counted on the wall clock from 1970-01-01 00:00, weeks from Monday, 1970-01-05. So three
 * months are the quarters of the year, and six hours begin at 0, 6, 12 and 18 o'clock, also after a clock change.
 */
export function calendarWindow(interval: Interval, timeZone: string, at: Date, count = 1): Period {
  if (count > 1) return calendarSpan(interval, timeZone, at, count);
  const today = zoned(at, timeZone).toPlainDate();
  const midnight = (date: Temporal.PlainDate): Date => toDate(date.toZonedDateTime(timeZone));
  const window = (first: Temporal.PlainDate, length: Temporal.DurationLike): Period => ({
    start: midnight(first),
    end: midnight(first.add(length)),
  });
  switch (interval) {
    case 'hour':
      return hourOf(window(today, { days: 1 }), at);
    case 'day':
      return window(today, { days: 1 });
    case 'week':
      return window(today.subtract({ days: today.dayOfWeek - 1 }), { weeks: 1 });
    case 'month':
      return window(today.with({ day: 1 }), { months: 1 });
    case 'year':
      return window(today.with({ month: 1, day: 1 }), { years: 1 });
  }
}

function calendarSpan(interval: Interval, timeZone: string, at: Date, count: number): Period {
  const unit = `${interval}s` as const;
  const origin = interval === 'week' ? FIRST_MONDAY : ORIGIN;
  const elapsed = origin.until(zoned(at, timeZone).toPlainDateTime(), { largestUnit: unit })[unit];
  const boundaryAt = (k: number): Date => toDate(origin.add({ [unit]: k * count }).toZonedDateTime(timeZone));
  const { start, end } = periodAround(boundaryAt, Math.floor(elapsed / count), at);
  return { start, end };
}

function hourOf(day: Period, at: Date): Period {
  const start = day.start.getTime() + Math.floor((at.getTime() - day.start.getTime()) / HOUR_MS) * HOUR_MS;
  return { start: new Date(start), end: new Date(Math.min(start + HOUR_MS, day.end.getTime())) };
}

/**
 * A day of the month at the wall time of `at`, in its month. A month that is too short is replaced by one that is
 * `months` earlier, or a multiple of that: periods of this number of months from there keep the day where they can.
 */
export function dayOfMonth(
  { at, timeZone, months }: { at: Date; timeZone: string; months: number },
  day: number,
): Date {
  let from = zoned(at, timeZone).with({ day: 1 });
  for (let tries = 0; from.daysInMonth < day && tries < 12; tries++) from = from.subtract({ months });
  return toDate(from.with({ day }, { overflow: 'constrain' }));
}

/** `days` days later at the same wall time. */
export function addDays(at: Date, days: number, timeZone: string): Date {
  return toDate(zoned(at, timeZone).add({ days }));
}

/** True for an IANA zone name that this runtime knows; offsets such as `+03:00` are not names. */
export function isTimeZone(name: unknown): name is string {
  if (typeof name !== 'string' || !/^[A-Za-z][A-Za-z0-9_+\-/]{1,63}$/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== undefined;
  } catch {
    return false;
  }
}

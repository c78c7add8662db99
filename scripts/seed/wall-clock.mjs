import { boundary, calendarWindow } from '../../dist/libs/kernel/src/index.js';

export const DAY_MS = 86_400_000;

/**
 * Wall clock of a time zone with cached midnights. The service's calendar would take minutes for a million customers,
 * so it computes each midnight once. Days without a clock change are counted from midnight; others use the calendar.
 */
export class WallClock {
  midnights = new Map();

  constructor(timeZone) {
    this.timeZone = timeZone;
  }

  /** Start of the local day that contains an instant. */
  startOfDay(at) {
    return this.midnight(this.dayOf(at));
  }

  addDays(at, days) {
    const day = this.dayOf(at);
    return this.onDay(at, day, day + days) ?? this.compute(at, 'day', days);
  }

  /** Months are clamped to their length: 31 January, 28 February. */
  addMonths(at, months) {
    const day = this.dayOf(at);
    const date = new Date(day * DAY_MS);
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + months];
    const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
    return (
      this.onDay(at, day, Date.UTC(year, month, Math.min(date.getUTCDate(), last)) / DAY_MS) ??
      this.compute(at, 'month', months)
    );
  }

  onDay(at, day, other) {
    return this.isPlain(day) && this.isPlain(other) ? this.midnight(other) + at - this.midnight(day) : null;
  }

  compute(at, interval, count) {
    return boundary({ anchor: new Date(at), interval, count: 1, timeZone: this.timeZone }, count).getTime();
  }

  isPlain(day) {
    return this.midnight(day + 1) - this.midnight(day) === DAY_MS;
  }

  /** The local day, as days since 1 January 1970. */
  dayOf(at) {
    const day = Math.floor(at / DAY_MS);
    if (at < this.midnight(day)) return day - 1;
    return at < this.midnight(day + 1) ? day : day + 1;
  }

  midnight(day) {
    let at = this.midnights.get(day);
    if (at === undefined)
      this.midnights.set(
        day,
        (at = calendarWindow('day', this.timeZone, new Date((day + 0.5) * DAY_MS)).start.getTime()),
      );
    return at;
  }
}

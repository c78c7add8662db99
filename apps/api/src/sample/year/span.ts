export const DAY_MS = 86_400_000;

/** The simulated time. */
export interface Span {
  start: Date;
  end: Date;
}

/** The year before an instant, from a midnight of UTC on. */
export const yearBefore = (end: Date): Span => ({
  start: new Date(Math.floor(end.getTime() / DAY_MS - 365) * DAY_MS),
  end,
});

export const daysAfter = (at: Date, days: number): Date => new Date(at.getTime() + days * DAY_MS);

/** The same day of a later month, in UTC; at most the 28th, so that each month has it. */
export function monthsAfter(at: Date, months: number): Date {
  const later = new Date(at);
  later.setUTCDate(Math.min(at.getUTCDate(), 28));
  later.setUTCMonth(later.getUTCMonth() + months);
  return later;
}

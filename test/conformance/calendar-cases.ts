/**
 * Period boundaries that any correct system agrees on: month ends, leap years, zones and clock changes.
 * Rows about contracts (stub periods, trials, billing days) are in `lifecycle-cases.ts`. Not offered: windows of minutes (PB-45b),
 * billing days that are moved by themselves (PB-51, PB-53) and the contract's own end date (PB-41): a cancellation ends it.
 */
export interface CalendarCase {
  id: string;
  anchor: string;
  interval: 'hour' | 'day' | 'week' | 'month' | 'year';
  count?: number;
  zone?: string;
  at: string;
  start?: string;
  end?: string;
}

export const CALENDAR_CASES: CalendarCase[] = [
  { id: 'PB-01', anchor: '2025-01-31T15:00Z', interval: 'month', at: '2025-08-13T20:00Z', start: '2025-07-31T15:00Z', end: '2025-08-31T15:00Z' },
  { id: 'PB-02', anchor: '2025-01-31T15:00Z', interval: 'month', at: '2025-09-30T15:00Z', start: '2025-09-30T15:00Z', end: '2025-10-31T15:00Z' },
  { id: 'PB-04', anchor: '2025-01-29T12:00Z', interval: 'month', at: '2025-01-29T12:10Z', start: '2025-01-29T12:00Z' },
  { id: 'PB-06b', anchor: '2026-01-31T10:00Z', interval: 'month', at: '2026-04-30T10:00Z', start: '2026-04-30T10:00Z', end: '2026-05-31T10:00Z' },
  { id: 'PB-06c', anchor: '2026-01-31T10:00Z', interval: 'month', at: '2026-04-30T11:00Z', start: '2026-04-30T10:00Z', end: '2026-05-31T10:00Z' },
  { id: 'PB-08', anchor: '2026-03-31T12:00Z', interval: 'month', at: '2026-06-30T12:01Z', start: '2026-06-30T12:00Z', end: '2026-07-31T12:00Z' },
  { id: 'PB-09', anchor: '2024-02-29T12:00Z', interval: 'year', at: '2025-02-28T22:00Z', start: '2025-02-28T12:00Z', end: '2026-02-28T12:00Z' },
  { id: 'PB-11', anchor: '2024-02-29T00:00Z', interval: 'year', at: '2027-06-20T00:00Z', end: '2028-02-29T00:00Z' },
  { id: 'PB-12', anchor: '2022-01-15T00:00Z', interval: 'year', count: 2, at: '2024-06-20T00:00Z', end: '2026-01-15T00:00Z' },
  { id: 'PB-14', anchor: '2025-04-28T00:00Z', interval: 'month', at: '2025-01-15T00:00Z', start: '2024-12-28T00:00Z' },
  { id: 'PB-15', anchor: '2025-04-28T00:00Z', interval: 'month', count: 3, at: '2025-01-15T00:00Z', start: '2024-10-28T00:00Z' },
  { id: 'PB-18a', anchor: '2026-05-31T15:13:09Z', interval: 'month', at: '2026-05-31T15:13:09Z', end: '2026-06-30T15:13:09Z' },
  { id: 'PB-18b', anchor: '2026-05-31T15:13:09Z', interval: 'month', at: '2026-06-30T15:13:09Z', end: '2026-07-31T15:13:09Z' },
  { id: 'PB-20a', anchor: '2024-02-29T00:00Z', interval: 'year', at: '2025-02-20T00:00Z', start: '2024-02-29T00:00Z', end: '2025-02-28T00:00Z' },
  { id: 'PB-20b', anchor: '2024-02-29T00:00Z', interval: 'year', at: '2025-03-10T00:00Z', start: '2025-02-28T00:00Z', end: '2026-02-28T00:00Z' },
  { id: 'PB-22', anchor: '2022-01-31T00:00Z', interval: 'month', count: 3, at: '2022-05-31T00:00Z', start: '2022-04-30T00:00Z' },
  { id: 'PB-23', anchor: '2022-01-31T00:00Z', interval: 'month', count: 3, at: '2022-07-30T00:00Z', start: '2022-04-30T00:00Z' },
  { id: 'PB-25a', anchor: '2022-01-31T00:00Z', interval: 'month', count: 3, at: '2022-04-15T00:00Z', end: '2022-04-30T00:00Z' },
  { id: 'PB-25b', anchor: '2022-01-31T00:00Z', interval: 'month', count: 3, at: '2022-05-15T00:00Z', start: '2022-04-30T00:00Z' },
  { id: 'PB-26', anchor: '2022-01-29T00:00Z', interval: 'month', count: 3, at: '2022-02-28T00:00Z', start: '2022-01-29T00:00Z' },
  { id: 'PB-28a', anchor: '2021-04-30T00:00Z', interval: 'month', count: 3, at: '2021-05-31T00:00Z', start: '2021-04-30T00:00Z' },
  { id: 'PB-28b', anchor: '2021-04-30T00:00Z', interval: 'month', count: 3, at: '2021-07-29T00:00Z', start: '2021-04-30T00:00Z' },
  { id: 'PB-28c', anchor: '2021-04-30T00:00Z', interval: 'month', count: 3, at: '2021-07-30T00:00Z', start: '2021-07-30T00:00Z' },
  { id: 'PB-29a', anchor: '2021-04-30T00:00Z', interval: 'month', count: 6, at: '2021-06-30T00:00Z', start: '2021-04-30T00:00Z' },
  { id: 'PB-29b', anchor: '2021-04-30T00:00Z', interval: 'month', count: 6, at: '2021-11-15T00:00Z', start: '2021-10-30T00:00Z' },
  { id: 'PB-31a', anchor: '2024-01-30T00:00Z', interval: 'month', at: '2024-02-29T00:00Z', start: '2024-02-29T00:00Z', end: '2024-03-30T00:00Z' },
  { id: 'PB-31b', anchor: '2024-01-30T00:00Z', interval: 'month', at: '2024-05-01T00:00Z', start: '2024-04-30T00:00Z', end: '2024-05-30T00:00Z' },
  { id: 'PB-32', anchor: '2024-01-31T00:00+05:30', interval: 'month', zone: 'Asia/Kolkata', at: '2024-02-10T00:00Z', end: '2024-02-29T00:00+05:30' },
  { id: 'PB-34', anchor: '2024-01-31T23:59:59+09:00', interval: 'month', count: 2, zone: 'Asia/Tokyo', at: '2024-02-10T00:00Z', end: '2024-03-31T23:59:59+09:00' },
  { id: 'PB-35', anchor: '2024-02-29T10:37+05:30', interval: 'month', count: 2, zone: 'Asia/Kolkata', at: '2024-04-29T10:37+05:30', end: '2024-06-29T10:37+05:30' },
  { id: 'PB-37', anchor: '2023-02-28T10:15:30-08:00', interval: 'year', zone: 'America/Los_Angeles', at: '2023-06-01T00:00Z', end: '2024-02-28T10:15:30-08:00' },
  { id: 'PB-44a', anchor: '2026-01-01T00:00Z', interval: 'month', count: 6, at: '2026-05-15T00:00Z', start: '2026-01-01T00:00Z', end: '2026-07-01T00:00Z' },
  { id: 'PB-44b', anchor: '2026-01-01T00:00Z', interval: 'month', count: 6, at: '2026-08-15T00:00Z', start: '2026-07-01T00:00Z', end: '2027-01-01T00:00Z' },
  { id: 'PB-45a', anchor: '2027-03-28T06:00Z', interval: 'hour', count: 4, at: '2027-03-28T06:00Z', end: '2027-03-28T10:00Z' },
  { id: 'PB-45c', anchor: '2027-04-30T12:00Z', interval: 'day', at: '2027-04-30T12:00Z', end: '2027-05-01T12:00Z' },
  { id: 'PB-52a', anchor: '2024-12-31T00:00Z', interval: 'month', count: 6, at: '2025-01-01T00:00Z', end: '2025-06-30T00:00Z' },
  { id: 'PB-52b', anchor: '2024-02-29T00:00Z', interval: 'year', count: 2, at: '2025-01-01T00:00Z', end: '2026-02-28T00:00Z' },
  { id: 'PB-52c', anchor: '2025-01-31T00:00Z', interval: 'month', at: '2025-02-01T00:00Z', end: '2025-02-28T00:00Z' },
  { id: 'PB-52d', anchor: '2024-02-29T00:00Z', interval: 'year', at: '2024-03-01T00:00Z', end: '2025-02-28T00:00Z' },
  { id: 'TZ-01 HST', anchor: '2012-07-16T21:17:03Z', interval: 'month', zone: 'Pacific/Honolulu', at: '2012-08-01T00:00Z', end: '2012-08-16T11:17:03-10:00' },
  { id: 'TZ-01 Paris', anchor: '2012-07-16T21:17:03Z', interval: 'month', zone: 'Europe/Paris', at: '2012-08-01T00:00Z', end: '2012-08-16T23:17:03+02:00' },
  { id: 'TZ-01 +03:00', anchor: '2012-07-16T21:17:03Z', interval: 'month', zone: 'Asia/Riyadh', at: '2012-08-01T00:00Z', end: '2012-08-17T00:17:03+03:00' },
  { id: 'TZ-01 Tokyo', anchor: '2012-07-16T21:17:03Z', interval: 'month', zone: 'Asia/Tokyo', at: '2012-08-01T00:00Z', end: '2012-08-17T06:17:03+09:00' },
  { id: 'TZ-04', anchor: '2015-02-01T08:01:01Z', interval: 'month', zone: 'America/Los_Angeles', at: '2015-02-10T00:00Z', end: '2015-03-01T08:01:01Z' },
  { id: 'TZ-05a', anchor: '2015-03-08T10:00Z', interval: 'month', zone: 'America/Los_Angeles', at: '2015-03-08T10:00Z', end: '2015-04-08T10:00Z' },
  { id: 'TZ-05b', anchor: '2015-03-08T10:00Z', interval: 'month', zone: 'America/Los_Angeles', at: '2015-04-08T10:00Z', end: '2015-05-08T10:00Z' },
  { id: 'TZ-06', anchor: '2017-03-31T23:30-07:00', interval: 'month', zone: 'America/Los_Angeles', at: '2017-04-10T00:00Z', end: '2017-04-30T23:30-07:00' },
  { id: 'TZ-08', anchor: '2017-12-01T00:30-08:00', interval: 'month', zone: 'America/Los_Angeles', at: '2017-12-10T00:00Z', end: '2018-01-01T00:30-08:00' },
  { id: 'TZ-11', anchor: '2025-01-01T00:00+01:00', interval: 'day', zone: 'Europe/Berlin', at: '2025-03-30T12:00Z', start: '2025-03-29T23:00Z', end: '2025-03-30T22:00Z' },
  { id: 'TZ-12', anchor: '2025-01-01T00:00+01:00', interval: 'day', zone: 'Europe/Berlin', at: '2025-10-26T12:00Z', start: '2025-10-25T22:00Z', end: '2025-10-26T23:00Z' },
  { id: 'TZ-14', anchor: '2025-01-31T09:00-05:00', interval: 'month', zone: 'America/New_York', at: '2025-11-15T00:00Z', start: '2025-10-31T13:00Z', end: '2025-11-30T14:00Z' },
  { id: 'TZ-15', anchor: '2025-03-01T02:30-05:00', interval: 'day', zone: 'America/New_York', at: '2025-03-09T12:00Z', start: '2025-03-09T07:30Z', end: '2025-03-10T06:30Z' },
  { id: 'TZ-17', anchor: '2025-01-01T00:00-03:00', interval: 'month', zone: 'America/Sao_Paulo', at: '2025-02-10T00:00Z', start: '2025-02-01T03:00Z', end: '2025-03-01T03:00Z' },
  { id: 'TZ-18', anchor: '2025-01-01T00:00+13:00', interval: 'day', zone: 'Pacific/Auckland', at: '2025-04-06T00:00Z', start: '2025-04-05T11:00Z', end: '2025-04-06T12:00Z' },
];

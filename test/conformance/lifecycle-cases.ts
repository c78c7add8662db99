/** First periods of subscriptions: stubs before a billing day, trials, and intervals in days. */
export interface FirstPeriodCase {
  id: string;
  start: string;
  anchor?: string;
  trialDays?: number;
  interval: 'day' | 'month' | 'year';
  count?: number;
  zone?: string;
  /** Ends of the first periods, in order. */
  ends: string[];
}

export const FIRST_PERIOD_CASES: FirstPeriodCase[] = [
  {
    id: 'PB-05',
    start: '2025-07-10T15:00Z',
    anchor: '2025-01-31T15:00Z',
    interval: 'month',
    ends: ['2025-07-31T15:00Z', '2025-08-31T15:00Z', '2025-09-30T15:00Z'],
  },
  {
    id: 'PB-16',
    start: '2026-01-16T00:00Z',
    trialDays: 200,
    interval: 'month',
    ends: ['2026-08-04T00:00Z', '2026-09-04T00:00Z'],
  },
  {
    id: 'PB-38a',
    start: '2024-04-01T00:00Z',
    anchor: '2024-04-14T12:00Z',
    interval: 'month',
    ends: ['2024-04-14T12:00Z', '2024-05-14T12:00Z'],
  },
  {
    id: 'PB-38b',
    start: '2024-04-14T12:00Z',
    anchor: '2024-04-14T12:00Z',
    interval: 'month',
    ends: ['2024-05-14T12:00Z'],
  },
  {
    id: 'PB-38c',
    start: '2024-04-15T00:00Z',
    anchor: '2024-04-14T12:00Z',
    interval: 'month',
    ends: ['2024-05-14T12:00Z'],
  },
  {
    id: 'PB-39',
    start: '2024-04-01T00:00Z',
    anchor: '2024-04-14T00:00Z',
    interval: 'month',
    count: 2,
    ends: ['2024-04-14T00:00Z', '2024-06-14T00:00Z'],
  },
  {
    id: 'PB-40',
    start: '2024-04-01T00:00Z',
    anchor: '2024-01-31T00:00Z',
    interval: 'month',
    ends: ['2024-04-30T00:00Z', '2024-05-31T00:00Z'],
  },
  {
    id: 'PB-46a',
    start: '2021-01-10T00:00Z',
    anchor: '2021-01-01T00:00Z',
    interval: 'month',
    ends: ['2021-02-01T00:00Z'],
  },
  {
    id: 'PB-46b',
    start: '2021-01-10T00:00Z',
    anchor: '2021-01-01T00:00Z',
    interval: 'month',
    count: 3,
    ends: ['2021-04-01T00:00Z'],
  },
  {
    id: 'PB-46c',
    start: '2021-01-10T00:00Z',
    anchor: '2021-01-01T00:00Z',
    interval: 'year',
    ends: ['2022-01-01T00:00Z'],
  },
  {
    id: 'PB-47a',
    start: '2021-01-01T00:00Z',
    anchor: '2021-01-10T00:00Z',
    interval: 'month',
    ends: ['2021-01-10T00:00Z', '2021-02-10T00:00Z'],
  },
  {
    id: 'PB-47b',
    start: '2021-01-01T00:00Z',
    anchor: '2021-01-10T00:00Z',
    interval: 'month',
    count: 3,
    ends: ['2021-01-10T00:00Z', '2021-04-10T00:00Z'],
  },
  {
    id: 'PB-50',
    start: '2012-02-16T00:00Z',
    interval: 'day',
    count: 30,
    ends: ['2012-03-17T00:00Z', '2012-04-16T00:00Z'],
  },
  {
    id: 'TZ-06',
    start: '2017-03-01T23:30-08:00',
    trialDays: 30,
    interval: 'month',
    zone: 'America/Los_Angeles',
    ends: ['2017-03-31T23:30-07:00', '2017-04-30T23:30-07:00'],
  },
  {
    id: 'TZ-08',
    start: '2017-11-01T00:30-07:00',
    trialDays: 30,
    interval: 'month',
    zone: 'America/Los_Angeles',
    ends: ['2017-12-01T00:30-08:00', '2018-01-01T00:30-08:00'],
  },
];

/** Whole days in the local time of a zone. */
export const LOCAL_DAY_CASES = [
  {
    id: 'TZ-09 spring in New York',
    zone: 'America/New_York',
    from: '2024-03-09T00:00-05:00',
    to: '2024-03-11T00:00-04:00',
  },
  {
    id: 'TZ-09 autumn in New York',
    zone: 'America/New_York',
    from: '2024-11-02T00:00-04:00',
    to: '2024-11-04T00:00-05:00',
  },
  {
    id: 'TZ-09 autumn in Sydney',
    zone: 'Australia/Sydney',
    from: '2024-04-06T00:00+11:00',
    to: '2024-04-08T00:00+10:00',
  },
];

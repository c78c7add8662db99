import type { Interval } from '@app/kernel';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  hasUsageInstants,
  nextLateInstant,
  nextUsageInstant,
  type UsageCadence,
  usageInstants,
} from './usage-instants.js';

const at = (text: string): Date => new Date(text);
const annual: UsageCadence = {
  anchor: at('2026-01-31T09:00:00Z'),
  timezone: 'Europe/Berlin',
  price: { interval: 'year', intervalCount: 1 },
  currentPeriodStart: at('2026-01-31T09:00:00Z'),
  currentPeriodEnd: at('2027-01-31T09:00:00Z'),
};

describe('usage instants', () => {
  it.each<[Interval, number, boolean]>([
    ['hour', 744, false],
    ['hour', 745, true],
    ['day', 31, false],
    ['day', 32, true],
    ['week', 4, false],
    ['week', 5, true],
    ['month', 1, false],
    ['month', 2, true],
    ['year', 1, true],
  ])('of a period of %s x %i exist: %s', (interval, intervalCount, expected) => {
    expect(hasUsageInstants({ ...annual, price: { interval, intervalCount } })).toBe(expected);
    expect(hasUsageInstants({ price: { interval, intervalCount }, currentPeriodEnd: null })).toBe(true);
  });

  it('of a year are eleven months from its anchor, at the wall time of the customer', () => {
    const instants = usageInstants(annual, true).map((instant) => instant.toISOString());
    expect(instants).toHaveLength(11);
    expect(instants.slice(0, 4)).toEqual([
      '2026-02-28T09:00:00.000Z',
      '2026-03-31T08:00:00.000Z',
      '2026-04-30T08:00:00.000Z',
      '2026-05-31T08:00:00.000Z',
    ]);
  });

  it('are none without prices of usage', () => {
    expect(nextUsageInstant(annual, annual.currentPeriodStart, false)).toBeNull();
  });

  it('of an indefinite period have no last one', () => {
    const endless = { ...annual, currentPeriodEnd: null };
    expect(usageInstants(endless, true)).toEqual([]);
    expect(nextUsageInstant(endless, at('2040-06-15T00:00:00Z'), true)).toEqual(at('2040-06-30T08:00:00Z'));
  });

  it('are strictly inside the period, and the next one after any instant is the first later one', () => {
    const hours = fc.integer({ min: -2_000, max: 12_000 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 365 }), hours, (days, hour) => {
        const start = new Date(annual.anchor.getTime() + days * 86_400_000);
        const period = { ...annual, anchor: start, currentPeriodStart: start };
        fc.pre(start < annual.currentPeriodEnd!);
        const instants = usageInstants(period, true);
        for (const instant of instants) expect(start < instant && instant < period.currentPeriodEnd!).toBe(true);
        const after = new Date(start.getTime() + hour * 3_600_000);
        expect(nextUsageInstant(period, after, true)).toEqual(instants.find((instant) => instant > after) ?? null);
      }),
    );
  });

  it('of a stopped subscription are monthly, until no event of 92 days ago can arrive', () => {
    const ended = at('2026-01-31T09:00:00Z');
    const instants = [ended];
    for (let next: Date | null; (next = nextLateInstant(ended, instants.at(-1)!, 'UTC'));) instants.push(next);
    expect(instants.slice(1).map((instant) => instant.toISOString())).toEqual([
      '2026-02-28T09:00:00.000Z',
      '2026-03-31T09:00:00.000Z',
      '2026-04-30T09:00:00.000Z',
      '2026-05-31T09:00:00.000Z',
    ]);
    expect(nextLateInstant(ended, at('2025-06-01T00:00:00Z'), 'UTC')).toEqual(at('2026-02-28T09:00:00Z'));
  });
});

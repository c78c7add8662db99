import { describe, expect, it } from '@jest/globals';
import { addDays, calendarWindow } from '@app/kernel';
import { dueTransitions } from '../../libs/subscriptions/src/domain/time.js';
import type { Subscription } from '../../libs/subscriptions/src/domain/subscription.js';
import { conformanceCases } from '../support/conformance.js';
import { soldPlan, startedSubscription } from '../support/subscriptions.js';

/** Stubs before a billing day, trials, and intervals in days. */
interface FirstPeriodCase {
  start: string;
  anchor?: string;
  trialDays?: number;
  interval: 'day' | 'month' | 'year';
  count?: number;
  zone?: string;
  /** Ends of the first periods, in order. */
  ends: string[];
}
interface LocalDayCase {
  zone: string;
  from: string;
  to: string;
}

interface Given {
  at: string;
  zone?: string;
  interval?: 'day' | 'month' | 'year';
  count?: number;
  anchor?: string;
  trialDays?: number;
}

function begun({ at, zone = 'UTC', interval = 'month', count = 1, anchor, trialDays = 0 }: Given): Subscription {
  return startedSubscription(soldPlan('a', 100, interval, count), new Date(at), {
    timezone: zone,
    billingAnchor: anchor ? new Date(anchor) : null,
    trialDays,
  });
}
const periodEnds = (subscription: Subscription, until: string): Date[] => [
  subscription.currentPeriodEnd!,
  ...dueTransitions(subscription, new Date(until))
    .filter(({ type }) => /renewed|trial_ended/.test(type))
    .map((step) => step.subscription.currentPeriodEnd!),
];

describe('the first periods of a subscription', () => {
  it.each(conformanceCases<FirstPeriodCase>('first-periods'))(
    '$id',
    ({ start: at, ends, interval, count, zone, anchor, trialDays }) => {
      const found = periodEnds(begun({ at, interval, count, zone, anchor, trialDays }), ends.at(-1)!).slice(
        0,
        ends.length,
      );
      expect(found.map((end) => end.toISOString())).toEqual(ends.map((end) => new Date(end).toISOString()));
    },
  );

  it('TZ-02: a trial of 30 days and 19 renewals in Juneau give monthly periods through four clock changes', () => {
    const ends = periodEnds(
      begun({ at: '2015-09-01T08:01:01Z', zone: 'America/Juneau', trialDays: 30 }),
      '2017-06-01T00:00Z',
    );
    const local = ends.slice(0, 20).map((end) =>
      new Intl.DateTimeFormat('en-CA', {
        timeZone: 'America/Juneau',
        dateStyle: 'short',
        timeStyle: 'medium',
        hourCycle: 'h23',
      }).format(end),
    );
    const months = Array.from(
      { length: 20 },
      (_, index) =>
        `${2015 + Math.floor((index + 9) / 12)}-${String(((index + 9) % 12) + 1).padStart(2, '0')}-01, 00:01:01`,
    );
    expect(local).toEqual(months);
  });

  it('PB-43: the calendar week begins on Monday', () => {
    expect(calendarWindow('week', 'UTC', new Date('2026-06-17T08:00Z'))).toEqual({
      start: new Date('2026-06-15T00:00Z'),
      end: new Date('2026-06-22T00:00Z'),
    });
  });

  it.each(conformanceCases<LocalDayCase>('local-days'))(
    '$id: two days later is the same time of day',
    ({ zone, from, to }) => {
      expect(addDays(new Date(from), 2, zone).toISOString()).toBe(new Date(to).toISOString());
    },
  );
});

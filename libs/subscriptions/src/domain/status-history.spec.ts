import { describe, expect, it } from '@jest/globals';
import { stateAt, type StatusChange } from './status-history.js';
import type { SubscriptionStatus } from './subscription.js';

const at = (day: number): Date => new Date(Date.UTC(2027, 0, day));
const changed = (
  id: string,
  day: number,
  was: SubscriptionStatus | null,
  status: SubscriptionStatus,
): StatusChange => ({
  id,
  at: at(day),
  before: was && { status: was, graceEndsAt: null },
  after: { status, graceEndsAt: null },
});
const statusAt = (changes: StatusChange[], instant: Date): SubscriptionStatus | null =>
  stateAt(changes, instant)?.status ?? null;

describe('the status at an instant', () => {
  const changes = [
    changed('a', 2, null, 'active'),
    changed('a', 4, 'active', 'paused'),
    changed('a', 6, 'paused', 'active'),
    changed('a', 8, 'active', 'expired'),
    changed('b', 9, null, 'inactive'),
    changed('b', 10, 'inactive', 'active'),
  ];

  it.each([
    [1, null],
    [2, 'active'],
    [4, 'paused'],
    [6, 'active'],
    [8, 'expired'],
    [9, 'inactive'],
    [10, 'active'],
  ])('on day %d: %s', (day, status) => expect(statusAt(changes, at(day))).toBe(status));

  it('is the former status when the events before the first known change were pruned', () =>
    expect(statusAt(changes.slice(1), at(3))).toBe('active'));

  it('prefers a live subscription to a scheduled one', () =>
    expect(statusAt([changed('a', 2, null, 'active'), changed('b', 3, null, 'inactive')], at(4))).toBe('active'));
});

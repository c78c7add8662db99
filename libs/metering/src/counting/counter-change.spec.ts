import { describe, expect, it } from '@jest/globals';
import { addsOnlyUsed } from './counter-change.js';

const STORED = { windowName: 'month', used: 7, reserved: 2, fromGrants: 1, carried: 3, notified: 80 };
const CHANGE = {
  exists: true,
  customerId: 'c',
  featureId: 'f',
  windowStart: new Date('2026-11-01T00:00:00Z'),
  windowName: 'month',
  used: 5,
  reserved: 0,
  fromGrants: 0,
  carried: 3,
  notified: 80,
  hardLimit: 10,
  included: 10,
  windowEnd: new Date('2026-12-01T00:00:00Z'),
  closed: false,
};

describe('a change of a counter', () => {
  it('adds only used units when no other column changes', () => {
    expect(addsOnlyUsed(CHANGE, STORED)).toBe(true);
  });

  it.each([
    { reserved: 1 },
    { fromGrants: 1 },
    { closed: true },
    { windowName: 'day' },
    { carried: 4 },
    { notified: 100 },
  ])('does not add only used units with %o', (other) => {
    expect(addsOnlyUsed({ ...CHANGE, ...other }, STORED)).toBe(false);
  });
});

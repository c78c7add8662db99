import { newId, timeOfId } from '@app/kernel';
import { describe, expect, it } from '@jest/globals';
import { nextCheckAt } from './payment-check.js';
import { CHECK_LEASE_MS } from './provider-times.js';

describe('the next query about a payment', () => {
  const id = newId();
  const after = (ms: number): Date => new Date(timeOfId(id).getTime() + ms);

  it.each([
    ['after the lease, for a young payment', 10_000, CHECK_LEASE_MS],
    ['after half of its age', 600_000, 300_000],
    ['after an hour at most', 86_400_000, 3_600_000],
  ])('comes %s', (_, age, delay) => {
    expect(nextCheckAt({ id }, after(age))).toEqual(after(age + delay));
  });
});

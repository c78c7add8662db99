import { describe, expect, it } from '@jest/globals';
import { GIVE_UP_AFTER_MS, restMs, RETRY_DELAYS_MS, retryDelayMs, SICK_AFTER } from './retry-schedule.js';

const HOUR = 3_600_000;

describe('the retry schedule', () => {
  it('has ten attempts over three days', () => {
    const delays = Array.from({ length: 11 }, (_, index) => retryDelayMs(index + 1, 0));
    expect(delays.slice(0, 9)).toEqual([...RETRY_DELAYS_MS]);
    expect(delays.slice(9)).toEqual([null, null]);
    expect(GIVE_UP_AFTER_MS / HOUR).toBeCloseTo(75.585, 2);
  });

  it('waits longer each time, whatever the chance', () => {
    for (let attempt = 1; attempt < 9; attempt++)
      expect(retryDelayMs(attempt, 1)!).toBeLessThanOrEqual(retryDelayMs(attempt + 1, 0)!);
  });

  it('comes later by chance, never sooner, by a fifth at most', () => {
    expect(retryDelayMs(2, 0)).toBe(300_000);
    expect(retryDelayMs(2, 0.5)).toBe(330_000);
    expect(retryDelayMs(2, 1)).toBe(360_000);
  });

  it('lets a lane rest only once it is sick, and a minute at most', () => {
    expect(restMs(SICK_AFTER - 1)).toBe(0);
    expect(restMs(SICK_AFTER)).toBe(1_000);
    expect(restMs(SICK_AFTER + 3)).toBe(8_000);
    expect(restMs(1_000_000)).toBe(60_000);
  });
});

import { describe, expect, it } from '@jest/globals';
import { GIVE_UP_AFTER_MS, backoffMs, RETRY_DELAYS_MS, retryDelayMs, UNHEALTHY_AFTER } from './retry-schedule.js';

const HOUR = 3_600_000;

describe('the retry schedule', () => {
  it('has ten attempts over three days', () => {
    const delays = Array.from({ length: 11 }, (_, index) => retryDelayMs(index + 1, 0));
    expect(delays.slice(0, 9)).toEqual([...RETRY_DELAYS_MS]);
    expect(delays.slice(9)).toEqual([null, null]);
    expect(GIVE_UP_AFTER_MS / HOUR).toBeCloseTo(75.585, 2);
  });

  it('increases the delay with each attempt for any jitter', () => {
    for (let attempt = 1; attempt < 9; attempt++)
      expect(retryDelayMs(attempt, 1)!).toBeLessThanOrEqual(retryDelayMs(attempt + 1, 0)!);
  });

  it('adds jitter of at most one fifth and never subtracts', () => {
    expect(retryDelayMs(2, 0)).toBe(300_000);
    expect(retryDelayMs(2, 0.5)).toBe(330_000);
    expect(retryDelayMs(2, 1)).toBe(360_000);
  });

  it('backs off only when the destination is unhealthy, at most one minute', () => {
    expect(backoffMs(UNHEALTHY_AFTER - 1)).toBe(0);
    expect(backoffMs(UNHEALTHY_AFTER)).toBe(1_000);
    expect(backoffMs(UNHEALTHY_AFTER + 3)).toBe(8_000);
    expect(backoffMs(1_000_000)).toBe(60_000);
  });
});

import { afterEach, describe, expect, it } from '@jest/globals';
import { ProcessStalls } from './process-stalls.js';

describe('stalls of the process', () => {
  const stalls = new ProcessStalls();
  afterEach(() => stalls.stop());

  it('count the time in which no timer could fire, during a stall and after it', async () => {
    const before = stalls.totalMs(performance.now());
    const startedAt = performance.now();
    while (performance.now() - startedAt < 400);
    const during = stalls.totalMs(performance.now()) - before;
    await new Promise((resolve) => setTimeout(resolve, 120));
    const after = stalls.totalMs(performance.now()) - before;
    // The first 50 ms may pass between two ticks.
    expect(during).toBeGreaterThanOrEqual(300);
    expect(after).toBeGreaterThanOrEqual(during);
  });
});

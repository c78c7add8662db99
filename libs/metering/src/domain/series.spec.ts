import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { alignedBuckets } from './series.js';

const QUARTER_MS = 900_000;

describe('the aligned buckets of a span', () => {
  it('are inside the span, begin and end on bucket boundaries, and leave less than one bucket on each side', () => {
    const instant = fc.oneof(
      fc.integer({ min: -1e12, max: 4e12 }),
      fc.integer({ min: -1e6, max: 4e6 }).map((quarter) => quarter * QUARTER_MS),
    );
    fc.assert(
      fc.property(
        instant,
        fc.oneof(fc.integer({ min: 1, max: 3 * QUARTER_MS }), fc.integer({ min: 1, max: 1e11 })),
        (from, length) => {
          const to = from + length;
          const { first, last } = alignedBuckets({ from: new Date(from), to: new Date(to) });
          const [begin, end] = [first.getTime(), last.getTime()];
          expect(from <= begin && begin <= end && end <= to).toBe(true);
          expect(Math.max(begin - from, to - end)).toBeLessThan(QUARTER_MS);
          if (begin < end) expect([Math.abs(begin % QUARTER_MS), Math.abs(end % QUARTER_MS)]).toEqual([0, 0]);
        },
      ),
    );
  });
});

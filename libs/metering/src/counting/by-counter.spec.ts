import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ByCounter } from './by-counter.js';

const keys = fc.array(
  fc.record({
    customerId: fc.constantFrom('a', 'b'),
    featureId: fc.constantFrom('calls', 'tokens'),
    windowStart: fc.integer({ min: 0, max: 24 }).map((hour) => new Date(hour * 3_600_000)),
  }),
  { maxLength: 120 },
);

describe('ByCounter', () => {
  it('finds the item of each counter, and none for other counters, as a map by text does', () => {
    fc.assert(
      fc.property(keys, (sequence) => {
        const items = new ByCounter<number>();
        const model = new Map<string, number>();
        sequence.forEach((key, index) => {
          const name = JSON.stringify(key);
          expect(items.get(key)).toBe(model.get(name));
          if (model.has(name)) return;
          items.add({ ...key, windowStart: new Date(key.windowStart) }, index);
          model.set(name, index);
        });
        for (const key of sequence) expect(items.get(key)).toBe(model.get(JSON.stringify(key)));
      }),
    );
  });
});

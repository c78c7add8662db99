import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assertFits, changeOf, fits } from './aggregation.js';
import { changed, type EntityMeter } from './entity-meter.js';

const unused: EntityMeter = { id: 'e', used: 0, reserved: 0, latestAt: null };

interface Reported {
  at: Date;
  value: number;
}

/** Applies values one after the other. @returns the meter, and the sum of the changes that a ledger would keep */
function applied(aggregation: 'latest' | 'max', values: Reported[]): { meter: EntityMeter; sum: number } {
  return values.reduce(
    ({ meter, sum }, { at, value }) => {
      const change = changeOf(aggregation, meter, { quantity: 1, value, at });
      return { meter: changed(meter, change, at), sum: sum + change };
    },
    { meter: unused, sum: 0 },
  );
}

const values = fc
  .uniqueArray(fc.record({ at: fc.nat(1_000), value: fc.nat(100) }), { minLength: 1, selector: ({ at }) => at })
  .map((list) => list.map(({ at, value }) => ({ at: new Date(at), value })));
const inAnyOrder = values.chain((list) =>
  fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }).map((shuffled) => ({ list, shuffled })),
);

describe('reported values', () => {
  it('the latest value counts, in any order of arrival, and the changes sum to it', () => {
    fc.assert(
      fc.property(inAnyOrder, ({ list, shuffled }) => {
        const newest = list.reduce((one, other) => (other.at > one.at ? other : one));
        const { meter, sum } = applied('latest', shuffled);
        expect({ used: meter.used, latestAt: meter.latestAt, sum }).toEqual({
          used: newest.value,
          latestAt: newest.at,
          sum: newest.value,
        });
      }),
    );
  });

  it('the highest value counts, in any order of arrival, and the changes sum to it', () => {
    fc.assert(
      fc.property(inAnyOrder, ({ list, shuffled }) => {
        const highest = Math.max(...list.map(({ value }) => value));
        const { meter, sum } = applied('max', shuffled);
        expect({ used: meter.used, sum }).toEqual({ used: highest, sum: highest });
      }),
    );
  });

  it('of two values of one instant, the one applied last counts', () => {
    const at = new Date(5);
    const { meter } = applied('latest', [
      { at, value: 9 },
      { at, value: 2 },
    ]);
    expect(meter.used).toBe(2);
  });

  it('a distinct value counts once', () => {
    const first = changeOf('unique', unused, { quantity: 1, value: 'x', at: new Date(1) });
    const again = changeOf('unique', changed(unused, first, new Date(1)), { quantity: 1, value: 'x', at: new Date(0) });
    expect([first, again]).toEqual([1, 0]);
  });

  it.each([
    ['sum', {}, true],
    ['sum', { entity: 'ada' }, true],
    ['sum', { value: 1 }, false],
    ['latest', { value: 0 }, true],
    ['latest', { value: '1' }, false],
    ['latest', {}, false],
    ['max', { entity: 'ada', value: 2 }, true],
    ['unique', { value: 'x' }, true],
    ['unique', { value: 1 }, false],
    ['unique', { value: 'x', entity: 'ada' }, false],
  ] as const)('a feature that counts by %s: %j fits is %s', (aggregation, report, expected) => {
    expect(fits({ aggregation }, report)).toBe(expected);
    if (!expected) expect(() => assertFits({ aggregation }, report)).toThrow('Some fields are not valid.');
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Grant } from '@app/entitlements';
import {
  balanceOf,
  burn,
  burnOrder,
  type GrantState,
  isActive,
  reset,
  accrueGrants,
} from '../../libs/metering/src/domain/burn-down.js';
import {
  advance,
  type Allowance,
  count,
  type Meter,
  overageOf,
  roomOf,
  unusedMeter,
} from '../../libs/metering/src/domain/meter.js';

const T1 = Date.parse('2024-01-01T00:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const at = (offset: number): Date => new Date(T1 + offset);

const grant = (id: string, over: Partial<Grant> = {}): Grant => ({
  id,
  customerId: 'c',
  featureId: 'f',
  quantity: 100,
  priority: 1,
  effectiveAt: at(0),
  expiresAt: at(30 * DAY),
  recurrence: null,
  timezone: 'UTC',
  rolloverMin: 0,
  rolloverMax: null,
  reason: null,
  voidedAt: null,
  createdAt: at(0),
  ...over,
});
const every = (interval: 'day' | 'week', anchor: number) => ({ interval, count: 1, anchor: at(anchor) });

/** A limit of 0: grants cover all usage, and the rest is overage. One endless window, unless one is given. */
const allowance = (windowAt: Allowance['windowAt'] = () => null): Allowance => ({
  limit: 0,
  overage: 'allow',
  rolloverMax: 0,
  rateLimit: null,
  windowName: 'none',
  windowAt,
  since: at(-365 * DAY),
});

type Use = [offset: number, quantity: number];

/** The state of the meter at `read` after these uses, each at its own time. */
function meterAfter(grants: Grant[], uses: Use[], read: number, terms = allowance(), from = -30 * DAY): Meter {
  let meter: Meter = { ...unusedMeter(terms, grants, at(from)) };
  for (const [offset, quantity] of uses.filter(([offset]) => offset <= read))
    meter = count(advance(meter, terms, at(offset)).meter, terms, quantity, at(offset)).meter;
  return advance(meter, terms, at(read)).meter;
}
const balances = (meter: Meter): Record<string, number> =>
  Object.fromEntries(meter.grants.map(({ grant: { id }, balance }) => [id, balance]));

interface Case {
  grants: Grant[];
  uses: Use[];
  read: number;
  balance?: number;
  overage?: number;
  each?: Record<string, number>;
}

const CASES: Record<string, Case> = {
  'GB-02': { grants: [grant('a')], uses: [[HOUR, 50]], read: DAY, balance: 50 },
  'GB-03': {
    grants: [grant('a', { effectiveAt: at(10 * DAY) })],
    uses: [[HOUR, 50]],
    read: 5 * DAY,
    balance: 0,
    overage: 50,
  },
  'GB-05': {
    grants: [grant('a')],
    uses: [
      [-HOUR, 25],
      [HOUR, 25],
    ],
    read: DAY,
    balance: 50,
    overage: 0,
  },
  'GB-06': { grants: [grant('a'), grant('b')], uses: [[HOUR, 200]], read: DAY, each: { a: 0, b: 0 }, overage: 0 },
  'GB-07': { grants: [grant('a'), grant('b', { priority: 2 })], uses: [[HOUR, 120]], read: DAY, each: { a: 0, b: 80 } },
  'GB-10': {
    grants: [grant('a', { recurrence: every('day', 0) })],
    uses: [[HOUR, 120]],
    read: DAY + HOUR,
    balance: 80,
  },
  'GB-11': {
    grants: [
      grant('a', { priority: 3, quantity: 80, effectiveAt: at(-DAY) }),
      grant('b', { effectiveAt: at(DAY), recurrence: every('week', 3 * DAY) }),
    ],
    uses: [
      [HOUR, 20],
      [DAY - 1_000, 20],
      [DAY, 20],
    ],
    read: 10 * DAY,
    each: { a: 40, b: 100 },
  },
  'GB-13': {
    grants: [grant('a', { recurrence: every('day', DAY) }), grant('b', { effectiveAt: at(DAY + HOUR) })],
    uses: [
      [DAY + 30 * MINUTE, 30],
      [DAY + 90 * MINUTE, 20],
    ],
    read: DAY + 2 * HOUR,
    each: { a: 50, b: 100 },
  },
  'GB-17': {
    grants: [],
    uses: [
      [MINUTE, 100],
      [61 * MINUTE, 100],
    ],
    read: 60 * MINUTE,
    overage: 100,
  },
  'GB-18': {
    grants: [grant('a', { quantity: 1_000 }), grant('b', { quantity: 1_000, effectiveAt: at(2 * HOUR) })],
    uses: [[MINUTE, 100]],
    read: HOUR,
    balance: 900,
    overage: 0,
  },
  'GB-32': {
    grants: [
      grant('first', { quantity: 20 }),
      grant('oldest', { quantity: 25, priority: 2, createdAt: at(-3 * DAY) }),
      grant('older', { quantity: 25, priority: 2, createdAt: at(-DAY) }),
      grant('new', { quantity: 30, priority: 2, createdAt: at(0) }),
    ],
    uses: [[HOUR, 80]],
    read: DAY,
    each: { first: 0, oldest: 0, older: 0, new: 20 },
  },
};

describe('grants', () => {
  it.each(Object.entries(CASES))('%s', (_, { grants, uses, read, balance, overage, each }) => {
    const meter = meterAfter(grants, uses, read);
    if (balance !== undefined) expect(balanceOf(meter.grants, at(read))).toBe(balance);
    if (overage !== undefined) expect(overageOf(meter, allowance())).toBe(overage);
    if (each) expect(balances(meter)).toEqual(each);
  });

  it('GB-09: of 100,000 grants, the one that expires first is burnt first', () => {
    const grants = Array.from({ length: 100_000 }, (_, index) =>
      grant(`g${(index * 7_919) % 100_000}`, index === 55_555 ? { expiresAt: at(29 * DAY) } : {}),
    );
    const { grants: left } = burn(
      accrueGrants(
        grants.map((one): GrantState => ({ grant: one, balance: 0, accruedUntil: null })),
        at(HOUR),
        0,
      ).grants,
      99,
      at(HOUR),
    );
    expect(left[55_555]!.balance).toBe(1);
    expect(left.filter(({ balance }) => balance === 100)).toHaveLength(99_999);
  });

  it('GB-14: burn order is priority, expiry, age, id', () => {
    const order = [
      grant('no-exp', { expiresAt: null }),
      grant('p2', { priority: 2 }),
      grant('created-first', { createdAt: at(-DAY) }),
      grant('cursor-b'),
      grant('cursor-a'),
      grant('later-exp', { expiresAt: at(31 * DAY) }),
    ];
    const sorted = order.map((one): GrantState => ({ grant: one, balance: 100, accruedUntil: null })).sort(burnOrder);
    expect(sorted.map((state) => state.grant.id)).toEqual([
      'created-first',
      'cursor-a',
      'cursor-b',
      'later-exp',
      'no-exp',
      'p2',
    ]);
  });

  describe('at the end of a window', () => {
    // Not supported: GB-15 (meters of the latest value) and GB-21, 22, 27 (overage kept after the window). Usage is
    // summed, and overage ends with its window.
    const RESET = 5 * HOUR;
    const windows: Allowance['windowAt'] = (when) => {
      const start = T1 + Math.floor((when.getTime() - T1) / RESET) * RESET;
      return { start: new Date(start), end: new Date(start + RESET) };
    };
    const terms = allowance(windows);
    const a = grant('a', { quantity: 1_000, rolloverMax: 1_000 });
    const b = grant('b', { quantity: 1_000, priority: 3, rolloverMax: 100 });

    it('GB-20: each grant keeps what its rollover bounds allow', () => {
      const meter = meterAfter([a, b], [[HOUR, 600]], RESET, terms, 0);
      expect([balances(meter), meter.used]).toEqual([{ a: 400, b: 100 }, 0]);
    });

    it('GB-23: the rollover bounds apply again in the next window', () => {
      const c = grant('c', {
        quantity: 1_000,
        effectiveAt: at(RESET + HOUR),
        createdAt: at(RESET + HOUR),
        rolloverMax: 1_000,
      });
      expect(
        balances(
          meterAfter(
            [a, b, c],
            [
              [HOUR, 600],
              [RESET + 10 * MINUTE, 300],
            ],
            2 * RESET,
            terms,
            0,
          ),
        ),
      ).toEqual({ a: 100, b: 100, c: 1_000 });
    });

    it('GB-24, GB-25: a grant that starts with the window is whole, one that expires with it is gone', () => {
      const gone = grant('gone', { rolloverMax: 0 });
      const fresh = grant('fresh', { quantity: 1_000, effectiveAt: at(RESET) });
      expect(balanceOf(meterAfter([gone, fresh], [], RESET, terms, 0).grants, at(RESET))).toBe(1_000);
      expect(balanceOf(meterAfter([gone, fresh], [], RESET + MINUTE, terms, 0).grants, at(RESET + MINUTE))).toBe(1_000);
      expect(
        balanceOf(
          meterAfter([grant('a', { expiresAt: at(RESET), rolloverMax: 100 })], [], RESET, terms, 0).grants,
          at(RESET),
        ),
      ).toBe(0);
    });

    it('GB-26: a capped limit keeps the cap, and usage starts at zero', () => {
      const meter = meterAfter([grant('a', { rolloverMax: 50 })], [[HOUR, 10]], RESET, terms, 0);
      expect([balanceOf(meter.grants, at(RESET)), meter.used]).toEqual([50, 0]);
    });

    it.each([
      ['GB-33', [[HOUR, 50]], 100, 200, 300],
      ['GB-34', [[HOUR, 150]], 100, 200, 250],
      ['GB-35', [[HOUR, 60]], 50, 100, 140],
    ] as [string, Use[], number, number, number][])(
      '%s: included units roll over too',
      (_, uses, rolloverMax, limit, remaining) => {
        const included: Allowance = { ...terms, limit, overage: 'deny', rolloverMax, since: at(0) };
        expect(roomOf(meterAfter([], uses, RESET, included, 0), included, at(RESET))).toBe(remaining);
      },
    );

    it('GB-35, GB-36: rollover never exceeds its bound over many windows', () => {
      const monthly: Allowance = { ...terms, limit: 100, overage: 'deny', rolloverMax: 50, since: at(0) };
      expect(roomOf(meterAfter([], [[HOUR, 60]], 2 * RESET, monthly, 0), monthly, at(2 * RESET))).toBe(150);
      const often: Allowance = { ...terms, limit: 300, overage: 'deny', rolloverMax: 1_080, since: at(0) };
      expect(meterAfter([], [], 10 * RESET, often, 0).carried).toBe(1_080);
    });
  });

  const grants = fc
    .array(
      fc.record({
        quantity: fc.integer({ min: 1, max: 100 }),
        priority: fc.integer({ min: 0, max: 2 }),
        effective: fc.integer({ min: -5, max: 20 }),
        days: fc.option(fc.integer({ min: 1, max: 20 })),
        recurs: fc.boolean(),
        rolloverMax: fc.option(fc.nat(50)),
      }),
      { maxLength: 4 },
    )
    .map((list) =>
      list.map(({ quantity, priority, effective, days, recurs, rolloverMax }, index) =>
        grant(`g${index}`, {
          quantity,
          priority,
          effectiveAt: at(effective * HOUR),
          expiresAt: days === null ? null : at(effective * HOUR + days * HOUR),
          recurrence: recurs ? { interval: 'hour', count: 3, anchor: at(effective * HOUR) } : null,
          rolloverMax,
        }),
      ),
    );
  const uses = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 30 * 60 }), fc.integer({ min: 1, max: 40 })), { maxLength: 12 })
    .map((list) =>
      list.map(([minutes, quantity]): Use => [minutes * MINUTE, quantity]).sort(([one], [other]) => one - other),
    );

  it('GB-30: usage, balance and overage always add up', () => {
    fc.assert(
      fc.property(
        grants.map((list) => list.map((one) => ({ ...one, recurrence: null, expiresAt: null, effectiveAt: at(0) }))),
        uses,
        (list, history) => {
          const meter = meterAfter(list, history, 31 * HOUR, allowance(), 0);
          const granted = list.reduce((sum, { quantity }) => sum + quantity, 0);
          expect(meter.used + balanceOf(meter.grants, at(31 * HOUR)) - overageOf(meter, allowance())).toBe(granted);
        },
      ),
    );
  });

  it('GB-31: reads in between change nothing', () => {
    const window: Allowance['windowAt'] = (when) => {
      const start = T1 + Math.floor((when.getTime() - T1) / (7 * HOUR)) * 7 * HOUR;
      return { start: new Date(start), end: new Date(start + 7 * HOUR) };
    };
    fc.assert(
      fc.property(
        grants,
        uses,
        fc.array(fc.integer({ min: 0, max: 31 * 60 }), { maxLength: 8 }),
        fc.boolean(),
        (list, history, reads, windowed) => {
          const terms = windowed ? { ...allowance(window), limit: 10, rolloverMax: 5, since: at(0) } : allowance();
          const read = 32 * HOUR;
          const steps: Use[] = [...history, ...reads.map((minutes): Use => [minutes * MINUTE, 0])].sort(
            ([one], [other]) => one - other,
          );
          // The balance of an expired grant has no meaning.
          const activeState = (uses: Use[]) => {
            const meter = meterAfter(list, uses, read, terms, 0);
            return { ...meter, grants: meter.grants.filter((state) => isActive(state.grant, at(read))) };
          };
          expect(activeState(steps)).toEqual(activeState(history));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('grants that start with the window that resets them are kept', () => {
    const state: GrantState = {
      grant: grant('a', { effectiveAt: at(DAY), rolloverMax: 0 }),
      balance: 100,
      accruedUntil: at(DAY),
    };
    expect(reset([state], at(DAY))).toEqual([state]);
  });
});

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
import { conformanceCases } from '../support/conformance.js';

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

/** A limit of 0: grants cover all usage, and the rest is overage. One endless window, unless one is given. */
const allowance = (windowAt: Allowance['windowAt'] = () => null): Allowance => ({
  limit: 0,
  overage: 'allow',
  rolloverMax: 0,
  rateLimit: null,
  entityLimit: null,
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

/** Windows are `windowHours` long from `windowsFrom`. Without them there is one endless window. */
interface GrantCase {
  grants: {
    id: string;
    quantity: number;
    priority: number;
    effectiveAt: string;
    expiresAt: string;
    createdAt?: string;
    recurrence?: { interval: 'day' | 'week'; count: number; anchor: string };
    rolloverMax?: number;
  }[];
  usage: { at: string; quantity: number }[];
  included?: { limit: number; rolloverMax: number };
  windowHours?: number;
  windowsFrom?: string;
  readAt: string;
  expected: {
    balance?: number;
    balances?: Record<string, number>;
    used?: number;
    overage?: number;
    remaining?: number;
    carriedOver?: number;
  };
}

const grantOf = ({ effectiveAt, expiresAt, createdAt, recurrence, ...rest }: GrantCase['grants'][number]): Grant =>
  grant(rest.id, {
    ...rest,
    effectiveAt: new Date(effectiveAt),
    expiresAt: new Date(expiresAt),
    createdAt: createdAt ? new Date(createdAt) : at(0),
    recurrence: recurrence ? { ...recurrence, anchor: new Date(recurrence.anchor) } : null,
  });

function termsOf({ included, windowHours, windowsFrom }: GrantCase): Allowance {
  if (!windowHours) return allowance();
  const [first, length] = [Date.parse(windowsFrom!), windowHours * HOUR];
  const windows = allowance((when) => {
    const start = first + Math.floor((when.getTime() - first) / length) * length;
    return { start: new Date(start), end: new Date(start + length) };
  });
  return included ? { ...windows, ...included, overage: 'deny', since: new Date(first) } : windows;
}

describe('grants', () => {
  it.each(conformanceCases<GrantCase>('grants'))('$id', (one) => {
    const terms = termsOf(one);
    const readAt = new Date(one.readAt);
    const uses = one.usage.map((use): Use => [Date.parse(use.at) - T1, use.quantity]);
    const from = one.windowHours ? 0 : -30 * DAY;
    const meter = meterAfter(one.grants.map(grantOf), uses, readAt.getTime() - T1, terms, from);
    const found: Required<GrantCase['expected']> = {
      balance: balanceOf(meter.grants, readAt),
      balances: balances(meter),
      used: meter.used,
      overage: overageOf(meter, terms),
      remaining: roomOf(meter, terms, readAt),
      carriedOver: meter.carried,
    };
    expect(found).toMatchObject(one.expected);
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

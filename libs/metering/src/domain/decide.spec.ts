import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EntitlementTerms, MeteredTerms } from '@app/catalog';
import type { Entitlement } from '@app/entitlements';
import { MAX_COUNT } from '@app/kernel';
import { allowanceOf, check, consume, degradedDecision, hardLimit, reserve, type MeterState } from './decide.js';
import { advance, count, type Meter, overageOf, roomOf, reverse, unusedMeter } from './meter.js';

const now = new Date('2026-11-21T09:00:00Z');
const window = { start: new Date('2026-11-01T00:00:00Z'), end: new Date('2026-12-01T00:00:00Z') };
const source = { kind: 'plan' as const, plan: 'pro', version: 3 };
const schedule = {
  name: 'month',
  rule: 'calendar' as const,
  interval: 'month' as const,
  count: 1,
  timezone: 'UTC',
  anchor: window.start,
  opened: [],
  billing: { ...window, cadence: { anchor: window.start, interval: 'month' as const, count: 1, timeZone: 'UTC' } },
};

const entitled = (terms: EntitlementTerms, over: Partial<Entitlement> = {}): Entitlement => ({
  feature: { id: 'f', productId: 'p', key: 'api_calls', type: terms.type, aggregation: 'sum', failurePolicy: null },
  denied: null,
  terms,
  schedule: terms.type === 'metered' || terms.type === 'credit' ? schedule : null,
  window: terms.type === 'metered' || terms.type === 'credit' ? window : null,
  windowIsOpen: true,
  pastDueSince: null,
  since: window.start,
  allowedSince: window.start,
  grants: [],
  source,
  validFrom: now,
  validUntil: null,
  ...over,
});
const metered = (over: Partial<MeteredTerms> = {}): MeteredTerms => ({
  type: 'metered',
  limit: 10,
  window: 'month',
  overage: 'deny',
  ...over,
});
const question = (quantity: number) => ({ customer: 'acme', quantity, now });
const stateOf = (
  terms: EntitlementTerms,
  used = 0,
  over: Partial<Meter> = {},
  entitlement: Partial<Entitlement> = {},
): MeterState => {
  const entitledTo = entitled(terms, entitlement);
  const allowance = allowanceOf(entitledTo, () => window);
  return {
    entitlement: entitledTo,
    allowance,
    meter: allowance && !entitledTo.denied ? { ...unusedMeter(allowance, [], now), used, ...over } : null,
  };
};

describe('a decision', () => {
  it('shows limit, usage, window and source', () => {
    expect(check(stateOf(metered(), 10), question(1))).toEqual({
      allowed: false,
      reason: 'limit_reached',
      customer: 'acme',
      feature: 'api_calls',
      type: 'metered',
      requested: 1,
      limit: 10,
      used: 10,
      reserved: 0,
      remaining: 0,
      overage: 0,
      windowStart: '2026-11-01T00:00:00.000Z',
      resetsAt: '2026-12-01T00:00:00.000Z',
      source,
      asOf: '2026-11-21T09:00:00.000Z',
    });
  });

  it('shows the meter after the counted units', () => {
    expect(consume(stateOf(metered(), 4), question(3))).toMatchObject({
      taken: 3,
      meter: { used: 7 },
      decision: { allowed: true, reason: null, used: 7, remaining: 3 },
    });
  });

  it('shows the unchanged meter when it is only a check', () => {
    expect(check(stateOf(metered(), 4), question(3))).toMatchObject({ allowed: true, used: 4, remaining: 6 });
  });

  it('shows the value of a feature that is not counted, and counts nothing', () => {
    expect(check(stateOf({ type: 'static', value: 'email' }), question(1))).toMatchObject({
      allowed: true,
      value: 'email',
    });
    expect(
      check(stateOf({ type: 'boolean', value: false }, 0, {}, { denied: 'feature_disabled' }), question(1)),
    ).toMatchObject({ allowed: false, reason: 'feature_disabled', value: false });
    expect(consume(stateOf({ type: 'boolean', value: true }), question(1))).toMatchObject({ taken: 0, meter: null });
  });

  it('denies by the reason of the entitlement, regardless of remaining units', () => {
    expect(
      consume(stateOf(metered({ limit: null }), 0, {}, { denied: 'subscription_expired' }), question(1)),
    ).toMatchObject({ taken: 0, decision: { allowed: false, reason: 'subscription_expired' } });
  });

  it.each([
    ['deny', 8, 3, false, 0, 0],
    ['deny', 8, 2, true, 2, 0],
    ['cap', 8, 3, true, 2, 0],
    ['cap', 10, 1, false, 0, 0],
    ['allow', 8, 3, true, 3, 1],
    ['allow', 20, 5, true, 5, 15],
  ] as const)('%s: with %i of 10 used, %i more', (overage, used, quantity, allowed, taken, beyond) => {
    expect(consume(stateOf(metered({ overage }), used), question(quantity))).toMatchObject({
      taken,
      decision: { allowed, used: used + taken, overage: beyond },
    });
  });

  it('always allows an unlimited feature, and never one with a limit of 0', () => {
    expect(consume(stateOf(metered({ limit: null }), 1e9), question(1e6)).decision).toMatchObject({
      allowed: true,
      limit: null,
      remaining: null,
      overage: 0,
    });
    expect(check(stateOf(metered({ limit: 0 })), question(1))).toMatchObject({
      allowed: false,
      reason: 'limit_reached',
      limit: 0,
    });
  });

  it('counts reserved units as taken', () => {
    expect(check(stateOf(metered(), 4, { reserved: 5 }), question(2))).toMatchObject({ allowed: false, remaining: 1 });
    expect(reserve(stateOf(metered(), 4), question(6))).toMatchObject({
      taken: 6,
      decision: { allowed: true, used: 4, reserved: 6, remaining: 0 },
    });
  });

  it('enforces a rate limit beside the limit', () => {
    const terms = metered({ limit: null, rateLimit: { limit: 5, windowSeconds: 60 } });
    expect(check(stateOf(terms, 100, { recent: 4 }), question(1)).allowed).toBe(true);
    expect(check(stateOf(terms, 100, { recent: 5 }), question(1))).toMatchObject({
      allowed: false,
      reason: 'limit_reached',
    });
  });

  it('never counts beyond the largest exact integer of JSON', () => {
    expect(consume(stateOf(metered({ limit: null }), MAX_COUNT - 1), question(2))).toMatchObject({
      taken: 0,
      decision: { allowed: false },
    });
    expect(consume(stateOf(metered({ overage: 'allow' }), MAX_COUNT - 1), question(1))).toMatchObject({
      taken: 1,
      decision: { used: MAX_COUNT },
    });
  });

  it('passes the limit to the database, unless overage is allowed', () => {
    const limitOf = (terms: EntitlementTerms) => {
      const { meter, allowance } = stateOf(terms);
      return hardLimit(meter!, allowance!, now);
    };
    expect(limitOf(metered())).toBe(10);
    expect(limitOf(metered({ overage: 'cap' }))).toBe(10);
    expect(limitOf(metered({ overage: 'allow' }))).toBeNull();
    expect(limitOf({ type: 'credit', grant: { quantity: 7, every: 'month' } })).toBe(7);
  });

  describe('without the database', () => {
    const withPolicy = (failurePolicy: 'deny' | 'allow' | 'last_known', over: Partial<MeterState> = {}): MeterState => {
      const known = stateOf(metered(), 10);
      return {
        ...known,
        entitlement: { ...known.entitlement, feature: { ...known.entitlement.feature, failurePolicy } },
        ...over,
      };
    };

    it('follows the failure policy of the feature, and is marked as degraded', () => {
      expect(degradedDecision(withPolicy('deny'), question(1))).toMatchObject({
        allowed: false,
        reason: 'unavailable',
        degraded: true,
      });
      expect(degradedDecision(withPolicy('allow'), question(1))).toMatchObject({
        allowed: true,
        reason: null,
        degraded: true,
      });
      expect(degradedDecision(withPolicy('last_known'), question(1))).toMatchObject({
        allowed: false,
        reason: 'limit_reached',
        degraded: true,
      });
      expect(degradedDecision(withPolicy('last_known', { meter: null }), question(1))).toMatchObject({
        allowed: false,
        reason: 'unavailable',
        degraded: true,
      });
    });

    it('stays denied when the entitlement itself denies', () => {
      expect(
        degradedDecision(
          withPolicy('allow', { entitlement: { ...withPolicy('allow').entitlement, denied: 'subscription_expired' } }),
          question(1),
        ),
      ).toMatchObject({ allowed: false, reason: 'subscription_expired', degraded: true });
    });
  });
});

describe('a meter', () => {
  const overages = fc.constantFrom('deny' as const, 'cap' as const, 'allow' as const);
  const quantities = fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 60 });

  it('never counts beyond a hard limit, and allows all units up to it', () => {
    fc.assert(
      fc.property(fc.nat(100), overages, quantities, (limit, overage, requested) => {
        let state = stateOf(metered({ limit, overage }));
        let taken = 0;
        for (const quantity of requested) {
          const before = roomOf(state.meter!, state.allowance!, now);
          const outcome = consume(state, question(quantity));
          if (overage === 'deny') expect(outcome.taken).toBe(quantity <= before ? quantity : 0);
          if (overage === 'cap') expect(outcome.taken).toBe(Math.min(quantity, before));
          if (overage === 'allow') expect(outcome.taken).toBe(quantity);
          taken += outcome.taken;
          state = { ...state, meter: outcome.meter };
        }
        expect(state.meter!.used).toBe(taken);
        if (overage !== 'allow') expect(taken).toBeLessThanOrEqual(limit);
      }),
    );
  });

  it('allows the same units however the requests are grouped', () => {
    fc.assert(
      fc.property(
        fc.nat(100),
        overages,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 60 }),
        (limit, overage, quantity, times) => {
          // All requests are for the same quantity, so every order is the same serial order.
          let one = stateOf(metered({ limit, overage }));
          let granted = 0;
          for (let index = 0; index < times; index++) {
            const { taken, meter } = consume(one, question(quantity));
            granted += taken;
            one = { ...one, meter };
          }
          const most =
            overage === 'allow'
              ? times * quantity
              : Math.min(times * quantity, overage === 'cap' ? limit : Math.floor(limit / quantity) * quantity);
          expect(granted).toBe(most);
        },
      ),
    );
  });

  it('returns to its former state when counted units are taken back', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(80), fc.integer({ min: 1, max: 50 }), (limit, used, quantity) => {
        const { meter, allowance } = stateOf(metered({ limit, overage: 'allow' }), used);
        const counted = count(meter!, allowance!, quantity, now);
        const back = reverse(counted.meter, allowance!, quantity, counted.burns);
        expect({ ...back.meter, recent: 0 }).toEqual({ ...meter!, recent: 0 });
        expect(overageOf(back.meter, allowance!)).toBe(Math.max(0, used - limit));
      }),
    );
  });

  it('is unchanged when time passes within a window', () => {
    const { meter, allowance } = stateOf(metered(), 4);
    expect(advance({ ...meter!, windowStart: window.start }, allowance!, now)).toEqual({
      meter: { ...meter!, windowStart: window.start },
      covered: [],
    });
  });
});

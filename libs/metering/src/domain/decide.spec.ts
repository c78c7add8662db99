import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EntitlementTerms, MeteredTerms } from '@app/catalog';
import type { Entitlement } from '@app/entitlements';
import { check, decide, hardLimit, NO_USAGE, type Usage } from './decide.js';

const now = new Date('2026-11-21T09:00:00Z');
const window = { start: new Date('2026-11-01T00:00:00Z'), end: new Date('2026-12-01T00:00:00Z') };
const source = { kind: 'plan' as const, plan: 'pro', version: 3 };
const entitled = (terms: EntitlementTerms, over: Partial<Entitlement> = {}): Entitlement => ({
  feature: { id: 'f', key: 'api_calls', type: terms.type },
  denied: null,
  terms,
  window,
  source,
  ...over,
});
const metered = (over: Partial<MeteredTerms> = {}): MeteredTerms => ({ type: 'metered', limit: 10, window: 'month', overage: 'deny', ...over });
const ask = (quantity: number) => ({ customer: 'acme', quantity, now });
const used = (units: number, over: Partial<Usage> = {}): Usage => ({ ...NO_USAGE, used: units, ...over });

describe('a decision', () => {
  it('tells all that led to it', () => {
    expect(decide(entitled(metered()), used(10), ask(1))).toEqual({
      counted: 0,
      decision: {
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
      },
    });
  });

  it.each([
    ['grants what fits', metered(), used(7), 3, 3],
    ['denies what does not fit as a whole', metered(), used(8), 3, 0],
    ['counts reservations as taken', metered(), used(5, { reserved: 4 }), 2, 0],
    ['grants nothing of a limit of zero', metered({ limit: 0 }), used(0), 1, 0],
    ['grants anything without a limit', metered({ limit: null }), used(1_000_000), 1_000, 1_000],
    ['never counts beyond what JSON carries', metered({ limit: null }), used(Number.MAX_SAFE_INTEGER), 1, 0],
    ['goes over a soft limit', metered({ overage: 'allow' }), used(10), 5, 5],
    ['caps at the limit', metered({ overage: 'cap' }), used(8), 5, 2],
    ['denies at the cap', metered({ overage: 'cap' }), used(10), 5, 0],
    ['denies over a rate limit', metered({ limit: null, rateLimit: { limit: 5, windowSeconds: 60 } }), used(5, { recent: 5 }), 1, 0],
    ['grants within a rate limit', metered({ limit: null, rateLimit: { limit: 5, windowSeconds: 60 } }), used(50, { recent: 4 }), 1, 1],
    ['burns credits down', { type: 'credit', grant: { quantity: 10, every: 'billing_period' } } as const, used(9), 1, 1],
    ['denies without credits', { type: 'credit', grant: { quantity: 10, every: 'billing_period' } } as const, used(10), 1, 0],
  ])('%s', (_, terms, usage, quantity, counted) => {
    const outcome = decide(entitled(terms), usage, ask(quantity));
    expect(outcome.counted).toBe(counted);
    expect(outcome.decision).toMatchObject({ allowed: counted > 0, used: usage.used + counted, reason: counted > 0 ? null : 'limit_reached' });
  });

  it('shows overage, and never a negative remainder after a limit was lowered', () => {
    expect(decide(entitled(metered({ limit: 3 })), used(8), ask(1)).decision).toMatchObject({ allowed: false, remaining: 0, overage: 5 });
  });

  it('answers switches and values without counting', () => {
    expect(decide(entitled({ type: 'boolean', value: true }), NO_USAGE, ask(1))).toMatchObject({ counted: 0, decision: { allowed: true, value: true } });
    expect(decide(entitled({ type: 'boolean', value: false }, { denied: 'feature_disabled' }), NO_USAGE, ask(1)).decision).toMatchObject({ allowed: false, reason: 'feature_disabled' });
    expect(decide(entitled({ type: 'static', value: 'email' }), NO_USAGE, ask(1)).decision).toMatchObject({ allowed: true, value: 'email' });
  });

  it('says what the subscription says before it looks at any limit', () => {
    const { counted, decision } = decide(entitled(metered(), { denied: 'subscription_expired', terms: null, source: null, window: null }), NO_USAGE, ask(1));
    expect({ counted, ...decision }).toMatchObject({ counted: 0, allowed: false, reason: 'subscription_expired' });
  });

  it('is the same for a check, which shows the window as it stands', () => {
    expect(check(entitled(metered()), used(7), ask(3))).toMatchObject({ allowed: true, used: 7, remaining: 3 });
  });

  it('grants exactly the limit, in whatever pieces it is asked for', () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 60 });
    fc.assert(
      fc.property(pieces, fc.integer({ min: 0, max: 500 }), fc.constantFrom('deny' as const, 'cap' as const), (quantities, limit, overage) => {
        const terms = metered({ limit, overage });
        let total = 0;
        for (const quantity of quantities) {
          const { counted, decision } = decide(entitled(terms), used(total), ask(quantity));
          if (!decision.allowed) expect(total + quantity).toBeGreaterThan(limit);
          total += counted;
          expect(decision.used).toBe(total);
          expect(decision.remaining).toBe(limit - total);
        }
        expect(total).toBeLessThanOrEqual(hardLimit(terms)!);
        if (overage === 'cap') expect(total).toBe(Math.min(limit, quantities.reduce((sum, quantity) => sum + quantity, 0)));
      }),
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { EntitlementTerms } from '@app/catalog';
import type { Entitlement } from '@app/entitlements';
import { type CounterRow, isPlainRow, keyedRequest, meterTermsOf, plainReadingOf, readingOf } from './meter-reading.js';

const NOW = new Date('2026-11-21T09:00:00Z');
const WINDOW = { start: new Date('2026-11-01T00:00:00Z'), end: new Date('2026-12-01T00:00:00Z') };
const WINDOWS = { month: WINDOW, none: null };

function entitlementWith(terms: EntitlementTerms, name: keyof typeof WINDOWS): Entitlement {
  const anchor = WINDOW.start;
  const cadence = { anchor, interval: 'month' as const, count: 1, timeZone: 'UTC' };
  return {
    feature: { id: 'f', productId: 'p', key: 'calls', type: terms.type, aggregation: 'sum', failurePolicy: null },
    denied: null,
    terms,
    schedule: {
      name,
      rule: name === 'none' ? 'none' : 'calendar',
      interval: 'month',
      count: 1,
      timezone: 'UTC',
      anchor,
      opened: [],
      billing: { ...WINDOW, cadence },
    },
    window: WINDOWS[name],
    windowIsOpen: true,
    pastDueSince: null,
    since: anchor,
    allowedSince: anchor,
    grants: [],
    source: { kind: 'plan', plan: 'pro', version: 3 },
    validFrom: NOW,
    validUntil: null,
  };
}

const units = fc.nat(1_000);
const limit = fc.option(units);
const name = fc.constantFrom('month' as const, 'none' as const);
const overage = fc.constantFrom('deny' as const, 'allow' as const, 'cap' as const);
const plainTerms: fc.Arbitrary<[EntitlementTerms, 'month' | 'none']> = fc.oneof(
  fc
    .tuple(limit, name, overage)
    .map(([limit, window, overage]): [EntitlementTerms, typeof window] => [
      { type: 'metered', limit, window, overage },
      window,
    ]),
  fc
    .tuple(units, name)
    .map(([quantity, every]): [EntitlementTerms, typeof every] => [
      { type: 'credit', grant: { quantity, every } },
      every,
    ]),
);
const row = fc.record({
  version: fc.option(fc.nat()),
  windowStart: fc.option(fc.constantFrom(WINDOW.start.getTime(), WINDOW.start.getTime() - 86_400_000, 0)),
  windowName: fc.constantFrom('month', 'none'),
  used: units,
  reserved: fc.constant(0),
  fromGrants: units,
  carried: units,
  notified: fc.constantFrom(0, 80, 100),
  included: limit,
  foreign: fc.constant(false),
});

describe('the reading of a meter', () => {
  it('is the same by the plain rule as by the general one', () => {
    const nothing = { grants: [], recent: 0, opening: 0, expired: [], burnt: [] };
    fc.assert(
      fc.property(plainTerms, row, ([terms, window], row) => {
        const entitlement = entitlementWith(terms, window);
        const request = keyedRequest({ customerId: 'c', entitlement }, meterTermsOf(entitlement), NOW);
        expect([request.isPlain, isPlainRow(row)]).toEqual([true, true]);
        // A counter after the window is never read, nor one without a window beside one with a window.
        const { windowStart } = row;
        const possible = windowStart !== null && windowStart > request.windowStart.getTime() ? null : windowStart;
        const read: CounterRow = { ...row, windowStart: possible };
        expect(plainReadingOf(request, read)).toEqual(readingOf({ request, row: read }, nothing, NOW));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each<[string, EntitlementTerms, object]>([
    [
      'a rate limit',
      { type: 'metered', limit: 1, window: 'month', overage: 'deny', rateLimit: { limit: 1, windowSeconds: 60 } },
      {},
    ],
    ['a rollover', { type: 'credit', grant: { quantity: 1, every: 'month', rolloverMax: 1 } }, {}],
    ['burns', { type: 'metered', limit: 1, window: 'month', overage: 'deny' }, { withBurns: true }],
    ['an earlier instant', { type: 'metered', limit: 1, window: 'month', overage: 'deny' }, { at: WINDOW.start }],
    ['a named window', { type: 'metered', limit: 1, window: 'month', overage: 'deny' }, { windowStart: WINDOW.start }],
  ])('with %s is not plain', (_, terms, over) => {
    const entitlement = entitlementWith(terms, 'month');
    const request = { customerId: 'c', entitlement, ...over };
    expect(keyedRequest(request, meterTermsOf(entitlement), NOW).isPlain).toBe(false);
  });

  it('outside of the current window, with grants, or in a window that a first use opens is not plain', () => {
    const plain = entitlementWith({ type: 'metered', limit: 1, window: 'month', overage: 'deny' }, 'month');
    const isPlain = (entitlement: Entitlement, now: Date): boolean =>
      keyedRequest({ customerId: 'c', entitlement }, meterTermsOf(entitlement), now).isPlain;
    expect(isPlain(plain, NOW)).toBe(true);
    expect(isPlain(plain, WINDOW.end)).toBe(false);
    expect(isPlain(plain, new Date(WINDOW.start.getTime() - 1))).toBe(false);
    expect(isPlain({ ...plain, grants: [{} as Entitlement['grants'][number]] }, NOW)).toBe(false);
    expect(isPlain({ ...plain, schedule: { ...plain.schedule!, rule: 'first_use' } }, NOW)).toBe(false);
  });

  it('of a row with reserved units, or beside windows of another kind, is not plain', () => {
    const row: CounterRow = {
      version: 1,
      windowStart: 0,
      windowName: 'month',
      used: 0,
      reserved: 0,
      fromGrants: 0,
      carried: 0,
      notified: 0,
      included: null,
      foreign: false,
    };
    expect([row, { ...row, reserved: 1 }, { ...row, foreign: true }].map(isPlainRow)).toEqual([true, false, false]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { startedSubscription, soldPlan } from '../../../../test/support/subscriptions.js';
import type { BilledCharge } from './billing-walk.js';
import { draftOf, draftTotals, isNothing, sumOf } from './draft.js';
import type { InvoiceLine, InvoicePurpose } from './invoice.js';

const AT = new Date('2026-06-01T00:00:00Z');
const NOW = new Date('2026-06-01T00:00:05Z');
const line = (amount: number): InvoiceLine => ({ amount }) as InvoiceLine;
const charge = (over: Partial<BilledCharge> = {}): BilledCharge => ({
  ...{ at: AT, purpose: 'period', immediate: true, currency: 'USD', lines: [line(1_000), line(-300)], source: 1 },
  ...{ period: { start: AT, end: NOW }, usageFrom: null, waits: false, couponPeriod: AT },
  subscription: startedSubscription(soldPlan('pro', 1_000), AT),
  ...over,
});
const draft = (over?: Partial<BilledCharge>) =>
  draftOf({ charge: charge(over), settings: { usageGraceHours: 2 } }, { id: 'i', now: NOW });

describe('a draft', () => {
  it('has the amounts of its lines, and no number', () => {
    expect(draft()).toMatchObject({
      ...{ id: 'i', status: 'draft', number: null, customerId: 'c', productId: 'p', subscriptionId: 's' },
      ...{ purpose: 'period', billedAt: AT, subtotal: 700, total: 700, due: 700, createdAt: NOW },
    });
  });

  it('is due immediately, but with usage it waits for late events', () => {
    expect(draft().finalizeAt).toEqual(AT);
    expect(draft({ usageFrom: AT }).finalizeAt).toEqual(AT);
    expect(draft({ usageFrom: AT, waits: true }).finalizeAt).toEqual(new Date('2026-06-01T02:00:00Z'));
  });

  it('owes nothing when its total is negative', () => {
    expect(draftTotals([line(-500), line(200)])).toMatchObject({ total: -300, due: 0 });
    expect(sumOf([])).toBe(0);
  });
});

describe('nothing is invoiced', () => {
  it.each<[InvoicePurpose, number[], boolean, boolean]>([
    ['period', [], false, true],
    ['period', [0], false, true],
    ['period', [0], true, false],
    ['period', [], true, true],
    ['change', [0], true, true],
    ['final', [], true, true],
    ['usage', [0], true, true],
    ['manual', [0], false, false],
    ['period', [100], false, false],
    // Credits and charges that cancel out are shown.
    ['period', [100, -100], false, false],
  ])('of a %s with the amounts %j, zero invoices %s: %s', (purpose, amounts, zeroInvoices, expected) => {
    expect(isNothing({ purpose, lines: amounts.map(line) }, { zeroInvoices })).toBe(expected);
  });
});

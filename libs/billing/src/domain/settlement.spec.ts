import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Invoice } from './invoice.js';
import { uncollectible, withCredit, withPayment } from './settlement.js';

const NOW = new Date('2026-06-01T00:00:00Z');
const invoice = (over: Partial<Invoice> = {}): Invoice =>
  ({
    ...{ status: 'open', total: 1_000, paid: 0, credited: 0, due: 1_000, version: 1 },
    ...{ failedAt: NOW, nextAttemptAt: NOW, paidAt: null, ...over },
  }) as Invoice;

describe('a payment', () => {
  it('of the whole makes an invoice paid: nothing is collected any more', () => {
    expect(withPayment(invoice(), { amount: 1_000, now: NOW })).toEqual({
      excess: 0,
      invoice: {
        ...invoice(),
        ...{ status: 'paid', paid: 1_000, due: 0, paidAt: NOW, failedAt: null, nextAttemptAt: null },
        ...{ version: 2, updatedAt: NOW },
      },
    });
  });

  it('of a part leaves the rest due', () => {
    const { invoice: after } = withPayment(invoice(), { amount: 400, now: NOW });
    expect(after).toMatchObject({ status: 'open', paid: 400, due: 600, nextAttemptAt: NOW });
  });

  it('makes an uncollectible invoice paid', () => {
    const { invoice: after } = withPayment(invoice({ status: 'uncollectible' }), { amount: 1_000, now: NOW });
    expect(after.status).toBe('paid');
  });

  it.each(['void', 'paid', 'draft'] as const)('of a %s invoice is excess, and the invoice stays as it is', (status) => {
    const before = invoice({ status, due: status === 'draft' ? 1_000 : 0 });
    expect(withPayment(before, { amount: 300, now: NOW })).toEqual({ invoice: before, excess: 300 });
  });
});

describe('a credit note', () => {
  it('lowers what is due first, and the rest is paid back', () => {
    const partly = invoice({ paid: 700, due: 300 });
    expect(withCredit(partly, { total: 500, now: NOW })).toMatchObject({
      ...{ dueAmount: 300, rest: 200 },
      invoice: { status: 'paid', credited: 500, paid: 500, due: 0 },
    });
  });

  it('of a paid invoice leaves its status', () => {
    const paid = invoice({ status: 'paid', paid: 1_000, due: 0 });
    expect(withCredit(paid, { total: 400, now: NOW })).toMatchObject({
      ...{ dueAmount: 0, rest: 400 },
      invoice: { status: 'paid', credited: 400, paid: 600, due: 0 },
    });
  });
});

describe('an invoice', () => {
  it('that is given up is not collected any more', () => {
    expect(uncollectible(invoice(), NOW)).toMatchObject({ status: 'uncollectible', nextAttemptAt: null, due: 1_000 });
    expect(() => uncollectible(invoice({ status: 'void' }), NOW)).toThrow('The invoice is void');
  });

  it('owes total - paid - credited, never less than 0, and no amount is lost, through any payments and credits', () => {
    const step = fc.record({ kind: fc.constantFrom('pay', 'credit'), amount: fc.integer({ min: 1, max: 1_500 }) });
    fc.assert(
      fc.property(fc.constantFrom('open', 'uncollectible'), fc.array(step, { maxLength: 8 }), (status, steps) => {
        let current = invoice({ status: status as Invoice['status'] });
        let [received, excesses, returned] = [0, 0, 0];
        for (const { kind, amount } of steps) {
          if (kind === 'pay') {
            const { invoice: after, excess } = withPayment(current, { amount, now: NOW });
            current = after;
            received += amount;
            excesses += excess;
          } else {
            const total = Math.min(amount, current.total - current.credited);
            const { invoice: after, rest } = withCredit(current, { total, now: NOW });
            current = after;
            returned += rest;
          }
          expect(current.due).toBe(current.total - current.paid - current.credited);
          expect(current.due).toBeGreaterThanOrEqual(0);
          expect(current.paid).toBe(received - excesses - returned);
          expect(current.paid).toBeGreaterThanOrEqual(0);
          expect(current.status === 'paid').toBe(current.due === 0);
        }
      }),
      { numRuns: 500 },
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import { DomainError } from '@app/kernel';
import fc from 'fast-check';
import { type CreditNoteAmounts, creditNoteFor } from './credit-note.js';
import type { CreditNote, Invoice, InvoiceLine, LineTax } from './invoice.js';
import { computeTotals } from './totals.js';

const tax = (percentage: string, inclusive = false): LineTax => ({
  rate: `${percentage}-${inclusive}`,
  name: 'VAT',
  percentage,
  inclusive,
});
const line = (amount: number, taxes: LineTax[] = []): InvoiceLine => ({
  kind: 'manual',
  description: 'Work',
  quantity: 1,
  unitAmount: null,
  amount,
  service: { start: new Date(0), end: new Date(1) },
  plan: null,
  addOn: null,
  feature: null,
  tiers: [],
  discount: 0,
  taxes,
});
const invoiceOf = (lines: InvoiceLine[]): Invoice => {
  const { totals, ...computed } = computeTotals({ lines, redemptions: [], taxExempt: 'none' });
  return { ...computed, ...totals, credited: 0 } as unknown as Invoice;
};
/** Credits each amount after the other. */
const creditAll = (invoice: Invoice, amounts: number[]): CreditNoteAmounts[] => {
  const notes: CreditNoteAmounts[] = [];
  for (const amount of amounts) {
    const credited = notes.reduce((all, { total }) => all + total, 0);
    notes.push(creditNoteFor({ ...invoice, credited }, notes as unknown as CreditNote[], { amount }));
  }
  return notes;
};
const sumOf = (notes: CreditNoteAmounts[], of: 'total' | 'taxTotal' | 'subtotal'): number =>
  notes.reduce((all, note) => all + note[of], 0);

describe('the amounts of a credit note', () => {
  it('have taxes in proportion, and the note of the rest takes the rest', () => {
    const notes = creditAll(invoiceOf([line(999, [tax('19')]), line(1, [tax('19')])]), [400, 400, 390]);
    expect(notes.map(({ subtotal, taxTotal, total }) => [subtotal, taxTotal, total])).toEqual([
      [336, 64, 400],
      [336, 64, 400],
      [328, 62, 390],
    ]);
  });

  it('keep inclusive taxes inside of the subtotal', () => {
    const [note] = creditAll(invoiceOf([line(1190, [tax('19', true)])]), [595]);
    expect(note).toMatchObject({ subtotal: 595, taxTotal: 95, total: 595 });
  });

  it('credit single lines with their own taxes', () => {
    const invoice = invoiceOf([line(1000, [tax('19')]), line(1000, [tax('7')])]);
    expect(creditNoteFor(invoice, [], { lines: [{ line: 2, amount: 1070 }] })).toMatchObject({
      subtotal: 1000,
      taxTotal: 70,
      total: 1070,
      lines: [{ invoiceLine: 2, amount: 1000, total: 1070 }],
    });
  });

  it.each([
    ['more than the invoice', { amount: 1191 }],
    ['more than a line', { lines: [{ line: 1, amount: 1191 }] }],
  ])('refuse %s', (_, request) => {
    expect(() => creditNoteFor(invoiceOf([line(1000, [tax('19')])]), [], request)).toThrow('More would be credited');
  });

  it('refuse a line that is not there, or twice', () => {
    const lines = [
      { line: 1, amount: 1 },
      { line: 1, amount: 1 },
      { line: 2, amount: 1 },
    ];
    expect(() => creditNoteFor(invoiceOf([line(1000)]), [], { lines })).toThrow('Some fields are not valid.');
  });

  describe('of an invoice with lines of both signs', () => {
    it('spread an amount over the lines above zero when the net amount would be below zero', () => {
      // Net -10.00 and tax 19.00: the invoice is 9.00.
      const invoice = invoiceOf([line(10_000, [tax('19')]), line(-11_000)]);
      expect(invoice).toMatchObject({ subtotal: -1_000, taxTotal: 1_900, total: 900 });
      expect(creditNoteFor(invoice, [], { amount: 900 })).toMatchObject({
        subtotal: 756,
        taxTotal: 144,
        total: 900,
        lines: [{ invoiceLine: 1, amount: 756, total: 900 }],
      });
    });

    it('spread an amount over the lines above zero when the tax would be below zero', () => {
      const invoice = invoiceOf([line(20_000), line(-10_000, [tax('10')])]);
      expect(creditNoteFor(invoice, [], { amount: 9_000 })).toMatchObject({ subtotal: 9_000, taxTotal: 0 });
      expect(creditNoteFor(invoice, [], { lines: [{ line: 1, amount: 9_000 }] })).toMatchObject({ taxTotal: 0 });
      expect(() => creditNoteFor(invoice, [], { lines: [{ line: 2, amount: 1 }] })).toThrow(
        expect.objectContaining({ code: 'credit_too_large' }),
      );
    });

    it('refuse a note of nothing', () => {
      expect(() => creditNoteFor(invoiceOf([line(100)]), [], { lines: [] })).toThrow(
        expect.objectContaining({ code: 'credit_not_possible' }),
      );
    });

    it('are never refused by a CHECK of the database, and every amount up to the rest can be credited', () => {
      const rates = ['19', '7', '10', '100'].flatMap((percentage) => [tax(percentage), tax(percentage, true)]);
      const lines = fc.array(
        fc
          .tuple(fc.integer({ min: -20_000, max: 20_000 }), fc.subarray(rates, { maxLength: 2 }))
          .map(([amount, taxes]) => line(amount, taxes)),
        { minLength: 1, maxLength: 5 },
      );
      const requests = fc.array(
        fc.oneof(
          fc.record({ share: fc.double({ min: 0, max: 1.1, noNaN: true }) }),
          fc.record({
            lines: fc.uniqueArray(
              fc.record({ line: fc.integer({ min: 1, max: 5 }), amount: fc.integer({ min: 1, max: 20_000 }) }),
              { selector: (one) => one.line, minLength: 1, maxLength: 3 },
            ),
          }),
        ),
        { minLength: 1, maxLength: 6 },
      );
      fc.assert(
        fc.property(lines, requests, (given, requested) => {
          const invoice = invoiceOf(given);
          fc.pre(invoice.total > 0);
          const notes: CreditNoteAmounts[] = [];
          for (const one of requested) {
            const left = invoice.total - sumOf(notes, 'total');
            const request = 'share' in one ? { amount: Math.max(1, Math.floor(left * one.share)) } : one;
            const now = { ...invoice, credited: sumOf(notes, 'total') };
            try {
              notes.push(creditNoteFor(now, notes as unknown as CreditNote[], request));
            } catch (error) {
              // Only more than is left is refused, or lines that do not reach.
              expect(error).toBeInstanceOf(DomainError);
              expect('amount' in request && request.amount <= left).toBe(false);
              continue;
            }
            const { subtotal, taxTotal, total, taxes } = notes.at(-1)!;
            expect(Math.min(subtotal, taxTotal, total - 1, left - total)).toBeGreaterThanOrEqual(0);
            const exclusive = taxes.filter(({ inclusive }) => !inclusive).reduce((sum, { amount }) => sum + amount, 0);
            expect(subtotal + exclusive).toBe(total);
          }
        }),
        { numRuns: 2_000 },
      );
    });
  });

  it('sum up to exactly the invoice, through any sequence of notes', () => {
    const taxes = fc.constantFrom<LineTax[]>(
      [],
      [tax('19')],
      [tax('7.7')],
      [tax('20', true)],
      [tax('5'), tax('9.975')],
    );
    const lines = fc.array(fc.tuple(fc.integer({ min: 1, max: 100_000 }), taxes), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(lines, fc.array(fc.integer({ min: 1, max: 1_000 }), { maxLength: 5 }), (given, weights) => {
        const invoice = invoiceOf(given.map(([amount, own]) => line(amount, own)));
        const all = weights.reduce((whole, weight) => whole + weight, 1);
        const parts = weights.map((weight) => Math.floor((invoice.total * weight) / all)).filter((part) => part > 0);
        const rest = invoice.total - parts.reduce((whole, part) => whole + part, 0);
        const notes = creditAll(invoice, [...parts, rest]);
        expect(sumOf(notes, 'total')).toBe(invoice.total);
        expect(sumOf(notes, 'taxTotal')).toBe(invoice.taxTotal);
        for (const note of notes) {
          const exclusive = note.taxes
            .filter(({ inclusive }) => !inclusive)
            .reduce((sum, { amount }) => sum + amount, 0);
          expect(note.subtotal + exclusive).toBe(note.total);
          expect(note.lines.reduce((sum, { amount }) => sum + amount, 0)).toBe(note.subtotal);
          expect(note.lines.reduce((sum, { total }) => sum + total, 0)).toBe(note.total);
        }
      }),
      { numRuns: 500 },
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { InvoiceLine, InvoiceTax, LineTax, PrintedDocument } from '@app/billing';
import { netLines, vatGroups } from './e-invoice-lines.js';

const SPAN = { start: new Date('2026-06-01T00:00:00Z'), end: new Date('2026-07-01T00:00:00Z') };
const line = (fields: Partial<InvoiceLine>): InvoiceLine => ({
  kind: 'subscription',
  description: 'Pro',
  quantity: 1,
  unitAmount: null,
  amount: 0,
  service: SPAN,
  plan: null,
  addOn: null,
  feature: null,
  tiers: [],
  discount: 0,
  taxes: [],
  ...fields,
});
const documentOf = (lines: InvoiceLine[], taxes: InvoiceTax[], taxExempt = 'none'): PrintedDocument =>
  ({ lines, taxes, currency: 'EUR', buyer: { taxExempt } }) as unknown as PrintedDocument;

const NINETEEN: LineTax = { rate: 'n', name: 'VAT', percentage: '19', inclusive: false };
const SEVEN: LineTax = { rate: 's', name: 'VAT', percentage: '7.0', inclusive: true };

describe('lines of an e-invoice', () => {
  it.each([
    ['a price that multiplies exactly', { unitAmount: '9.99', quantity: 3, amount: 2_997 }, '9.99', null, 3],
    ['a rounded product', { unitAmount: '0.05', quantity: 3, amount: 14 }, '0.14', 3, 3],
    [
      'a price with more decimal places',
      { unitAmount: '0.00025', quantity: 40_000, amount: 1_000 },
      '10.00',
      40_000,
      40_000,
    ],
    ['tiers', { unitAmount: null, quantity: 150, amount: 107_000 }, '1070.00', 150, 150],
    ['a credit', { unitAmount: null, quantity: 1, amount: -5_000 }, '50.00', null, -1],
    ['no units', { unitAmount: '10.00', quantity: 0, amount: 0 }, '0.00', null, 1],
  ])('%s', (_, fields, price, baseQuantity, quantity) => {
    const [net] = netLines(documentOf([line(fields)], []))!;
    expect(net).toMatchObject({ price, baseQuantity, quantity, net: fields.amount, allowance: 0 });
  });

  it('a discount is an allowance of its line', () => {
    const [net] = netLines(documentOf([line({ unitAmount: '10.00', amount: 1_000, discount: 250 })], []))!;
    expect(net).toMatchObject({ price: '10.00', allowance: 250, net: 750 });
  });

  it('an inclusive tax is taken out of the amount', () => {
    const lines = [line({ amount: 1_070, unitAmount: '10.70', taxes: [SEVEN] }), line({ amount: 535, taxes: [SEVEN] })];
    const nets = netLines(documentOf(lines, [{ ...SEVEN, taxable: 1_500, amount: 105 }]))!;
    expect(nets.map(({ net }) => net)).toEqual([1_000, 500]);
    expect(nets[0]!.price).toBe('10.00');
  });

  it('categories of VAT: standard, zero, exempt and reverse charge', () => {
    const lines = [line({ taxes: [NINETEEN] }), line({ taxes: [{ ...NINETEEN, percentage: '0' }] }), line({})];
    expect(netLines(documentOf(lines, []))!.map(({ category }) => category)).toEqual(['S', 'Z', 'E']);
    expect(netLines(documentOf(lines, [], 'reverse_charge'))!.map(({ category }) => category)).toEqual([
      'AE',
      'AE',
      'AE',
    ]);
  });

  it('two taxes on one line cannot be expressed', () => {
    expect(netLines(documentOf([line({ taxes: [NINETEEN, SEVEN] })], []))).toBeNull();
  });

  it('lines and taxes add up to the total with any taxes', () => {
    const rates: LineTax[][] = [[NINETEEN], [SEVEN], []];
    const anyLine = fc.record({
      amount: fc.integer({ min: -100_000, max: 1_000_000 }),
      share: fc.integer({ min: 0, max: 100 }),
      tax: fc.constantFrom(...rates),
    });
    fc.assert(
      fc.property(fc.array(anyLine, { minLength: 1, maxLength: 20 }), (drawn) => {
        const lines = drawn.map(({ amount, share, tax }) =>
          line({ amount, discount: amount > 0 ? Math.round((amount * share) / 100) : 0, taxes: tax }),
        );
        const gross = (rate: LineTax): number =>
          lines.filter(({ taxes }) => taxes[0] === rate).reduce((sum, one) => sum + one.amount - one.discount, 0);
        const included = Math.round(gross(SEVEN) - gross(SEVEN) / 1.07);
        const taxes: InvoiceTax[] = [
          { ...NINETEEN, taxable: gross(NINETEEN), amount: Math.round(gross(NINETEEN) * 0.19) },
          { ...SEVEN, taxable: gross(SEVEN) - included, amount: included },
        ].filter(({ rate }) => lines.some((one) => one.taxes[0]?.rate === rate));
        const nets = netLines(documentOf(lines, taxes))!;
        const groups = vatGroups(nets, taxes);
        const total = lines.reduce((sum, one) => sum + one.amount - one.discount, 0);
        const exclusive = taxes.filter(({ inclusive }) => !inclusive).reduce((sum, { amount }) => sum + amount, 0);
        const sum = (numbers: number[]): number => numbers.reduce((one, other) => one + other, 0);
        expect(sum(groups.map(({ taxable, tax }) => taxable + tax))).toBe(total + exclusive);
        expect(sum(groups.map(({ taxable }) => taxable))).toBe(sum(nets.map(({ net }) => net)));
        for (const { price } of nets) expect(price.startsWith('-')).toBe(false);
      }),
    );
  });
});

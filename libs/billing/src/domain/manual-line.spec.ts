import { MAX_AMOUNT } from '@app/kernel';
import { describe, expect, it } from '@jest/globals';
import { manualLines } from './manual-line.js';

const NOW = new Date('2026-06-01T10:00:00Z');
const lineOf = (quantity: number, unitAmount: number, currency = 'USD') =>
  manualLines([{ description: 'Work', quantity, unitAmount }], { currency, now: NOW })[0]!;

describe('a line that someone writes', () => {
  it.each([
    ['USD', 3, 999, '9.99', 2_997],
    ['JPY', 2, 300, '300', 600],
    ['BHD', 1, 1_234, '1.234', 1_234],
    ['USD', 2, -50, '-0.50', -100],
  ])('in %s: %i x %i costs quantity times unit amount', (currency, quantity, unitAmount, shown, amount) => {
    expect(lineOf(quantity, unitAmount, currency)).toMatchObject({ kind: 'manual', unitAmount: shown, amount });
  });

  it('pays for the day of the invoice, unless it names a span', () => {
    expect(lineOf(1, 1).service).toEqual({ start: NOW, end: NOW });
    const periodStart = new Date('2026-05-01T00:00:00Z');
    const named = { description: 'Work', quantity: 1, unitAmount: 1, periodStart, periodEnd: NOW };
    expect(manualLines([named], { currency: 'USD', now: NOW })[0]!.service).toEqual({ start: periodStart, end: NOW });
  });

  it.each([
    [Number.MAX_SAFE_INTEGER, 2],
    [2, -Number.MAX_SAFE_INTEGER],
  ])('of %i x %i is refused: JSON does not carry the amount exactly', (quantity, unitAmount) => {
    expect(() => lineOf(quantity, unitAmount)).toThrow(expect.objectContaining({ code: 'amount_too_large' }));
  });

  it.each([MAX_AMOUNT, -MAX_AMOUNT])('is refused when all lines of %i together are too large', (unitAmount) => {
    const line = { description: 'Work', quantity: 1, unitAmount };
    const context = { currency: 'USD', now: NOW };
    expect(() => manualLines([line, line], context)).toThrow(expect.objectContaining({ code: 'amount_too_large' }));
    expect(manualLines([line, { ...line, unitAmount: -unitAmount }], context)).toHaveLength(2);
  });
});

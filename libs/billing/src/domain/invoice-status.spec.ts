import { describe, expect, it } from '@jest/globals';
import { INVOICE_STATUSES } from './invoice.js';
import {
  allowedSteps,
  assertInvoiceStep,
  assertLegalStep,
  checkInvoiceSteps,
  INVOICE_STEPS,
  type InvoiceStep,
} from './invoice-status.js';

describe('steps of an invoice', () => {
  it('reach every status', () => {
    expect(() => checkInvoiceSteps()).not.toThrow();
    expect(() => checkInvoiceSteps([['settle', { open: ['paid'] }]])).toThrow('Nothing leads to');
    expect(() => checkInvoiceSteps([...Object.entries(INVOICE_STEPS), ['void', {}]] as never)).toThrow(
      'void can never',
    );
  });

  it.each([
    ['draft', ['finalize']],
    ['open', ['mark_uncollectible', 'settle', 'void']],
    ['uncollectible', ['settle']],
    ['paid', []],
    ['void', []],
  ] as const)('%s allows %j and nothing else', (status, steps) => {
    expect(allowedSteps(status)).toEqual(steps);
    for (const step of Object.keys(INVOICE_STEPS) as InvoiceStep[]) {
      const check = expect(() => assertInvoiceStep({ status }, step));
      if ((steps as readonly string[]).includes(step)) check.not.toThrow();
      else
        check.toThrow(
          expect.objectContaining({
            code: 'invoice_status_conflict',
            details: { invoiceStatus: status, allowed: steps },
          }),
        );
    }
  });

  it('a paid invoice and a void one stay what they are', () => {
    for (const step of Object.keys(INVOICE_STEPS) as InvoiceStep[])
      for (const after of INVOICE_STATUSES) {
        expect(() => assertLegalStep('paid', step, after)).toThrow();
        expect(() => assertLegalStep('void', step, after)).toThrow();
        expect(() => assertLegalStep('open', step, 'draft')).toThrow();
      }
    expect(() => assertLegalStep('draft', 'finalize', 'paid')).not.toThrow();
  });
});

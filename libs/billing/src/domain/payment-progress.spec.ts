import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ChargeOutcome } from '../payment-provider.js';
import type { Payment } from './payment.js';
import { paymentAfter } from './payment-progress.js';

const NOW = new Date('2026-06-01T00:00:00Z');
const PENDING = { status: 'pending', providerId: null, disputedAt: null } as Payment;
const outcome = (status: ChargeOutcome['status']): ChargeOutcome => {
  const providerId = 'charge';
  if (status === 'failed') return { status, providerId, code: 'insufficient_funds', hard: false };
  return status === 'requires_action' ? { status, providerId, actionUrl: 'https://pay' } : { status, providerId };
};
const after = (statuses: ChargeOutcome['status'][], start = PENDING): Payment =>
  statuses.reduce(
    (payment, status) =>
      paymentAfter(payment, { outcome: outcome(status), disputed: false }, { now: NOW, checkAt: NOW }).payment,
    start,
  );

describe('a payment', () => {
  it('has succeeded in the end, in any order of the reports of its states', () => {
    const statuses = fc.array(fc.constantFrom<ChargeOutcome['status']>('failed', 'pending', 'requires_action'));
    fc.assert(
      fc.property(statuses, statuses, (before, later) => {
        expect(after([...before, 'succeeded', ...later]).status).toBe('succeeded');
      }),
    );
  });

  it('stays failed until it succeeds', () => {
    expect(after(['failed', 'pending', 'requires_action'])).toMatchObject({
      status: 'failed',
      failureCode: 'insufficient_funds',
    });
    expect(after(['failed', 'succeeded'])).toMatchObject({ status: 'succeeded', failureCode: null });
  });

  it('keeps its refunds', () => {
    expect(after(['failed', 'succeeded'], { ...PENDING, status: 'partially_refunded' }).status).toBe(
      'partially_refunded',
    );
  });

  it('is not changed by a report of the same state', () => {
    const payment = after(['succeeded']);
    expect(after(['succeeded'], payment)).toBe(payment);
  });

  it('is disputed once', () => {
    const report = { outcome: outcome('succeeded'), disputed: true };
    const first = paymentAfter(PENDING, report, { now: NOW, checkAt: NOW });
    expect(first).toMatchObject({ isDisputed: true, payment: { disputedAt: NOW } });
    expect(paymentAfter(first.payment, report, { now: NOW, checkAt: NOW }).isDisputed).toBe(false);
  });
});

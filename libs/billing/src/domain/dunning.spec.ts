import { describe, expect, it } from '@jest/globals';
import { afterFailure, collectionAct, type CollectionSituation, firstAttemptAt } from './dunning.js';
import type { PaymentMethod } from './payment.js';

const at = (text: string): Date => new Date(text);
const RETRY_DAYS = [1, 3, 5, 7];
const METHOD = { id: 'card', provider: 'sandbox' } as PaymentMethod;

/** The instants of all failures, when each retry fails on time. */
function failures(first: Date, timeZone: string, retryDays = RETRY_DAYS): string[] {
  const instants: string[] = [];
  let failedAt: Date | null = null;
  for (let now: Date | null = first; now;) {
    instants.push(now.toISOString());
    const step = afterFailure({ failedAt }, { retryDays, timeZone, now });
    [failedAt, now] = [step.failedAt, step.nextAttemptAt];
  }
  return instants;
}

describe('retries', () => {
  it('come on the days after the first failure, and then dunning ends', () => {
    expect(failures(at('2026-06-01T10:00:00.000Z'), 'UTC')).toEqual([
      '2026-06-01T10:00:00.000Z',
      '2026-06-02T10:00:00.000Z',
      '2026-06-04T10:00:00.000Z',
      '2026-06-06T10:00:00.000Z',
      '2026-06-08T10:00:00.000Z',
    ]);
  });

  it('keep the wall time of the customer through a change of its clock', () => {
    expect(failures(at('2026-10-24T07:30:00.000Z'), 'Europe/Berlin', [1, 2])).toEqual([
      '2026-10-24T07:30:00.000Z',
      '2026-10-25T08:30:00.000Z',
      '2026-10-26T08:30:00.000Z',
    ]);
  });

  it('are skipped when their day has passed', () => {
    const step = afterFailure(
      { failedAt: at('2026-06-01T10:00:00Z') },
      { retryDays: RETRY_DAYS, timeZone: 'UTC', now: at('2026-06-05T12:00:00Z') },
    );
    expect(step).toEqual({ failedAt: at('2026-06-01T10:00:00Z'), nextAttemptAt: at('2026-06-06T10:00:00Z') });
  });

  it('are none without retry days', () => {
    expect(failures(at('2026-06-01T10:00:00Z'), 'UTC', [])).toHaveLength(1);
  });
});

describe('the collection of an invoice', () => {
  const charged = { collection: 'charge_automatically', dueAt: at('2026-06-01T00:00:00Z') } as const;
  const sent = { collection: 'send_invoice', dueAt: at('2026-06-15T00:00:00Z') } as const;
  const situation = (changes: Partial<CollectionSituation> = {}): CollectionSituation => ({
    chargesMethods: true,
    method: METHOD,
    last: null,
    now: at('2026-06-01T00:00:00Z'),
    ...changes,
  });
  const declined = (hard: boolean, paymentMethodId = 'card') =>
    ({ status: 'failed', hard, paymentMethodId, failureCode: 'stolen_card' }) as const;

  it('charges the method', () => {
    expect(collectionAct(charged, situation())).toEqual({ kind: 'charge', method: METHOD });
    expect(collectionAct(charged, situation({ last: declined(false) }))).toMatchObject({ kind: 'charge' });
  });

  it('does not charge a method again that was declined permanently, but another one', () => {
    expect(collectionAct(charged, situation({ last: declined(true) }))).toEqual({ kind: 'fail', code: 'stolen_card' });
    expect(collectionAct(charged, situation({ last: declined(true, 'old card') }))).toMatchObject({ kind: 'charge' });
  });

  it('fails without a method', () => {
    expect(collectionAct(charged, situation({ method: null }))).toEqual({ kind: 'fail', code: 'no_payment_method' });
  });

  it('waits until an invoice that is sent is due', () => {
    expect(collectionAct(sent, situation())).toEqual({ kind: 'wait', until: sent.dueAt });
    expect(collectionAct(sent, situation({ now: sent.dueAt }))).toEqual({ kind: 'fail', code: 'overdue' });
    expect(collectionAct(charged, situation({ chargesMethods: false }))).toEqual({ kind: 'fail', code: 'overdue' });
  });

  it('begins when the invoice is issued or due', () => {
    const issuedAt = at('2026-06-01T00:00:00Z');
    expect(firstAttemptAt({ ...charged, issuedAt, due: 1 })).toBe(issuedAt);
    expect(firstAttemptAt({ ...sent, issuedAt, due: 1 })).toBe(sent.dueAt);
    expect(firstAttemptAt({ ...charged, issuedAt, due: 0 })).toBe(null);
  });
});

import { addDays } from '@app/kernel';
import type { Invoice } from './invoice.js';
import type { Payment, PaymentMethod } from './payment.js';

/** Codes of failures without a charge. */
export const NO_PAYMENT_METHOD = 'no_payment_method';
export const OVERDUE = 'overdue';

/** When collection of an invoice continues after a failure: `nextAttemptAt` null means that dunning has ended. */
export interface DunningStep {
  failedAt: Date;
  nextAttemptAt: Date | null;
}

/** When failures are retried. */
export interface RetryTerms {
  retryDays: readonly number[];
  timeZone: string;
  now: Date;
  /** Another payment method was chosen while the payment was under way: it is charged then, outside of the days. */
  retryAt?: Date | null;
}

/**
 * The next step after a failure. Retries have the local wall time of the first failure, on the given days after it; a
 * retry day that has passed is skipped, so that a worker that was down repeats nothing.
 * @param invoice its `failedAt` is the first failure since the last success
 * @example
 * afterFailure({ failedAt: null }, { retryDays: [1, 3], timeZone: 'Europe/Berlin', now });
 */
export function afterFailure(
  { failedAt: first }: Pick<Invoice, 'failedAt'>,
  { retryDays, timeZone, now, retryAt = null }: RetryTerms,
): DunningStep {
  const failedAt = first ?? now;
  const retries = retryDays.map((days) => addDays(failedAt, days, timeZone));
  return { failedAt, nextAttemptAt: retryAt ?? retries.find((at) => at > now) ?? null };
}

/** The action of the worker on an invoice that is due to be collected. */
export type CollectionAct =
  { kind: 'wait'; until: Date } | { kind: 'charge'; method: PaymentMethod } | { kind: 'fail'; code: string };

/** The facts that decide the act. */
export interface CollectionSituation {
  /** False: the provider charges nothing automatically. */
  chargesMethods: boolean;
  /** The method that would be charged: the default method at the provider of the product. */
  method: PaymentMethod | null;
  /** The last attempt to pay the invoice. */
  last: Pick<Payment, 'status' | 'hard' | 'paymentMethodId' | 'failureCode'> | null;
  now: Date;
}

/**
 * Decides how an open invoice whose next attempt is due is collected. An invoice that is sent is overdue after its due
 * date. A method that was declined permanently is not charged again; another one is.
 */
export function collectionAct(
  { collection, dueAt }: Pick<Invoice, 'collection' | 'dueAt'>,
  { chargesMethods, method, last, now }: CollectionSituation,
): CollectionAct {
  if (collection === 'send_invoice' || !chargesMethods)
    return dueAt !== null && dueAt > now ? { kind: 'wait', until: dueAt } : { kind: 'fail', code: OVERDUE };
  if (!method) return { kind: 'fail', code: NO_PAYMENT_METHOD };
  if (last?.status === 'failed' && last.hard && last.paymentMethodId === method.id)
    return { kind: 'fail', code: last.failureCode ?? 'declined' };
  return { kind: 'charge', method };
}

/** When an invoice that was finalized is collected first: immediately when it is charged, else when it is due. */
export function firstAttemptAt({
  collection,
  issuedAt,
  dueAt,
  due,
}: Pick<Invoice, 'collection' | 'issuedAt' | 'dueAt' | 'due'>): Date | null {
  if (due <= 0) return null;
  return collection === 'charge_automatically' ? issuedAt : dueAt;
}

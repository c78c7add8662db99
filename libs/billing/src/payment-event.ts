import type { EventType, NewEvent } from '@app/events';
import { type Actor, SYSTEM_ACTOR } from '@app/kernel';
import type { CreditNote } from './domain/invoice.js';
import type { Payment } from './domain/payment.js';

interface Details {
  at: Date;
  actor?: Actor;
  reason?: string | null;
  before?: object | null;
  more?: object;
}

/** A payment as events contain it. */
export const paymentEventPayload = (payment: Payment): object => ({
  invoice: payment.invoiceId,
  provider: payment.provider,
  attempt: payment.attempt,
  amount: payment.amount,
  refunded: payment.refunded,
  currency: payment.currency,
  status: payment.status,
  failureCode: payment.failureCode,
});

/** An event of a payment. `more` is added to the payload. */
export const paymentEvent = (
  type: EventType,
  payment: Payment,
  { at, actor = SYSTEM_ACTOR, reason, before = null, more = {} }: Details,
): NewEvent => ({
  type,
  subject: { type: 'payment', id: payment.id },
  customerId: payment.customerId,
  productId: payment.productId,
  actor,
  reason,
  at,
  before,
  after: { ...paymentEventPayload(payment), ...more },
});

/** The event of a credit note, without names and addresses. */
export const creditNoteEvent = (note: CreditNote, actor: Actor): NewEvent => ({
  type: 'credit_note.created',
  subject: { type: 'credit_note', id: note.id },
  customerId: note.customerId,
  productId: note.productId,
  actor,
  reason: note.reason,
  at: note.issuedAt,
  after: {
    number: note.number,
    invoice: note.invoiceId,
    currency: note.currency,
    subtotal: note.subtotal,
    taxTotal: note.taxTotal,
    total: note.total,
    dueAmount: note.dueAmount,
    refundAmount: note.refundAmount,
    balanceAmount: note.balanceAmount,
  },
});

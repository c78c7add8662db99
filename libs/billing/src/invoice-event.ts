import type { EventType, NewEvent } from '@app/events';
import { type Actor, SYSTEM_ACTOR } from '@app/kernel';
import type { Invoice } from './domain/invoice.js';

/** An invoice as events contain it: without its lines, and without names and addresses, because events are kept. */
export const invoiceEventPayload = ({ period, subscriptionId, ...invoice }: Invoice): object => ({
  number: invoice.number,
  status: invoice.status,
  subscription: subscriptionId,
  purpose: invoice.purpose,
  currency: invoice.currency,
  subtotal: invoice.subtotal,
  discountTotal: invoice.discountTotal,
  taxTotal: invoice.taxTotal,
  total: invoice.total,
  credited: invoice.credited,
  paid: invoice.paid,
  due: invoice.due,
  periodStart: period.start,
  periodEnd: period.end,
  issuedAt: invoice.issuedAt,
  dueAt: invoice.dueAt,
  paidAt: invoice.paidAt,
  version: invoice.version,
});

/**
 * An event of an invoice.
 * @param details `more` is added to the payload, such as the code of a failed payment
 * @example await events.record(invoiceEvent('invoice.paid', invoice, { at: now, before: { status: 'open' } }));
 */
export const invoiceEvent = (
  type: EventType,
  invoice: Invoice,
  { at, actor = SYSTEM_ACTOR, reason, before = null, more = {} }: InvoiceEventDetails,
): NewEvent => ({
  type,
  subject: { type: 'invoice', id: invoice.id },
  customerId: invoice.customerId,
  productId: invoice.productId,
  actor,
  reason,
  at,
  before,
  after: { ...invoiceEventPayload(invoice), ...more },
});

interface InvoiceEventDetails {
  at: Date;
  actor?: Actor;
  reason?: string;
  before?: object | null;
  more?: object;
}

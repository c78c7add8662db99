import type { Invoice } from './invoice.js';
import { assertInvoiceStep } from './invoice-status.js';

/** An invoice after money arrived, and the part of it that the invoice did not need: it belongs to the balance. */
export interface PaidInvoice {
  invoice: Invoice;
  excess: number;
}

const isOwed = ({ status }: Invoice): boolean => status === 'open' || status === 'uncollectible';

/**
 * The invoice after a payment. Money for an invoice that owes less, such as a void one, is the excess: nothing that a
 * payer has paid is lost.
 * @example const { invoice, excess } = withPayment(locked, { amount: payment.amount, now });
 */
export function withPayment(invoice: Invoice, { amount, now }: { amount: number; now: Date }): PaidInvoice {
  const applied = isOwed(invoice) ? Math.min(amount, invoice.due) : 0;
  const excess = amount - applied;
  if (applied === 0) return { invoice, excess };
  const paid = { ...changed(invoice, now), paid: invoice.paid + applied, due: invoice.due - applied };
  return { invoice: settledWhenNothingIsDue(paid, now), excess };
}

/** How a credit note is applied: the part that was due first, the rest is paid back or moved to the balance. */
export interface CreditSettlement {
  invoice: Invoice;
  dueAmount: number;
  /** The part that was paid already. */
  rest: number;
}

/** The invoice after a credit note of this total, which is at most its total less what was credited before. */
export function withCredit(invoice: Invoice, { total, now }: { total: number; now: Date }): CreditSettlement {
  const dueAmount = isOwed(invoice) ? Math.min(total, invoice.due) : 0;
  const rest = total - dueAmount;
  const credited = {
    ...changed(invoice, now),
    credited: invoice.credited + total,
    paid: invoice.paid - rest,
    due: invoice.due - dueAmount,
  };
  return { invoice: isOwed(invoice) ? settledWhenNothingIsDue(credited, now) : credited, dueAmount, rest };
}

/** The next version of an invoice that is not a draft. */
export const changed = (invoice: Invoice, now: Date): Invoice => ({
  ...invoice,
  version: invoice.version + 1,
  updatedAt: now,
});

/** The invoice given up. @throws DomainError `invoice_status_conflict` */
export function uncollectible(invoice: Invoice, now: Date): Invoice {
  assertInvoiceStep(invoice, 'mark_uncollectible');
  return { ...changed(invoice, now), status: 'uncollectible', nextAttemptAt: null };
}

function settledWhenNothingIsDue(invoice: Invoice, now: Date): Invoice {
  if (invoice.due > 0) return invoice;
  assertInvoiceStep(invoice, 'settle');
  return { ...invoice, status: 'paid', paidAt: now, failedAt: null, nextAttemptAt: null };
}

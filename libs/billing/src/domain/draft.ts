import { totalOf } from '@app/kernel';
import type { BillingSettings } from '@app/catalog';
import type { BilledCharge } from './billing-walk.js';
import type { Invoice, InvoiceLine, InvoicePurpose } from './invoice.js';

const HOUR_MS = 3_600_000;

/** Sum of the amounts of lines, before discounts and taxes. */
export const sumOf = (lines: Pick<InvoiceLine, 'amount'>[]): number => totalOf(lines, 'amount');

/**
 * True when nothing is invoiced: no line has an amount. A product may want invoices of periods that cost nothing; they
 * have a line then.
 */
export const isNothing = (
  { purpose, lines }: { purpose: InvoicePurpose; lines: Pick<InvoiceLine, 'amount'>[] },
  { zeroInvoices }: Pick<BillingSettings, 'zeroInvoices'>,
): boolean =>
  lines.every(({ amount }) => amount === 0) &&
  !(purpose === 'manual' || (zeroInvoices && purpose === 'period' && lines.length > 0));

/** True for a proration that the product collects for the next invoice. */
export const isCollected = (
  { immediate, purpose }: Pick<BilledCharge, 'immediate' | 'purpose'>,
  { prorationBilling }: Pick<BillingSettings, 'prorationBilling'>,
): boolean => !immediate && purpose === 'change' && prorationBilling === 'next_invoice';

/** The invoice of a period and the last one take the lines that wait. */
export const takesLines = ({ purpose }: Pick<BilledCharge, 'purpose'>): boolean =>
  purpose === 'period' || purpose === 'final';

/** The lines of a charge that wait for the next invoice: with their coupon period, which is not that of the invoice. */
export const waitingLines = ({ lines, couponPeriod }: Pick<BilledCharge, 'lines' | 'couponPeriod'>): InvoiceLine[] =>
  lines.map((line) => ({ couponPeriod, ...line }));

/** The draft of a charge. With usage that has a price it waits for late events; else it is finalized immediately. */
export function draftOf(
  { charge, settings }: { charge: BilledCharge; settings: Pick<BillingSettings, 'usageGraceHours'> },
  { id, now }: { id: string; now: Date },
): Invoice {
  const { subscription, purpose, at, currency, lines, period, couponPeriod, usageFrom, waits } = charge;
  return {
    ...emptyDraft({ id, now }),
    customerId: subscription.customerId,
    productId: subscription.productId,
    subscriptionId: subscription.id,
    testClockId: subscription.testClockId,
    purpose,
    billedAt: at,
    currency,
    lines,
    ...draftTotals(lines),
    period,
    couponPeriod,
    usageFrom,
    finalizeAt: waits ? new Date(at.getTime() + settings.usageGraceHours * HOUR_MS) : at,
  };
}

/** Amounts of a draft before discounts, taxes and usage are known. */
export function draftTotals(
  lines: InvoiceLine[],
): Pick<Invoice, 'subtotal' | 'discountTotal' | 'taxTotal' | 'exclusiveTaxTotal' | 'total' | 'due'> {
  const subtotal = sumOf(lines);
  return {
    subtotal,
    discountTotal: 0,
    taxTotal: 0,
    exclusiveTaxTotal: 0,
    total: subtotal,
    due: Math.max(0, subtotal),
  };
}

/** The fields that every draft has in common. */
export const emptyDraft = ({ id, now }: { id: string; now: Date }) =>
  ({
    id,
    status: 'draft',
    serial: null,
    number: null,
    discounts: [],
    taxes: [],
    couponPeriod: null as Date | null,
    credited: 0,
    paid: 0,
    issuedAt: null,
    dueAt: null,
    paidAt: null,
    seller: null,
    buyer: null,
    collection: 'charge_automatically',
    attempts: 0,
    failedAt: null,
    nextAttemptAt: null,
    documentedAt: null,
    version: 1,
    createdAt: now,
    updatedAt: now,
  }) satisfies Partial<Invoice>;

import type { Language } from '@app/users';
import type { CreditNote, Invoice, InvoiceDiscount, InvoiceLine, InvoiceTax, Party, Totals } from './invoice.js';
import type { Period } from '@app/kernel';

export const DOCUMENT_KINDS = ['invoice', 'credit_note'] as const;
export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

/** `pdf` for people, `xml` for programs: an e-invoice by EN 16931. */
export const DOCUMENT_FORMATS = ['pdf', 'xml'] as const;
export type DocumentFormat = (typeof DOCUMENT_FORMATS)[number];

/** An invoice or a credit note as it is printed. The same value gives the same documents. */
export interface PrintedDocument extends Totals {
  kind: DocumentKind;
  id: string;
  number: string;
  /** Of a credit note: number and issue date of its invoice. */
  invoice: { number: string; issuedAt: Date } | null;
  issuedAt: Date;
  dueAt: Date | null;
  /** Null for a credit note. */
  period: Period | null;
  currency: string;
  lines: InvoiceLine[];
  discounts: InvoiceDiscount[];
  taxes: InvoiceTax[];
  /** Amounts when the document was made; a credit note has `paid` 0 and `due` 0. */
  paid: number;
  due: number;
  /** Of a credit note: the parts of its total that lower the due amount, are refunded, and go to the balance. */
  settlement: { due: number; refund: number; balance: number } | null;
  /** Of a credit note. */
  reason: string | null;
  seller: Party;
  buyer: Party;
  /** True when the default payment method is charged; false when the buyer transfers the amount. */
  isCharged: boolean;
  language: Language;
  /** IANA name: dates are printed in it. */
  timezone: string;
}

/** The number of a document in letters that a file name may have. @example fileNameOf('2026/17 A') // '2026-17-A' */
export const fileNameOf = (number: string): string => number.replace(/[^A-Za-z0-9._-]+/g, '-');

/** Language and time zone of a document: not part of the invoice. */
export interface Printing {
  language: Language;
  timezone: string;
}

/** A finalized invoice as it is printed. */
export function printedInvoice(invoice: Invoice, { language, timezone }: Printing): PrintedDocument {
  return {
    kind: 'invoice',
    id: invoice.id,
    number: invoice.number!,
    invoice: null,
    issuedAt: invoice.issuedAt!,
    dueAt: invoice.dueAt,
    period: invoice.period,
    currency: invoice.currency,
    lines: invoice.lines,
    discounts: invoice.discounts,
    taxes: invoice.taxes,
    subtotal: invoice.subtotal,
    discountTotal: invoice.discountTotal,
    taxTotal: invoice.taxTotal,
    exclusiveTaxTotal: invoice.exclusiveTaxTotal,
    total: invoice.total,
    paid: invoice.paid,
    due: invoice.due,
    settlement: null,
    reason: null,
    seller: invoice.seller!,
    buyer: invoice.buyer!,
    isCharged: invoice.collection === 'charge_automatically',
    language,
    timezone,
  };
}

/** A credit note as it is printed. */
export function printedCreditNote(
  note: CreditNote,
  invoice: { number: string; issuedAt: Date },
  { language, timezone }: Printing,
): PrintedDocument {
  return {
    kind: 'credit_note',
    id: note.id,
    number: note.number,
    invoice,
    issuedAt: note.issuedAt,
    dueAt: null,
    period: null,
    currency: note.currency,
    lines: note.lines,
    discounts: [],
    taxes: note.taxes,
    subtotal: note.subtotal,
    discountTotal: 0,
    taxTotal: note.taxTotal,
    exclusiveTaxTotal: note.total - note.subtotal,
    total: note.total,
    paid: 0,
    due: 0,
    settlement: { due: note.dueAmount, refund: note.refundAmount, balance: note.balanceAmount },
    reason: note.reason,
    seller: note.seller,
    buyer: note.buyer,
    isCharged: false,
    language,
    timezone,
  };
}

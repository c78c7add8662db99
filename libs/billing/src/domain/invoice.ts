import type { Period } from '@app/kernel';
import type { Language } from '@app/users';

/**
 * `draft`: only now it changes. `open`: finalized, something is due. `void` and `uncollectible`: see
 * `invoice-status.ts`.
 */
export const INVOICE_STATUSES = ['draft', 'open', 'paid', 'void', 'uncollectible'] as const;
export type InvoiceStatus = (typeof INVOICE_STATUSES)[number];

/**
 * Why an invoice exists. `period`: a period began. `change`: a change within a period. `usage`: usage of a month of a
 * longer period. `final`: the subscription ended. `manual`: someone wrote it.
 */
export const INVOICE_PURPOSES = ['period', 'change', 'usage', 'final', 'manual'] as const;
export type InvoicePurpose = (typeof INVOICE_PURPOSES)[number];

export const LINE_KINDS = ['subscription', 'proration', 'usage', 'add_on', 'manual', 'adjustment'] as const;
export type LineKind = (typeof LINE_KINDS)[number];

export const COLLECTIONS = ['charge_automatically', 'send_invoice'] as const;
export type Collection = (typeof COLLECTIONS)[number];

/** One tier of a rated quantity, as it is shown on the invoice. */
export interface TierCharge {
  /** First and last unit of the tier that were charged. */
  from: number;
  to: number;
  /** Units, or packages of a price per package. */
  quantity: number;
  /** Decimal, in major units of the currency: of a unit, or of a package. */
  unitAmount: string;
  /** Decimal, in major units: charged once for the tier. Absent when it has none. */
  flatAmount?: string;
  /** Quantity times unit amount, plus the flat amount. Exact minor units, a decimal: only the line is rounded. */
  amount: string;
}

/** A line before discounts and taxes. Amounts are minor units, negative for a credit. */
export interface InvoiceLine {
  kind: LineKind;
  description: string;
  quantity: number;
  /** Decimal in major units for usage, such as `0.00025`; null when tiers decide. */
  unitAmount: string | null;
  amount: number;
  /** The span that the line pays for; half open. */
  service: Period;
  plan: { key: string; name: string; version: number } | null;
  addOn: string | null;
  feature: string | null;
  tiers: TierCharge[];
  /** Coupon period of its price, where it is not that of the invoice: of a credit for an earlier period. */
  couponPeriod?: Date;
  /** Set when the totals are computed. */
  discount: number;
  taxes: LineTax[];
}

/** A tax rate that applies to a line. */
export interface LineTax {
  /** Key of the tax rate. */
  rate: string;
  name: string;
  /** Percent with up to four places, such as `19` or `7.7`. */
  percentage: string;
  inclusive: boolean;
}

/** One coupon on an invoice. The amount is positive when it lowers the total. */
export interface InvoiceDiscount {
  coupon: string;
  name: string;
  redemptionId: string;
  percentOff: string | null;
  amountOff: number | null;
  amount: number;
}

/** The tax of one rate, over all lines that have it: rounded once. */
export interface InvoiceTax extends LineTax {
  /** Net amount that is taxed, after discounts, in minor units. */
  taxable: number;
  amount: number;
}

/** The amounts of an invoice. total = subtotal - discountTotal + exclusiveTaxTotal. */
export interface Totals {
  subtotal: number;
  discountTotal: number;
  taxTotal: number;
  exclusiveTaxTotal: number;
  total: number;
}

export interface Address {
  line1: string;
  line2: string | null;
  postalCode: string;
  city: string;
  region: string | null;
  /** ISO 3166-1 alpha-2. */
  country: string;
}

/** Buyer or seller as on the document: a copy, taken when the invoice is finalized. */
export interface Party {
  name: string;
  address: Address | null;
  taxId: string | null;
  email: string | null;
  /** Bank account or other text on how to pay; sellers only. */
  paymentDetails?: string | null;
  /** Buyers only. */
  taxExempt?: TaxExempt;
  language?: Language;
}

export const TAX_EXEMPTIONS = ['none', 'exempt', 'reverse_charge'] as const;
export type TaxExempt = (typeof TAX_EXEMPTIONS)[number];

export interface Invoice extends Totals {
  id: string;
  customerId: string;
  productId: string;
  /** Null for a manual invoice. */
  subscriptionId: string | null;
  testClockId: string | null;
  purpose: InvoicePurpose;
  /** The billing instant: with subscription and purpose it identifies the invoice. */
  billedAt: Date;
  status: InvoiceStatus;
  /** Consecutive number per seller; null: a draft. */
  serial: number | null;
  /** The serial as printed, such as `INV-2026-000123`. */
  number: string | null;
  currency: string;
  lines: InvoiceLine[];
  discounts: InvoiceDiscount[];
  taxes: InvoiceTax[];
  /** Total of its credit notes. */
  credited: number;
  /** Payments less refunds, and what the credit balance paid. Negative when the invoice paid into the balance. */
  paid: number;
  due: number;
  period: Period;
  /** Start of the coupon period: see `BilledCharge`. Null for a manual invoice. */
  couponPeriod: Date | null;
  /** Where usage begins that may be charged on it; null: it has no usage. */
  usageFrom: Date | null;
  /** When the draft is due to be finalized, by the customer's clock; null: by request only. */
  finalizeAt: Date | null;
  issuedAt: Date | null;
  dueAt: Date | null;
  paidAt: Date | null;
  seller: Party | null;
  buyer: Party | null;
  collection: Collection;
  /** Payment attempts so far, and the first failure since the last success. */
  attempts: number;
  failedAt: Date | null;
  nextAttemptAt: Date | null;
  /** When its documents were stored. */
  documentedAt: Date | null;
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

export interface CreditNote {
  id: string;
  customerId: string;
  productId: string;
  invoiceId: string;
  testClockId: string | null;
  serial: number;
  number: string;
  currency: string;
  lines: InvoiceLine[];
  taxes: InvoiceTax[];
  subtotal: number;
  taxTotal: number;
  total: number;
  /** The part that lowered what was due, the part paid back, and the part moved to the credit balance. */
  dueAmount: number;
  refundAmount: number;
  balanceAmount: number;
  reason: string;
  seller: Party;
  buyer: Party;
  issuedAt: Date;
  documentedAt: Date | null;
  createdAt: Date;
}

import type { InvoiceStatus, PaymentStatus } from './money-statuses';

/** Filters of a list of invoices, kept in the URL. */
export interface InvoiceFilters {
  status?: InvoiceStatus;
  customer?: string;
}

/** Filters of a list of payments, kept in the URL. */
export interface PaymentFilters {
  status?: PaymentStatus;
  customer?: string;
}

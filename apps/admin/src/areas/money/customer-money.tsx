import type { ReactNode } from 'react';
import { InvoiceTable } from './invoice-table';
import { PaymentTable } from './payment-table';

/** Invoices of one customer, on all products that the role may read. */
export function CustomerInvoices({ customer }: { customer: string }): ReactNode {
  return <InvoiceTable filters={{ customer }} />;
}

/** Payments of one customer. */
export function CustomerPayments({ customer }: { customer: string }): ReactNode {
  return <PaymentTable filters={{ customer }} />;
}

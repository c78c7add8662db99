import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '../../shell/root-route';
import { INVOICE_STATUSES, type InvoiceStatus, PAYMENT_STATUSES, type PaymentStatus } from './money-statuses';

const oneOf = <T extends string>(allowed: readonly T[], value: unknown): T | undefined =>
  allowed.find((one) => one === value);
const text = (value: unknown): string | undefined => (typeof value === 'string' && value ? value : undefined);

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

export const moneyRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/invoices',
    validateSearch: ({ status, customer }: Record<string, unknown>): InvoiceFilters => ({
      status: oneOf(INVOICE_STATUSES, status),
      customer: text(customer),
    }),
    component: lazyRouteComponent(() => import('./invoice-list'), 'InvoiceList'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/invoices/$id',
    component: lazyRouteComponent(() => import('./invoice-page'), 'InvoicePage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/payments',
    validateSearch: ({ status, customer }: Record<string, unknown>): PaymentFilters => ({
      status: oneOf(PAYMENT_STATUSES, status),
      customer: text(customer),
    }),
    component: lazyRouteComponent(() => import('./payment-list'), 'PaymentList'),
  }),
] as const;

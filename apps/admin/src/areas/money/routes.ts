import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '../../shell/root-route';
import type { InvoiceFilters, PaymentFilters } from './money-filters';
import { INVOICE_STATUSES, PAYMENT_STATUSES } from './money-statuses';

const oneOf = <T extends string>(allowed: readonly T[], value: unknown): T | undefined =>
  allowed.find((one) => one === value);
const text = (value: unknown): string | undefined => (typeof value === 'string' && value ? value : undefined);

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

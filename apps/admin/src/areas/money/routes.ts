import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '../../shell/root-route';
import { oneOfParam, textParam } from '../../shell/search-params';
import type { InvoiceFilters, PaymentFilters } from './money-filters';
import { INVOICE_STATUSES, PAYMENT_STATUSES } from './money-statuses';

export const moneyRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/invoices',
    validateSearch: ({ status, customer }: Record<string, unknown>): InvoiceFilters => ({
      status: oneOfParam(INVOICE_STATUSES, status),
      customer: textParam(customer),
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
      status: oneOfParam(PAYMENT_STATUSES, status),
      customer: textParam(customer),
    }),
    component: lazyRouteComponent(() => import('./payment-list'), 'PaymentList'),
  }),
] as const;

import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '../../shell/root-route';
import { prefetchCustomer } from './customer-reads';

export const STATUSES = ['trialing', 'active', 'past_due', 'paused', 'canceled', 'expired', 'inactive'] as const;
const ORDERS = ['newest', 'oldest'] as const;
export const TABS = ['overview', 'usage', 'allowances', 'decision', 'invoices', 'payments', 'activity'] as const;
export const STEPS = ['hour', 'day', 'month'] as const;
export type Tab = (typeof TABS)[number];

/** Filters of the customer list, kept in the URL. Dates are days in UTC. */
export interface CustomerFilters {
  q?: string;
  status?: (typeof STATUSES)[number];
  plan?: string;
  from?: string;
  to?: string;
  order?: (typeof ORDERS)[number];
}

/** Tab and product of the customer page, kept in the URL. */
export interface CustomerView {
  tab?: Tab;
  /** Key of the feature of the usage and of the decision. */
  feature?: string;
  /** Length of a step of the usage. */
  by?: (typeof STEPS)[number];
  /** Instant of the decision, ISO 8601. */
  at?: string;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const oneOf = <T extends string>(values: readonly T[], value: unknown): T | undefined =>
  values.find((one) => one === value);

export const customerRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/customers',
    validateSearch: ({ q, status, plan, from, to, order }: Record<string, unknown>): CustomerFilters => ({
      q: text(q),
      status: oneOf(STATUSES, status),
      plan: text(plan),
      from: text(from),
      to: text(to),
      order: oneOf(ORDERS, order),
    }),
    component: lazyRouteComponent(() => import('./customer-list'), 'CustomerList'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/customers/$key',
    validateSearch: ({ tab, feature, by, at }: Record<string, unknown>): CustomerView => ({
      tab: oneOf(TABS, tab),
      feature: text(feature),
      by: oneOf(STEPS, by),
      at: text(at),
    }),
    loaderDeps: ({ search: { product } }) => ({ product }),
    loader: ({ params, deps }) => prefetchCustomer(params.key, deps.product),
    component: lazyRouteComponent(() => import('./customer-page'), 'CustomerPage'),
  }),
] as const;

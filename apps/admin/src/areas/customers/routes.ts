import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '../../shell/root-route';
import { prefetchCustomer } from './customer-reads';
import { type CustomerFilters, type CustomerView, ORDERS, STATUSES, STEPS, TABS } from './customer-search';

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

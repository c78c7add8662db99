import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '../../shell/root-route';
import { oneOfParam, textParam } from '../../shell/search-params';
import { prefetchCustomer } from './customer-reads';
import { type CustomerFilters, type CustomerView, ORDERS, STATUSES, STEPS, TABS } from './customer-search';

export const customerRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/customers',
    validateSearch: ({ q, status, plan, from, to, order }: Record<string, unknown>): CustomerFilters => ({
      q: textParam(q),
      status: oneOfParam(STATUSES, status),
      plan: textParam(plan),
      from: textParam(from),
      to: textParam(to),
      order: oneOfParam(ORDERS, order),
    }),
    component: lazyRouteComponent(() => import('./customer-list'), 'CustomerList'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/customers/$key',
    validateSearch: ({ tab, feature, by, at }: Record<string, unknown>): CustomerView => ({
      tab: oneOfParam(TABS, tab),
      feature: textParam(feature),
      by: oneOfParam(STEPS, by),
      at: textParam(at),
    }),
    loaderDeps: ({ search: { product } }) => ({ product }),
    loader: ({ params, deps }) => prefetchCustomer(params.key, deps.product),
    component: lazyRouteComponent(() => import('./customer-page'), 'CustomerPage'),
  }),
] as const;

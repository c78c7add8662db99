import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '../../shell/root-route';
import { textParam } from '../../shell/search-params';
import type { AuditFilters } from './audit-filters';

export const operationRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/api-keys',
    component: lazyRouteComponent(() => import('./api-keys'), 'ApiKeys'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/users',
    validateSearch: ({ email }: Record<string, unknown>): { email?: string } => ({ email: textParam(email) }),
    component: lazyRouteComponent(() => import('./users'), 'Users'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/audit',
    validateSearch: ({ type, customer, actorKind, from, to }: Record<string, unknown>): AuditFilters => ({
      type: textParam(type),
      customer: textParam(customer),
      actorKind: textParam(actorKind) as AuditFilters['actorKind'],
      from: textParam(from),
      to: textParam(to),
    }),
    component: lazyRouteComponent(() => import('./audit-log'), 'AuditLog'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/test-clocks',
    component: lazyRouteComponent(() => import('./test-clocks'), 'TestClocks'),
  }),
] as const;

import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '../../shell/root-route';
import type { AuditFilters } from './audit-filters';

const text = (value: unknown): string | undefined => (typeof value === 'string' && value ? value : undefined);

export const operationRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/api-keys',
    component: lazyRouteComponent(() => import('./api-keys'), 'ApiKeys'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/users',
    validateSearch: ({ email }: Record<string, unknown>): { email?: string } => ({ email: text(email) }),
    component: lazyRouteComponent(() => import('./users'), 'Users'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/audit',
    validateSearch: ({ type, customer, actorKind, from, to }: Record<string, unknown>): AuditFilters => ({
      type: text(type),
      customer: text(customer),
      actorKind: text(actorKind) as AuditFilters['actorKind'],
      from: text(from),
      to: text(to),
    }),
    component: lazyRouteComponent(() => import('./audit-log'), 'AuditLog'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/test-clocks',
    component: lazyRouteComponent(() => import('./test-clocks'), 'TestClocks'),
  }),
] as const;

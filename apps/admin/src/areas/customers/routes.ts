import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '../../shell/root-route';

/** Filters of the customer list, kept in the URL. */
export interface CustomerFilters {
  q?: string;
}

export const customerRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/customers',
    validateSearch: ({ q }: Record<string, unknown>): CustomerFilters => ({
      q: typeof q === 'string' && q ? q : undefined,
    }),
    component: lazyRouteComponent(() => import('./customer-list'), 'CustomerList'),
  }),
] as const;

import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { rootRoute } from '../../shell/root-route';
import { DELIVERY_STATUSES, type DeliveryStatus } from './delivery-statuses';

export const webhookRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/webhooks',
    component: lazyRouteComponent(() => import('./endpoint-list'), 'EndpointList'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/webhooks/$id',
    validateSearch: ({ status }: Record<string, unknown>): { status?: DeliveryStatus } => ({
      status: DELIVERY_STATUSES.find((one) => one === status),
    }),
    component: lazyRouteComponent(() => import('./endpoint-page'), 'EndpointPage'),
  }),
] as const;

import { createRoute } from '@tanstack/react-router';
import { rootRoute } from '../../shell/root-route';

export const operationRoutes = [
  createRoute({ getParentRoute: () => rootRoute, path: '/api-keys' }),
  createRoute({ getParentRoute: () => rootRoute, path: '/users' }),
  createRoute({ getParentRoute: () => rootRoute, path: '/audit' }),
  createRoute({ getParentRoute: () => rootRoute, path: '/test-clocks' }),
  createRoute({ getParentRoute: () => rootRoute, path: '/settings' }),
] as const;

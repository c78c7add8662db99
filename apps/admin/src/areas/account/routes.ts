import { createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { rootRoute } from '../../shell/root-route';

export const accountRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/account',
    component: lazyRouteComponent(() => import('./account'), 'Account'),
  }),
  // The address of a failed single sign-on; a signed-in user has nothing to do there.
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/sign-in',
    beforeLoad: () => {
      throw redirect({ to: '/' });
    },
  }),
] as const;

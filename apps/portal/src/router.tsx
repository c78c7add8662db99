import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { ErrorState } from '@tollgate/web';
import { NotFound, Shell } from './shell/shell';

const rootRoute = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: ({ error, reset }) => <ErrorState error={error} retry={reset} />,
});

const getParentRoute = () => rootRoute;

const routeTree = rootRoute.addChildren([
  createRoute({
    getParentRoute,
    path: '/',
    component: lazyRouteComponent(() => import('./overview/overview'), 'Overview'),
  }),
  createRoute({
    getParentRoute,
    path: '/plans',
    component: lazyRouteComponent(() => import('./plans/plans'), 'Plans'),
  }),
  createRoute({
    getParentRoute,
    path: '/invoices',
    component: lazyRouteComponent(() => import('./money/invoices'), 'Invoices'),
  }),
  createRoute({
    getParentRoute,
    path: '/payment',
    component: lazyRouteComponent(() => import('./money/payment'), 'Payment'),
  }),
  createRoute({
    getParentRoute,
    path: '/details',
    component: lazyRouteComponent(() => import('./details/details'), 'Details'),
  }),
  createRoute({
    getParentRoute,
    path: '/messages',
    component: lazyRouteComponent(() => import('./details/messages'), 'Messages'),
  }),
]);

export const router = createRouter({
  basepath: '/portal',
  routeTree,
  defaultPreload: 'intent',
  scrollRestoration: true,
});

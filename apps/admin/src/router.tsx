import { createRouter } from '@tanstack/react-router';
import { accountRoutes } from './areas/account/routes';
import { catalogueRoutes } from './areas/catalogue/routes';
import { customerRoutes } from './areas/customers/routes';
import { moneyRoutes } from './areas/money/routes';
import { operationRoutes } from './areas/operations/routes';
import { overviewRoutes } from './areas/overview/routes';
import { webhookRoutes } from './areas/webhooks/routes';
import { rootRoute } from './shell/root-route';

export const router = createRouter({
  basepath: '/admin',
  routeTree: rootRoute.addChildren([
    ...overviewRoutes,
    ...customerRoutes,
    ...catalogueRoutes,
    ...moneyRoutes,
    ...webhookRoutes,
    ...operationRoutes,
    ...accountRoutes,
  ]),
  defaultPreload: 'intent',
  scrollRestoration: true,
  // Parameters that a screen does not know, such as those of a tracked link, never reach the API.
  search: { strict: true },
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

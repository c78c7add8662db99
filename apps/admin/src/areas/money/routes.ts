import { createRoute } from '@tanstack/react-router';
import { rootRoute } from '../../shell/root-route';

export const moneyRoutes = [
  createRoute({ getParentRoute: () => rootRoute, path: '/invoices' }),
  createRoute({ getParentRoute: () => rootRoute, path: '/payments' }),
] as const;

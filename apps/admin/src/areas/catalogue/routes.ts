import { createRoute } from '@tanstack/react-router';
import { rootRoute } from '../../shell/root-route';

export const catalogueRoutes = [createRoute({ getParentRoute: () => rootRoute, path: '/catalogue' })] as const;

import { createRoute } from '@tanstack/react-router';
import { rootRoute } from '../../shell/root-route';

export const overviewRoutes = [createRoute({ getParentRoute: () => rootRoute, path: '/' })] as const;

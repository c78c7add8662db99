import { createRoute } from '@tanstack/react-router';
import { rootRoute } from '../../shell/root-route';

export const webhookRoutes = [createRoute({ getParentRoute: () => rootRoute, path: '/webhooks' })] as const;

import { createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { rootRoute } from '../../shell/root-route';

const STATUSES = ['draft', 'published', 'archived'] as const;
type Status = (typeof STATUSES)[number];

const frame = createRoute({
  getParentRoute: () => rootRoute,
  path: '/catalogue',
  component: lazyRouteComponent(() => import('./catalogue-frame'), 'CatalogueFrame'),
});

const start = createRoute({
  getParentRoute: () => frame,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/catalogue/plans', replace: true });
  },
});

const features = createRoute({
  getParentRoute: () => frame,
  path: '/features',
  component: lazyRouteComponent(() => import('./features/feature-list'), 'FeatureList'),
});

const plans = createRoute({
  getParentRoute: () => frame,
  path: '/plans',
  validateSearch: ({ status }: Record<string, unknown>): { status?: Status } => ({
    status: STATUSES.find((one) => one === status),
  }),
  component: lazyRouteComponent(() => import('./plans/plan-list'), 'PlanList'),
});

const plan = createRoute({
  getParentRoute: () => frame,
  path: '/plans/$key',
  // Id of the plan migration whose progress is shown.
  validateSearch: ({ move }: Record<string, unknown>): { move?: string } =>
    typeof move === 'string' && move !== '' ? { move } : {},
  component: lazyRouteComponent(() => import('./plans/plan-page'), 'PlanPage'),
});

const draft = createRoute({
  getParentRoute: () => frame,
  path: '/plans/$key/draft',
  component: lazyRouteComponent(() => import('./plans/draft-editor'), 'DraftEditor'),
});

const addOns = createRoute({
  getParentRoute: () => frame,
  path: '/add-ons',
  component: lazyRouteComponent(() => import('./sales/add-on-list'), 'AddOnList'),
});

const addOn = createRoute({
  getParentRoute: () => frame,
  path: '/add-on',
  // Without a key the add-on is a new one.
  validateSearch: ({ key }: Record<string, unknown>): { key?: string } => (typeof key === 'string' ? { key } : {}),
  component: lazyRouteComponent(() => import('./sales/add-on-editor'), 'AddOnEditor'),
});

const coupons = createRoute({
  getParentRoute: () => frame,
  path: '/coupons',
  component: lazyRouteComponent(() => import('./sales/coupon-list'), 'CouponList'),
});

const taxRates = createRoute({
  getParentRoute: () => frame,
  path: '/tax-rates',
  component: lazyRouteComponent(() => import('./sales/tax-rate-list'), 'TaxRateList'),
});

const document = createRoute({
  getParentRoute: () => frame,
  path: '/document',
  component: lazyRouteComponent(() => import('./documents/catalog-document'), 'CatalogDocumentPage'),
});

const settings = createRoute({
  getParentRoute: () => frame,
  path: '/settings',
  component: lazyRouteComponent(() => import('./product-settings/product-settings'), 'ProductSettings'),
});

export const catalogueRoutes = [
  frame.addChildren([start, features, plans, plan, draft, addOns, addOn, coupons, taxRates, document, settings]),
] as const;

import type { CatalogDocument } from './domain/catalog-document.js';

/** The built-in product: limits on Tollgate's own resources, such as API keys. */
export const OWN_PRODUCT = 'tollgate';
/** The product of requests that name none. */
export const DEFAULT_PRODUCT = 'default';
/** The plan of the users who operate the installation. */
export const OPERATOR_PLAN = 'operator';

const FREE_OF_CHARGE = [{ interval: 'month', intervalCount: 1, amount: 0, currency: 'USD' }];
const apiKeys = (limit: number | null) => [
  { feature: 'api_keys', type: 'metered', limit, window: 'none', overage: 'deny' },
];

/** Catalog of the built-in product; `CatalogService.ensureBuiltin` applies it at startup. */
export const BUILTIN_CATALOG: CatalogDocument = {
  product: { key: OWN_PRODUCT, name: 'Tollgate' },
  features: [{ key: 'api_keys', name: 'API keys held', type: 'metered', unit: 'key' }],
  plans: [
    { key: 'member', name: 'Member', public: false, prices: FREE_OF_CHARGE, entitlements: apiKeys(5) },
    { key: OPERATOR_PLAN, name: 'Operator', public: false, prices: FREE_OF_CHARGE, entitlements: apiKeys(null) },
  ],
  assignment: [{ plan: 'member' }],
};

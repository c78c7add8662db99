/**
 * The import order: for each lib, the libs below it. Imports and SQL follow it: .dependency-cruiser.cjs checks the
 * imports, scripts/lint-tables.mjs the tables that SQL names.
 */
const GROUND = ['kernel', 'platform', 'events'];
const CATALOG = [...GROUND, 'customers', 'catalog'];

module.exports = {
  kernel: [],
  platform: ['kernel'],
  events: ['kernel', 'platform'],
  users: GROUND,
  customers: GROUND,
  catalog: GROUND,
  subscriptions: CATALOG,
  entitlements: [...CATALOG, 'subscriptions'],
  metering: [...CATALOG, 'subscriptions', 'entitlements'],
  deliveries: GROUND,
  billing: [...CATALOG, 'users', 'subscriptions', 'entitlements', 'metering', 'deliveries'],
  stripe: [...GROUND, 'billing'],
  documents: [...GROUND, 'billing'],
  webhooks: [...GROUND, 'catalog', 'deliveries'],
  notifications: [...GROUND, 'users', 'customers', 'deliveries'],
  auth: [...CATALOG, 'users', 'deliveries'],
  accounts: [
    ...CATALOG,
    'users',
    'subscriptions',
    'entitlements',
    'metering',
    'deliveries',
    'webhooks',
    'notifications',
    'auth',
    'billing',
  ],
};

/**
 * Access rules: every route of the service has a row here, or the test fails.
 * `scope`: API keys with this scope. `users`: admin, product_admin (and admins), owner (users for their own customer,
 * and admins), user (every logged-in user); left out: no user. `support`: what support may do for any customer: read,
 * or repair with a reason. `finance`: what finance may do with the money of any customer: read, or change it with a
 * reason. `portal`: portal sessions may call it for their customer.
 */
export interface Access {
  /** `optional`: credentials are not needed, but a request that has some must have valid ones. */
  public?: true | 'optional';
  scope?: string;
  users?: 'admin' | 'product_admin' | 'owner' | 'user';
  support?: 'reads' | 'repairs';
  finance?: 'reads' | 'settles';
  portal?: true;
  /**
   * Required for each route that takes the id or the key of an object: what it answers when the object belongs to
   * another.
   */
  others?: Others;
}

/** Kinds of objects that belong to a customer, a user or a product. */
export type ObjectKind =
  | 'customer'
  | 'subscription'
  | 'reservation'
  | 'grant'
  | 'endpoint'
  | 'delivery'
  | 'apiKey'
  | 'notification'
  | 'clock'
  | 'planMigration'
  | 'plan'
  | 'feature'
  | 'addOn'
  | 'coupon'
  | 'taxRate'
  | 'invoice'
  | 'creditNote'
  | 'payment'
  | 'checkout'
  | 'product'
  | 'portalSession'
  | 'user';

/** The 404 of an absent object of this kind, or an exception with its reason. */
export type Others = ObjectKind | { empty: ObjectKind } | { allowed: string };

const BILLING_READS: Access = {
  scope: 'billing:read',
  users: 'owner',
  portal: true,
  support: 'reads',
  finance: 'reads',
};
const BILLING_WRITES: Access = { scope: 'billing:write', users: 'owner', portal: true };
const OWN_CHANGES: Access = { scope: 'subscriptions:write', users: 'owner', portal: true };
const MOVE_READS: Access = { scope: 'subscriptions:read', users: 'product_admin', support: 'reads' };
const BILLING_SETTLES: Access = { scope: 'billing:write', users: 'product_admin', finance: 'settles' };

const MONEY_STATS: Access = {
  scope: 'stats:read',
  users: 'product_admin',
  support: 'reads',
  finance: 'reads',
  others: { allowed: 'a test clock only narrows the statistics of the product that the caller may see' },
};

export const ACCESS: Record<string, Access> = {
  'GET /health/live': { public: true },
  'GET /health/ready': { public: true },
  'GET /metrics': { public: true },
  'GET /.well-known/jwks.json': { public: true },
  'GET /dev/mail': { public: true },
  'GET /sandbox/setups/:id': { public: true, others: { allowed: 'the id is a random secret' } },
  'POST /sandbox/setups/:id': { public: true, others: { allowed: 'the id is a random secret' } },
  'GET /sandbox/charges/:id': { public: true, others: { allowed: 'the id is a random secret' } },
  'POST /sandbox/charges/:id': { public: true, others: { allowed: 'the id is a random secret' } },
  'POST /v1/payment-webhooks/:provider': { public: true },
  'POST /v1/customers/:customer/payment-methods/setup': { ...BILLING_WRITES, others: 'customer' },
  'GET /v1/customers/:customer/payment-methods': { ...BILLING_READS, others: 'customer' },
  'PUT /v1/customers/:customer/payment-methods/:id/default': { ...BILLING_WRITES, others: 'customer' },
  'DELETE /v1/customers/:customer/payment-methods/:id': { ...BILLING_WRITES, others: 'customer' },
  'GET /v1/invoices': { ...BILLING_READS, users: 'user', others: 'customer' },
  'GET /v1/invoices/export': { ...BILLING_READS, users: 'user', others: 'customer' },
  'GET /v1/invoices/:id': { ...BILLING_READS, others: 'invoice' },
  'POST /v1/invoices': { scope: 'billing:write', users: 'product_admin', others: 'customer' },
  'POST /v1/invoices/preview': { scope: 'billing:read', users: 'user', portal: true, others: 'customer' },
  'POST /v1/invoices/:id/finalize': { ...BILLING_SETTLES, others: 'invoice' },
  'POST /v1/invoices/:id/void': { ...BILLING_SETTLES, others: 'invoice' },
  'POST /v1/invoices/:id/mark-uncollectible': { ...BILLING_SETTLES, others: 'invoice' },
  'POST /v1/auth/register': { public: true },
  'POST /v1/auth/login': { public: true },
  'POST /v1/auth/token': { public: true },
  'POST /v1/auth/refresh': { public: true },
  'POST /v1/auth/logout': { users: 'user' },
  'POST /v1/auth/browser-login': { public: true },
  'POST /v1/auth/browser-login/second-factor': { public: true },
  'POST /v1/auth/login/second-factor': { public: true },
  'GET /v1/auth/second-factor': { users: 'user' },
  'POST /v1/auth/second-factor': { users: 'user' },
  'POST /v1/auth/second-factor/confirm': { users: 'user' },
  'POST /v1/auth/second-factor/disable': { users: 'user' },
  'DELETE /v1/users/:id/second-factor': { users: 'admin', others: 'user' },
  'POST /v1/auth/browser/refresh': { public: true },
  'GET /v1/auth/methods': { public: true },
  'GET /v1/auth/oidc/login': { public: true },
  'GET /v1/auth/oidc/callback': { public: true },
  'POST /v1/auth/browser/logout': { public: true },
  'POST /v1/auth/forgot-password': { public: true },
  'POST /v1/auth/reset-password': { public: true },
  'POST /v1/auth/verify-email': { public: true },
  'POST /v1/auth/resend-verification': { users: 'user' },
  'POST /v1/auth/change-password': { users: 'user' },
  'POST /v1/auth/change-email': { users: 'user' },
  'GET /v1/users/me': { users: 'user' },
  'GET /v1/users/me/permissions': { users: 'user' },
  'PATCH /v1/users/me': { users: 'user' },
  'GET /v1/users/me/export': { users: 'user' },
  'GET /v1/users/me/notifications': { users: 'user', portal: true },
  'GET /v1/users/me/notifications/unread-count': { users: 'user', portal: true },
  'POST /v1/users/me/notifications/read': { users: 'user', portal: true },
  'POST /v1/users/me/notifications/:id/read': { users: 'user', portal: true, others: 'notification' },
  'POST /v1/webhook-endpoints': { scope: 'webhooks:write', users: 'user' },
  'GET /v1/webhook-endpoints': { scope: 'webhooks:write', users: 'user', support: 'reads' },
  'GET /v1/webhook-endpoints/:id': { scope: 'webhooks:write', users: 'user', support: 'reads', others: 'endpoint' },
  'PATCH /v1/webhook-endpoints/:id': { scope: 'webhooks:write', users: 'user', others: 'endpoint' },
  'DELETE /v1/webhook-endpoints/:id': { scope: 'webhooks:write', users: 'user', others: 'endpoint' },
  'POST /v1/webhook-endpoints/:id/rotate-secret': { scope: 'webhooks:write', users: 'user', others: 'endpoint' },
  'POST /v1/webhook-endpoints/:id/test': { scope: 'webhooks:write', users: 'user', others: 'endpoint' },
  'POST /v1/webhook-endpoints/:id/redeliver': { scope: 'webhooks:write', users: 'user', others: 'endpoint' },
  'GET /v1/webhook-deliveries': { scope: 'webhooks:write', users: 'user', support: 'reads', others: 'endpoint' },
  'GET /v1/webhook-deliveries/:id': { scope: 'webhooks:write', users: 'user', support: 'reads', others: 'delivery' },
  'POST /v1/webhook-deliveries/:id/redeliver': { scope: 'webhooks:write', users: 'user', others: 'delivery' },
  'GET /v1/events/stream': { scope: 'audit:read', users: 'product_admin', support: 'reads', others: 'customer' },
  'GET /v1/audit-log': { scope: 'audit:read', users: 'product_admin', support: 'reads', others: 'customer' },
  'GET /v1/stats/attention': { scope: 'stats:read', users: 'product_admin', support: 'reads' },
  'GET /v1/stats/denials': { scope: 'stats:read', users: 'product_admin', support: 'reads' },
  'GET /v1/stats/subscriptions': { scope: 'stats:read', users: 'product_admin', support: 'reads' },
  'GET /v1/stats/revenue': { scope: 'stats:read', users: 'product_admin', support: 'reads' },
  'GET /v1/checkouts/:id': { ...BILLING_READS, others: 'checkout' },
  'GET /v1/stats/money': MONEY_STATS,
  'GET /v1/stats/mrr': MONEY_STATS,
  'GET /v1/stats/usage': { scope: 'stats:read', users: 'product_admin', support: 'reads' },
  'GET /v1/audit-log/export': { scope: 'audit:read', users: 'product_admin', support: 'reads', others: 'customer' },
  'POST /v1/users/me/deactivate': { users: 'user' },
  'POST /v1/users/me/delete': { users: 'user' },
  'GET /v1/users': { users: 'admin', support: 'reads' },
  'GET /v1/users/:id': { users: 'admin', support: 'reads', others: 'user' },
  'PATCH /v1/users/:id': { users: 'admin', others: 'user' },
  'DELETE /v1/users/:id': { users: 'admin', others: 'user' },
  'POST /v1/api-keys': { users: 'user' },
  'GET /v1/api-keys': { users: 'user' },
  'POST /v1/api-keys/:id/rotate': { users: 'user', others: 'apiKey' },
  'DELETE /v1/api-keys/:id': { users: 'user', others: 'apiKey' },
  'GET /v1/products': { scope: 'catalog:read', users: 'user' },
  'GET /v1/products/:key': {
    scope: 'catalog:read',
    users: 'user',
    others: { allowed: 'every user may read the catalogue' },
  },
  'POST /v1/products': { users: 'admin' },
  'PATCH /v1/products/:key': { scope: 'catalog:write', users: 'product_admin', others: 'product' },
  'DELETE /v1/products/:key': { users: 'admin', others: 'product' },
  'GET /v1/features': { scope: 'catalog:read', users: 'user', portal: true },
  'GET /v1/features/:key': {
    scope: 'catalog:read',
    users: 'user',
    portal: true,
    others: { allowed: 'every user may read the catalogue' },
  },
  'POST /v1/features': { scope: 'catalog:write', users: 'product_admin' },
  'PATCH /v1/features/:key': { scope: 'catalog:write', users: 'product_admin', others: 'feature' },
  'DELETE /v1/features/:key': { scope: 'catalog:write', users: 'product_admin', others: 'feature' },
  'GET /v1/add-ons': { scope: 'catalog:read', users: 'user', portal: true },
  'GET /v1/add-ons/:key': {
    scope: 'catalog:read',
    users: 'user',
    portal: true,
    others: { allowed: 'every user may read the catalogue' },
  },
  'POST /v1/add-ons': { scope: 'catalog:write', users: 'product_admin' },
  'PATCH /v1/add-ons/:key': { scope: 'catalog:write', users: 'product_admin', others: 'addOn' },
  'DELETE /v1/add-ons/:key': { scope: 'catalog:write', users: 'product_admin', others: 'addOn' },
  'GET /v1/payments': { ...BILLING_READS, users: 'user', others: 'customer' },
  'GET /v1/payments/export': { ...BILLING_READS, users: 'user', others: 'customer' },
  'GET /v1/payments/:id': { ...BILLING_READS, others: 'payment' },
  'POST /v1/payments/:id/refund': { ...BILLING_SETTLES, others: 'payment' },
  'POST /v1/invoices/:id/pay': { ...BILLING_WRITES, others: 'invoice' },
  'POST /v1/invoices/:id/mark-paid': { ...BILLING_SETTLES, others: 'invoice' },
  'POST /v1/invoices/:id/credit-notes': { ...BILLING_SETTLES, others: 'invoice' },
  'GET /v1/invoices/:id/credit-notes': { ...BILLING_READS, others: 'invoice' },
  'GET /v1/credit-notes/:id': { ...BILLING_READS, others: 'creditNote' },
  'GET /v1/customers/:customer/credit-balance': { ...BILLING_READS, others: 'customer' },
  'GET /v1/coupons': { scope: 'billing:read', users: 'product_admin', support: 'reads', finance: 'reads' },
  'GET /v1/coupons/:key': {
    scope: 'billing:read',
    users: 'product_admin',
    support: 'reads',
    finance: 'reads',
    others: 'coupon',
  },
  'POST /v1/coupons': { scope: 'billing:write', users: 'product_admin' },
  'PATCH /v1/coupons/:key': { scope: 'billing:write', users: 'product_admin', others: 'coupon' },
  'DELETE /v1/coupons/:key': { scope: 'billing:write', users: 'product_admin', others: 'coupon' },
  'GET /v1/tax-rates': { scope: 'billing:read', users: 'product_admin', support: 'reads', finance: 'reads' },
  'GET /v1/tax-rates/:key': {
    scope: 'billing:read',
    users: 'product_admin',
    support: 'reads',
    finance: 'reads',
    others: 'taxRate',
  },
  'POST /v1/tax-rates': { scope: 'billing:write', users: 'product_admin' },
  'PATCH /v1/tax-rates/:key': { scope: 'billing:write', users: 'product_admin', others: 'taxRate' },
  'DELETE /v1/tax-rates/:key': { scope: 'billing:write', users: 'product_admin', others: 'taxRate' },
  'GET /v1/invoices/:id.pdf': { ...BILLING_READS, others: 'invoice' },
  'GET /v1/invoices/:id.xml': { ...BILLING_READS, others: 'invoice' },
  'GET /v1/credit-notes/:id.pdf': { ...BILLING_READS, others: 'creditNote' },
  'GET /v1/credit-notes/:id.xml': { ...BILLING_READS, others: 'creditNote' },
  'GET /v1/products/:key/billing': {
    scope: 'billing:read',
    users: 'product_admin',
    support: 'reads',
    finance: 'reads',
    others: 'product',
  },
  'PUT /v1/products/:key/billing': { scope: 'billing:write', users: 'product_admin', others: 'product' },
  'DELETE /v1/products/:key/billing': { scope: 'billing:write', users: 'product_admin', others: 'product' },
  'GET /v1/products/:key/portal': {
    scope: 'catalog:read',
    users: 'product_admin',
    support: 'reads',
    others: 'product',
  },
  'PUT /v1/products/:key/portal': { scope: 'catalog:write', users: 'product_admin', others: 'product' },
  'GET /v1/portal-sessions': {
    scope: 'portal:write',
    users: 'product_admin',
    support: 'reads',
    others: 'customer',
  },
  'POST /v1/portal-sessions': { scope: 'portal:write', users: 'product_admin', others: 'customer' },
  'POST /v1/portal-sessions/exchange': { public: true },
  'DELETE /v1/portal-sessions/:id': {
    scope: 'portal:write',
    users: 'product_admin',
    portal: true,
    others: 'portalSession',
  },
  'GET /v1/portal/settings': { users: 'user', portal: true },
  'POST /v1/subscriptions/:id/coupons': { scope: 'billing:write', users: 'product_admin', others: 'subscription' },
  'GET /v1/subscriptions/:id/coupons': { ...BILLING_READS, others: 'subscription' },
  'DELETE /v1/subscriptions/:id/coupons/:key': {
    scope: 'billing:write',
    users: 'product_admin',
    others: 'subscription',
  },
  'GET /v1/customers/:customer/billing-profile': { ...BILLING_READS, others: 'customer' },
  'PUT /v1/customers/:customer/billing-profile': { ...BILLING_WRITES, others: 'customer' },
  'GET /v1/plans': { public: 'optional' },
  'GET /v1/plans/:key': { public: 'optional', others: { allowed: 'the catalogue is public' } },
  'GET /v1/plans/:key/versions': { scope: 'catalog:read', users: 'product_admin', support: 'reads', others: 'plan' },
  'POST /v1/plans': { scope: 'catalog:write', users: 'product_admin' },
  'PATCH /v1/plans/:key': { scope: 'catalog:write', users: 'product_admin', others: 'plan' },
  'POST /v1/plans/:key/publish': { scope: 'catalog:write', users: 'product_admin', others: 'plan' },
  'POST /v1/plans/:key/archive': { scope: 'catalog:write', users: 'product_admin', others: 'plan' },
  'GET /v1/plans/:key/subscription-counts': { ...MOVE_READS, others: 'plan' },
  'POST /v1/plans/:key/moves': { scope: 'subscriptions:write', users: 'product_admin', others: 'plan' },
  'GET /v1/plans/:key/moves/:id': { ...MOVE_READS, others: 'planMigration' },
  'POST /v1/test-clocks': { scope: 'customers:write', users: 'product_admin' },
  'GET /v1/test-clocks': { scope: 'customers:read', users: 'product_admin', support: 'reads' },
  'GET /v1/test-clocks/:id': { scope: 'customers:read', users: 'product_admin', support: 'reads', others: 'clock' },
  'DELETE /v1/test-clocks/:id': { scope: 'customers:write', users: 'product_admin', others: 'clock' },
  'POST /v1/test-clocks/:id/advance': { scope: 'customers:write', users: 'product_admin', others: 'clock' },
  'GET /v1/catalog': { scope: 'catalog:read', users: 'product_admin', support: 'reads' },
  'POST /v1/catalog/apply': { scope: 'catalog:write', users: 'product_admin' },
  'PUT /v1/customers/:customer': {
    scope: 'customers:write',
    users: 'product_admin',
    others: { allowed: 'a customer belongs to each product that puts it' },
  },
  'GET /v1/search': { scope: 'customers:read', users: 'product_admin', support: 'reads', finance: 'reads' },
  'GET /v1/customers': { scope: 'customers:read', users: 'product_admin', support: 'reads' },
  'GET /v1/customers/:customer': {
    scope: 'customers:read',
    users: 'owner',
    portal: true,
    support: 'reads',
    others: 'customer',
  },
  'DELETE /v1/customers/:customer': { scope: 'customers:write', users: 'product_admin', others: 'customer' },
  'GET /v1/customers/:customer/subscription': {
    scope: 'subscriptions:read',
    users: 'owner',
    portal: true,
    support: 'reads',
    others: 'customer',
  },
  'GET /v1/customers/:customer/subscriptions': {
    scope: 'subscriptions:read',
    users: 'owner',
    portal: true,
    support: 'reads',
    others: 'customer',
  },
  'POST /v1/subscriptions': { scope: 'subscriptions:write', users: 'owner', others: 'customer' },
  'GET /v1/subscriptions': {
    scope: 'subscriptions:read',
    users: 'product_admin',
    support: 'reads',
    others: { empty: 'clock' },
  },
  'GET /v1/subscriptions/:id': {
    scope: 'subscriptions:read',
    users: 'owner',
    portal: true,
    support: 'reads',
    others: 'subscription',
  },
  'POST /v1/subscriptions/:id/change': { ...OWN_CHANGES, others: 'subscription' },
  'POST /v1/subscriptions/:id/cancel': { ...OWN_CHANGES, others: 'subscription' },
  'POST /v1/subscriptions/:id/resume': { ...OWN_CHANGES, others: 'subscription' },
  'PATCH /v1/subscriptions/:id': { scope: 'subscriptions:write', users: 'owner', others: 'subscription' },
  'POST /v1/subscriptions/:id/preview-change': {
    scope: 'subscriptions:read',
    users: 'owner',
    portal: true,
    support: 'reads',
    others: 'subscription',
  },
  'POST /v1/subscriptions/:id/pause': { scope: 'subscriptions:write', users: 'owner', others: 'subscription' },
  'POST /v1/subscriptions/:id/unpause': { scope: 'subscriptions:write', users: 'owner', others: 'subscription' },
  'POST /v1/subscriptions/:id/renew': { scope: 'subscriptions:write', users: 'owner', others: 'subscription' },
  'POST /v1/subscriptions/:id/extend': {
    scope: 'subscriptions:write',
    users: 'product_admin',
    support: 'repairs',
    others: 'subscription',
  },
  'POST /v1/subscriptions/:id/billing-anchor': {
    scope: 'subscriptions:write',
    users: 'product_admin',
    others: 'subscription',
  },
  'POST /v1/subscriptions/:id/preview-billing-anchor': {
    scope: 'subscriptions:read',
    users: 'product_admin',
    support: 'reads',
    others: 'subscription',
  },
  'POST /v1/subscriptions/:id/agreed-end': {
    scope: 'subscriptions:write',
    users: 'product_admin',
    others: 'subscription',
  },
  'PUT /v1/subscriptions/:id/add-ons/:key': {
    scope: 'subscriptions:write',
    users: 'product_admin',
    others: 'subscription',
  },
  'DELETE /v1/subscriptions/:id/add-ons/:key': {
    scope: 'subscriptions:write',
    users: 'product_admin',
    others: 'subscription',
  },
  'POST /v1/subscriptions/:id/record-payment': {
    scope: 'subscriptions:write',
    users: 'product_admin',
    others: 'subscription',
  },
  'GET /v1/subscriptions/:id/lines': {
    scope: 'subscriptions:read',
    users: 'owner',
    support: 'reads',
    others: 'subscription',
  },
  'GET /v1/subscriptions/:id/timeline': {
    scope: 'subscriptions:read',
    users: 'owner',
    support: 'reads',
    others: 'subscription',
  },
  'GET /v1/customers/:customer/entitlements': {
    scope: 'entitlements:read',
    users: 'owner',
    portal: true,
    support: 'reads',
    others: 'customer',
  },
  'GET /v1/customers/:customer/entitlements/:feature': {
    scope: 'entitlements:read',
    users: 'owner',
    portal: true,
    support: 'reads',
    others: 'customer',
  },
  'POST /v1/check': { scope: 'entitlements:read', users: 'owner', support: 'reads', others: 'customer' },
  'POST /v1/usage/consume': { scope: 'usage:write', users: 'owner', others: 'customer' },
  'POST /v1/checks': { scope: 'entitlements:read', users: 'user', support: 'reads', others: 'customer' },
  'POST /v1/usage/consumptions': { scope: 'usage:write', users: 'user', others: 'customer' },
  'POST /v1/usage/events': { scope: 'usage:write', users: 'user', others: 'customer' },
  'POST /v1/usage/corrections': { users: 'product_admin', support: 'repairs', others: 'customer' },
  'POST /v1/usage/verify': { users: 'admin', others: 'customer' },
  'POST /v1/usage/reservations': { scope: 'usage:write', users: 'owner', others: 'customer' },
  'POST /v1/usage/reservations/:id/commit': { scope: 'usage:write', users: 'user', others: 'reservation' },
  'POST /v1/usage/reservations/:id/release': { scope: 'usage:write', users: 'user', others: 'reservation' },
  'POST /v1/usage/reservations/:id/heartbeat': { scope: 'usage:write', users: 'user', others: 'reservation' },
  'GET /v1/customers/:customer/grants': {
    scope: 'entitlements:read',
    users: 'owner',
    support: 'reads',
    others: 'customer',
  },
  'GET /v1/customers/:customer/grants/:id': {
    scope: 'entitlements:read',
    users: 'owner',
    support: 'reads',
    others: 'grant',
  },
  'POST /v1/customers/:customer/grants': {
    scope: 'customers:write',
    users: 'product_admin',
    support: 'repairs',
    others: 'customer',
  },
  'DELETE /v1/customers/:customer/grants/:id': { scope: 'customers:write', users: 'product_admin', others: 'grant' },
  'GET /v1/customers/:customer/overrides': {
    scope: 'entitlements:read',
    users: 'owner',
    support: 'reads',
    others: 'customer',
  },
  'PUT /v1/customers/:customer/overrides/:feature': {
    scope: 'customers:write',
    users: 'product_admin',
    support: 'repairs',
    others: 'customer',
  },
  'DELETE /v1/customers/:customer/overrides/:feature': {
    scope: 'customers:write',
    users: 'product_admin',
    others: 'customer',
  },
  'GET /v1/customers/:customer/usage/overage': {
    scope: 'usage:read',
    users: 'owner',
    portal: true,
    support: 'reads',
    others: 'customer',
  },
  'GET /v1/customers/:customer/usage': {
    scope: 'usage:read',
    users: 'owner',
    portal: true,
    support: 'reads',
    others: 'customer',
  },
  'GET /v1/customers/:customer/usage/entities': {
    scope: 'usage:read',
    users: 'owner',
    portal: true,
    support: 'reads',
    others: 'customer',
  },
};

/** Pages for development: in no OpenAPI document. */
export const NO_API = [
  'GET /dev/mail',
  'GET /sandbox/setups/:id',
  'POST /sandbox/setups/:id',
  'GET /sandbox/charges/:id',
  'POST /sandbox/charges/:id',
];

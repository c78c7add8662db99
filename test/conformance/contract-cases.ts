/** A route of the HTTP contract: its documented fields, and the status and members of its answer. */
export interface ContractRoute {
  /** Path parameters are written as `{}`. */
  route: string;
  /** Body fields; for a GET, query parameters. */
  fields?: string[];
  /** Query parameters beside a body. */
  query?: string[];
  status?: number;
  answer?: string[];
}

const SUBSCRIPTION = [
  'id',
  'customer',
  'product',
  'plan',
  'price',
  'quantity',
  'status',
  'startedAt',
  'currentPeriodStart',
  'currentPeriodEnd',
  'trialEnd',
  'autoRenew',
  'cancelAtPeriodEnd',
  'canceledAt',
  'endedAt',
  'pausedAt',
  'scheduledChange',
  'version',
  'createdAt',
  'updatedAt',
];
const TOKENS = ['accessToken', 'refreshToken', 'tokenType', 'expiresIn'];
const PAGE = ['data', 'hasMore', 'nextCursor'];
const LIST = ['limit', 'cursor', 'fields'];
const SERIES = ['from', 'to', 'by'];
const DECISION = ['allowed', 'reason', 'customer', 'feature', 'type', 'requested', 'source', 'asOf'];

export const CONTRACT_ROUTES: ContractRoute[] = [
  {
    route: 'POST /v1/auth/register',
    fields: ['email', 'password', 'name', 'region', 'deviceType', 'timezone'],
    status: 201,
    answer: ['user', 'customer', 'subscription', 'accessToken', 'refreshToken', 'expiresIn'],
  },
  { route: 'POST /v1/auth/login', fields: ['email', 'password'], answer: TOKENS },
  {
    route: 'POST /v1/auth/token',
    fields: ['grant_type', 'username', 'password'],
    answer: ['access_token', 'token_type', 'expires_in', 'refresh_token'],
  },
  { route: 'POST /v1/auth/refresh', fields: ['refreshToken'], answer: TOKENS },
  { route: 'POST /v1/auth/logout', fields: ['refreshToken', 'everywhere'], status: 204 },
  { route: 'GET /v1/users/me' },
  { route: 'PATCH /v1/users/me', fields: ['name', 'region', 'deviceType', 'timezone'] },
  { route: 'GET /v1/users', fields: LIST, answer: PAGE },
  { route: 'GET /v1/users/{}' },
  { route: 'PATCH /v1/users/{}', fields: ['role', 'active'] },
  { route: 'POST /v1/api-keys', fields: ['name', 'scopes', 'product', 'expiresAt'], status: 201, answer: ['key'] },
  { route: 'GET /v1/api-keys', fields: LIST, answer: PAGE },
  { route: 'DELETE /v1/api-keys/{}', status: 204 },
  { route: 'GET /.well-known/jwks.json' },
  {
    route: 'GET /v1/plans',
    fields: [...LIST, 'product', 'status', 'region', 'deviceType', 'currency', 'interval'],
    answer: PAGE,
  },
  { route: 'GET /v1/plans/{}', fields: ['product'] },
  {
    route: 'POST /v1/plans',
    fields: ['key', 'name', 'description', 'public', 'trialDays', 'prices', 'entitlements', 'product'],
    status: 201,
  },
  { route: 'PATCH /v1/plans/{}', fields: ['name', 'description', 'public', 'trialDays', 'prices', 'entitlements'] },
  { route: 'POST /v1/plans/{}/publish' },
  { route: 'POST /v1/plans/{}/archive' },
  { route: 'GET /v1/plans/{}/versions', fields: LIST, answer: PAGE },
  { route: 'GET /v1/features', fields: [...LIST, 'product'], answer: PAGE },
  { route: 'POST /v1/features', fields: ['key', 'name', 'type', 'product'], status: 201 },
  { route: 'PATCH /v1/features/{}', fields: ['name'] },
  { route: 'DELETE /v1/features/{}', status: 204 },
  { route: 'GET /v1/products', fields: LIST, answer: PAGE },
  { route: 'POST /v1/products', fields: ['key', 'name'], status: 201 },
  { route: 'PATCH /v1/products/{}', fields: ['name'] },
  { route: 'DELETE /v1/products/{}', status: 204 },
  {
    route: 'POST /v1/catalog/apply',
    fields: ['product', 'features', 'plans', 'assignment'],
    query: ['dryRun'],
  },
  { route: 'GET /v1/catalog', fields: ['product'] },
  {
    route: 'PUT /v1/customers/{}',
    fields: [
      'name',
      'email',
      'region',
      'deviceType',
      'timezone',
      'currency',
      'product',
      'plan',
      'interval',
      'testClock',
    ],
    status: 201,
    answer: ['key', 'subscription'],
  },
  { route: 'GET /v1/customers', fields: LIST, answer: PAGE },
  { route: 'GET /v1/customers/{}' },
  { route: 'DELETE /v1/customers/{}', status: 204 },
  {
    route: 'POST /v1/subscriptions',
    fields: ['customer', 'plan', 'interval', 'currency', 'quantity', 'trialDays', 'startsAt', 'autoRenew'],
    status: 201,
    answer: SUBSCRIPTION,
  },
  { route: 'GET /v1/subscriptions/{}', answer: SUBSCRIPTION },
  { route: 'GET /v1/customers/{}/subscription', fields: ['product'], answer: SUBSCRIPTION },
  { route: 'GET /v1/customers/{}/subscriptions', fields: [...LIST, 'status', 'from', 'to'], answer: PAGE },
  {
    route: 'POST /v1/subscriptions/{}/change',
    fields: ['plan', 'interval', 'quantity', 'when', 'prorate'],
    answer: SUBSCRIPTION,
  },
  {
    route: 'POST /v1/subscriptions/{}/preview-change',
    fields: ['plan', 'interval', 'quantity', 'when', 'prorate'],
  },
  { route: 'POST /v1/subscriptions/{}/cancel', fields: ['when'], answer: SUBSCRIPTION },
  { route: 'POST /v1/subscriptions/{}/resume', answer: SUBSCRIPTION },
  { route: 'POST /v1/subscriptions/{}/pause', answer: SUBSCRIPTION },
  { route: 'POST /v1/subscriptions/{}/unpause', answer: SUBSCRIPTION },
  { route: 'POST /v1/subscriptions/{}/renew', answer: SUBSCRIPTION },
  { route: 'GET /v1/subscriptions/{}/timeline', fields: LIST, answer: PAGE },
  { route: 'GET /v1/subscriptions', fields: [...LIST, 'expiringWithin'], answer: PAGE },
  {
    route: 'POST /v1/check',
    fields: ['customer', 'feature', 'quantity', 'product', 'features'],
    answer: DECISION,
  },
  { route: 'GET /v1/customers/{}/entitlements', fields: ['at', 'product'], answer: ['data'] },
  { route: 'GET /v1/customers/{}/entitlements/{}', fields: ['at', 'product'], answer: DECISION },
  {
    route: 'POST /v1/usage/consume',
    fields: ['customer', 'feature', 'quantity', 'properties', 'product'],
    answer: DECISION,
  },
  { route: 'POST /v1/usage/events', fields: ['events', 'product'], answer: ['results'] },
  {
    route: 'POST /v1/usage/reservations',
    fields: ['customer', 'feature', 'quantity', 'ttlSeconds', 'product'],
    answer: [...DECISION, 'reservation'],
  },
  { route: 'POST /v1/usage/reservations/{}/commit', fields: ['quantity'], answer: DECISION },
  { route: 'POST /v1/usage/reservations/{}/release', answer: DECISION },
  { route: 'GET /v1/customers/{}/usage', fields: [...SERIES, 'feature', 'product'], answer: ['data'] },
  { route: 'POST /v1/customers/{}/grants', fields: ['feature', 'quantity'], status: 201 },
  { route: 'GET /v1/customers/{}/grants', fields: LIST, answer: PAGE },
  { route: 'DELETE /v1/customers/{}/grants/{}', status: 204 },
  { route: 'PUT /v1/customers/{}/overrides/{}', fields: ['product', 'limit', 'window', 'overage', 'value'] },
  { route: 'DELETE /v1/customers/{}/overrides/{}', fields: ['product'], status: 204 },
  { route: 'POST /v1/checks', fields: ['checks'], answer: ['results'] },
  { route: 'POST /v1/usage/consumptions', fields: ['consumptions'], answer: ['results'] },
  { route: 'POST /v1/webhook-endpoints', fields: ['url'], status: 201 },
  { route: 'GET /v1/webhook-endpoints', fields: LIST, answer: PAGE },
  { route: 'GET /v1/webhook-endpoints/{}' },
  { route: 'PATCH /v1/webhook-endpoints/{}', fields: ['url'] },
  { route: 'DELETE /v1/webhook-endpoints/{}', status: 204 },
  { route: 'POST /v1/webhook-endpoints/{}/rotate-secret' },
  { route: 'POST /v1/webhook-endpoints/{}/test' },
  { route: 'GET /v1/webhook-deliveries', fields: LIST, answer: PAGE },
  { route: 'POST /v1/webhook-deliveries/{}/redeliver' },
  { route: 'GET /v1/audit-log', fields: LIST, answer: PAGE },
  { route: 'GET /v1/stats/subscriptions' },
  { route: 'GET /v1/stats/usage' },
  { route: 'GET /v1/stats/revenue' },
  { route: 'POST /v1/test-clocks', fields: ['now'], status: 201, answer: ['id', 'now'] },
  { route: 'POST /v1/test-clocks/{}/advance', fields: ['to'], answer: ['id', 'now'] },
  { route: 'GET /health/live' },
  { route: 'GET /health/ready' },
  { route: 'GET /metrics' },
];

/** The features of the plan example, with their types. */
export const PLAN_FEATURES = { api_calls: 'metered', sso: 'boolean', support: 'static', storage_gb: 'metered' };

export const PLAN_EXAMPLE = {
  key: 'pro',
  name: 'Pro',
  description: '',
  public: true,
  trialDays: 14,
  prices: [
    { interval: 'month', intervalCount: 1, amount: 2999, currency: 'USD' },
    { interval: 'month', intervalCount: 1, amount: 2499, currency: 'USD', region: 'US', deviceType: 'ios' },
  ],
  entitlements: [
    { feature: 'api_calls', type: 'metered', limit: 1000, window: 'billing_period', overage: 'deny' },
    { feature: 'sso', type: 'boolean', value: true },
    { feature: 'support', type: 'static', value: 'email' },
    { feature: 'storage_gb', type: 'metered', limit: null, window: 'none' },
  ],
};

/** The decision on the 1,001st call of a plan with 1,000. Times and the customer differ. */
export const DECISION_EXAMPLE = {
  allowed: false,
  reason: 'limit_reached',
  customer: 'acme',
  feature: 'api_calls',
  type: 'metered',
  requested: 1,
  limit: 1000,
  used: 1000,
  reserved: 0,
  remaining: 0,
  overage: 0,
  windowStart: '2026-11-01T00:00:00.000Z',
  resetsAt: '2026-12-01T00:00:00.000Z',
  source: { kind: 'plan', plan: 'pro', version: 1 },
  asOf: '2026-11-21T09:00:00.000Z',
};

export const DENIAL_REASONS = [
  'limit_reached',
  'no_subscription',
  'subscription_expired',
  'subscription_paused',
  'past_due',
  'feature_not_in_plan',
  'feature_disabled',
];
export const SUBSCRIPTION_STATUSES = ['trialing', 'active', 'past_due', 'paused', 'canceled', 'expired', 'inactive'];
export const SCOPES = [
  'catalog:read',
  'catalog:write',
  'customers:read',
  'customers:write',
  'subscriptions:read',
  'subscriptions:write',
  'entitlements:read',
  'usage:read',
  'usage:write',
  'webhooks:write',
  'audit:read',
  'stats:read',
];
export const ROLES = ['user', 'admin'];

const LONGEST = 'x'.repeat(64);
/** Keys of products, features and plans: `[a-z0-9][a-z0-9._-]{0,63}`. */
export const CATALOG_KEYS = {
  valid: ['a', '0', 'a.b', 'a..b', 'a_b', 'a-b', '0.', LONGEST],
  invalid: ['', '.', '..', '.a', '-a', '_a', 'A', 'aB', 'a b', ' a', 'a/b', 'a%', 'é', 'a\n', `${LONGEST}x`],
};
/** Keys of customers: 1 to 128 printable characters. */
export const CUSTOMER_KEYS = {
  valid: ['a', 'A b', 'a/b', 'a?b#c', 'a%2Fb', '...', 'é', '日本', 'ann@example.com', 'x'.repeat(128)],
  invalid: ['me', 'x'.repeat(129), 'a\nb', 'a\u0000', ' a', 'a ', '\u202ea'],
};

/** A request and the status and code of its answer. $ID stands for an id that does not exist. */
export const ERRORS: { title: string; method: string; path: string; body?: unknown; status: number; code: string }[] = [
  { title: 'malformed JSON', method: 'POST', path: '/v1/check', body: '{', status: 400, code: 'malformed_request' },
  { title: 'a foreign cursor', method: 'GET', path: '/v1/customers?cursor=x', status: 400, code: 'invalid_cursor' },
  { title: 'an absent object', method: 'GET', path: '/v1/customers/absent', status: 404, code: 'customer_not_found' },
  { title: 'an absent id', method: 'GET', path: '/v1/subscriptions/$ID', status: 404, code: 'subscription_not_found' },
  { title: 'an absent route', method: 'GET', path: '/v1/nothing', status: 404, code: 'route_not_found' },
  { title: 'a limit of 0', method: 'GET', path: '/v1/customers?limit=0', status: 422, code: 'invalid_fields' },
  { title: 'a limit of 101', method: 'GET', path: '/v1/customers?limit=101', status: 422, code: 'invalid_fields' },
  {
    title: 'an unknown member in fields',
    method: 'GET',
    path: '/v1/plans?product=api&fields=nothing',
    status: 422,
    code: 'invalid_fields',
  },
];

/** Variables of the environment with their defaults, and a name for each in the configuration. */
export const ENVIRONMENT: { variable: string; property: string; fallback: unknown; given: string; value: unknown }[] = [
  { variable: 'PORT', property: 'port', fallback: 3000, given: '4000', value: 4000 },
  { variable: 'HOST', property: 'host', fallback: '127.0.0.1', given: '0.0.0.0', value: '0.0.0.0' },
  { variable: 'DATABASE_URL', property: 'embeddedDatabase', fallback: true, given: 'postgres://db/x', value: false },
  { variable: 'REDIS_URL', property: 'redisUrl', fallback: null, given: 'redis://r:6379', value: 'redis://r:6379' },
  { variable: 'ADMIN_EMAIL', property: 'adminEmail', fallback: 'admin@localhost', given: 'a@b.cd', value: 'a@b.cd' },
  { variable: 'ADMIN_PASSWORD', property: 'adminPassword', fallback: null, given: 'a b c d e', value: 'a b c d e' },
  { variable: 'SAMPLE_DATA', property: 'sampleData', fallback: true, given: 'off', value: false },
  { variable: 'RATE_LIMIT_PER_MINUTE', property: 'rateLimitPerMinute', fallback: 100, given: '0', value: 0 },
  { variable: 'WORKER', property: 'worker', fallback: true, given: 'off', value: false },
  { variable: 'LOG_LEVEL', property: 'logLevel', fallback: 'info', given: 'error', value: 'error' },
];

import { call, login } from './support.mjs';

/** The catalogue, the customers and the measured calls of `npm run bench`. */
const PRODUCT = 'bench';
const CATALOGUE = {
  product: { key: PRODUCT, name: 'Bench' },
  features: [
    { key: 'sso', name: 'SSO', type: 'boolean' },
    { key: 'calls', name: 'Calls', type: 'metered' },
  ],
  plans: [
    {
      key: 'plan',
      name: 'Plan',
      prices: [{ interval: 'month', amount: 100, currency: 'USD' }],
      entitlements: [
        { feature: 'sso', type: 'boolean', value: true },
        { feature: 'calls', type: 'metered', limit: null, window: 'billing_period', overage: 'deny' },
      ],
    },
  ],
  assignment: [{ plan: 'plan' }],
};
const SCOPES = [
  'catalog:read',
  'catalog:write',
  'customers:write',
  'subscriptions:read',
  'entitlements:read',
  'usage:read',
  'usage:write',
];
const USER = { email: 'person@example.com', password: 'a bench to sit on in the park' };
/** A text of every response with a failed item. */
const FAILED_ITEM = '"code":';

/** Fills a service with the catalogue, the customers and one user. @returns the keys and ids of the rows */
export async function prepare({ url, password }, customers) {
  const token = await login(url, password);
  const { key } = await call(url, 'POST', '/v1/api-keys', { token, body: { name: 'bench', scopes: SCOPES } });
  await call(url, 'POST', '/v1/catalog/apply', { token: key, body: CATALOGUE });
  const put = (customer) => call(url, 'PUT', `/v1/customers/${customer}`, { token: key, body: { product: PRODUCT } });
  await put('hot');
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < customers; index = next++) await put(`c${index}`);
  };
  const began = Date.now();
  await Promise.all(Array.from({ length: 16 }, worker));
  console.error(`${customers} customers created in ${((Date.now() - began) / 1_000).toFixed(1)} s`);
  const live = await call(url, 'GET', `/v1/customers/hot/subscription?product=${PRODUCT}`, { token: key });
  const { subscription } = await call(url, 'POST', '/v1/auth/register', { body: USER });
  return { url, key, customers, subscription: live.id, ownProduct: subscription.product };
}

/** A new access token of the user: one expires within a long run. */
export const logInUser = async (target) => {
  const { accessToken } = await call(target.url, 'POST', '/v1/auth/login', { body: USER });
  return accessToken;
};

/** Customers in an order that no index has. */
const mixed = (customers) => Array.from({ length: customers }, (_, index) => `c${(index * 7_919) % customers}`);
const usage = (feature) => (customer) => ({ customer, product: PRODUCT, feature });
const post = (path, bodies) => ({
  method: 'POST',
  requests: bodies.map((body) => ({ path, body: JSON.stringify(body) })),
});
const get = (path) => ({ method: 'GET', requests: [{ path }] });

function chunks(list, size) {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}

/** Bodies of 1,000 usage events with unique ids. */
const events = (customers) =>
  chunks(customers, 1_000).map((some) => ({
    product: PRODUCT,
    events: Array.from({ length: 1_000 }, (_, index) => ({
      id: `{n}-${index}`,
      customer: some[index % some.length],
      feature: 'calls',
      quantity: 1,
    })),
  }));

/**
 * The measured rows. `against` is the row of the ratio, `reach` the ratio (or rate) to reach: at least / aim. `server`
 * is `bare` or `plain` for a baseline, otherwise the service. `as` is the caller: `key` (unless given), `user` or
 * `nobody`. `unit` is the number of items in a request, `refuse` a text of wrong responses.
 */
export function rowsOf({ customers, subscription, ownProduct }) {
  const all = mixed(customers);
  const batch = { unit: 100, connections: 8, refuse: FAILED_ITEM };
  const checks = chunks(all.map(usage('calls')), 100);
  const list = `/v1/plans?product=${PRODUCT}`;
  const POST = 'bare Fastify POST';
  const GET = 'bare Fastify GET';
  const spread = `${customers.toLocaleString('en')} customers`;
  const METERED = `metered check, ${spread}`;
  const CONSUME = `consume, ${spread}`;
  return [
    { name: POST, server: 'bare', ...post('/decision', all.map(usage('calls'))) },
    { name: GET, server: 'bare', ...get('/decision') },
    { name: 'health/live', against: GET, reach: '0.70 / 0.85', as: 'nobody', ...get('/health/live') },
    { name: 'boolean check', against: POST, reach: '0.70 / 0.85', ...post('/v1/check', ['hot'].map(usage('sso'))) },
    { name: METERED, against: POST, reach: '0.50 / 0.70', ...post('/v1/check', all.map(usage('calls'))) },
    {
      name: 'consume, one customer',
      against: POST,
      reach: '0.40 / 0.60',
      ...post('/v1/usage/consume', ['hot'].map(usage('calls'))),
    },
    { name: CONSUME, against: POST, reach: '0.28 / 0.50', ...post('/v1/usage/consume', all.map(usage('calls'))) },
    {
      name: 'one statement a request, one customer',
      against: POST,
      server: 'plain',
      ...post('/consume', ['hot'].map(usage('calls'))),
    },
    { name: 'plan list, API key', against: GET, reach: '0.50 / 0.75', ...get(list) },
    { name: 'plan list, person', against: GET, as: 'user', ...get(list) },
    { name: 'plan list, anonymous', against: GET, as: 'nobody', ...get(list) },
    {
      name: 'plan by key, API key',
      against: GET,
      reach: '0.50 / 0.75',
      ...get(`/v1/plans/plan?product=${PRODUCT}`),
    },
    {
      name: 'live subscription, API key',
      against: GET,
      reach: '0.30 / 0.50',
      ...get(`/v1/customers/hot/subscription?product=${PRODUCT}`),
    },
    {
      name: 'live subscription, person',
      against: GET,
      as: 'user',
      ...get(`/v1/customers/me/subscription?product=${ownProduct}`),
    },
    {
      name: 'entitlements',
      against: GET,
      reach: '0.30 / 0.50',
      ...get(`/v1/customers/hot/entitlements?product=${PRODUCT}`),
    },
    {
      name: 'history',
      against: GET,
      reach: '0.15 / 0.30',
      ...get(`/v1/customers/hot/subscriptions?product=${PRODUCT}`),
    },
    { name: 'timeline', against: GET, reach: '0.15 / 0.30', ...get(`/v1/subscriptions/${subscription}/timeline`) },
    { name: 'users/me', against: GET, reach: '0.15 / 0.30', as: 'user', ...get('/v1/users/me') },
    {
      name: 'batch of 100 checks',
      against: METERED,
      reach: '8 / 15 times',
      ...batch,
      ...post(
        '/v1/checks',
        checks.map((some) => ({ checks: some })),
      ),
    },
    {
      name: 'batch of 100 consumptions',
      against: CONSUME,
      reach: '6 / 10 times',
      ...batch,
      ...post(
        '/v1/usage/consumptions',
        checks.map((some) => ({ consumptions: some })),
      ),
    },
    ...[10, 1_000].map((over) => ({
      name: `usage/events, 1,000 a call over ${Math.min(over, customers).toLocaleString('en')} customers`,
      against: POST,
      ...(over > 10 && { reach: '20,000 / 40,000 per second' }),
      unit: 1_000,
      connections: 4,
      refuse: FAILED_ITEM,
      ...post('/v1/usage/events', events(over > 10 ? all : all.slice(0, over))),
    })),
    {
      name: 'sign-up',
      against: POST,
      method: 'PUT',
      requests: [{ path: '/v1/customers/new-{n}', body: JSON.stringify({ product: PRODUCT }) }],
    },
  ];
}

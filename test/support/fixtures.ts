import type { Call, TestApp } from './app.js';

/** The letters of base64url, by what they stand for. */
export const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

export const ALL_SCOPES = [
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

/** Makes an API key as the admin. @returns calls made with it */
export async function serviceKey(
  service: Pick<TestApp, 'call' | 'admin'>,
  options: { scopes?: string[]; product?: string } = {},
): Promise<{ id: string; key: string; call: Call }> {
  const { status, body } = await service.admin('POST', '/v1/api-keys', {
    body: { name: 'test', scopes: ALL_SCOPES, ...options },
  });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return {
    id: body.id,
    key: body.key,
    call: (method, path, call = {}) => service.call(method, path, { token: body.key, ...call }),
  };
}

let serial = 0;
export const unique = (name: string): string => `${name}-${process.pid}-${++serial}`;

export interface Person {
  token: string;
  refreshToken: string;
  customer: string;
  userId: string;
  email: string;
  subscriptionId: string;
  call: Call;
}

/** Everybody's password, until they change it. */
export const PASSWORD = 'a long enough password';

/** Registers somebody and logs them in. */
export async function person(service: Pick<TestApp, 'call'>): Promise<Person> {
  const email = `${unique('person')}@example.com`;
  const { status, body } = await service.call('POST', '/v1/auth/register', { body: { email, password: PASSWORD } });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return {
    email,
    token: body.accessToken,
    refreshToken: body.refreshToken,
    customer: body.customer.key,
    userId: body.user.id,
    subscriptionId: body.subscription.id,
    call: (method, path, call = {}) => service.call(method, path, { token: body.accessToken, ...call }),
  };
}

/** Registers somebody, gives them a role, and logs them in again: the sessions from before are over. */
export async function inRole(
  service: Pick<TestApp, 'call' | 'admin'>,
  standing: { role: string; product?: string },
): Promise<Person> {
  const somebody = await person(service);
  const { status, body } = await service.admin('PATCH', `/v1/users/${somebody.userId}`, { body: standing });
  if (status !== 200) throw new Error(JSON.stringify(body));
  const { body: login } = await service.call('POST', '/v1/auth/login', {
    body: { email: somebody.email, password: PASSWORD },
  });
  return {
    ...somebody,
    token: login.accessToken,
    refreshToken: login.refreshToken,
    call: (method, path, call = {}) => service.call(method, path, { token: login.accessToken, ...call }),
  };
}

/** Applies a product with one metered feature `calls` of that limit. */
export async function meteredProduct(
  service: TestApp,
  product: string,
  limit: number | null,
  terms: object = {},
): Promise<void> {
  const { status, body } = await service.admin('POST', '/v1/catalog/apply', {
    body: {
      product: { key: product, name: product },
      features: [{ key: 'calls', name: 'Calls', type: 'metered' }],
      plans: [
        {
          key: 'plan',
          name: 'Plan',
          prices: [{ interval: 'month', amount: 100, currency: 'USD' }],
          entitlements: [
            { feature: 'calls', type: 'metered', limit, window: 'billing_period', overage: 'deny', ...terms },
          ],
        },
      ],
      assignment: [{ plan: 'plan' }],
    },
  });
  if (status !== 200) throw new Error(JSON.stringify(body));
}

/** Runs so many at a time until all have run. */
export async function inParallel<T>(
  count: number,
  concurrency: number,
  work: (index: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = new Array<T>(count);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) results[index] = await work(index);
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return results;
}

/** Plans of a product, their prices in cents: what the tests of the lifecycle change between. */
export const LIFECYCLE_PLANS = {
  basic: { interval: 'month', amount: 1_000 },
  pro: { interval: 'month', amount: 3_000 },
  yearly: { interval: 'year', amount: 10_000 },
  daily: { interval: 'day', amount: 50 },
} as const;

/** Applies a product with these plans, `calls` counted in the billing period, `daily` by day, and `seats` for ever. */
export async function lifecycleProduct(service: TestApp, product: string, { trialDays = 0 } = {}): Promise<void> {
  const calls = { basic: 10, pro: 100, yearly: 1_000, daily: 3 };
  const seats = { basic: 10, pro: 20, yearly: 20, daily: 1 };
  const metered = (feature: string, limit: number, window: string) => ({
    feature,
    type: 'metered',
    limit,
    window,
    overage: 'deny',
  });
  const { status, body } = await service.admin('POST', '/v1/catalog/apply', {
    body: {
      product: { key: product, name: product },
      features: [
        ...['calls', 'daily', 'seats'].map((key) => ({ key, name: key, type: 'metered' })),
        { key: 'sso', name: 'SSO', type: 'boolean' },
      ],
      plans: Object.entries(LIFECYCLE_PLANS).map(([key, { interval, amount }]) => ({
        key,
        name: key.toUpperCase(),
        trialDays,
        prices: [{ interval, amount, currency: 'USD' }],
        entitlements: [
          metered('calls', calls[key as keyof typeof calls], 'billing_period'),
          metered('daily', 5, 'day'),
          metered('seats', seats[key as keyof typeof seats], 'none'),
          ...(key === 'pro' ? [{ feature: 'sso', type: 'boolean', value: true }] : []),
        ],
      })),
      assignment: [{ plan: 'basic' }],
    },
  });
  if (status !== 200) throw new Error(JSON.stringify(body));
}

/** A customer of its own on a test clock of its own. */
export interface OnClock {
  customer: string;
  clock: string;
  id: string;
  subscription: any;
  /** Moves its time. */
  to(instant: string | Date): Promise<void>;
  /** Reads its subscription. */
  read(): Promise<any>;
  /** Runs a command on its subscription. */
  command(name: string, body?: object): Promise<{ status: number; body: any }>;
}

export async function onClock(call: Call, product: string, now: string, profile: object = {}): Promise<OnClock> {
  const clock = (await call('POST', '/v1/test-clocks', { body: { now } })).body.id as string;
  const customer = unique('clocked');
  const { status, body } = await call('PUT', `/v1/customers/${customer}`, {
    body: { product, testClock: clock, ...profile },
  });
  if (status !== 201) throw new Error(JSON.stringify(body));
  const { id } = body.subscription as { id: string };
  return {
    customer,
    clock,
    id,
    subscription: body.subscription,
    async to(instant) {
      const answer = await call('POST', `/v1/test-clocks/${clock}/advance`, {
        body: { to: new Date(instant).toISOString() },
      });
      if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    },
    read: async () => (await call('GET', `/v1/subscriptions/${id}`)).body,
    command: (name, body = {}) => call('POST', `/v1/subscriptions/${id}/${name}`, { body }),
  };
}

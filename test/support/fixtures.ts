import type { Call, TestApp } from './app.js';

/** The base64url alphabet, in the order of the values. */
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
  'billing:read',
  'billing:write',
  'portal:write',
];

/** Creates an API key as the admin. @returns its id, its secret and a function that sends requests with it */
export async function createApiKey(
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

/** Opens a portal session of a customer as the admin. @returns its id, its token and a function that sends requests */
export async function openPortal(
  service: Pick<TestApp, 'call' | 'admin'>,
  session: { customer: string; product?: string; returnUrl?: string },
): Promise<{ id: string; token: string; call: Call }> {
  const created = await service.admin('POST', '/v1/portal-sessions', { body: session });
  if (created.status !== 201) throw new Error(JSON.stringify(created.body));
  const { status, body } = await service.call('POST', '/v1/portal-sessions/exchange', {
    body: { token: linkTokenOf(created.body) },
  });
  if (status !== 200) throw new Error(JSON.stringify(body));
  return {
    id: body.id,
    token: body.accessToken,
    call: (method, path, call = {}) => service.call(method, path, { token: body.accessToken, ...call }),
  };
}

/** The token of a portal link. */
export const linkTokenOf = ({ url }: { url: string }): string => new URL(url).hash.replace('#token=', '');

let serial = 0;
export const uniqueName = (name: string): string => `${name}-${process.pid}-${++serial}`;

export interface RegisteredUser {
  token: string;
  refreshToken: string;
  customer: string;
  userId: string;
  email: string;
  subscriptionId: string;
  call: Call;
}

/** The password of every registered user. */
export const PASSWORD = 'a long enough password';

/** Registers a user, who is logged in and has a subscription. */
export async function registerUser(
  service: Pick<TestApp, 'call'>,
  { email = `${uniqueName('person')}@example.com` } = {},
): Promise<RegisteredUser> {
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

/** Registers a user with a role. The user logs in again, because a change of role ends all sessions. */
export async function registerUserWithRole(
  service: Pick<TestApp, 'call' | 'admin'>,
  access: { role: string; product?: string },
): Promise<RegisteredUser> {
  const user = await registerUser(service);
  const { status, body } = await service.admin('PATCH', `/v1/users/${user.userId}`, { body: access });
  if (status !== 200) throw new Error(JSON.stringify(body));
  const { body: login } = await service.call('POST', '/v1/auth/login', {
    body: { email: user.email, password: PASSWORD },
  });
  return {
    ...user,
    token: login.accessToken,
    refreshToken: login.refreshToken,
    call: (method, path, call = {}) => service.call(method, path, { token: login.accessToken, ...call }),
  };
}

/** Applies a product with one plan and one metered feature `calls` with this limit. */
export async function applyMeteredProduct(
  service: Pick<TestApp, 'admin'>,
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

/** Runs `work` for 0 to count - 1, up to `concurrency` at a time. @returns the results in order */
export async function inParallel<T>(
  count: number,
  concurrency: number,
  work: (index: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = new Array<T>(count);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) results[index] = await work(index);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return results;
}

/** Plans of the lifecycle product. Prices in cents. */
export const LIFECYCLE_PLANS = {
  basic: { interval: 'month', amount: 1_000 },
  pro: { interval: 'month', amount: 3_000 },
  yearly: { interval: 'year', amount: 10_000 },
  daily: { interval: 'day', amount: 50 },
} as const;

/** Applies a product with LIFECYCLE_PLANS: `calls` per billing period, `daily` per day, `seats` without a window. */
export async function applyLifecycleProduct(service: TestApp, product: string, { trialDays = 0 } = {}): Promise<void> {
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

/** A new customer on a new test clock. */
export interface CustomerOnTestClock {
  customer: string;
  clock: string;
  id: string;
  subscription: any;
  /** Advances the test clock. */
  advanceTo(instant: string | Date): Promise<void>;
  /** Reads the subscription. */
  readSubscription(): Promise<any>;
  /** Runs a command on the subscription, such as `cancel`. */
  command(name: string, body?: object): Promise<{ status: number; body: any }>;
}

export async function createCustomerOnTestClock(
  call: Call,
  product: string,
  now: string,
  profile: object = {},
): Promise<CustomerOnTestClock> {
  const clock = (await call('POST', '/v1/test-clocks', { body: { now } })).body.id as string;
  const customer = uniqueName('clocked');
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
    async advanceTo(instant) {
      const answer = await call('POST', `/v1/test-clocks/${clock}/advance`, {
        body: { to: new Date(instant).toISOString() },
      });
      if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    },
    readSubscription: async () => (await call('GET', `/v1/subscriptions/${id}`)).body,
    command: (name, body = {}) => call('POST', `/v1/subscriptions/${id}/${name}`, { body }),
  };
}

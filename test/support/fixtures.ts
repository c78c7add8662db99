import type { Call, TestApp } from './app.js';

export const ALL_SCOPES = [
  'catalog:read', 'catalog:write', 'customers:read', 'customers:write', 'subscriptions:read', 'subscriptions:write', 'entitlements:read', 'usage:read', 'usage:write',
];

/** Makes an API key as the admin. @returns calls made with it */
export async function serviceKey(service: TestApp, options: { scopes?: string[]; product?: string } = {}): Promise<{ id: string; key: string; call: Call }> {
  const { status, body } = await service.admin('POST', '/v1/api-keys', { body: { name: 'test', scopes: ALL_SCOPES, ...options } });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return { id: body.id, key: body.key, call: (method, path, call = {}) => service.call(method, path, { token: body.key, ...call }) };
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

/** Registers somebody and logs them in. */
export async function person(service: TestApp): Promise<Person> {
  const email = `${unique('person')}@example.com`;
  const { status, body } = await service.call('POST', '/v1/auth/register', { body: { email, password: 'a long enough password' } });
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

/** Applies a product with one metered feature `calls` of that limit. */
export async function meteredProduct(service: TestApp, product: string, limit: number | null, terms: object = {}): Promise<void> {
  const { status, body } = await service.admin('POST', '/v1/catalog/apply', {
    body: {
      product: { key: product, name: product },
      features: [{ key: 'calls', name: 'Calls', type: 'metered' }],
      plans: [
        {
          key: 'plan',
          name: 'Plan',
          prices: [{ interval: 'month', amount: 100, currency: 'USD' }],
          entitlements: [{ feature: 'calls', type: 'metered', limit, window: 'billing_period', overage: 'deny', ...terms }],
        },
      ],
      assignment: [{ plan: 'plan' }],
    },
  });
  if (status !== 200) throw new Error(JSON.stringify(body));
}

/** Runs so many at a time until all have run. */
export async function inParallel<T>(count: number, concurrency: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = new Array<T>(count);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) results[index] = await work(index);
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return results;
}

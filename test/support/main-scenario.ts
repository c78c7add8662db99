import type { ApiResponse, Call, TestApp } from './app.js';
import { deliverDueEvents } from './deliveries.js';
import { applyLifecycleProduct, createCustomerOnTestClock, PASSWORD, createApiKey } from './fixtures.js';
import type { Receiver } from './receiver.js';

/** A request and its response, with ids, secrets and times replaced. */
export interface ScenarioStep {
  name: string;
  status: number;
  body: unknown;
}

const VARYING_VALUES: [RegExp, string][] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'ID'],
  [/\b(?:tg|whsec)_[\w+/=-]+/g, 'SECRET'],
  [/"(accessToken|refreshToken|nextCursor)":"[^"]*"/g, '"$1":"SECRET"'],
  [/(lastFour\W+)[\w-]{4}/g, '$1FOUR'],
  [
    /"(createdAt|updatedAt|publishedAt|at|durationMs|expiresAt|lastUsedAt|requestId|timestamp)":(?:"[^"]*"|\d+)/g,
    '"$1":"NOW"',
  ],
  // Security events are stored once a second, so an export may have them or not.
  [/\{\\"kind\\":\\"security_event\\".*?\\n/g, ''],
  [/"(webhook-id|webhook-signature|webhook-timestamp)":"[^"]*"/g, '"$1":"VARYING"'],
];

/**
 * Uses every main feature once: catalogue, customers, subscriptions, usage, grants, accounts, webhooks, a test clock,
 * lists. `name` makes its keys unique. Two runs on one service with a fixed clock return the same steps.
 */
export async function runMainScenario(service: TestApp, receiver: Receiver, name: string): Promise<ScenarioStep[]> {
  const steps: ScenarioStep[] = [];
  const product = `job-${name}`;
  const normalized = (text: string): string =>
    VARYING_VALUES.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text)
      .replaceAll(name, 'NAME')
      .replaceAll(service.url, 'URL');
  const recordStep = (step: string, { status, body }: Pick<ApiResponse, 'status' | 'body'>): any => {
    steps.push({ name: normalized(step), status, body: JSON.parse(normalized(JSON.stringify(body ?? null))) });
    return body;
  };
  const recordingCall =
    (call: Call) =>
    async (method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<any> =>
      recordStep(`${method} ${path}`, await call(method, path, { body, headers }));

  await applyLifecycleProduct(service, product);
  const { call } = await createApiKey(service, { product });
  const request = recordingCall(call);
  const admin = recordingCall(service.admin);

  await admin('GET', `/v1/catalog?product=${product}`);
  await admin('POST', '/v1/features', { product, key: 'extra', name: 'Extra', type: 'metered' });
  await admin('POST', '/v1/plans', {
    product,
    key: 'team',
    name: 'Team',
    prices: [{ interval: 'month', amount: 500, currency: 'USD' }],
    entitlements: [{ feature: 'sso', type: 'boolean', value: true }],
  });
  await admin('POST', `/v1/plans/team/publish?product=${product}`, {});
  await request('GET', `/v1/plans?product=${product}`);

  // Publishes earlier events before the endpoint exists, so that it does not receive them.
  await deliverDueEvents(service);
  const endpoint = await request('POST', '/v1/webhook-endpoints', { url: receiver.url(`/${name}`) });
  await exerciseUsage(request, `used-${name}`);
  await exerciseSubscription(request, `sold-${name}`);
  await exerciseUser(service, recordingCall, name);

  const { customer, clock, readSubscription, advanceTo } = await createCustomerOnTestClock(
    call,
    product,
    '2031-01-15T00:00:00Z',
  );
  await advanceTo('2031-03-20T00:00:00Z');
  const later = await readSubscription();
  recordStep('the subscription two renewals later', {
    status: 200,
    body: {
      ...later,
      customer: 'clocked',
      timeline: (await call('GET', `/v1/subscriptions/${later.id}/timeline`)).body.data.map(
        ({ type }: { type: string }) => type,
      ),
    },
  });
  recordStep('the clock', await call('GET', `/v1/test-clocks/${clock}`));
  await call('DELETE', `/v1/customers/${customer}`);

  await deliverDueEvents(service);
  const webhooks = receiver
    .requestsTo(`/${name}`)
    .filter(({ body }) => !body.includes(customer))
    .map(({ message: { type, data } }) => `${type} ${data.sequence}`)
    .sort();
  recordStep('webhooks', { status: 200, body: webhooks });
  recordStep('deliveries', {
    status: 200,
    body: (await call('GET', `/v1/webhook-deliveries?endpoint=${endpoint.id}&limit=100`)).body.data.map(
      ({ status }: { status: string }) => status,
    ),
  });
  await request('PATCH', `/v1/webhook-endpoints/${endpoint.id}`, { enabled: false });
  const audit = (await service.admin('GET', `/v1/audit-log?product=${product}&limit=100`)).body.data;
  recordStep('audit log', {
    status: 200,
    body: audit
      .map(({ type, before, after, actor }: any) => ({ type, before, after, kind: actor.kind }))
      .filter((entry: object) => !JSON.stringify(entry).includes(customer)),
  });
  recordStep('usage', {
    status: 200,
    body: (await service.admin('POST', '/v1/usage/verify', { body: {} })).body.mismatches,
  });
  return steps;
}

type RecordingCall = (method: string, path: string, body?: object, headers?: Record<string, string>) => Promise<any>;

async function exerciseUsage(request: RecordingCall, customer: string): Promise<void> {
  const of = (feature: string, quantity: number) => ({ customer, feature, quantity });
  await request('PUT', `/v1/customers/${customer}`, {
    region: 'DE',
    timezone: 'Europe/Berlin',
    email: `${customer}@example.com`,
  });
  await request('POST', '/v1/usage/consume', of('calls', 3), { 'idempotency-key': `first-${customer}` });
  await request('POST', '/v1/usage/consume', of('calls', 3), { 'idempotency-key': `first-${customer}` });
  await request('POST', '/v1/usage/consume', {
    customer,
    features: [
      { feature: 'calls', quantity: 1 },
      { feature: 'daily', quantity: 1 },
    ],
  });
  await request('POST', '/v1/usage/consume', of('calls', 100));
  const { reservation } = await request('POST', '/v1/usage/reservations', { ...of('seats', 4), ttlSeconds: 60 });
  await request('POST', `/v1/usage/reservations/${reservation.id}/heartbeat`, { ttlSeconds: 90 });
  await request('POST', `/v1/usage/reservations/${reservation.id}/commit`, { quantity: 3 });
  const { reservation: other } = await request('POST', '/v1/usage/reservations', { ...of('seats', 4), ttlSeconds: 60 });
  await request('POST', `/v1/usage/reservations/${other.id}/release`, {});
  await request('POST', '/v1/usage/events', {
    events: [1, 2, 1].map((id) => ({ id: `${customer}-${id}`, customer, feature: 'calls', quantity: 2 })),
  });
  const granted = await request('POST', `/v1/customers/${customer}/grants`, { feature: 'calls', quantity: 5 });
  await request('POST', '/v1/usage/consume', of('calls', 4));
  await request('PUT', `/v1/customers/${customer}/overrides/calls`, { limit: 50, window: 'month', reason: 'goodwill' });
  await request('POST', '/v1/usage/consume', of('calls', 20));
  await request('POST', '/v1/check', { customer, feature: 'calls' });
  await request('DELETE', `/v1/customers/${customer}/overrides/calls`);
  await request('DELETE', `/v1/customers/${customer}/grants/${granted.id}`);
  for (const list of ['grants', 'usage?feature=calls', 'entitlements', 'entitlements/calls'])
    await request('GET', `/v1/customers/${customer}/${list}`);
}

async function exerciseSubscription(request: RecordingCall, customer: string): Promise<void> {
  const { subscription } = await request('PUT', `/v1/customers/${customer}`, { plan: 'basic' });
  const command = (name: string, body: object = {}) =>
    request('POST', `/v1/subscriptions/${subscription.id}/${name}`, body);
  await command('preview-change', { plan: 'pro', when: 'now' });
  await command('change', { plan: 'pro', when: 'now' });
  await command('change', { plan: 'basic', when: 'period_end' });
  await command('pause');
  await command('unpause');
  await request('PATCH', `/v1/subscriptions/${subscription.id}`, { autoRenew: false });
  await command('renew');
  await command('extend', { to: '2031-06-01T00:00:00Z', reason: 'goodwill' });
  await command('cancel', { when: 'period_end' });
  await command('resume');
  await command('cancel', { when: 'now' });
  await request('POST', '/v1/subscriptions', { customer, plan: 'daily' });
  for (const path of ['', '/timeline', '/lines']) await request('GET', `/v1/subscriptions/${subscription.id}${path}`);
  await request('GET', '/v1/subscriptions?limit=100');
  await request('GET', '/v1/customers?limit=100');
  await request('GET', `/v1/customers/${customer}/subscriptions`);
}

async function exerciseUser(service: TestApp, noting: (call: Call) => RecordingCall, name: string): Promise<void> {
  const stranger = noting(service.call);
  const email = `person-${name}@example.com`;
  await stranger('POST', '/v1/auth/register', { email, password: PASSWORD });
  const login = await stranger('POST', '/v1/auth/login', { email, password: PASSWORD });
  const { accessToken } = await stranger('POST', '/v1/auth/refresh', { refreshToken: login.refreshToken });
  const own = noting((method, path, options = {}) => service.call(method, path, { token: accessToken, ...options }));
  await own('PATCH', '/v1/users/me', { name: 'Robin', language: 'de' });
  await own('GET', '/v1/users/me');
  const key = await own('POST', '/v1/api-keys', { name: 'mine', scopes: ['entitlements:read'] });
  await own('POST', `/v1/api-keys/${key.id}/rotate`, {});
  await own('GET', '/v1/api-keys');
  await deliverDueEvents(service);
  await own('GET', '/v1/users/me/notifications');
  await own('GET', '/v1/users/me/export');
  await own('POST', '/v1/auth/logout', {});
  await own('GET', '/v1/users/me');
}

import type { Answer, Call, TestApp } from './app.js';
import { sendDue } from './deliveries.js';
import { lifecycleProduct, onClock, PASSWORD, serviceKey } from './fixtures.js';
import type { Receiver } from './receiver.js';

/** A thing that was done, and what was answered, without what is different each time. */
export interface Step {
  what: string;
  status: number;
  body: unknown;
}

const DIFFERENT_EACH_TIME: [RegExp, string][] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'ID'],
  [/\b(?:tg|whsec)_[\w+/=-]+/g, 'SECRET'],
  [/"(accessToken|refreshToken|nextCursor)":"[^"]*"/g, '"$1":"SECRET"'],
  [/(lastFour\W+)[\w-]{4}/g, '$1FOUR'],
  [
    /"(createdAt|updatedAt|publishedAt|at|durationMs|expiresAt|lastUsedAt|requestId|timestamp)":(?:"[^"]*"|\d+)/g,
    '"$1":"NOW"',
  ],
  [/"(webhook-id|webhook-signature|webhook-timestamp)":"[^"]*"/g, '"$1":"DRAWN"'],
];

/**
 * Does once what the service is for, with names of its own: a catalogue, customers, contracts, usage, grants, accounts, webhooks, a test clock, lists.
 * Runs of one service by one clock that stands still answer the same.
 */
export async function mainJob(service: TestApp, receiver: Receiver, name: string): Promise<Step[]> {
  const steps: Step[] = [];
  const product = `job-${name}`;
  const known = (text: string): string =>
    DIFFERENT_EACH_TIME.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text)
      .replaceAll(name, 'NAME')
      .replaceAll(service.url, 'URL');
  const noted = (what: string, { status, body }: Pick<Answer, 'status' | 'body'>): any => {
    steps.push({ what: known(what), status, body: JSON.parse(known(JSON.stringify(body ?? null))) });
    return body;
  };
  const noting =
    (call: Call) =>
    async (method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<any> =>
      noted(`${method} ${path}`, await call(method, path, { body, headers }));

  await lifecycleProduct(service, product);
  const { call } = await serviceKey(service, { product });
  const ask = noting(call);
  const admin = noting(service.admin);

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
  await ask('GET', `/v1/plans?product=${product}`);

  // What has happened by now is told before there is anybody to tell.
  await sendDue(service);
  const endpoint = await ask('POST', '/v1/webhook-endpoints', { url: receiver.url(`/${name}`) });
  await usage(ask, `used-${name}`);
  await contract(ask, `sold-${name}`);
  await people(service, noting, name);

  const { customer, clock, read, to } = await onClock(call, product, '2031-01-15T00:00:00Z');
  await to('2031-03-20T00:00:00Z');
  const later = await read();
  noted('the contract two renewals later', {
    status: 200,
    body: {
      ...later,
      customer: 'clocked',
      timeline: (await call('GET', `/v1/subscriptions/${later.id}/timeline`)).body.data.map(
        ({ type }: { type: string }) => type,
      ),
    },
  });
  noted('the clock', await call('GET', `/v1/test-clocks/${clock}`));
  await call('DELETE', `/v1/customers/${customer}`);

  await sendDue(service);
  const told = receiver
    .at(`/${name}`)
    .filter(({ body }) => !body.includes(customer))
    .map(({ message: { type, data } }) => `${type} ${data.sequence}`)
    .sort();
  noted('webhooks', { status: 200, body: told });
  noted('deliveries', {
    status: 200,
    body: (await call('GET', `/v1/webhook-deliveries?endpoint=${endpoint.id}&limit=100`)).body.data.map(
      ({ status }: { status: string }) => status,
    ),
  });
  await ask('PATCH', `/v1/webhook-endpoints/${endpoint.id}`, { enabled: false });
  const audit = (await service.admin('GET', `/v1/audit-log?product=${product}&limit=100`)).body.data;
  noted('audit log', {
    status: 200,
    body: audit
      .map(({ type, before, after, actor }: any) => ({ type, before, after, kind: actor.kind }))
      .filter((entry: object) => !JSON.stringify(entry).includes(customer)),
  });
  noted('usage', {
    status: 200,
    body: (await service.admin('POST', '/v1/usage/verify', { body: {} })).body.mismatches,
  });
  return steps;
}

type Ask = (method: string, path: string, body?: object, headers?: Record<string, string>) => Promise<any>;

async function usage(ask: Ask, customer: string): Promise<void> {
  const of = (feature: string, quantity: number) => ({ customer, feature, quantity });
  await ask('PUT', `/v1/customers/${customer}`, {
    region: 'DE',
    timezone: 'Europe/Berlin',
    email: `${customer}@example.com`,
  });
  await ask('POST', '/v1/usage/consume', of('calls', 3), { 'idempotency-key': `first-${customer}` });
  await ask('POST', '/v1/usage/consume', of('calls', 3), { 'idempotency-key': `first-${customer}` });
  await ask('POST', '/v1/usage/consume', {
    customer,
    features: [
      { feature: 'calls', quantity: 1 },
      { feature: 'daily', quantity: 1 },
    ],
  });
  await ask('POST', '/v1/usage/consume', of('calls', 100));
  const { reservation } = await ask('POST', '/v1/usage/reservations', { ...of('seats', 4), ttlSeconds: 60 });
  await ask('POST', `/v1/usage/reservations/${reservation.id}/heartbeat`, { ttlSeconds: 90 });
  await ask('POST', `/v1/usage/reservations/${reservation.id}/commit`, { quantity: 3 });
  const { reservation: other } = await ask('POST', '/v1/usage/reservations', { ...of('seats', 4), ttlSeconds: 60 });
  await ask('POST', `/v1/usage/reservations/${other.id}/release`, {});
  await ask('POST', '/v1/usage/events', {
    events: [1, 2, 1].map((id) => ({ id: `${customer}-${id}`, customer, feature: 'calls', quantity: 2 })),
  });
  const granted = await ask('POST', `/v1/customers/${customer}/grants`, { feature: 'calls', quantity: 5 });
  await ask('POST', '/v1/usage/consume', of('calls', 4));
  await ask('PUT', `/v1/customers/${customer}/overrides/calls`, { limit: 50, window: 'month', reason: 'goodwill' });
  await ask('POST', '/v1/usage/consume', of('calls', 20));
  await ask('POST', '/v1/check', { customer, feature: 'calls' });
  await ask('DELETE', `/v1/customers/${customer}/overrides/calls`);
  await ask('DELETE', `/v1/customers/${customer}/grants/${granted.id}`);
  for (const list of ['grants', 'usage?feature=calls', 'entitlements', 'entitlements/calls'])
    await ask('GET', `/v1/customers/${customer}/${list}`);
}

async function contract(ask: Ask, customer: string): Promise<void> {
  const { subscription } = await ask('PUT', `/v1/customers/${customer}`, { plan: 'basic' });
  const command = (name: string, body: object = {}) =>
    ask('POST', `/v1/subscriptions/${subscription.id}/${name}`, body);
  await command('preview-change', { plan: 'pro', when: 'now' });
  await command('change', { plan: 'pro', when: 'now' });
  await command('change', { plan: 'basic', when: 'period_end' });
  await command('pause');
  await command('unpause');
  await ask('PATCH', `/v1/subscriptions/${subscription.id}`, { autoRenew: false });
  await command('renew');
  await command('extend', { to: '2031-06-01T00:00:00Z', reason: 'goodwill' });
  await command('cancel', { when: 'period_end' });
  await command('resume');
  await command('cancel', { when: 'now' });
  await ask('POST', '/v1/subscriptions', { customer, plan: 'daily' });
  for (const path of ['', '/timeline', '/lines']) await ask('GET', `/v1/subscriptions/${subscription.id}${path}`);
  await ask('GET', '/v1/subscriptions?limit=100');
  await ask('GET', '/v1/customers?limit=100');
  await ask('GET', `/v1/customers/${customer}/subscriptions`);
}

async function people(service: TestApp, noting: (call: Call) => Ask, name: string): Promise<void> {
  const stranger = noting(service.call);
  const email = `person-${name}@example.com`;
  await stranger('POST', '/v1/auth/register', { email, password: PASSWORD });
  const login = await stranger('POST', '/v1/auth/login', { email, password: PASSWORD });
  const { accessToken } = await stranger('POST', '/v1/auth/refresh', { refreshToken: login.refreshToken });
  const own = noting((method, path, options = {}) => service.call(method, path, { token: accessToken, ...options }));
  await own('PATCH', '/v1/users/me', { name: 'Somebody', language: 'de' });
  await own('GET', '/v1/users/me');
  const key = await own('POST', '/v1/api-keys', { name: 'mine', scopes: ['entitlements:read'] });
  await own('POST', `/v1/api-keys/${key.id}/rotate`, {});
  await own('GET', '/v1/api-keys');
  await sendDue(service);
  await own('GET', '/v1/users/me/notifications');
  await own('GET', '/v1/users/me/export');
  await own('POST', '/v1/auth/logout', {});
  await own('GET', '/v1/users/me');
}

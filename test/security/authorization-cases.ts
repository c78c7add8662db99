import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import type { Access } from '../api/access-rule.js';
import { ACCESS, NO_API } from '../api/access-table.js';
import type { ApiResponse, Call } from '../support/app.js';
import { openPortal, PASSWORD, type RegisteredUser, uniqueName } from '../support/fixtures.js';
import { eventually } from '../support/eventually.js';
import { type SecurityCase, statusOf, type World } from './world.js';

const UNKNOWN_ID = '01890a5d-ac96-774b-bcce-b302099a8057';
const DENIALS = [
  'authentication_required',
  'invalid_token',
  'insufficient_scope',
  'admin_only',
  'services_only',
  'not_for_portal',
];
const FORBIDDEN_MEMBERS = /password_?hash|token_?version|key_?hash|secret_?hash|canonical_?email|sealed|argon2/i;

/** A problem response without the members that identify the request. */
const withoutRequest = ({ status, body: { instance: _, requestId: __, ...body } }: ApiResponse): object => ({
  status,
  ...body,
});
const stateOf = async (user: RegisteredUser): Promise<unknown> => [
  (await user.call('GET', `/v1/subscriptions/${user.subscriptionId}`)).body,
  (await user.call('GET', `/v1/subscriptions/${user.subscriptionId}/timeline`)).body.data.length,
];

/** The verdict that the access table requires: `through`, or the error code of a guard. */
function expectedVerdict(actor: string, { public: open, scope, users, support, finance, portal }: Access): string {
  if (open === 'optional' && actor === 'disabled') return 'invalid_token';
  if (open) return 'through';
  if (actor === 'anonymous') return 'authentication_required';
  if (actor === 'disabled') return 'invalid_token';
  if (actor === 'portal') return portal ? 'through' : 'not_for_portal';
  if (actor.endsWith('Key')) return scope ? 'through' : 'insufficient_scope';
  if (actor === 'support' && support) return support === 'repairs' ? 'reason' : 'through';
  if (actor === 'finance' && finance) return finance === 'settles' ? 'reason' : 'through';
  const sells = actor === 'admin' || actor === 'editor';
  if (users === 'admin') return actor === 'admin' ? 'through' : 'admin_only';
  if (users === 'product_admin') return sells ? 'through' : 'admin_only';
  return users ? 'through' : 'services_only';
}

function verdict({ body }: ApiResponse): string {
  const code = (body as { code?: string } | null)?.code ?? '';
  if (
    code === 'invalid_fields' &&
    body.errors[0].field === 'reason' &&
    ['is required for support', 'is required for finance'].includes(body.errors[0].message)
  )
    return 'reason';
  return DENIALS.includes(code) ? code : 'through';
}

/** Sends every operation of the OpenAPI document as every kind of caller. */
async function verifyAccessTable(world: World): Promise<void> {
  const { body: document } = await world.call('GET', '/openapi.json');
  const operations = Object.entries(document.paths as Record<string, object>).flatMap(([at, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${at.replace(/\{(\w+)\}/g, ':$1')}`),
  );
  expect(operations.sort()).toEqual(
    Object.keys(ACCESS)
      .filter((route) => !NO_API.includes(route))
      .sort(),
  );
  const disabled = await world.newUser();
  await world.admin.call('PATCH', `/v1/users/${disabled.userId}`, { body: { active: false } });
  const callers: Record<string, Call> = {
    anonymous: world.call,
    disabled: disabled.call,
    user: (await world.newUser()).call,
    admin: world.admin.call,
    support: world.support.call,
    finance: world.finance.call,
    editor: world.editor.call,
    apiKey: world.apiKey.call,
    newsKey: world.newsKey.call,
    portal: (await openPortal({ call: world.call, admin: world.admin.call }, { customer: world.ann.customer })).call,
  };
  // Statistics exist after the first run of the worker, seconds after the start.
  await eventually(
    () => world.admin.call('GET', '/v1/stats/subscriptions'),
    ({ status }) => status === 200,
  );
  const wrong: unknown[] = [];
  for (const [route, access] of Object.entries(ACCESS)) {
    const [method, at] = route.split(' ') as [string, string];
    const path = at.replace(/:(\w+)/g, (_, name: string) => (name === 'id' ? UNKNOWN_ID : 'absent'));
    for (const [actor, call] of Object.entries(callers)) {
      // A logout would end the session that the remaining requests need.
      if (at === '/v1/auth/logout' && !['anonymous', 'disabled', 'apiKey', 'newsKey'].includes(actor)) continue;
      const answer = await call(method, path, { body: method === 'GET' || method === 'DELETE' ? undefined : {} });
      const got = verdict(answer);
      if (got !== expectedVerdict(actor, access) || answer.status >= 500)
        wrong.push({ route, actor, got, expected: expectedVerdict(actor, access), status: answer.status });
    }
  }
  expect(wrong).toEqual([]);
}

export const AUTHORIZATION: SecurityCase[] = [
  {
    id: 'S-01',
    title: 'a subscription of another user is answered like an absent one',
    run: async ({ ann, bob }) => {
      const response = await ann.call('GET', `/v1/subscriptions/${bob.subscriptionId}`);
      expect(response.status).toBe(404);
      expect(withoutRequest(response)).toEqual(
        withoutRequest(await ann.call('GET', `/v1/subscriptions/${randomUUID()}`)),
      );
      expect(withoutRequest(await ann.call('GET', `/v1/customers/${bob.customer}/subscription`))).toEqual(
        withoutRequest(await ann.call('GET', `/v1/customers/${uniqueName('absent')}/subscription`)),
      );
    },
  },
  {
    id: 'S-02',
    title: 'entitlements of another user or product are answered like absent ones',
    run: async ({ ann, bob, newsKey, apiCustomer }) => {
      expect((await ann.call('GET', `/v1/customers/${bob.customer}/entitlements/seats`)).status).toBe(404);
      const response = await newsKey.call('GET', `/v1/customers/${apiCustomer}/entitlements/api_calls`);
      expect(withoutRequest(response)).toEqual(
        withoutRequest(await newsKey.call('GET', `/v1/customers/${uniqueName('absent')}/entitlements/api_calls`)),
      );
    },
  },
  {
    id: 'S-03',
    title: 'commands on a subscription of another user answer 404 and change nothing',
    run: async ({ ann, bob }) => {
      const before = await stateOf(bob);
      for (const [command, body] of Object.entries({
        cancel: { when: 'now' },
        change: { plan: 'pro', when: 'now' },
        pause: {},
        renew: {},
        resume: {},
        unpause: {},
      })) {
        expect([
          command,
          (await ann.call('POST', `/v1/subscriptions/${bob.subscriptionId}/${command}`, { body })).status,
        ]).toEqual([command, 404]);
      }
      expect(
        (await ann.call('PATCH', `/v1/subscriptions/${bob.subscriptionId}`, { body: { autoRenew: false } })).status,
      ).toBe(404);
      expect(await stateOf(bob)).toEqual(before);
    },
  },
  {
    id: 'S-05',
    title: 'the caller is identified by the token, never by other fields of the request',
    run: async ({ ann, bob }) => {
      for (const [name, value] of [
        ['x-user-id', bob.userId],
        ['x-customer', bob.customer],
        ['x-original-user', bob.userId],
      ] as const) {
        expect((await ann.call('GET', '/v1/users/me', { headers: { [name]: value } })).body.id).toBe(ann.userId);
      }
      expect((await ann.call('GET', `/v1/users/me?userId=${bob.userId}`)).status).toBe(422);
      expect((await ann.call('PATCH', '/v1/users/me', { body: { userId: bob.userId, name: 'Eve' } })).status).toBe(422);
      expect((await bob.call('GET', '/v1/users/me')).body.name).not.toBe('Eve');
    },
  },
  {
    id: 'S-06',
    title: 'a user cannot consume the units of another user',
    run: async ({ ann, bob }) => {
      const used = async () => (await bob.call('GET', '/v1/customers/me/entitlements/projects')).body.used as number;
      const before = await used();
      expect(
        (await ann.call('POST', '/v1/usage/consume', { body: { customer: bob.customer, feature: 'projects' } })).status,
      ).toBe(404);
      const { body } = await ann.call('POST', '/v1/usage/events', {
        body: { events: [{ id: uniqueName('event'), customer: bob.customer, feature: 'projects', quantity: 1 }] },
      });
      expect(body.results).toEqual([expect.objectContaining({ status: 'rejected', code: 'customer_not_found' })]);
      expect(await used()).toBe(before);
    },
  },
  {
    id: 'S-07',
    title: 'an API key cannot consume on another product, or for customers of another product',
    run: async ({ apiKey, newsCustomer, apiCustomer, admin }) => {
      const consume = (body: object) => apiKey.call('POST', '/v1/usage/consume', { body });
      expect((await consume({ customer: newsCustomer, feature: 'api_calls' })).status).toBe(404);
      expect((await consume({ customer: newsCustomer, product: 'news', feature: 'articles' })).status).toBe(404);
      const { body } = await apiKey.call('POST', '/v1/usage/events', {
        body: {
          events: [newsCustomer, apiCustomer, uniqueName('absent')].map((customer) => ({
            id: uniqueName('event'),
            customer,
            feature: 'api_calls',
            quantity: 1,
          })),
        },
      });
      expect(body.results.map(({ code, status }: { code?: string; status: string }) => code ?? status)).toEqual([
        'customer_not_found',
        'recorded',
        'customer_not_found',
      ]);
      const { body: report } = await admin.call('POST', '/v1/usage/verify', { body: { customer: newsCustomer } });
      expect(report.mismatches).toEqual([]);
    },
  },
  {
    id: 'S-09',
    title: 'every operation answers every kind of caller as the access table says',
    run: verifyAccessTable,
    timeout: 120_000,
  },
  {
    id: 'S-10',
    title: 'no spelling of a path bypasses the guard',
    run: async ({ ann, raw }) => {
      const spellings = [
        '/V1/users',
        '/v1/USERS',
        '/v1/users/',
        '//v1/users',
        '/v1//users',
        '/v1%2Fusers',
        '/v1/users%2F',
        '/v1;x/users',
        '/v1/users;x',
        '/./v1/users',
        '/v1/../v1/users',
        '/v1/users%20',
        '/v1/users/.',
        '/v1/%75sers',
        '/v1/users?x=1',
        '/v1/users#x',
      ];
      for (const path of spellings) {
        const status = statusOf(
          await raw(
            `GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ann.token}\r\nconnection: close\r\n\r\n`,
          ),
        );
        expect([path, [400, 403, 404, 422].includes(status ?? 0)]).toEqual([path, true]);
      }
    },
  },
  {
    id: 'S-11',
    title: 'registration accepts no role, plan or status',
    run: async ({ call, database }) => {
      const email = `${uniqueName('eve')}@example.com`;
      for (const extra of [
        { role: 'admin' },
        { isAdmin: true },
        { product: 'api' },
        { tenantId: 'B' },
        { plan: 'enterprise' },
        { status: 'active' },
        { active: true },
        { id: randomUUID() },
        { emailVerifiedAt: '2020-01-01T00:00:00Z' },
      ]) {
        const { status, body } = await call('POST', '/v1/auth/register', {
          body: { email, password: PASSWORD, ...extra },
        });
        expect([extra, status, body.errors?.[0].field]).toEqual([extra, 422, Object.keys(extra)[0]]);
      }
      expect(await database.query('select 1 from users where canonical_email = $1', [email])).toEqual([]);
      const { body } = await call('POST', '/v1/auth/register', { body: { email, password: PASSWORD } });
      const again = await call('GET', '/v1/users/me', { token: body.accessToken });
      expect(again.body).toMatchObject({ role: 'user', product: null, active: true, emailVerifiedAt: null });
      expect(body.subscription.plan.key).toBe('free');
    },
  },
  {
    id: 'S-13',
    title: 'a user cannot set a price, a trial or limits',
    run: async ({ ann }) => {
      for (const extra of [
        { price: { amount: 0 } },
        { priceCents: 0 },
        { trialEndsAt: '2099-01-01T00:00:00Z' },
        { limitOverrides: { seats: 1_000 } },
        { version: 1 },
        { status: 'active' },
      ]) {
        expect([
          extra,
          (await ann.call('POST', '/v1/subscriptions', { body: { plan: 'pro', ...extra } })).status,
        ]).toEqual([extra, 422]);
      }
      for (const extra of [{ trialDays: 300 }, { indefinite: true }, { billingAnchor: '2099-01-01T00:00:00Z' }]) {
        expect([
          extra,
          (await ann.call('POST', '/v1/subscriptions', { body: { plan: 'pro', ...extra } })).status,
        ]).toEqual([extra, 403]);
      }
      expect((await ann.call('PUT', '/v1/customers/me/overrides/seats', { body: { limit: 1_000 } })).status).toBe(403);
      expect(
        (await ann.call('POST', '/v1/customers/me/grants', { body: { feature: 'seats', quantity: 1_000 } })).status,
      ).toBe(403);
    },
  },
  {
    id: 'S-14',
    title: 'no response contains a secret or an internal field',
    run: async ({ admin, ann, support, apiKey, apiCustomer }) => {
      const reads: [Call, string][] = [
        [admin.call, '/v1/users'],
        [admin.call, `/v1/users/${ann.userId}`],
        [admin.call, '/v1/api-keys'],
        [admin.call, '/v1/customers'],
        [admin.call, '/v1/subscriptions'],
        [admin.call, '/.well-known/jwks.json'],
        [ann.call, '/v1/users/me'],
        [ann.call, '/v1/users/me/export'],
        [ann.call, `/v1/subscriptions/${ann.subscriptionId}`],
        [ann.call, `/v1/subscriptions/${ann.subscriptionId}/timeline`],
        [support.call, '/v1/users'],
        [support.call, `/v1/customers/${ann.customer}`],
        [apiKey.call, `/v1/customers/${apiCustomer}`],
      ];
      for (const [call, path] of reads) {
        const { status, body } = await call('GET', path);
        expect([path, status]).toEqual([path, 200]);
        expect([path, FORBIDDEN_MEMBERS.exec(JSON.stringify(body))]).toEqual([path, null]);
        expect(JSON.stringify(body)).not.toMatch(/"d":|PRIVATE/);
      }
    },
  },
  {
    id: 'S-15',
    title: 'an API key is returned once; later only its prefix and last four characters',
    run: async ({ admin, database }) => {
      const { body: made } = await admin.call('POST', '/v1/api-keys', {
        body: { name: 'once', scopes: ['usage:read'] },
      });
      const { body: list } = await admin.call('GET', '/v1/api-keys?limit=100');
      const shown = list.data.find(({ id }: { id: string }) => id === made.id);
      expect(shown).toMatchObject({ prefix: made.key.slice(0, 19), lastFour: made.key.slice(-4) });
      expect(JSON.stringify(list)).not.toContain(made.key.slice(20));
      const rows = await database.query(
        'select t::text as row from api_keys t union all select after::text from events union all select answer from idempotency_keys',
      );
      expect(JSON.stringify(rows)).not.toContain(made.key.slice(20));
    },
  },
  {
    id: 'S-17',
    title: 'a product admin manages their own product and no other',
    run: async ({ editor, apiCustomer, newsCustomer, admin }) => {
      const { call } = editor;
      expect((await call('GET', `/v1/customers/${newsCustomer}`)).status).toBe(200);
      expect((await call('GET', `/v1/customers/${apiCustomer}`)).status).toBe(404);
      expect((await call('GET', '/v1/customers')).body.data.map(({ key }: { key: string }) => key)).not.toContain(
        apiCustomer,
      );
      const [subscription] = (await admin.call('GET', `/v1/customers/${apiCustomer}/subscriptions?product=api`)).body
        .data;
      expect((await call('GET', `/v1/subscriptions/${subscription.id}`)).status).toBe(404);
      expect(
        (await call('POST', `/v1/subscriptions/${subscription.id}/cancel`, { body: { when: 'now' } })).status,
      ).toBe(404);
      const other: [string, string, object?][] = [
        ['POST', '/v1/plans', { product: 'api', key: 'mine', name: 'Mine', prices: [], entitlements: [] }],
        ['PATCH', '/v1/plans/quota?product=api', { name: 'Mine' }],
        ['POST', '/v1/plans/quota/archive?product=api', {}],
        ['POST', '/v1/features', { product: 'api', key: 'mine', name: 'Mine', type: 'boolean' }],
        ['PATCH', '/v1/products/api', { name: 'Mine' }],
        ['POST', '/v1/products', { key: 'mine', name: 'Mine' }],
        ['DELETE', '/v1/products/news'],
        ['GET', '/v1/catalog?product=api'],
        ['GET', '/v1/users'],
        ['POST', '/v1/usage/verify', {}],
        ['POST', '/v1/api-keys', { name: 'other', scopes: ['catalog:write'], product: 'api' }],
      ];
      for (const [method, path, body] of other)
        expect([method, path, [403, 404].includes((await call(method, path, { body })).status)]).toEqual([
          method,
          path,
          true,
        ]);
      expect((await call('PATCH', '/v1/products/news', { body: { name: 'News' } })).status).toBe(200);
      const { status, body } = await call('POST', '/v1/api-keys', {
        body: { name: 'own', scopes: ['catalog:read', 'customers:write'] },
      });
      expect([status, body.product]).toEqual([201, 'news']);
      // A product admin cannot change their own role.
      expect((await call('PATCH', `/v1/users/${editor.userId}`, { body: { role: 'admin' } })).status).toBe(403);
      // A customer with subscriptions on other products cannot be deleted by one product.
      const shared = uniqueName('shared');
      await admin.call('PUT', `/v1/customers/${shared}`, { body: { product: 'api' } });
      await admin.call('PUT', `/v1/customers/${shared}`, {
        body: { product: 'news', region: 'US', deviceType: 'ios' },
      });
      expect((await call('DELETE', `/v1/customers/${shared}`)).body.code).toBe('customer_of_other_products');
    },
  },
  {
    id: 'S-18',
    title: 'an unsupported method on a route changes nothing',
    run: async ({ ann, bob }) => {
      const before = await stateOf(bob);
      for (const method of ['DELETE', 'PUT', 'PATCH', 'POST']) {
        for (const path of [
          `/v1/subscriptions/${bob.subscriptionId}`,
          `/v1/subscriptions/${ann.subscriptionId}/timeline`,
          '/v1/plans/free',
          '/.well-known/jwks.json',
          '/health/live',
        ]) {
          const { status } = await ann.call(method, path, { body: {} });
          expect([method, path, [403, 404, 405, 422].includes(status)]).toEqual([method, path, true]);
        }
      }
      expect(await stateOf(bob)).toEqual(before);
    },
  },
  {
    id: 'S-19',
    title: 'a demoted admin cannot write with the old token on any instance',
    run: async ({ admin, call, callSecond, newUser, login }) => {
      const user = await newUser();
      await admin.call('PATCH', `/v1/users/${user.userId}`, { body: { role: 'admin' } });
      const token = (await login(user.email)).body.accessToken as string;
      let demotedAt = Infinity;
      const late: string[] = [];
      const writing = [call, callSecond].map(async (instance) => {
        for (let index = 0; performance.now() < demotedAt + 2_500 && index < 2_000; index++) {
          const sentAt = performance.now();
          const { status } = await instance('POST', '/v1/features', {
            token,
            body: { key: uniqueName('late'), name: 'Late', type: 'boolean' },
          });
          if (status === 201 && sentAt > demotedAt + 1_000) late.push(`${sentAt - demotedAt} ms`);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      });
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect((await admin.call('PATCH', `/v1/users/${user.userId}`, { body: { role: 'user' } })).status).toBe(200);
      demotedAt = performance.now();
      await Promise.all(writing);
      expect(late).toEqual([]);
    },
  },
];

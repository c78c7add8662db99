import { expect } from '@jest/globals';
import { linkTokenOf, openPortal, type RegisteredUser } from '../support/fixtures.js';
import { eventually } from '../support/eventually.js';
import { type SecurityCase, type World } from './world.js';

const ALLOWED = 'https://app.example.com/billing';
/** URLs that look as if they were allowed. The specification of the function has more. */
const LOOK_ALIKES = [
  'https://evil.example/billing',
  'https://app.example.com.evil.example/billing',
  'https://app.example.com@evil.example/billing',
  'https://app.example.com:443@evil.example/billing',
  'https://user:secret@app.example.com/billing',
  'https://evil.example\\@app.example.com/billing',
  'https://evil.example#@app.example.com/billing',
  'https://app.example.com:8443/billing',
  'http://app.example.com/billing',
  'https:\\\\evil.example/billing',
  'https:evil.example/billing',
  '//evil.example/billing',
  '/\\evil.example/billing',
  '/billing',
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'java\tscript:alert(1)',
  'javascript://app.example.com/billing%0aalert(1)',
  'data:text/html,<script>alert(1)</script>',
  'https://app.example.com/billing/../admin',
  'https://app.example.com/billing/%2e%2e/admin',
  'https://app.example.com/billing/..%2fadmin',
  'https://app.example.com/billing/..%5cadmin',
  'https://app.example.com/billing-of-others',
  'https://app.example.com/billing\r\nlocation: https://evil.example',
  'https://app.example.com./billing',
  'https://аpp.example.com/billing',
];
const VARIANTS = ['/v1/users', '/V1/users', '//v1/users', '/v1/users/', '/v1%2Fusers', '/v1;x/users', '/./v1/users'];

const linkOf = ({ admin }: World, body: object) => admin.call('POST', '/v1/portal-sessions', { body });
const exchange = (call: World['call'], token: string) =>
  call('POST', '/v1/portal-sessions/exchange', { body: { token } });
const portalOf = (world: World, { customer }: RegisteredUser) =>
  openPortal({ call: world.call, admin: world.admin.call }, { customer });

export const PORTAL: SecurityCase[] = [
  {
    id: 'P-01',
    title: 'no look-alike of an allowed return URL is accepted',
    run: async (world) => {
      const { call } = world.admin;
      const settings = { allowedReturnUrls: [ALLOWED] };
      expect((await call('PUT', '/v1/products/default/portal', { body: settings })).status).toBe(200);
      const { customer } = world.ann;
      const accepted = [];
      for (const returnUrl of LOOK_ALIKES)
        if ((await linkOf(world, { customer, returnUrl })).status !== 422) accepted.push(returnUrl);
      expect(accepted).toEqual([]);
      expect(await world.database.query('select return_url from portal_sessions where return_url is not null')).toEqual(
        [],
      );
      expect((await linkOf(world, { customer, returnUrl: ALLOWED })).status).toBe(201);
    },
  },
  {
    id: 'P-02',
    title: 'a portal session of one customer reaches nothing of another',
    run: async (world) => {
      const { ann, bob, apiCustomer } = world;
      const { call } = await portalOf(world, ann);
      const version = async () => (await bob.call('GET', `/v1/subscriptions/${bob.subscriptionId}`)).body.version;
      const before = await version();
      for (const customer of [bob.customer, apiCustomer])
        for (const path of ['', '/subscription', '/entitlements', '/usage', '/billing-profile', '/payment-methods'])
          expect([path, (await call('GET', `/v1/customers/${customer}${path}`)).status]).toEqual([path, 404]);
      for (const [command, body] of Object.entries({
        cancel: { when: 'now', reason: 'mine' },
        change: { plan: 'pro', when: 'now' },
        'preview-change': { plan: 'pro', when: 'now' },
        resume: {},
      }))
        expect([
          command,
          (await call('POST', `/v1/subscriptions/${bob.subscriptionId}/${command}`, { body })).status,
        ]).toEqual([command, 404]);
      const named = { 'x-user-id': bob.userId, 'x-customer': bob.customer };
      expect((await call('GET', '/v1/customers/me', { headers: named })).body.key).toBe(ann.customer);
      expect((await call('GET', `/v1/invoices?customer=${bob.customer}`)).status).toBe(404);
      const profile = `/v1/customers/${bob.customer}/billing-profile`;
      expect((await call('PUT', profile, { body: { name: 'Eve' } })).status).toBe(404);
      expect(await version()).toBe(before);
    },
  },
  {
    id: 'P-03',
    title: 'no spelling of a path leads a portal session to a route of admins',
    run: async (world) => {
      const { token } = await portalOf(world, world.ann);
      const { hostname, port } = new URL(world.services[0].url);
      for (const path of VARIANTS) {
        const request = [`GET ${path} HTTP/1.1`, `host: ${hostname}:${port}`, `authorization: Bearer ${token}`, '', ''];
        const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(await world.raw(request.join('\r\n')))![1]);
        expect([path, [400, 403, 404].includes(status)]).toEqual([path, true]);
      }
    },
  },
  {
    id: 'P-04',
    title: 'of exchanges of one link on two instances at the same time one wins',
    run: async (world) => {
      const { body } = await linkOf(world, { customer: world.ann.customer });
      const calls = Array.from({ length: 8 }, (_, index) => (index % 2 ? world.callSecond : world.call));
      const answers = await Promise.all(calls.map((call) => exchange(call, linkTokenOf(body))));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(7).fill(401)]);
    },
  },
  {
    id: 'P-05',
    title: 'the tokens of portals, users and API keys do not stand for each other',
    run: async (world) => {
      const { call, ann } = world;
      const { token } = await portalOf(world, ann);
      const link = linkTokenOf((await linkOf(world, { customer: ann.customer })).body);
      const at = '/v1/customers/me/subscription';
      for (const wrong of [link, `tgp_${link}`, `${token} `, `${token}x`, token.toUpperCase(), token.slice(4)])
        expect((await call('GET', at, { token: wrong })).status).toBe(wrong === `${token} ` ? 200 : 401);
      expect((await call('GET', at, { headers: { 'x-api-key': token } })).status).toBe(401);
      expect((await call('POST', '/v1/auth/refresh', { body: { refreshToken: token } })).status).toBe(401);
      for (const wrong of [token, ann.token.slice(0, 128), ann.refreshToken])
        expect((await exchange(call, wrong)).status).toBe(401);
      expect((await call('GET', `${at}?access_token=${token}`)).status).toBe(401);
      expect((await exchange(call, link)).status).toBe(200);
    },
  },
  {
    id: 'P-06',
    title: 'a portal session of a revoked key is refused on both instances',
    run: async (world) => {
      const { body: key } = await world.admin.call('POST', '/v1/api-keys', {
        body: { name: 'leaked', scopes: ['portal:write'] },
      });
      const created = await world.call('POST', '/v1/portal-sessions', {
        token: key.key,
        body: { customer: world.ann.customer },
      });
      const { accessToken: token } = (await exchange(world.call, linkTokenOf(created.body))).body;
      const statuses = async () =>
        Promise.all(
          [world.call, world.callSecond].map(async (call) => (await call('GET', '/v1/customers/me', { token })).status),
        );
      expect(await statuses()).toEqual([200, 200]);
      await world.admin.call('DELETE', `/v1/api-keys/${key.id}`);
      await eventually(statuses, (got) => got.every((status) => status === 401));
    },
  },
  {
    id: 'P-07',
    title: 'a link takes no members that are not its own',
    run: async (world) => {
      for (const more of [{ customerId: world.bob.userId }, { expiresAt: '2099-01-01T00:00:00Z' }, { role: 'admin' }])
        expect((await linkOf(world, { customer: world.ann.customer, ...more })).status).toBe(422);
    },
  },
];

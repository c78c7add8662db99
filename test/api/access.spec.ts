import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { PATH_METADATA, METHOD_METADATA } from '@nestjs/common/constants.js';
import { RequestMethod } from '@nestjs/common';
import { type Call, startService, type TestApp, WAYS } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import {
  ALL_SCOPES,
  createApiKey,
  openPortal,
  type RegisteredUser,
  registerUser,
  registerUserWithRole,
  uniqueName,
} from '../support/fixtures.js';
import { ACCESS } from './access-table.js';

const join = (...parts: string[]): string =>
  `/${parts
    .map((part) => part.replace(/^\/|\/$/g, ''))
    .filter(Boolean)
    .join('/')}`;

/** Every route that the service really has, from its controllers. */
function routesOf(service: TestApp): string[] {
  const scanner = new MetadataScanner();
  const controllers = [...service.app.get(ModulesContainer, { strict: false }).values()].flatMap((module) => [
    ...module.controllers.values(),
  ]);
  return controllers.flatMap(({ metatype }) => {
    const prototype = (metatype as { prototype: object }).prototype;
    return scanner.getAllMethodNames(prototype).flatMap((name) => {
      const handler = (prototype as Record<string, object>)[name]!;
      const path = Reflect.getMetadata(PATH_METADATA, handler) as string | undefined;
      if (path === undefined) return [];
      return [
        `${RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as number]} ${join(Reflect.getMetadata(PATH_METADATA, metatype as object) as string, path)}`,
      ];
    });
  });
}

/** Routes whose body names no object. */
const TAKES_NOTHING = new Set(['POST /v1/invoices/:id/pay']);

describe.each(WAYS)('access rules $way', ({ compiled }) => {
  let service: TestApp & { database: TestDatabase };
  let ann: RegisteredUser;
  let bob: RegisteredUser;
  let finance: RegisteredUser;
  let portal: Call;
  const at = (route: string, names: Record<string, string> = {}): [string, string] => {
    const [method, path] = route.split(' ') as [string, string];
    return [
      method,
      path.replace(
        /:(\w+)/g,
        (_, name: string) => names[name] ?? (name === 'id' ? '01890a5d-ac96-774b-bcce-b302099a8057' : 'nobody'),
      ),
    ];
  };

  beforeAll(async () => {
    service = await startService({ compiled });
    ann = await registerUser(service);
    bob = await registerUser(service);
    finance = await registerUserWithRole(service, { role: 'finance' });
    ({ call: portal } = await openPortal(service, { customer: ann.customer }));
  });
  afterAll(() => service.stop());

  it('every route has a row in the access table, and every row has a route', () => {
    expect(routesOf(service).sort()).toEqual(Object.keys(ACCESS).sort());
  });

  it.each(Object.entries(ACCESS).filter(([, access]) => !access.public))(
    '%s rejects a request without credentials',
    async (route) => {
      const { status, body, headers } = await service.call(...at(route));
      expect({ status, code: body.code }).toEqual({ status: 401, code: 'authentication_required' });
      expect(headers.get('www-authenticate')).toContain('Bearer');
    },
  );

  it.each(Object.entries(ACCESS).filter(([, access]) => !access.public))(
    '%s rejects an API key without its scope',
    async (route, access) => {
      const { call } = await createApiKey(service, { scopes: ALL_SCOPES.filter((scope) => scope !== access.scope) });
      const { status, body } = await call(...at(route));
      expect({ status, code: body.code }).toEqual({ status: 403, code: 'insufficient_scope' });
    },
  );

  it.each(Object.entries(ACCESS).filter(([, access]) => !access.public && !access.portal))(
    '%s rejects a portal session',
    async (route) => {
      const { status, body } = await portal(...at(route));
      expect({ status, code: body.code }).toEqual({ status: 403, code: 'not_for_portal' });
    },
  );

  it.each(Object.entries(ACCESS).filter(([, access]) => access.portal))('%s admits a portal session', async (route) => {
    expect([401, 403]).not.toContain((await portal(...at(route))).status);
  });

  it.each(Object.entries(ACCESS).filter(([, access]) => access.users === 'admin'))(
    '%s rejects users who are not admins',
    async (route) => {
      const { status, body } = await ann.call(...at(route));
      expect({ status, code: body.code }).toEqual({ status: 403, code: 'admin_only' });
    },
  );

  it.each(Object.entries(ACCESS).filter(([, access]) => !access.public && access.users !== 'user'))(
    '%s answers finance like any other user, but where it reads or moves money',
    async (route, access) => {
      const { status, body } = await finance.call(...at(route));
      const reason = body?.errors?.find(({ field }: { field: string }) => field === 'reason')?.message;
      if (access.finance === 'settles') expect(reason).toBe('is required for finance');
      else if (access.finance === 'reads') expect(status).not.toBe(403);
      else if (access.users === 'owner') expect([404, 422]).toContain(status);
      else
        expect({ status, code: body.code }).toEqual({
          status: 403,
          code: access.users ? 'admin_only' : 'services_only',
        });
    },
  );

  it.each(Object.entries(ACCESS).filter(([, access]) => access.users === 'owner'))(
    '%s answers 404 for the data of another customer',
    async (route) => {
      const [method, path] = at(route, { customer: bob.customer, id: bob.subscriptionId, feature: 'seats' });
      const body =
        method === 'GET' ? undefined : { customer: bob.customer, feature: 'seats', plan: 'basic', when: 'now' };
      const others = await ann.call(method, path, { body: TAKES_NOTHING.has(route) ? {} : body });
      const [, absentPath] = at(route, { customer: uniqueName('absent'), feature: 'seats' });
      const nobodys = await ann.call(method, absentPath, {
        body: TAKES_NOTHING.has(route) ? {} : body && { ...body, customer: uniqueName('absent') },
      });
      expect(others.status).toBe(404);
      const { instance: _, requestId: __, ...problem } = others.body;
      const { instance: ___, requestId: ____, ...absent } = nobodys.body;
      expect(problem).toEqual(absent);
      const untouched = await bob.call('GET', `/v1/subscriptions/${bob.subscriptionId}`);
      expect(untouched.body).toMatchObject({ version: 1, status: 'active', plan: { key: 'free' } });
    },
  );

  it('a user acts for its own customer by key, as "me", or with no customer named', async () => {
    for (const customer of [ann.customer, 'me']) {
      expect((await ann.call('GET', `/v1/customers/${customer}/subscription`)).body.id).toBe(ann.subscriptionId);
      expect((await ann.call('GET', `/v1/customers/${customer}/entitlements/support`)).body).toMatchObject({
        allowed: true,
        value: 'community',
      });
    }
    expect((await ann.call('POST', '/v1/usage/consume', { body: { feature: 'projects' } })).body).toMatchObject({
      allowed: true,
      remaining: 0,
    });
    expect(
      (await ann.call('POST', '/v1/usage/consume', { body: { customer: 'me', feature: 'projects' } })).body,
    ).toMatchObject({ allowed: false });
    expect(
      (
        await ann.call('POST', `/v1/subscriptions/${ann.subscriptionId}/change`, {
          body: { plan: 'pro', interval: 'year', when: 'now' },
        })
      ).body,
    ).toMatchObject({ plan: { key: 'pro' } });
  });

  it('a user cannot set its own price or trial', async () => {
    const refused = await ann.call('POST', '/v1/subscriptions', { body: { plan: 'pro', trialDays: 300 } });
    expect(refused).toMatchObject({ status: 403, body: { code: 'trial_not_allowed' } });
    expect((await ann.call('POST', '/v1/subscriptions', { body: { plan: 'pro', price: { amount: 0 } } })).status).toBe(
      422,
    );
    expect(
      (await ann.call('POST', '/v1/subscriptions', { body: { product: 'tollgate', plan: 'operator' } })).status,
    ).toBe(404);
  });

  it('registration grants no role and no private plan', async () => {
    const body = { email: `${uniqueName('eve')}@example.com`, password: 'a long enough password' };
    expect((await service.call('POST', '/v1/auth/register', { body: { ...body, role: 'admin' } })).body.errors).toEqual(
      [{ field: 'role', message: 'is not a field of this request' }],
    );
    const { body: registered } = await service.call('POST', '/v1/auth/register', { body });
    expect(registered.user).toMatchObject({ role: 'user', active: true });
    expect(JSON.stringify(registered)).not.toMatch(/password|hash/i);
  });

  it('an API key of a product reaches only that product and its subscribers', async () => {
    const { call } = await createApiKey(service, { product: 'api' });
    await call('PUT', '/v1/customers/confined', { body: {} });
    await service.admin('PUT', '/v1/customers/elsewhere', { body: { product: 'news' } });
    expect((await call('GET', '/v1/customers/confined')).status).toBe(200);
    expect((await call('GET', '/v1/customers/elsewhere')).status).toBe(404);
    expect(
      (await call('POST', '/v1/usage/consume', { body: { customer: 'elsewhere', feature: 'api_calls' } })).status,
    ).toBe(404);
    expect(
      (await call('POST', '/v1/check', { body: { customer: 'confined', feature: 'articles', product: 'news' } })).body
        .code,
    ).toBe('product_not_allowed');
    const { body } = await call('GET', '/v1/customers');
    expect(body.data.map(({ key }: { key: string }) => key)).toEqual(['confined']);
    const { body: elsewhere } = await service.admin('GET', '/v1/customers/elsewhere/subscription?product=news');
    expect((await call('GET', `/v1/subscriptions/${elsewhere.id}`)).status).toBe(404);
  });

  it('an API key of a user reaches only the customer of that user', async () => {
    const refused = await ann.call('POST', '/v1/api-keys', { body: { name: 'x', scopes: ['customers:write'] } });
    expect(refused).toMatchObject({ status: 403, body: { code: 'scope_not_allowed' } });
    const { body } = await ann.call('POST', '/v1/api-keys', {
      body: { name: 'x', scopes: ['entitlements:read', 'subscriptions:read'] },
    });
    expect(
      (await service.call('GET', '/v1/subscriptions', { token: body.key })).body.data.map(
        ({ id }: { id: string }) => id,
      ),
    ).toEqual([ann.subscriptionId]);
    expect((await service.call('GET', '/v1/plans?product=tollgate', { token: body.key })).body.data).toEqual([]);
    expect(
      (await service.call('POST', '/v1/check', { token: body.key, body: { feature: 'support' } })).body,
    ).toMatchObject({ allowed: true, customer: ann.customer });
    expect(
      (
        await service.call('POST', '/v1/check', {
          token: body.key,
          body: { customer: bob.customer, feature: 'support' },
        })
      ).status,
    ).toBe(404);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { registerUserWithRole, registerUser, type RegisteredUser } from '../support/fixtures.js';

describe('roles', () => {
  let service: TestApp & { database: TestDatabase };
  let ann: RegisteredUser;

  beforeAll(async () => {
    service = await startService();
    ann = await registerUser(service);
  });
  afterAll(() => service.stop());

  it('only a product_admin has a product', async () => {
    const change = (body: object) => service.admin('PATCH', `/v1/users/${ann.userId}`, { body });
    expect(await change({ role: 'product_admin' })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'product' }] },
    });
    expect(await change({ role: 'support', product: 'news' })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'product' }] },
    });
    expect(await change({ role: 'product_admin', product: 'nothing' })).toMatchObject({
      status: 404,
      body: { code: 'product_not_found' },
    });
    expect(await change({ role: 'owner' })).toMatchObject({ status: 422, body: { errors: [{ field: 'role' }] } });
    await expect(
      service.database.query(`update users set role = 'product_admin' where id = $1`, [ann.userId]),
    ).rejects.toThrow(/users_rule_one_product/);
    expect((await ann.call('GET', '/v1/users/me')).body).toMatchObject({ role: 'user', product: null });
  });

  it('support reads all customers and changes none', async () => {
    const { call } = await registerUserWithRole(service, { role: 'support' });
    for (const path of [
      `/v1/customers/${ann.customer}`,
      `/v1/customers/${ann.customer}/subscription`,
      `/v1/subscriptions/${ann.subscriptionId}`,
      `/v1/customers/${ann.customer}/entitlements`,
      '/v1/users',
      '/v1/subscriptions',
      '/v1/catalog?product=default',
    ]) {
      expect([path, (await call('GET', path)).status]).toEqual([path, 200]);
    }
    expect(
      (await call('POST', '/v1/check', { body: { customer: ann.customer, feature: 'projects' } })).body,
    ).toMatchObject({ allowed: true, customer: ann.customer });
    expect(
      (await call('POST', '/v1/usage/consume', { body: { customer: ann.customer, feature: 'projects' } })).status,
    ).toBe(404);
    expect(
      (await call('POST', `/v1/subscriptions/${ann.subscriptionId}/cancel`, { body: { when: 'now' } })).status,
    ).toBe(404);
    expect((await call('PATCH', `/v1/users/${ann.userId}`, { body: { role: 'support' } })).status).toBe(403);
    // For their own account, as every user.
    expect((await call('POST', '/v1/usage/consume', { body: { feature: 'projects' } })).body).toMatchObject({
      allowed: true,
    });
  });

  it('support repairs with a reason, which is stored', async () => {
    const { call, userId } = await registerUserWithRole(service, { role: 'support' });
    const repairs: [string, string, object][] = [
      ['POST', '/v1/usage/corrections', { customer: ann.customer, feature: 'projects', quantity: 1 }],
      ['POST', `/v1/customers/${ann.customer}/grants`, { feature: 'projects', quantity: 5 }],
      ['PUT', `/v1/customers/${ann.customer}/overrides/projects`, { limit: 50 }],
    ];
    for (const [method, path, body] of repairs) {
      for (const reason of [undefined, '', '   '])
        expect([path, await call(method, path, { body: { ...body, reason } })]).toEqual([
          path,
          expect.objectContaining({ status: 422 }),
        ]);
      expect([path, (await call(method, path, { body: { ...body, reason: 'ticket 7' } })).status < 300]).toEqual([
        path,
        true,
      ]);
    }
    const events = await service.database.query<{ type: string }>(
      `select type from events where reason = 'ticket 7' and actor->>'id' = $1 order by id`,
      [userId],
    );
    expect(events.map(({ type }) => type)).toEqual(['usage.corrected', 'grant.created', 'entitlement.overridden']);
  });

  it('finance reads the money of all customers and products, which is recorded, and changes nothing', async () => {
    const { call, userId } = await registerUserWithRole(service, { role: 'finance' });
    await service.admin('POST', '/v1/coupons', {
      body: { product: 'api', key: 'finance', name: 'x', percentOff: '5' },
    });
    await service.admin('PUT', '/v1/products/api/billing', { body: {} });
    const readable = [
      '/v1/coupons?product=api',
      '/v1/coupons/finance?product=api',
      '/v1/tax-rates?product=news',
      '/v1/products/api/billing',
      `/v1/customers/${ann.customer}/billing-profile`,
      `/v1/subscriptions/${ann.subscriptionId}/coupons`,
    ];
    for (const path of readable) expect([path, (await call('GET', path)).status]).toEqual([path, 200]);
    const reads = await service.database.query<{ path: string }>(
      `select after->>'path' as path from events where type = 'finance.read' and actor->>'id' = $1 order by id`,
      [userId],
    );
    expect(reads.map(({ path }) => path)).toEqual(readable.map((path) => path.split('?')[0]));
    expect(await service.database.query(`select 1 from event_feed where type = 'finance.read'`)).toEqual([]);
    const refused: [string, string, object?][] = [
      ['POST', '/v1/coupons', { key: 'mine', name: 'Mine', percentOff: '100' }],
      ['PUT', '/v1/products/api/billing', {}],
      ['POST', `/v1/subscriptions/${ann.subscriptionId}/coupons`, { coupon: 'finance' }],
      ['PUT', `/v1/customers/${ann.customer}/billing-profile`, { name: 'Mine' }],
      ['GET', '/v1/customers'],
      ['GET', `/v1/customers/${ann.customer}`],
      ['GET', '/v1/users'],
      ['GET', '/v1/audit-log'],
    ];
    for (const [method, path, body] of refused)
      expect([path, [403, 404].includes((await call(method, path, { body })).status)]).toEqual([path, true]);
  });

  it('a product_admin administers only its own product', async () => {
    const { call } = await registerUserWithRole(service, { role: 'product_admin', product: 'api' });
    expect((await call('GET', '/v1/users/me')).body).toMatchObject({ role: 'product_admin', product: 'api' });
    expect((await call('PUT', '/v1/customers/of-the-team', { body: {} })).status).toBe(201);
    const { body: subscription } = await call('GET', '/v1/customers/of-the-team/subscription');
    expect(subscription.product).toBe('api');
    expect(
      (
        await call('POST', `/v1/subscriptions/${subscription.id}/change`, {
          body: { plan: 'quota', when: 'now', prorate: false },
        })
      ).status,
    ).toBe(200);
    expect(
      (await call('POST', '/v1/features', { body: { key: 'team_feature', name: 'Team', type: 'boolean' } })).status,
    ).toBe(201);
    expect((await service.admin('GET', '/v1/features/team_feature?product=api')).status).toBe(200);
    const { body: key } = await call('POST', '/v1/api-keys', {
      body: { name: 'team', scopes: ['usage:write', 'customers:read'] },
    });
    expect(
      (
        await service.call('POST', '/v1/usage/consume', {
          token: key.key,
          body: { customer: 'of-the-team', feature: 'api_calls' },
        })
      ).body.allowed,
    ).toBe(true);
    // All keys of the product, also those that created created.
    const { body: created } = await service.admin('POST', '/v1/api-keys', {
      body: { name: 'of admin', scopes: ['usage:read'], product: 'api' },
    });
    expect((await call('GET', '/v1/api-keys')).body.data.map(({ id }: { id: string }) => id)).toEqual([
      created.id,
      key.id,
    ]);
    expect((await call('DELETE', `/v1/api-keys/${created.id}`)).status).toBe(204);
    const { body: foreign } = await service.admin('POST', '/v1/api-keys', {
      body: { name: 'of news', scopes: ['usage:read'], product: 'news' },
    });
    expect((await call('DELETE', `/v1/api-keys/${foreign.id}`)).status).toBe(404);
    // They cannot void grants of another product, although they manage the customer.
    await service.admin('PUT', '/v1/customers/of-the-team', {
      body: { product: 'news', region: 'US', deviceType: 'ios' },
    });
    const { body: catalog } = await service.admin('GET', '/v1/catalog?product=news');
    const feature = catalog.features.find(({ type }: { type: string }) => type === 'metered').key as string;
    const { body: grant } = await service.admin('POST', '/v1/customers/of-the-team/grants', {
      body: { product: 'news', feature, quantity: 1 },
    });
    expect((await call('DELETE', `/v1/customers/of-the-team/grants/${grant.id}`)).status).toBe(404);
  });
});

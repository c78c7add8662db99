import * as fs from 'node:fs';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { createApiKey } from '../support/fixtures.js';

const sample = (name: string) =>
  JSON.parse(fs.readFileSync(path.resolve(import.meta.dirname, `../../samples/${name}.json`), 'utf8'));

describe('the catalogue', () => {
  let service: TestApp & { database: TestDatabase };
  let key: string;
  const call = (method: string, at: string, body?: unknown, headers: Record<string, string> = {}) =>
    service.call(method, at, { token: key, body, headers });
  const apply = (document: unknown, query = '') => call('POST', `/v1/catalog/apply${query}`, document);

  beforeAll(async () => {
    service = await startService({ environment: { SAMPLE_DATA: 'off' } });
    ({ key } = await createApiKey(service));
  });
  afterAll(() => service.stop());

  it.each(['api', 'news', 'saas'])(
    'applies the sample catalogue of %s and reports no difference on the second apply',
    async (name) => {
      const document = sample(name);
      const keys = document.plans.map((plan: { key: string }) => plan.key);
      const dry = await apply(document, '?dryRun=true');
      expect(dry.body).toMatchObject({ dryRun: true, plans: { created: keys }, assignment: 'changed' });
      expect((await call('GET', `/v1/plans?product=${document.product.key}`)).body.data ?? []).toEqual([]);
      expect((await apply(document)).body).toMatchObject({ dryRun: false, plans: { created: keys } });
      const { body: exported } = await call('GET', `/v1/catalog?product=${document.product.key}`);
      for (const again of [document, exported]) {
        expect((await apply(again)).body).toMatchObject({
          product: 'unchanged',
          plans: { created: [], updated: [], archived: [], unchanged: keys },
          features: { created: [], updated: [], archived: [] },
          assignment: 'unchanged',
        });
      }
    },
  );

  it.each<Record<string, string>>([{}, { 'idempotency-key': 'dry' }])(
    'a dry run with the headers %j changes nothing',
    async (headers) => {
      const document = { ...sample('api'), product: { key: 'dry', name: 'Dry' } };
      const dry = await call('POST', '/v1/catalog/apply?dryRun=true', document, headers);
      expect(dry.body).toMatchObject({ dryRun: true, product: 'created' });
      expect((await call('GET', '/v1/products/dry')).status).toBe(404);
    },
  );

  it('a changed plan gets a new version, a missing plan is archived, subscriptions keep their version', async () => {
    const { body: customer } = await call('PUT', '/v1/customers/grandfather', { product: 'api' });
    const document = sample('api');
    document.plans[0].entitlements[0].limit = 7;
    document.plans = document.plans.filter((plan: { key: string }) => plan.key !== 'hourly');
    expect((await apply(document)).body.plans).toMatchObject({ updated: ['basic-monthly'], archived: ['hourly'] });
    expect(
      (await call('POST', '/v1/check', { customer: 'grandfather', product: 'api', feature: 'api_calls' })).body,
    ).toMatchObject({ limit: 5, source: { version: 1 } });
    expect((await call('PUT', '/v1/customers/newcomer', { product: 'api' })).body.subscription.plan.version).toBe(2);
    expect((await call('PUT', '/v1/customers/too-late', { product: 'api', plan: 'hourly' })).body.code).toBe(
      'plan_not_found',
    );
    const moved = await call('POST', `/v1/subscriptions/${customer.subscription.id}/change`, {
      plan: 'basic-monthly',
      when: 'now',
    });
    expect(moved.body).toMatchObject({ plan: { version: 2 } });
    expect((await apply(sample('api'))).body.plans).toMatchObject({ updated: ['basic-monthly', 'hourly'] });
  });

  it('the type of a feature cannot change', async () => {
    const document = sample('api');
    document.features[0].type = 'boolean';
    expect((await apply(document)).body).toMatchObject({ status: 409, code: 'feature_type_fixed' });
  });

  it.each([
    ['AM', 'ios', 'am-ios', 199_000],
    ['US', 'ios', 'us-ios', 999],
    ['US', 'android', 'us-android', 899],
    ['US', 'web', 'free', 0],
    ['FR', 'ios', 'free', 0],
  ])('a customer in %s on %s is assigned the plan %s', async (region, deviceType, plan, amount) => {
    const { status, body } = await call('PUT', `/v1/customers/${region}-${deviceType}`, {
      product: 'news',
      region,
      deviceType,
    });
    expect({ status, plan: body.subscription.plan.key, amount: body.subscription.price.amount }).toEqual({
      status: 201,
      plan,
      amount,
    });
  });

  it('a plan sells by month, quarter and year, with one trial per customer', async () => {
    const { body } = await call('PUT', '/v1/customers/intervals', {});
    const end = (when: 'now') => call('POST', `/v1/subscriptions/${current}/cancel`, { when });
    let current = body.subscription.id;
    const trials: unknown[] = [];
    for (const [wish, amount] of [
      [{}, 2_999],
      [{ interval: 'year' }, 29_999],
      [{ interval: 'month', intervalCount: 3 }, 8_499],
    ] as const) {
      await end('now');
      const made = await call('POST', '/v1/subscriptions', { customer: 'intervals', plan: 'pro', ...wish });
      expect(made.body.price).toMatchObject({ amount });
      trials.push(made.body.trialEnd !== null);
      current = made.body.id;
    }
    expect(trials).toEqual([true, false, false]);
    await end('now');
    expect(
      (await call('POST', '/v1/subscriptions', { customer: 'intervals', plan: 'pro', interval: 'week' })).body.code,
    ).toBe('no_price');
    expect(
      (await call('POST', '/v1/subscriptions', { customer: 'intervals', plan: 'pro', currency: 'EUR' })).body.code,
    ).toBe('no_price');
  });

  it('usage is kept through cancellation and return within the same period', async () => {
    const { body } = await call('PUT', '/v1/customers/returning', { product: 'api' });
    await call('POST', '/v1/usage/consume', {
      customer: 'returning',
      product: 'api',
      feature: 'api_calls',
      quantity: 5,
    });
    await call('POST', `/v1/subscriptions/${body.subscription.id}/cancel`, { when: 'now' });
    expect(
      (await call('POST', '/v1/check', { customer: 'returning', product: 'api', feature: 'api_calls' })).body.reason,
    ).toBe('no_subscription');
    await call('POST', '/v1/subscriptions', { customer: 'returning', product: 'api', plan: 'basic-monthly' });
    expect(
      (await call('POST', '/v1/check', { customer: 'returning', product: 'api', feature: 'api_calls' })).body,
    ).toMatchObject({ allowed: false, used: 5 });
  });

  it('a plan goes through draft, published, changed and archived', async () => {
    await call('POST', '/v1/features', { product: 'api', key: 'exports', name: 'Exports', type: 'boolean' });
    const made = await call('POST', '/v1/plans', {
      product: 'api',
      key: 'by-hand',
      name: 'By hand',
      entitlements: [{ feature: 'exports', type: 'boolean', value: true }],
    });
    expect(made).toMatchObject({ status: 201, body: { status: 'draft', version: 1, revision: 1 } });
    expect((await service.call('GET', '/v1/plans/by-hand?product=api')).status).toBe(404);
    expect((await call('POST', '/v1/plans/by-hand/publish', { product: 'api' })).body.code).toBe('no_price');
    const priced = await call(
      'PATCH',
      '/v1/plans/by-hand',
      { product: 'api', prices: [{ interval: 'month', amount: 500, currency: 'EUR' }] },
      { 'if-match': '"1"' },
    );
    expect(priced.body).toMatchObject({ version: 1, revision: 2, entitlements: [{ feature: 'exports' }] });
    expect(
      (await call('PATCH', '/v1/plans/by-hand', { product: 'api', name: 'x' }, { 'if-match': '"1"' })).status,
    ).toBe(412);
    expect((await call('POST', '/v1/plans/by-hand/publish', { product: 'api' })).body).toMatchObject({
      status: 'published',
      version: 1,
    });
    expect((await service.call('GET', '/v1/plans/by-hand?product=api')).body).toMatchObject({
      name: 'By hand',
      prices: [{ amount: 500 }],
    });
    await call('PATCH', '/v1/plans/by-hand', { product: 'api', name: 'By another hand' });
    expect((await service.call('GET', '/v1/plans/by-hand?product=api')).body.name).toBe('By hand');
    await call('POST', '/v1/plans/by-hand/publish', { product: 'api' });
    expect((await service.call('GET', '/v1/plans/by-hand?product=api')).body).toMatchObject({
      name: 'By another hand',
      version: 2,
    });
    expect((await call('POST', '/v1/plans/by-hand/publish', { product: 'api' })).body.code).toBe('nothing_to_publish');
    expect((await call('POST', '/v1/plans/basic-monthly/archive', { product: 'api' })).body.code).toBe('plan_assigned');
    expect((await call('POST', '/v1/plans/by-hand/archive', { product: 'api' })).body.status).toBe('archived');
    expect((await service.call('GET', '/v1/plans/by-hand?product=api')).status).toBe(404);
    expect((await call('POST', '/v1/plans', { product: 'api', key: 'by-hand', name: 'Again' })).body.code).toBe(
      'plan_exists',
    );
  });

  it('an archived feature is denied to all customers', async () => {
    await call('PUT', '/v1/customers/archived', {});
    await call('POST', '/v1/subscriptions', { customer: 'archived', plan: 'pro' });
    expect(
      (await call('POST', '/v1/check', { customer: 'archived', features: ['support', 'seats', 'sso'] })).body.data.map(
        ({ allowed }: { allowed: boolean }) => allowed,
      ),
    ).toEqual([true, true, false]);
    expect((await call('DELETE', '/v1/features/support')).status).toBe(204);
    expect((await call('POST', '/v1/check', { customer: 'archived', feature: 'support' })).body).toMatchObject({
      allowed: false,
      reason: 'feature_disabled',
    });
    expect((await call('GET', '/v1/features/support')).status).toBe(404);
  });

  it('a rate limit within an entitlement is enforced, and allowed overage is counted', async () => {
    const consume = (customer: string, quantity = 1) =>
      call('POST', '/v1/usage/consume', { customer, product: 'api', feature: 'api_calls', quantity });
    await call('PUT', '/v1/customers/rated', { product: 'api', plan: 'rate-limited' });
    for (let index = 0; index < 5; index++)
      expect((await consume('rated')).body).toMatchObject({ allowed: true, limit: null });
    expect((await consume('rated')).body).toMatchObject({ allowed: false, reason: 'limit_reached' });
    await call('PUT', '/v1/customers/over', { product: 'api', plan: 'overage' });
    expect((await consume('over', 1_200)).body).toMatchObject({
      allowed: true,
      limit: 1_000,
      used: 1_200,
      remaining: 0,
      overage: 200,
    });
  });

  it('deleting a customer ends its subscriptions, frees its key and keeps its usage', async () => {
    const { body } = await call('PUT', '/v1/customers/leaving', {
      product: 'api',
      name: 'Somebody',
      email: 'absent@example.com',
    });
    await call('POST', '/v1/usage/consume', { customer: 'leaving', product: 'api', feature: 'api_calls' });
    expect((await call('DELETE', '/v1/customers/leaving')).status).toBe(204);
    expect((await call('GET', '/v1/customers/leaving')).status).toBe(404);
    const [row] = await service.database.query('select name, email from customers where id = $1', [body.id]);
    expect(row).toEqual({ name: null, email: null });
    expect(await service.database.query('select 1 from usage_ledger where customer_id = $1', [body.id])).toHaveLength(
      1,
    );
    expect(JSON.stringify(await service.database.query('select before, after from events'))).not.toContain(
      'absent@example.com',
    );
    expect((await call('PUT', '/v1/customers/leaving', { product: 'api' })).status).toBe(201);
  });

  it('GET /v1/subscriptions?expiringWithin= lists subscriptions that end soon', async () => {
    const { body } = await call('PUT', '/v1/customers/ending', { product: 'news' });
    await call('POST', `/v1/subscriptions/${body.subscription.id}/cancel`, { when: 'period_end' });
    expect(
      (await call('GET', '/v1/subscriptions?product=news&expiringWithin=40d')).body.data.map(
        ({ customer }: { customer: string }) => customer,
      ),
    ).toEqual(['ending']);
    expect((await call('GET', '/v1/subscriptions?product=news&expiringWithin=1h')).body.data).toEqual([]);
    expect((await service.admin('GET', '/v1/subscriptions?product=news&expiringWithin=40d')).body.data).toHaveLength(1);
  });
});

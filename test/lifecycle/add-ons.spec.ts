import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Call, startApp, TestClock, type TestApp } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import {
  applyLifecycleProduct,
  createApiKey,
  createCustomerOnTestClock,
  inParallel,
  registerUser,
  uniqueName,
} from '../support/fixtures.js';

const PRODUCT = 'add-ons';
const NOW = '2027-05-01T00:00:00.000Z';
const PRICES = [{ interval: 'month', intervalCount: 1, amount: 500, currency: 'USD', region: null, deviceType: null }];
const calls = (limit: number | null) => ({
  feature: 'calls',
  type: 'metered',
  limit,
  window: 'billing_period',
  overage: 'deny',
});
const EXTRA = [{ ...calls(5) }, { feature: 'sso', type: 'boolean', value: true }];

describe('add-ons', () => {
  const clock = new TestClock();
  let database: TestDatabase;
  let instances: TestApp[];
  let service: TestApp;
  let call: Call;
  const create = async (entitlements: object[], product = PRODUCT): Promise<string> => {
    const key = uniqueName('add-on');
    const body = { product, key, name: key, prices: PRICES, entitlements };
    expect(await call('POST', '/v1/add-ons', { body })).toMatchObject({ status: 201 });
    return key;
  };
  const subscribed = async () => {
    const customer = uniqueName('buyer');
    const { body } = await call('PUT', `/v1/customers/${customer}`, { body: { product: PRODUCT } });
    const path = `/v1/subscriptions/${body.subscription.id}`;
    const check = async (feature = 'calls') =>
      (await call('POST', '/v1/check', { body: { customer, product: PRODUCT, feature } })).body;
    const put = (key: string, fields: object = {}) => call('PUT', `${path}/add-ons/${key}`, { body: fields });
    return { customer, path, check, put, read: async () => (await call('GET', path)).body };
  };
  const eventsOf = async (path: string): Promise<any[]> => (await call('GET', `${path}/timeline?limit=100`)).body.data;

  beforeAll(async () => {
    database = await createTestDatabase();
    instances = [await startApp({ database, clock }), await startApp({ database, clock })];
    [service] = instances as [TestApp];
    ({ call } = await createApiKey(service));
    for (const product of [PRODUCT, 'add-ons-of-others']) await applyLifecycleProduct(service, product);
  });
  afterAll(async () => {
    await Promise.all(instances.map((instance) => instance.stop()));
    await database.drop();
  });

  describe('in the catalogue', () => {
    it('are created, listed, changed and archived, with events', async () => {
      const key = await create(EXTRA);
      const one = `/v1/add-ons/${key}?product=${PRODUCT}`;
      const { body } = await call('GET', one);
      expect(body).toMatchObject({ key, prices: PRICES, entitlements: EXTRA });
      const list = await call('GET', `/v1/add-ons?product=${PRODUCT}&limit=1`);
      expect(list.body.data).toEqual([body]);
      const changed = { product: PRODUCT, name: 'More calls', entitlements: [calls(9)] };
      expect(await call('PATCH', `/v1/add-ons/${key}`, { body: changed })).toMatchObject({
        status: 200,
        body: { name: 'More calls', prices: PRICES, entitlements: [calls(9)] },
      });
      expect((await call('DELETE', one)).status).toBe(204);
      for (const method of ['GET', 'DELETE'])
        expect(await call(method, one)).toMatchObject({ status: 404, body: { code: 'add_on_not_found' } });
      const events = await database.query<{ type: string }>(
        `select type from events where subject_id = $1 order by id`,
        [body.id],
      );
      expect(events.map(({ type }) => type)).toEqual(['add_on.created', 'add_on.updated', 'add_on.archived']);
    });

    it('are refused with a used key, unknown features, and terms that cannot be added', async () => {
      const key = await create(EXTRA);
      const open = (body: object) =>
        call('POST', '/v1/add-ons', { body: { product: PRODUCT, key: uniqueName('bad'), name: 'Bad', ...body } });
      expect(await open({ key })).toMatchObject({ status: 409, body: { code: 'add_on_exists' } });
      for (const [entitlements, field] of [
        [[{ ...calls(1), feature: 'absent' }], 'entitlements.0.feature'],
        [[calls(-1)], 'entitlements.0.limit'],
        [[EXTRA[0], { feature: 'sso', type: 'boolean', value: false }], 'entitlements.1.value'],
      ] as const)
        expect(await open({ entitlements })).toMatchObject({ status: 422, body: { errors: [{ field }] } });
      await call('POST', '/v1/features', { body: { product: PRODUCT, key: 'tier', name: 'Tier', type: 'static' } });
      expect(await open({ entitlements: [{ feature: 'tier', type: 'static', value: 'gold' }] })).toMatchObject({
        status: 422,
        body: { errors: [{ field: 'entitlements.0.type' }] },
      });
      const user = await registerUser(service);
      expect((await user.call('POST', '/v1/add-ons', { body: { key: 'mine', name: 'Mine' } })).status).toBe(403);
    });

    it('are part of the catalogue document; a document without them leaves them', async () => {
      const product = uniqueName('document');
      await applyLifecycleProduct(service, product);
      const read = async () => (await call('GET', `/v1/catalog?product=${product}`)).body;
      const apply = (body: object) => call('POST', '/v1/catalog/apply', { body });
      const document = await read();
      expect(document.addOns).toBeUndefined();
      const addOns = [{ key: 'more', name: 'More', description: '', prices: PRICES, entitlements: EXTRA }];
      expect((await apply({ ...document, addOns })).body.addOns).toMatchObject({ created: ['more'] });
      expect((await read()).addOns).toEqual(addOns);
      expect((await apply(await read())).body).toMatchObject({ addOns: { unchanged: ['more'] } });
      expect((await apply({ ...document, addOns: [{ ...addOns[0], name: 'x' }] })).body.addOns).toMatchObject({
        updated: ['more'],
      });
      expect((await apply(document)).body.addOns).toBeUndefined();
      expect((await read()).addOns).toHaveLength(1);
      expect((await apply({ ...document, addOns: [] })).body.addOns).toMatchObject({ archived: ['more'] });
      expect(await apply({ ...document, addOns: [addOns[0], addOns[0]] })).toMatchObject({
        status: 422,
        body: { errors: [{ field: 'addOns.1' }] },
      });
    });
  });

  describe('on a subscription', () => {
    it('add to the plan immediately, times quantity, with source, event and timeline', async () => {
      const key = await create(EXTRA);
      const { check, put, path, read } = await subscribed();
      expect([await check(), await check('sso')]).toMatchObject([
        { limit: 10, source: { kind: 'plan', plan: 'basic' } },
        { allowed: false, reason: 'feature_not_in_plan' },
      ]);
      expect((await check()).source.addOns).toBeUndefined();
      expect(await put(key, { quantity: 2, reason: 'sold by phone' })).toMatchObject({
        status: 200,
        body: { version: 2, addOns: [{ key, name: key, quantity: 2, prices: PRICES, entitlements: EXTRA }] },
      });
      expect([await check(), await check('sso')]).toMatchObject([
        { limit: 20, source: { kind: 'plan', addOns: [{ key, quantity: 2 }] } },
        { allowed: true, value: true, source: { kind: 'add_on', plan: 'basic', addOns: [{ key, quantity: 2 }] } },
      ]);
      expect(await put(key)).toMatchObject({ status: 200, body: { version: 3, addOns: [{ quantity: 1 }] } });
      expect(await check()).toMatchObject({ limit: 15 });
      expect((await call('DELETE', `${path}/add-ons/${key}`)).body).toMatchObject({ version: 4, addOns: [] });
      expect([await check(), await check('sso')]).toMatchObject([{ limit: 10 }, { reason: 'feature_not_in_plan' }]);
      expect(await read()).toMatchObject({ version: 4, price: { amount: 1_000 } });
      expect((await eventsOf(path))[1]).toMatchObject({
        type: 'subscription.add_ons_changed',
        reason: 'sold by phone',
        before: { addOns: {} },
        after: { addOns: { [key]: { quantity: 2 } } },
      });
      // Add-ons are not charged yet.
      expect((await call('GET', `${path}/lines`)).body.data).toEqual([]);
    });

    it('every consume obeys the new limit on every instance, and removal denies what is beyond it', async () => {
      const key = await create([calls(3)]);
      const { customer, put, path } = await subscribed();
      const { key: token } = await createApiKey(service);
      const consume = (index: number) =>
        instances[index % 2]!.call('POST', '/v1/usage/consume', {
          token,
          body: { customer, product: PRODUCT, feature: 'calls' },
        });
      const allowed = async (count: number): Promise<number> =>
        (await inParallel(count, count, consume)).filter(({ body }) => body.allowed).length;
      expect(await allowed(12)).toBe(10);
      await put(key, { quantity: 2 });
      expect(await allowed(8)).toBe(6);
      await call('DELETE', `${path}/add-ons/${key}`);
      expect((await consume(1)).body).toMatchObject({ allowed: false, limit: 10, used: 16, remaining: 0 });
    });

    it('unlimited wins; an override replaces plan and add-ons; a grant adds to both', async () => {
      const [some, all] = [await create([calls(5)]), await create([calls(null)])];
      const { customer, check, put, path } = await subscribed();
      await put(some);
      await call('POST', `/v1/customers/${customer}/grants`, {
        body: { product: PRODUCT, feature: 'calls', quantity: 7 },
      });
      expect(await check()).toMatchObject({ limit: 22, granted: 7 });
      await put(all);
      expect(await check()).toMatchObject({ limit: null, source: { addOns: [{ key: some }, { key: all }] } });
      const override = `/v1/customers/${customer}/overrides/calls`;
      await call('PUT', override, { body: { product: PRODUCT, limit: 4, window: 'none', overage: 'deny' } });
      const { limit, source } = await check();
      expect([limit, source.kind, source.addOns]).toEqual([11, 'override', undefined]);
      await call('DELETE', `${override}?product=${PRODUCT}`);
      await call('DELETE', `${path}/add-ons/${all}`);
      expect(await check()).toMatchObject({ limit: 22 });
    });

    it('stay as sold when the add-on changes, and through plan changes and renewals', async () => {
      const key = await create([calls(5)]);
      const { id, customer, advanceTo, command, readSubscription } = await createCustomerOnTestClock(
        call,
        PRODUCT,
        NOW,
      );
      const limit = async () =>
        (await call('POST', '/v1/check', { body: { customer, product: PRODUCT, feature: 'calls' } })).body.limit;
      const put = (quantity: number) => call('PUT', `/v1/subscriptions/${id}/add-ons/${key}`, { body: { quantity } });
      await put(1);
      await call('PATCH', `/v1/add-ons/${key}`, { body: { product: PRODUCT, entitlements: [calls(500)] } });
      await call('DELETE', `/v1/add-ons/${key}?product=${PRODUCT}`);
      expect(await put(2)).toMatchObject({ status: 200, body: { addOns: [{ entitlements: [calls(5)] }] } });
      expect(await limit()).toBe(20);
      expect((await command('preview-change', { plan: 'pro', when: 'now' })).body.entitlements.changed).toMatchObject([
        { feature: 'calls', before: { limit: 20 }, after: { limit: 110 } },
        { feature: 'seats' },
      ]);
      await command('change', { plan: 'pro', when: 'now' });
      expect(await limit()).toBe(110);
      await advanceTo('2027-07-15T00:00:00Z');
      expect(await limit()).toBe(110);
      expect(await readSubscription()).toMatchObject({ addOns: [{ key, quantity: 2, since: NOW }] });
    });

    it('?at= returns the add-ons and the limits of that time', async () => {
      const key = await create([calls(5)]);
      const { id, customer, advanceTo } = await createCustomerOnTestClock(call, PRODUCT, NOW);
      await advanceTo('2027-05-03T00:00:00Z');
      await call('PUT', `/v1/subscriptions/${id}/add-ons/${key}`, { body: { quantity: 3 } });
      await advanceTo('2027-05-05T00:00:00Z');
      await call('DELETE', `/v1/subscriptions/${id}/add-ons/${key}`);
      const then = async (at: string) => [
        (await call('GET', `/v1/subscriptions/${id}?at=${at}`)).body.addOns.length,
        (await call('GET', `/v1/customers/${customer}/entitlements/calls?product=${PRODUCT}&at=${at}`)).body.limit,
      ];
      expect(await then('2027-05-02T00:00:00Z')).toEqual([0, 10]);
      expect(await then('2027-05-04T00:00:00Z')).toEqual([1, 25]);
      expect(await then('2027-05-05T00:00:00Z')).toEqual([0, 10]);
    });

    it('are listed with all entitlements, also features that the plan does not name', async () => {
      const key = await create(EXTRA);
      const { customer, put } = await subscribed();
      await put(key);
      const { body } = await call('GET', `/v1/customers/${customer}/entitlements?product=${PRODUCT}`);
      expect(body.data.map(({ feature, limit }: { feature: string; limit?: number }) => [feature, limit])).toEqual(
        expect.arrayContaining([
          ['calls', 15],
          ['sso', undefined],
        ]),
      );
      expect(body.data).toHaveLength(4);
    });

    it('a refused command leaves no trace; the same quantity again changes nothing', async () => {
      const [key, others] = [await create(EXTRA), await create([], 'add-ons-of-others')];
      const { path, put, read } = await subscribed();
      await put(key);
      const before = await read();
      expect(await put(key, { quantity: 1 })).toMatchObject({ status: 200, body: before });
      for (const unknown of [others, 'absent'])
        expect(await put(unknown)).toMatchObject({ status: 404, body: { code: 'add_on_not_found' } });
      expect((await call('DELETE', `${path}/add-ons/absent`)).body).toMatchObject({ code: 'add_on_not_found' });
      expect(await put(key, { quantity: 0 })).toMatchObject({ status: 422, body: { errors: [{ field: 'quantity' }] } });
      const stale = { body: { quantity: 9 }, headers: { 'if-match': '"1"' } };
      expect((await call('PUT', `${path}/add-ons/${key}`, stale)).status).toBe(412);
      const user = await registerUser(service);
      const own = `/v1/subscriptions/${user.subscriptionId}/add-ons/${key}`;
      expect((await user.call('PUT', own, { body: {} })).status).toBe(403);
      expect(await read()).toEqual(before);
      expect(await eventsOf(path)).toHaveLength(2);
      await call('POST', `${path}/cancel`, { body: { when: 'now' } });
      expect(await put(key, { quantity: 2 })).toMatchObject({ status: 409, body: { code: 'subscription_ended' } });
    });

    it('a subscription has at most 20 add-ons', async () => {
      const { put, read } = await subscribed();
      for (let count = 0; count < 20; count++) await put(await create([]));
      expect(await put(await create([]))).toMatchObject({ status: 409, body: { code: 'too_many_add_ons' } });
      expect((await read()).addOns).toHaveLength(20);
    });

    it('concurrent requests on two instances: one version for one quantity, and no add-on is lost', async () => {
      const keys = await Promise.all([1, 2, 3, 4].map(() => create([calls(1)])));
      const { path, check } = await subscribed();
      const { key: token } = await createApiKey(service);
      const responses = await inParallel(16, 16, (index) =>
        instances[index % 2]!.call('PUT', `${path}/add-ons/${keys[index % 4]}`, { token, body: { quantity: 2 } }),
      );
      expect(responses.every(({ status }) => status === 200)).toBe(true);
      const versions = (await eventsOf(path)).map(({ after }) => after.version);
      expect(versions).toEqual([1, 2, 3, 4, 5]);
      expect(await check()).toMatchObject({ limit: 18 });
    });
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CacheInvalidations } from '@app/platform';
import { DueSubscriptionsService } from '@app/subscriptions';
import { type Call, createCall, startApp, TestClock, type TestApp } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { applyLifecycleProduct, createApiKey, registerUser, uniqueName } from '../support/fixtures.js';

const PRODUCT = 'exact';
/** An invalidation channel that neither sends nor receives. */
const deaf: Pick<CacheInvalidations, 'subscribe' | 'publish' | 'subscribeToCatalog' | 'publishCatalog'> = {
  subscribe: () => undefined,
  publish: () => undefined,
  subscribeToCatalog: () => undefined,
  publishCatalog: async () => undefined,
};
const MONTH_MS = 31 * 86_400_000;

/** One instance writes; the other one has read before, gets no cache-invalidation hints, and reads again. */
describe('a read right after a change by another instance', () => {
  let database: TestDatabase;
  let writer: TestApp;
  let reader: TestApp;
  let write: Call;
  let read: Call;
  let keyOfOther: string;
  let customer: string;
  let created: { id: string; subscription: { id: string } };
  const clock = new TestClock();

  beforeAll(async () => {
    database = await createTestDatabase();
    writer = await startApp({ database, clock });
    reader = await startApp({
      database,
      clock,
      customize: (module) => module.overrideProvider(CacheInvalidations).useValue(deaf),
    });
    const { key, call } = await createApiKey(writer);
    write = call;
    read = (method, path, options = {}) => createCall(reader.url)(method, path, { token: key, ...options });
    for (const product of [PRODUCT, 'other']) await applyLifecycleProduct(writer, product);
    ({ key: keyOfOther } = await createApiKey(writer, { product: 'other' }));
  }, 60_000);
  afterAll(async () => {
    await Promise.all([writer.stop(), reader.stop()]);
    await database.drop();
  });
  beforeEach(async () => {
    customer = uniqueName('customer');
    created = (await write('PUT', `/v1/customers/${customer}`, { body: { product: PRODUCT, plan: 'basic' } })).body;
    // The reads of the change itself must not be answered from what these take into the caches of the reader.
    await read('GET', live());
    await read('GET', live());
    await read('GET', one());
    await read('GET', `${one()}/timeline`);
  });

  const live = (): string => `/v1/customers/${customer}/subscription?product=${PRODUCT}`;
  const one = (): string => `/v1/subscriptions/${created.subscription.id}`;

  it('of the customer shows the change', async () => {
    await write('PUT', `/v1/customers/${customer}`, { body: { product: PRODUCT, name: 'renamed' } });
    expect((await read('GET', `/v1/customers/${customer}`)).body.name).toBe('renamed');
  });

  it('of the live subscription shows the change', async () => {
    const { status } = await write('POST', `/v1/subscriptions/${created.subscription.id}/cancel`, {
      body: { when: 'period_end' },
    });
    expect(status).toBe(200);
    expect((await read('GET', live())).body).toMatchObject({ status: 'canceled', version: 2 });
  });

  it('of the entitlements shows an override, a change of the plan and the end of the subscription', async () => {
    const features = async (): Promise<string[]> => {
      const { body } = await read('GET', `/v1/customers/${customer}/entitlements?product=${PRODUCT}`);
      return body.data.map(({ feature }: { feature: string }) => feature).sort();
    };
    const planned = ['calls', 'daily', 'seats'];
    expect(await features()).toEqual(planned);
    await write('PUT', `/v1/customers/${customer}/overrides/sso`, { body: { product: PRODUCT, value: true } });
    expect(await features()).toEqual([...planned, 'sso']);
    await write('DELETE', `/v1/customers/${customer}/overrides/sso?product=${PRODUCT}`);
    expect(await features()).toEqual(planned);
    await write('POST', `${one()}/change`, { body: { plan: 'pro', when: 'now' } });
    expect(await features()).toEqual([...planned, 'sso']);
    await write('POST', `${one()}/cancel`, { body: { when: 'period_end' } });
    expect(await features()).toEqual([...planned, 'sso']);
    clock.advance(MONTH_MS);
    expect(await features()).toEqual([]);
  });

  it('of one subscription, the history and the timeline shows the change', async () => {
    await write('POST', `${one()}/cancel`, { body: { when: 'now' } });
    expect((await read('GET', one())).body).toMatchObject({ customer, status: 'inactive', version: 2 });
    const history = await read('GET', `/v1/customers/${customer}/subscriptions?product=${PRODUCT}`);
    expect(history.body).toMatchObject({ data: [{ id: created.subscription.id, status: 'inactive' }], hasMore: false });
    const { data } = (await read('GET', `${one()}/timeline`)).body;
    expect(data.map(({ type }: { type: string }) => type)).toEqual(['subscription.created', 'subscription.canceled']);
  });

  it('of the own account shows the change', async () => {
    const user = await registerUser(writer);
    const me = async (): Promise<unknown> => (await read('GET', '/v1/users/me', { token: user.token })).body;
    expect(await me()).toMatchObject({ customer: user.customer, timezone: 'UTC', webhookUrl: null });
    const changes = { timezone: 'Europe/Berlin', name: 'Ann', mutedMails: ['usage'] };
    const { body } = await user.call('PATCH', '/v1/users/me', { body: changes });
    expect(body).toMatchObject(changes);
    expect(await me()).toEqual(body);
  });

  it('answers 404 for a deleted customer, and then with the customer that takes over its key', async () => {
    expect((await write('DELETE', `/v1/customers/${customer}`)).status).toBe(204);
    expect((await read('GET', live())).body.code).toBe('customer_not_found');
    const successor = await write('PUT', `/v1/customers/${customer}`, { body: { product: PRODUCT, plan: 'basic' } });
    expect(successor.status).toBe(201);
    expect((await read('GET', live())).body.id).toBe(successor.body.subscription.id);
  });

  it('answers with the customer that took over the key of a deleted one', async () => {
    await write('DELETE', `/v1/customers/${customer}`);
    const successor = await write('PUT', `/v1/customers/${customer}`, { body: { product: PRODUCT, plan: 'basic' } });
    expect((await read('GET', live())).body.id).toBe(successor.body.subscription.id);
  });

  it('with a key of a product shows a customer that has become a member of it', async () => {
    const readOther = (): ReturnType<Call> => read('GET', `/v1/customers/${customer}`, { token: keyOfOther });
    expect((await readOther()).status).toBe(404);
    await write('POST', '/v1/subscriptions', { body: { customer, product: 'other', plan: 'basic' } });
    expect((await readOther()).status).toBe(200);
  });

  it('shows when the worker stored a renewal, which changes no entitlement version', async () => {
    clock.advance(MONTH_MS);
    const projected = (await read('GET', live())).body;
    expect(projected.version).toBe(2);
    clock.advance(1_000);
    await writer.app.get(DueSubscriptionsService).processDue();
    const stored = (await read('GET', live())).body;
    expect(stored).toEqual({ ...projected, updatedAt: clock.now().toISOString() });
    clock.advance(10_000);
    expect((await read('GET', live())).body).toEqual(stored);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { inParallel, applyMeteredProduct, registerUser, createApiKey, uniqueName } from '../support/fixtures.js';

type Service = TestApp & { database: TestDatabase };
const statuses = (responses: { status: number }[]): number[] => responses.map(({ status }) => status).sort();

describe('concurrent commands', () => {
  let service: Service;
  let key: string;
  const put = (customer: string, body: object) =>
    service.call('PUT', `/v1/customers/${customer}`, { token: key, body });
  const post = (path: string, body: object, headers: Record<string, string> = {}) =>
    service.call('POST', path, { token: key, body, headers });
  /** A customer with an ended subscription, who may start a new one. */
  const ended = async (): Promise<string> => {
    const customer = uniqueName('ended');
    const { body } = await put(customer, { product: 'api' });
    await post(`/v1/subscriptions/${body.subscription.id}/cancel`, { when: 'now' });
    return customer;
  };

  beforeAll(async () => {
    service = await startService({ worker: true });
    ({ key } = await createApiKey(service));
  });
  afterAll(() => service.stop());

  it('two creates make one subscription and one conflict', async () => {
    const customer = await ended();
    const responses = await Promise.all(
      [1, 2].map(() => post('/v1/subscriptions', { customer, product: 'api', plan: 'quota' })),
    );
    expect(statuses(responses)).toEqual([201, 409]);
    expect(responses.find(({ status }) => status === 409)!.body.code).toBe('subscription_exists');
    const live = await service.database.query(
      `select 1 from subscriptions s join customers c on c.id = s.customer_id where c.key = $1 and s.status = 'active'`,
      [customer],
    );
    expect(live).toHaveLength(1);
  });

  it('twenty puts make one customer, and all succeed', async () => {
    const customer = uniqueName('twenty');
    const responses = await inParallel(20, 20, () => put(customer, { product: 'api', name: 'Twenty' }));
    expect(statuses(responses)).toEqual([...Array<number>(19).fill(200), 201]);
    expect(new Set(responses.map(({ body }) => body.subscription.id)).size).toBe(1);
  });

  it('two changes with the same If-Match: one succeeds', async () => {
    const { body } = await put(uniqueName('change'), { product: 'api' });
    const responses = await Promise.all(
      ['quota', 'overage'].map((plan) =>
        post(`/v1/subscriptions/${body.subscription.id}/change`, { plan, when: 'now' }, { 'if-match': '"1"' }),
      ),
    );
    expect(statuses(responses)).toEqual([200, 412]);
  });

  it('ten cancellations: one succeeds', async () => {
    const { body } = await put(uniqueName('cancel'), { product: 'api' });
    const responses = await inParallel(10, 10, () =>
      post(`/v1/subscriptions/${body.subscription.id}/cancel`, { when: 'period_end' }),
    );
    expect(statuses(responses)).toEqual([200, ...Array<number>(9).fill(409)]);
  });

  it('copies of one consume get the first response and count once', async () => {
    const product = uniqueName('replay');
    await applyMeteredProduct(service, product, 10);
    await put('replayed', { product });
    const body = { customer: 'replayed', product, feature: 'calls', quantity: 3 };
    const responses = await inParallel(8, 8, () => post('/v1/usage/consume', body, { 'idempotency-key': 'copies' }));
    expect(new Set(responses.map((answer) => JSON.stringify(answer.body))).size).toBe(1);
    expect(responses.filter(({ headers }) => headers.get('idempotency-replayed') === 'true')).toHaveLength(7);
    expect((await post('/v1/check', { customer: 'replayed', product, feature: 'calls' })).body.used).toBe(3);
  });

  it('ten registrations of one address in many spellings create one account', async () => {
    const spellings = [
      'ann@example.com',
      'ANN@example.com',
      'Ann@Example.Com',
      ' ann@example.com',
      'ann@example.com ',
      'ａｎｎ@example.com',
      'aNN@example.com',
      'anN@example.COM',
    ];
    const responses = await Promise.all(
      spellings.map((email) =>
        service.call('POST', '/v1/auth/register', { body: { email, password: 'a long enough password' } }),
      ),
    );
    expect(statuses(responses)).toEqual([201, ...Array<number>(7).fill(409)]);
    const orphans = await service.database.query(
      'select 1 from customers c where not exists (select 1 from subscriptions s where s.customer_id = c.id)',
    );
    expect(orphans).toHaveLength(0);
    const accounts = await service.database.query(`select 1 from users where canonical_email = 'ann@example.com'`);
    expect(accounts).toHaveLength(1);
  });

  it('ten copies of a refresh token: one succeeds and the session stays valid', async () => {
    const { refreshToken } = await registerUser(service);
    const responses = await inParallel(10, 10, () =>
      service.call('POST', '/v1/auth/refresh', { body: { refreshToken } }),
    );
    const winners = responses.filter(({ status }) => status === 200);
    expect(winners).toHaveLength(1);
    expect((await service.call('GET', '/v1/users/me', { token: winners[0]!.body.accessToken })).status).toBe(200);
  });

  it('API keys never exceed the limit of the plan', async () => {
    const user = await registerUser(service);
    const make = () => user.call('POST', '/v1/api-keys', { body: { name: 'mine', scopes: ['usage:write'] } });
    const responses = await inParallel(12, 12, make);
    expect(statuses(responses)).toEqual([...Array<number>(5).fill(201), ...Array<number>(7).fill(429)]);
    const refused = responses.find(({ status }) => status === 429)!;
    expect(refused.body).toMatchObject({
      code: 'limit_reached',
      decision: { allowed: false, limit: 5, used: 5, feature: 'api_keys' },
    });
    expect(refused.headers.get('retry-after')).toBeTruthy();
    const made = responses.find(({ status }) => status === 201)!;
    expect((await user.call('DELETE', `/v1/api-keys/${made.body.id}`)).status).toBe(204);
    expect((await make()).status).toBe(201);
    expect((await make()).status).toBe(429);
  });

  it('the installation always keeps an admin', async () => {
    const second = await registerUser(service);
    const me = await service.admin('GET', '/v1/users/me');
    await service.admin('PATCH', `/v1/users/${second.userId}`, { body: { role: 'admin' } });
    const responses = await Promise.all([
      service.admin('PATCH', `/v1/users/${second.userId}`, { body: { role: 'user' } }),
      second.call('PATCH', `/v1/users/${me.body.id}`, { body: { role: 'user' } }),
    ]);
    expect(responses.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
    const admins = await service.database.query(`select id from users where role = 'admin' and active`);
    expect(admins).toHaveLength(1);
    await service.database.query(`update users set role = 'admin' where id = $1`, [me.body.id]);
  });

  it('two catalogue applies of a new product run one after the other', async () => {
    const product = uniqueName('applied');
    await Promise.all([applyMeteredProduct(service, product, 1), applyMeteredProduct(service, product, 2)]);
    const { body } = await service.admin('GET', `/v1/plans/plan/versions?product=${product}`);
    expect(body.data.map(({ version }: { version: number }) => version)).toEqual([2, 1]);
  });
});

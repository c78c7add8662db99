import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DenialCounts } from '@app/metering';
import { JobRunner } from '../../apps/worker/src/job-runner.js';
import { ok, startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { applyMeteredProduct, registerUserWithRole } from '../support/fixtures.js';
import { expectLog } from '../support/log.js';

describe('GET /v1/stats/attention', () => {
  let service: TestApp & { database: TestDatabase };

  beforeAll(async () => {
    service = await startService({ worker: true });
    await applyMeteredProduct(service, 'watched', 1);
    await applyMeteredProduct(service, 'unwatched', 1);
    for (const product of ['watched', 'unwatched'])
      await ok(service.admin('PUT', `/v1/customers/of-${product}`, { body: { product } }));
  });
  afterAll(() => service?.stop());

  const attention = async (query = '', call = service.admin): Promise<any[]> =>
    (await ok(call('GET', `/v1/stats/attention${query}`))).data;
  const kinds = async (query = '', call = service.admin): Promise<string[]> =>
    (await attention(query, call)).map(({ kind, product }) => `${kind} ${product}`);

  it('names past due subscriptions of the products that the caller sees', async () => {
    await service.database.query(
      `update subscriptions set status = 'past_due', past_due_since = '2026-01-01T00:00:00Z' where customer_id in (select id from customers where key like 'of-%')`,
    );
    const { call } = await registerUserWithRole(service, { role: 'product_admin', product: 'watched' });
    expect(await attention('', call)).toEqual([
      {
        kind: 'subscriptions_past_due',
        count: 1,
        since: '2026-01-01T00:00:00.000Z',
        product: 'watched',
        list: '/v1/subscriptions?status=past_due&product=watched',
      },
    ]);
    expect(await kinds('?product=unwatched')).toContain('subscriptions_past_due unwatched');
    expect((await call('GET', '/v1/stats/attention?product=unwatched')).status).toBe(403);
  });

  it('names drafts, and endpoints that were disabled because they failed', async () => {
    const plan = { key: 'next', product: 'watched', name: 'Next', prices: [], entitlements: [] };
    await ok(service.admin('POST', '/v1/plans', { body: plan }));
    await service.database.query(
      `insert into webhook_endpoints (id, product_id, url, types, secret, enabled, disabled_reason, disabled_at, created_at, updated_at)
       select gen_random_uuid(), id, 'https://hooks.example.com/', '{}', '', false, 'failing', now(), now(), now() from products where key = 'watched'`,
    );
    expect(await kinds('?product=watched')).toEqual(
      expect.arrayContaining(['drafts_unpublished watched', 'webhook_endpoints_disabled watched']),
    );
  });

  it('names a failing job until it succeeds, and a check that found differences until it finds none', async () => {
    const jobs = service.app.get(JobRunner, { strict: false });
    expectLog(/Job "break" failed/);
    await jobs.run('break', () => Promise.reject(new Error('broken')));
    await jobs.checked('verify counters', 3);
    expect(await attention()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'jobs_failing', count: 1, product: null, list: null }),
        expect.objectContaining({ kind: 'counters_differ', count: 3 }),
      ]),
    );
    await jobs.run('break', () => Promise.resolve());
    await jobs.checked('verify counters', 0);
    expect((await kinds()).filter((kind) => /jobs_failing|counters_differ/.test(kind))).toEqual([]);
  });

  it('counts denied decisions by feature and reason', async () => {
    await service.database.query(`update subscriptions set status = 'active', past_due_since = null`);
    const denials = service.app.get(DenialCounts, { strict: false });
    const body = { customer: 'of-watched', product: 'watched', feature: 'calls', quantity: 2 };
    const ask = async (path: string, more = {}): Promise<boolean> =>
      (await ok(service.admin('POST', path, { body: { ...body, ...more } }))).allowed;
    expect(await ask('/v1/check')).toBe(false);
    expect(await ask('/v1/usage/consume')).toBe(false);
    expect(await ask('/v1/usage/reservations', { ttlSeconds: 60 })).toBe(false);
    await denials.flush();
    await ok(service.admin('POST', '/v1/checks', { body: { checks: [body] } }));
    await denials.flush();
    const { data } = await ok(service.admin('GET', '/v1/stats/denials?product=watched'));
    expect(data).toEqual([{ start: expect.any(String), feature: 'calls', reason: 'limit_reached', count: 4 }]);
    expect((await ok(service.admin('GET', '/v1/stats/denials?product=unwatched'))).data).toEqual([]);
  });
});

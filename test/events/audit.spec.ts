import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { expectLog } from '../support/log.js';
import {
  registerUserWithRole,
  applyLifecycleProduct,
  applyMeteredProduct,
  registerUser,
  createApiKey,
  uniqueName,
} from '../support/fixtures.js';

interface Entry {
  id: string;
  type: string;
  actor: { kind: string; id: string; name: string | null };
  origin: { address: string; requestId: string } | null;
  subject: { type: string; id: string };
  customer: string | null;
  product: string | null;
  reason: string | null;
  before: any;
  after: any;
}

describe('the audit log', () => {
  let service: TestApp & { database: TestDatabase };
  let adminId: string;

  beforeAll(async () => {
    service = await startService();
    await applyLifecycleProduct(service, 'audited');
    adminId = (await service.admin('GET', '/v1/users/me')).body.id;
  });
  afterAll(() => service.stop());

  const log = async (query: string, call = service.admin): Promise<Entry[]> => {
    const { status, body } = await call('GET', `/v1/audit-log?limit=100&${query}`);
    expect(status).toBe(200);
    return body.data;
  };

  it('records who did what, from which address, and the state before', async () => {
    const { call, id: keyId } = await createApiKey(service, { scopes: ['customers:write'], product: 'audited' });
    const customer = uniqueName('customer');
    const { headers } = await call('PUT', `/v1/customers/${customer}`, { body: { region: 'US' } });
    await call('PUT', `/v1/customers/${customer}`, { body: { region: 'DE' } });
    const entries = await log(`customer=${customer}`);
    expect(entries.map(({ type }) => type)).toEqual(['customer.updated', 'subscription.created', 'customer.created']);
    expect(entries[0]).toMatchObject({
      actor: { kind: 'api_key', id: keyId, name: 'test' },
      origin: { address: '127.0.0.1', requestId: expect.any(String) },
      customer,
      before: { region: 'US' },
      after: { region: 'DE' },
    });
    expect(entries[1]).toMatchObject({ product: 'audited', origin: { requestId: headers.get('x-request-id') } });
  });

  it('records every write by a user or an API key with its origin', async () => {
    const user = await registerUser(service);
    await service.admin('POST', '/v1/features', {
      body: { product: 'audited', key: uniqueName('feature'), name: 'F', type: 'boolean' },
    });
    await service.admin('PATCH', `/v1/users/${user.userId}`, { body: { active: false } });
    const { call } = await createApiKey(service);
    const customer = uniqueName('customer');
    const { body } = await call('PUT', `/v1/customers/${customer}`, { body: { product: 'audited' } });
    await call('POST', `/v1/subscriptions/${body.subscription.id}/pause`, { body: {} });
    await call('POST', '/v1/usage/reservations', {
      body: { customer, product: 'audited', feature: 'calls', quantity: 1, ttlSeconds: 60 },
    });
    await service.admin('POST', `/v1/customers/${customer}/grants`, {
      body: { product: 'audited', feature: 'calls', quantity: 5 },
    });
    await service.admin('POST', `/v1/plans/basic/moves`, { body: { product: 'audited', when: 'now' } });
    const entries = await log('');
    expect(entries.map(({ type }) => type)).toEqual(
      expect.arrayContaining([
        'user.registered',
        'feature.created',
        'user.standing_changed',
        'api_key.created',
        'subscription.paused',
        'grant.created',
        'plan.move_started',
      ]),
    );
    // Each event of an HTTP request has its origin.
    expect(entries.filter(({ origin }) => origin?.address !== '127.0.0.1').map(({ type }) => type)).toEqual([]);
    expect(entries.find(({ type }) => type === 'user.standing_changed')!.actor).toMatchObject({
      kind: 'user',
      id: adminId,
      name: 'admin@localhost',
    });
  });

  it('leaves out time-driven events, and every filter finds its events', async () => {
    const { call } = await createApiKey(service);
    const customer = uniqueName('customer');
    await call('PUT', `/v1/customers/${customer}`, { body: { product: 'audited' } });
    const all = await log('');
    expect(all.some(({ actor }) => actor.kind === 'system')).toBe(false);
    const [created] = await log(`customer=${customer}&type=subscription.created`);
    const at = new Date().toISOString();
    const narrow = [
      `actor=${created!.actor.id}`,
      'actorKind=api_key',
      `subject=${created!.subject.id}`,
      'type=subscription.*',
      'product=audited',
      `customer=${customer}`,
      'address=127.0.0.1',
      `from=2026-01-01T00:00:00Z&to=${new Date(Date.now() + 60_000).toISOString()}`,
    ];
    for (const filter of narrow)
      expect([filter, (await log(filter)).some(({ id }) => id === created!.id)]).toEqual([filter, true]);
    for (const filter of [
      'actorKind=user',
      `actor=${adminId}`,
      'type=usage.*',
      'type=subscription',
      'product=api',
      'address=10.0.0.1',
      `to=2026-01-01T00:00:00Z`,
      `from=${new Date(Date.parse(at) + 60_000).toISOString()}`,
    ]) {
      expect([filter, (await log(filter)).some(({ id }) => id === created!.id)]).toEqual([filter, false]);
    }
    // A wildcard of LIKE is an ordinary character.
    for (const type of ['%25', 'subscription._reated', '%.*', '_ubscription.*'])
      expect(await log(`type=${type}`)).toEqual([]);
  });

  it('is paged newest first, and a cursor is valid for its own list only', async () => {
    const pages: string[] = [];
    let cursor = '';
    do {
      const { body } = await service.admin('GET', `/v1/audit-log?limit=3&type=user.*${cursor && `&cursor=${cursor}`}`);
      pages.push(...body.data.map(({ id }: Entry) => id));
      cursor = body.nextCursor ?? '';
    } while (cursor);
    expect(pages).toEqual((await log('type=user.*')).map(({ id }) => id));
    expect(pages).toEqual([...pages].sort().reverse());
    const { body } = await service.admin('GET', '/v1/audit-log?limit=1');
    expect((await service.admin('GET', `/v1/audit-log?limit=1&type=user.*&cursor=${body.nextCursor}`)).status).toBe(
      400,
    );
  });

  it('is readable by admins, keys with audit:read and support, each within its scope', async () => {
    await applyMeteredProduct(service, 'other', 10);
    const { call: plain } = await createApiKey(service, { scopes: ['customers:read'] });
    const { call: ofProduct } = await createApiKey(service, { scopes: ['audit:read'], product: 'other' });
    const rules = await registerUserWithRole(service, { role: 'product_admin', product: 'other' });
    const user = await registerUser(service);
    expect((await plain('GET', '/v1/audit-log')).status).toBe(403);
    expect((await user.call('GET', '/v1/audit-log')).status).toBe(403);
    for (const call of [ofProduct, rules.call]) {
      const products = new Set((await log('', call)).map(({ product }) => product));
      expect([...products]).toEqual(['other']);
      expect((await call('GET', '/v1/audit-log?product=audited')).status).toBe(403);
    }
    const { call } = await createApiKey(service);
    const customer = uniqueName('customer');
    await call('PUT', `/v1/customers/${customer}`, { body: { product: 'audited' } });
    expect((await ofProduct('GET', `/v1/audit-log?customer=${customer}`)).status).toBe(404);
  });

  it('records a read by support before support sees the data', async () => {
    const support = await registerUserWithRole(service, { role: 'support' });
    const user = await registerUser(service);
    expect((await support.call('GET', `/v1/customers/${user.customer}`)).status).toBe(200);
    expect((await support.call('GET', `/v1/subscriptions/${user.subscriptionId}/timeline`)).status).toBe(200);
    expect((await support.call('GET', '/v1/users?email=private-address@example.com')).status).toBe(200);
    const entries = await log(`actor=${support.userId}&type=support.read`);
    expect(entries.map(({ subject, after }) => [subject.type, after.path])).toEqual([
      ['user', '/v1/users'],
      ['customer', `/v1/subscriptions/${user.subscriptionId}/timeline`],
      ['customer', `/v1/customers/${user.customer}`],
    ]);
    expect(entries[2]).toMatchObject({
      customer: user.customer,
      actor: { name: support.email },
      origin: { address: '127.0.0.1' },
    });
    expect(JSON.stringify(entries)).not.toContain('private-address');
    // Audit entries are visible to auditors only, and are not published.
    await support.call('GET', '/v1/users/me');
    expect(await log(`actor=${support.userId}&type=support.read`)).toHaveLength(3);
    expect(await service.database.query(`select 1 from event_feed where type = 'support.read'`)).toEqual([]);
  });

  it('records reads that use POST', async () => {
    const support = await registerUserWithRole(service, { role: 'support' });
    const user = await registerUser(service);
    expect(
      (
        await support.call('POST', '/v1/check', {
          body: { customer: user.customer, product: 'tollgate', feature: 'api_keys' },
        })
      ).status,
    ).toBe(200);
    expect(
      (await log(`actor=${support.userId}&type=support.read`)).map(({ customer, after }) => [
        customer,
        after.method,
        after.path,
      ]),
    ).toEqual([[user.customer, 'POST', '/v1/check']]);
  });

  it('shows support nothing when the read cannot be recorded', async () => {
    const support = await registerUserWithRole(service, { role: 'support' });
    const user = await registerUser(service);
    await service.database.query(
      `alter table events add constraint no_support check (type <> 'support.read') not valid`,
    );
    expectLog(/no_support/);
    try {
      expect((await support.call('GET', `/v1/customers/${user.customer}`)).status).toBe(500);
    } finally {
      await service.database.query('alter table events drop constraint no_support');
    }
  });

  describe('audit export', () => {
    it('NDJSON contains every entry', async () => {
      const { status, headers, body } = await service.admin('GET', '/v1/audit-log/export?type=user.*');
      expect([status, headers.get('content-type'), headers.get('content-disposition')]).toEqual([
        200,
        'application/x-ndjson',
        'attachment; filename="audit-log.ndjson"',
      ]);
      const lines = String(body)
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Entry);
      expect(lines.map(({ id }) => id)).toEqual((await log('type=user.*')).map(({ id }) => id));
    });

    it('CSV contains no cell that a spreadsheet runs as a formula', async () => {
      const nasty = ['=HYPERLINK("http://evil","x")', '+1+1', '-2+3', '@SUM(A1)', '\tx', 'a,"b"\nc'];
      const { call } = await createApiKey(service);
      const customer = uniqueName('customer');
      await call('PUT', `/v1/customers/${customer}`, { body: { product: 'audited' } });
      for (const reason of nasty)
        await service.admin('PUT', `/v1/customers/${customer}/overrides/calls`, {
          body: { product: 'audited', limit: 5, reason },
        });
      const { headers, body } = await service.admin('GET', `/v1/audit-log/export?format=csv&customer=${customer}`);
      expect(headers.get('content-type')).toBe('text/csv');
      const text = String(body);
      expect(text.split('\r\n')[0]).toBe(
        'id,at,type,actor_kind,actor_id,actor_name,address,request_id,subject_type,subject_id,sequence,customer,product,reason,before,after',
      );
      const cells = text.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)|\r\n/).map((cell) => cell.replace(/^"|"$/g, ''));
      expect(cells.filter((cell) => /^[=+\-@\t\r]/.test(cell))).toEqual([]);
      expect(text).toContain(`"'=HYPERLINK(""http://evil"",""x"")"`);
      expect(text).toContain('"a,""b""\nc"');
    });

    it('concurrent exports are limited', async () => {
      const responses = await Promise.all(
        Array.from({ length: 6 }, () => service.admin('GET', '/v1/audit-log/export')),
      );
      expect(responses.every(({ status }) => status === 200 || status === 429)).toBe(true);
      expect((await service.admin('GET', '/v1/audit-log/export')).status).toBe(200);
    });
  });
});

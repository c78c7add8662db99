import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { EventPublisher, SecurityLog } from '@app/events';
import { ADMIN, type Call, startApp, startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { deliverDueEvents } from '../support/deliveries.js';
import {
  applyLifecycleProduct,
  createApiKey,
  PASSWORD,
  registerUser,
  registerUserWithRole,
  uniqueName,
} from '../support/fixtures.js';
import { expectLog } from '../support/log.js';

interface Entry {
  id: string;
  type: string;
  at: string;
  actor: { kind: string; id: string | null; name: string | null };
  origin: { address: string; requestId: string } | null;
  subject: { type: string; id: string };
  sequence: number;
  customer: string | null;
  product: string | null;
  reason: string | null;
  after: any;
}

const WRONG = 'a wrong password of the test';

describe('the security log', () => {
  let service: TestApp & { database: TestDatabase };
  let other: TestApp;

  beforeAll(async () => {
    service = await startService();
    other = await startApp({ database: service.database });
    await applyLifecycleProduct(service, 'guarded');
  });
  afterAll(async () => {
    await other.stop();
    await service.stop();
  });
  afterEach(() => service.database.query('delete from login_attempts'));

  const flush = (): Promise<void> => service.app.get(SecurityLog).flush();
  const log = async (query: string, call: Call = service.admin): Promise<Entry[]> => {
    await flush();
    const { status, body } = await call('GET', `/v1/audit-log?limit=100&${query}`);
    expect(status).toBe(200);
    return body.data;
  };
  const login = (email: string, password: string) =>
    service.call('POST', '/v1/auth/login', { body: { email, password } });
  const count = async (condition: string): Promise<{ rows: number; events: number }> => {
    const [row] = await service.database.query<{ rows: number; events: number }>(
      `select count(*)::integer as rows, coalesce(sum(count), 0)::integer as events from security_events where ${condition}`,
    );
    return row!;
  };

  it('has each login with its user, address and request id', async () => {
    const user = await registerUser(service);
    const { headers } = await login(user.email, PASSWORD);
    expect(await log(`actor=${user.userId}&type=login.*`)).toMatchObject([
      {
        type: 'login.succeeded',
        subject: { type: 'user', id: user.userId },
        actor: { kind: 'user', id: user.userId, name: user.email },
        origin: { address: '127.0.0.1', requestId: headers.get('x-request-id') },
        customer: user.customer,
        sequence: 0,
        after: { count: 1, lastAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) },
      },
    ]);
  });

  it('counts failed logins per account and address, without password or e-mail address', async () => {
    const user = await registerUser(service);
    const unknown = `${uniqueName('nobody')}@example.com`;
    for (const email of [user.email, user.email, unknown]) expect((await login(email, WRONG)).status).toBe(401);
    const known = await log(`subject=${user.userId}&type=login.failed`);
    expect(known.map(({ reason }) => reason)).toEqual(known.map(() => 'wrong_password'));
    expect(known.reduce((sum, { after }) => sum + after.count, 0)).toBe(2);
    expect(known[0]).toMatchObject({ actor: { kind: 'anonymous', id: null }, customer: user.customer });
    const [stranger] = await log('type=login.failed');
    expect(stranger).toMatchObject({ subject: { type: 'account_reference' }, reason: 'unknown_account' });
    expect(await log(`subject=${stranger!.subject.id}`)).toHaveLength(1);
    const [{ rows }] = (await service.database.query<{ rows: string }>(
      'select json_agg(s)::text as rows from security_events s',
    )) as [{ rows: string }];
    for (const secret of [WRONG, PASSWORD, unknown, user.email, ADMIN.email]) expect(rows).not.toContain(secret);
  });

  it('has a throttled login, a password that an account command did not accept, and a deactivated account', async () => {
    const user = await registerUser(service);
    await user.call('POST', '/v1/auth/change-password', {
      body: { currentPassword: WRONG, newPassword: 'a long and new passphrase' },
    });
    for (let n = 0; n < 11; n++) await login(user.email, WRONG);
    const [failed] = await log(`subject=${user.userId}&type=login.failed`);
    const throttled = (await log('type=login.failed')).filter(({ reason }) => reason === 'too_many_attempts');
    expect(throttled.map(({ subject }) => subject.id)).toContain(failed!.after.account);
    expect(await count(`subject_id = '${user.userId}' and reason = 'wrong_password'`)).toMatchObject({ events: 10 });
    await service.database.query('delete from login_attempts');
    await service.admin('PATCH', `/v1/users/${user.userId}`, { body: { active: false } });
    await login(user.email, PASSWORD);
    expect((await log(`subject=${user.userId}&type=login.failed`)).map(({ reason }) => reason)).toContain(
      'inactive_account',
    );
  });

  it('has the reuse of a refresh token, and not a concurrent copy', async () => {
    const user = await registerUser(service);
    const { body } = await login(user.email, PASSWORD);
    const refresh = () => service.call('POST', '/v1/auth/refresh', { body: { refreshToken: body.refreshToken } });
    expect((await refresh()).status).toBe(200);
    expect((await refresh()).status).toBe(401);
    expect(await log(`subject=${user.userId}&type=refresh_token.*`)).toEqual([]);
    await service.database.query(`update refresh_tokens set rotated_at = rotated_at - interval '1 minute'`);
    const { headers } = await refresh();
    const entries = await log(`subject=${user.userId}&type=refresh_token.*`);
    expect(entries).toMatchObject([
      {
        type: 'refresh_token.reused',
        actor: { kind: 'anonymous' },
        origin: { address: '127.0.0.1', requestId: headers.get('x-request-id') },
        after: { count: 1, session: expect.any(String) },
      },
    ]);
    expect(JSON.stringify(entries)).not.toContain(body.refreshToken);
  });

  it('counts refusals for scope and role per route, and shows them within the scope of the reader', async () => {
    const ofProduct = await createApiKey(service, { scopes: ['customers:read'], product: 'guarded' });
    const user = await registerUser(service);
    const reader = await registerUserWithRole(service, { role: 'product_admin', product: 'guarded' });
    const stranger = await registerUserWithRole(service, { role: 'product_admin', product: 'tollgate' });
    for (const customer of ['one', 'two'])
      expect((await ofProduct.call('DELETE', `/v1/customers/${customer}`)).status).toBe(403);
    expect((await user.call('GET', '/v1/users')).status).toBe(403);
    expect((await user.call('GET', '/v1/audit-log')).status).toBe(403);
    const ofKey = await log(`actor=${ofProduct.id}&type=access.refused`);
    expect(ofKey.reduce((sum, { after }) => sum + after.count, 0)).toBe(2);
    expect(ofKey[0]).toMatchObject({
      subject: { type: 'api_key', id: ofProduct.id },
      product: 'guarded',
      reason: 'insufficient_scope',
      after: { method: 'DELETE', route: '/v1/customers/:customer', needed: 'customers:write' },
    });
    const ofUser = await log(`actor=${user.userId}&type=access.*`);
    expect(ofUser.map(({ reason, after }) => [reason, after.route])).toEqual([
      ['admin_only', '/v1/audit-log'],
      ['admin_only', '/v1/users'],
    ]);
    expect((await log('type=access.*', reader.call)).map(({ actor }) => actor.id)).toContain(ofProduct.id);
    for (const id of [ofProduct.id, user.userId])
      expect((await log('type=access.*', stranger.call)).map(({ actor }) => actor.id)).not.toContain(id);
    expect((await log('', reader.call)).map(({ actor }) => actor.id)).not.toContain(user.userId);
  });

  it('has no denial by a plan, no 404 and no expired access token', async () => {
    const before = await count(`type in ('access.refused', 'api_key.rejected')`);
    const user = await registerUser(service);
    await user.call('GET', '/v1/subscriptions/01890a5d-ac96-774b-bcce-b302099a8001');
    await service.call('GET', '/v1/users/me', { token: 'eyJhbGciOiJFUzI1NiJ9.e30.AAAA' });
    await service.call('GET', '/v1/users/me');
    await flush();
    expect(await count(`type in ('access.refused', 'api_key.rejected')`)).toEqual(before);
  });

  it('has API keys with a wrong secret, revoked ones and unknown ones, without the secret', async () => {
    const { id, key } = await createApiKey(service, { scopes: ['customers:read'] });
    const forged = `${key.slice(0, -4)}AAAA`;
    for (const token of [forged, `tg_0000000000000000_${'A'.repeat(43)}`])
      expect((await service.call('GET', '/v1/customers', { token })).status).toBe(401);
    expect(await log(`subject=${id}&type=api_key.rejected`)).toMatchObject([
      { reason: 'wrong_secret', actor: { kind: 'anonymous' }, after: { prefix: key.slice(0, 19), count: 1 } },
    ]);
    const entries = await log('type=api_key.rejected');
    expect(entries.map(({ reason }) => reason)).toContain('unknown_or_revoked');
    expect(JSON.stringify(entries)).not.toContain(forged.slice(20));
  });

  it('has webhook addresses that were blocked, when saved and when sent to: the host, not the path', async () => {
    const saver = await createApiKey(service, { scopes: ['webhooks:write'] });
    const refused = await saver.call('POST', '/v1/webhook-endpoints', {
      body: { url: 'https://10.0.0.7/secret-path' },
    });
    expect(refused.status).toBe(422);
    const saved = await saver.call('POST', '/v1/webhook-endpoints', { body: { url: 'https://192.0.66.1/x' } });
    expect(saved.status).toBe(201);
    await service.database.query(`update webhook_endpoints set url = 'http://169.254.169.254/meta' where id = $1`, [
      saved.body.id,
    ]);
    await createApiKey(service);
    await deliverDueEvents(service);
    const entries = await log('type=webhook_address.*');
    expect(entries).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          subject: { type: 'api_key', id: saver.id },
          reason: 'not_public',
          origin: { address: '127.0.0.1', requestId: refused.headers.get('x-request-id') },
          after: expect.objectContaining({ host: '10.0.0.7', protocol: 'https' }),
        }),
        expect.objectContaining({
          subject: { type: 'webhook_endpoint', id: saved.body.id },
          actor: { kind: 'system', id: null, name: null },
          origin: null,
          after: expect.objectContaining({ host: '169.254.169.254', protocol: 'http' }),
        }),
      ]),
    );
    expect(JSON.stringify(entries)).not.toContain('secret-path');
    await saver.call('DELETE', `/v1/webhook-endpoints/${saved.body.id}`);
  });

  it('is counted exactly by several instances that store the same row', async () => {
    const id = '00000000-0000-8000-8000-00000000cafe';
    const logs = [service, other].map(({ app }) => app.get(SecurityLog));
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => {
        const securityLog = logs[n % 2]!;
        for (const suffix of ['a', 'b', 'c'])
          securityLog.note({
            type: 'access.refused',
            subject: { type: 'user', id },
            actor: { kind: 'user', id },
            reason: suffix,
          });
        return securityLog.flush();
      }),
    );
    const { rows, events } = await count(`subject_id = '${id}'`);
    expect(events).toBe(60);
    expect(rows).toBeLessThanOrEqual(6);
  });

  it('does not fail a login when it cannot be stored, and stores it later', async () => {
    expectLog(/Failed to store security events/);
    const user = await registerUser(service);
    await service.database.query('alter table security_events rename to security_events_away');
    try {
      expect((await login(user.email, PASSWORD)).status).toBe(200);
      await flush();
    } finally {
      await service.database.query('alter table security_events_away rename to security_events');
    }
    expect(await log(`actor=${user.userId}&type=login.succeeded`)).toHaveLength(1);
  });

  it('is not published', async () => {
    await log('');
    const types = await service.database.query<{ type: string }>('select distinct type from security_events');
    expect(types.length).toBeGreaterThan(4);
    while ((await service.app.get(EventPublisher).publish()) > 0);
    for (const { type } of types) {
      expect(await service.database.query('select 1 from event_feed where type = $1', [type])).toEqual([]);
      const body = { url: 'https://192.0.66.1/x', types: [type] };
      expect((await service.admin('POST', '/v1/webhook-endpoints', { body })).status).toBe(422);
    }
  });

  it('is deleted after SECURITY_EVENT_DAYS, in batches, and not before', async () => {
    const user = await registerUser(service);
    await login(user.email, PASSWORD);
    await flush();
    const old = (days: number, rows: number) =>
      service.database.query(
        `insert into security_events (id, type, subject_type, subject_id, actor, details, count, at, last_at, bucket)
         select overlay(gen_random_uuid()::text placing left(uuid_from_time(now() - make_interval(days => $1))::text, 13) from 1 for 13)::uuid, 'login.failed', 'user', gen_random_uuid(),
           '{"kind":"anonymous","id":null}', '{}', 1, now(), now(), gen_random_uuid()::text from generate_series(1, $2)`,
        [days, rows],
      );
    await old(91, 1_500);
    await old(89, 1);
    const before = await count('true');
    const deleted: number[] = [];
    do deleted.push(await service.app.get(SecurityLog).purge());
    while (deleted.at(-1)! > 0);
    expect(deleted).toEqual([1_000, 500, 0]);
    expect((await count('true')).rows).toBe(before.rows - 1_500);
    expect(await log(`actor=${user.userId}&type=login.succeeded`)).toHaveLength(1);
  });

  it('loses the address and the e-mail reference of a user whose account is deleted', async () => {
    const email = `${uniqueName('erased')}@example.com`;
    await login(email, WRONG);
    const user = await registerUser(service, { email });
    await login(email, WRONG);
    await login(email, PASSWORD);
    const [failed] = await log(`subject=${user.userId}&type=login.failed`);
    const account = failed!.after.account as string;
    expect(await log(`subject=${account}`)).toHaveLength(1);
    expect((await user.call('GET', '/v1/users/me/export')).body).toContain('"kind":"security_event"');
    await login(email, WRONG);
    expect((await user.call('POST', '/v1/users/me/delete', { body: { password: PASSWORD } })).status).toBe(204);
    expect(await log(`subject=${account}`)).toEqual([]);
    const kept = await log(`subject=${user.userId}&type=login.*`);
    expect(kept.length).toBeGreaterThanOrEqual(2);
    for (const { origin, after } of kept)
      expect([origin, Object.keys(after).sort()]).toEqual([null, ['count', 'lastAt']]);
  });

  // Last: it uses up the rows of its minute.
  it('holds a storm: 10,000 failed logins from one address leave a bounded number of rows', async () => {
    const start = await count(`type = 'login.failed'`);
    const email = `${uniqueName('storm')}@example.com`;
    for (let n = 0; n < 20; n++) await Promise.all(Array.from({ length: 10 }, () => login(email, WRONG)));
    await flush();
    const ofOne = await count(`type = 'login.failed'`);
    expect(ofOne.events - start.events).toBe(200);
    expect(ofOne.rows - start.rows).toBeLessThanOrEqual(6);
    const securityLog = service.app.get(SecurityLog);
    const origin = { address: '198.51.100.9', requestId: 'storm' };
    for (let n = 0; n < 9_800; n++)
      securityLog.note({
        type: 'login.failed',
        subject: { type: 'account_reference', id: `00000000-0000-8000-8000-${String(n).padStart(12, '0')}` },
        actor: { kind: 'anonymous', id: null, origin },
        reason: 'unknown_account',
      });
    await flush();
    const all = await count(`type = 'login.failed'`);
    expect(all.events - start.events).toBe(10_000);
    // Up to two minutes, each with at most 100 rows and the row of the rest.
    expect(all.rows - start.rows).toBeLessThanOrEqual(208);
  });
});

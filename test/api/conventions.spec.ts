import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startService, type TestApp, WAYS } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { BASE64URL, applyMeteredProduct, registerUser, createApiKey } from '../support/fixtures.js';

type Row = { id: string; key: string };

describe.each(WAYS)('conventions $way', ({ compiled }) => {
  let service: TestApp & { database: TestDatabase };
  let key: string;
  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    service.call(method, path, { token: key, body, headers });

  beforeAll(async () => {
    service = await startService({ compiled });
    ({ key } = await createApiKey(service));
    for (let index = 0; index < 25; index++) await call('PUT', `/v1/customers/c${index}`, { product: 'api' });
  });
  afterAll(() => service.stop());

  describe('pages', () => {
    it('a walk over all pages returns each row once, newest first, during inserts', async () => {
      const listed: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const { body }: { body: { data: Row[]; hasMore: boolean; nextCursor: string | null } } = await call(
          'GET',
          `/v1/customers?limit=7${cursor && `&cursor=${cursor}`}`,
        );
        listed.push(...body.data.map((row) => row.key));
        expect(body.hasMore).toBe(body.nextCursor !== null);
        await call('PUT', `/v1/customers/late${listed.length}`, { product: 'api' });
        cursor = body.nextCursor;
      }
      expect(listed.filter((name) => /^c\d/.test(name))).toEqual(
        Array.from({ length: 25 }, (_, index) => `c${24 - index}`),
      );
    });

    it('a cursor is valid only for the list that issued it', async () => {
      const { body } = await call('GET', '/v1/plans?product=api&limit=1');
      for (const path of [
        '/v1/plans?product=news&limit=1',
        '/v1/plans?product=api&limit=1&currency=INR',
        '/v1/customers?limit=1',
      ]) {
        expect((await call('GET', `${path}&cursor=${body.nextCursor}`)).body).toMatchObject({
          status: 400,
          code: 'invalid_cursor',
        });
      }
      // Another last letter, also one that decodes to the same bytes.
      for (const other of [1, 2, 4, 8, 16, 32].map(
        (bit) => body.nextCursor.slice(0, -1) + BASE64URL[BASE64URL.indexOf(body.nextCursor.at(-1)) ^ bit],
      )) {
        expect([other, (await call('GET', `/v1/plans?product=api&limit=1&cursor=${other}`)).status]).toEqual([
          other,
          400,
        ]);
      }
      expect((await service.call('GET', `/v1/plans?product=api&limit=1&cursor=${body.nextCursor}`)).status).toBe(400);
      expect((await call('GET', `/v1/plans?product=api&limit=1&cursor=${body.nextCursor}`)).status).toBe(200);
    });

    it('?fields= returns only the requested fields', async () => {
      const { body } = await call('GET', '/v1/customers?limit=1&fields=key,timezone');
      expect(body.data).toEqual([{ key: expect.any(String), timezone: 'UTC' }]);
      expect((await call('GET', '/v1/customers/c1?fields=key')).body).toEqual({ key: 'c1' });
    });
  });

  describe('versions', () => {
    it('a response has an ETag, and If-None-Match answers 304', async () => {
      const { headers } = await call('GET', '/v1/customers/c1/subscription?product=api');
      expect(headers.get('etag')).toBe('"1"');
      const again = await call('GET', '/v1/customers/c1/subscription?product=api', undefined, {
        'if-none-match': 'W/"1"',
      });
      expect({ status: again.status, body: again.body }).toEqual({ status: 304, body: '' });
    });

    it.each([
      ['"9"', 412],
      ['W/"1"', 412],
      ['1', 412],
      ['"x"', 412],
      ['"1"', 200],
      ['*', 200],
    ])('a write with If-Match %s answers %i', async (tag, status) => {
      const { body } = await call('PUT', `/v1/customers/etag-${status}-${encodeURIComponent(tag)}`, { product: 'api' });
      const answer = await call(
        'POST',
        `/v1/subscriptions/${body.subscription.id}/cancel`,
        { when: 'period_end' },
        { 'if-match': tag },
      );
      expect(answer.status).toBe(status);
    });
  });

  describe('idempotency', () => {
    const consume = (idempotencyKey: string, body: object = {}) =>
      call(
        'POST',
        '/v1/usage/consume',
        { customer: 'idem', product: 'idem', feature: 'calls', ...body },
        { 'idempotency-key': idempotencyKey },
      );

    beforeAll(async () => {
      await applyMeteredProduct(service, 'idem', 2);
      await call('PUT', '/v1/customers/idem', { product: 'idem' });
    });

    it('a repeated key replays the first response, quoted or not, and counts once', async () => {
      const [first, again, quoted] = [await consume('k1'), await consume('k1'), await consume('"k1"')];
      expect(first.headers.get('idempotency-replayed')).toBeNull();
      for (const answer of [again, quoted]) {
        expect(answer.body).toEqual(first.body);
        expect({ status: answer.status, replayed: answer.headers.get('idempotency-replayed') }).toEqual({
          status: 200,
          replayed: 'true',
        });
      }
      expect((await call('POST', '/v1/check', { customer: 'idem', product: 'idem', feature: 'calls' })).body.used).toBe(
        1,
      );
    });

    it('a repeated key with another body is rejected', async () => {
      expect((await consume('k1', { quantity: 2 })).body).toMatchObject({
        status: 422,
        code: 'idempotency_key_reused',
      });
    });

    it('a denial is replayed even when units are available again', async () => {
      const denied = await consume('k2', { quantity: 5 });
      expect(denied.body.allowed).toBe(false);
      await applyMeteredProduct(service, 'idem', 100);
      const { body } = await call('GET', '/v1/customers/idem/subscription?product=idem');
      await call('POST', `/v1/subscriptions/${body.id}/change`, { plan: 'plan', when: 'now' });
      expect((await consume('k2', { quantity: 5 })).body).toEqual(denied.body);
      expect((await consume('k3', { quantity: 5 })).body.allowed).toBe(true);
    });

    it('an error response is not stored, so the request can be retried', async () => {
      const send = () =>
        call(
          'POST',
          '/v1/subscriptions',
          { customer: 'later', product: 'api', plan: 'quota' },
          { 'idempotency-key': 'k4' },
        );
      expect((await send()).status).toBe(404);
      const { body } = await call('PUT', '/v1/customers/later', { product: 'api' });
      await call('POST', `/v1/subscriptions/${body.subscription.id}/cancel`, { when: 'now' });
      const [made, again] = [await send(), await send()];
      expect([made.status, again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 201, 'true']);
      expect(again.body).toEqual(made.body);
      expect(again.headers.get('etag')).toBe('"1"');
    });

    it('keys of one caller do not match keys of another caller', async () => {
      const { call: other } = await createApiKey(service);
      const answer = await other('POST', '/v1/usage/consume', {
        body: { customer: 'idem', product: 'idem', feature: 'calls', quantity: 3 },
        headers: { 'idempotency-key': 'k1' },
      });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('idempotency-replayed')).toBeNull();
    });

    it('stored responses are encrypted, so a token in one cannot be read from the database', async () => {
      const email = 'sealed@example.com';
      const { body } = await service.call('POST', '/v1/auth/register', {
        body: { email, password: 'a long enough password' },
        headers: { 'idempotency-key': 'k5' },
      });
      const stored = await service.database.query('select answer from idempotency_keys');
      expect(JSON.stringify(stored)).not.toContain(body.refreshToken);
      expect(JSON.stringify(stored)).not.toContain(Buffer.from(body.refreshToken).toString('base64'));
    });
  });

  it('responses carry no-store and security headers and do not name the server', async () => {
    const { headers } = await service.admin('GET', '/v1/users/me');
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'strict-transport-security': expect.stringContaining('max-age=31536000'),
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    for (const name of ['server', 'x-powered-by', 'access-control-allow-origin']) expect(headers.get(name)).toBeNull();
  });

  it('anonymous callers share a cached response for at most 2 s; a local write invalidates it immediately', async () => {
    const names = async () =>
      (await service.call('GET', '/v1/plans?product=api&fields=name')).body.data.map(
        ({ name }: { name: string }) => name,
      );
    const before = await names();
    // A direct change in the database: callers get the cached response until its TTL ends.
    await service.database.query(`update plans set public = false where key = 'quota'`);
    expect(await names()).toEqual(before);
    await call('POST', '/v1/features', { product: 'api', key: 'cached', name: 'Cached', type: 'boolean' });
    expect(await names()).toHaveLength(before.length - 1);
  });

  it('anonymous callers see public plans only, and a published version never changes', async () => {
    expect((await service.call('GET', '/v1/plans/member?product=tollgate')).status).toBe(404);
    expect((await service.admin('GET', '/v1/plans/member?product=tollgate')).status).toBe(200);
    const user = await registerUser(service);
    expect((await user.call('GET', '/v1/plans?product=tollgate')).body.data).toEqual([]);
    await expect(service.database.query(`update plan_versions set name = 'x'`)).rejects.toThrow('never changes');
    await expect(service.database.query('delete from plan_prices')).rejects.toThrow('never changes');
    await expect(service.database.query(`update plan_entitlements set terms = '{}'`)).rejects.toThrow('never changes');
  });
});

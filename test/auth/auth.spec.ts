import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADMIN, startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { registerUser, createApiKey } from '../support/fixtures.js';

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('login', () => {
  let service: TestApp & { database: TestDatabase };
  const me = (token: string) => service.call('GET', '/v1/users/me', { token });
  const refresh = (refreshToken: string) => service.call('POST', '/v1/auth/refresh', { body: { refreshToken } });

  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());

  it('accepts e-mail and password in any spelling of the e-mail', async () => {
    const { status, body } = await service.call('POST', '/v1/auth/login', {
      body: { ...ADMIN, email: ' ADMIN@LocalHost ' },
    });
    expect({ status, ...body }).toMatchObject({ status: 200, tokenType: 'Bearer', expiresIn: 600 });
    expect((await me(body.accessToken)).body).toMatchObject({ email: 'admin@localhost', role: 'admin' });
  });

  it('accepts the OAuth 2 password form', async () => {
    const form = (fields: Record<string, string>) =>
      service.call('POST', '/v1/auth/token', {
        body: String(new URLSearchParams(fields)),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
    const { email: username, password } = ADMIN;
    expect(await form({ grant_type: 'password', username, password })).toMatchObject({
      status: 200,
      body: { token_type: 'Bearer', expires_in: 600 },
    });
    expect(await form({ grant_type: 'client_credentials', username, password })).toMatchObject({
      status: 400,
      body: { code: 'unsupported_grant_type' },
    });
  });

  it('answers the same for an unknown account, a wrong password and an inactive account', async () => {
    const user = await registerUser(service);
    await service.admin('PATCH', `/v1/users/${user.userId}`, { body: { active: false } });
    const attempts = [
      { email: 'absent@example.com', password: 'a long enough password' },
      { email: ADMIN.email, password: 'wrong' },
      { email: user.email, password: 'a long enough password' },
    ];
    const responses = await Promise.all(attempts.map((body) => service.call('POST', '/v1/auth/login', { body })));
    expect(new Set(responses.map(({ status, body }) => `${status} ${body.code} ${body.detail}`)).size).toBe(1);
    expect(responses[0]!.body).toMatchObject({ status: 401, code: 'wrong_credentials' });
    expect((await me(user.token)).status).toBe(401);
  });

  it('a refresh token is rotated once; a reuse within 5 s is rejected, a later one revokes the session', async () => {
    const user = await registerUser(service);
    const { status, body: second } = await refresh(user.refreshToken);
    expect(status).toBe(200);
    expect((await refresh(user.refreshToken)).body.code).toBe('invalid_refresh_token');
    expect((await me(second.accessToken)).status).toBe(200);
    await service.database.query(
      `update refresh_tokens set rotated_at = rotated_at - interval '6 seconds' where rotated_at is not null`,
    );
    expect((await refresh(user.refreshToken)).body.code).toBe('invalid_refresh_token');
    expect((await refresh(second.refreshToken)).status).toBe(401);
    expect((await me(second.accessToken)).status).toBe(401);
  });

  it('a refresh repeated with its Idempotency-Key is replayed and revokes nothing', async () => {
    const { refreshToken } = await registerUser(service);
    const send = () =>
      service.call('POST', '/v1/auth/refresh', {
        body: { refreshToken },
        headers: { 'idempotency-key': 'lost-answer' },
      });
    const [first, again] = [await send(), await send()];
    expect(again.body).toEqual(first.body);
    expect((await me(first.body.accessToken)).status).toBe(200);
  });

  it('logout revokes the access and refresh tokens, on request of all sessions', async () => {
    const user = await registerUser(service);
    const other = await service.call('POST', '/v1/auth/login', {
      body: { email: user.email, password: 'a long enough password' },
    });
    expect((await user.call('POST', '/v1/auth/logout', { body: {} })).status).toBe(204);
    expect((await me(user.token)).status).toBe(401);
    expect((await refresh(user.refreshToken)).status).toBe(401);
    expect((await me(other.body.accessToken)).status).toBe(200);
    await service.call('POST', '/v1/auth/logout', { token: other.body.accessToken, body: { everywhere: true } });
    expect((await refresh(other.body.refreshToken)).status).toBe(401);
  });

  it('a change of role revokes all sessions immediately', async () => {
    const user = await registerUser(service);
    const login = async () =>
      (
        await service.call('POST', '/v1/auth/login', {
          body: { email: user.email, password: 'a long enough password' },
        })
      ).body.accessToken as string;
    for (const [role, status] of [
      ['admin', 200],
      ['user', 403],
    ] as const) {
      const before = await login();
      expect((await service.admin('PATCH', `/v1/users/${user.userId}`, { body: { role } })).status).toBe(200);
      expect((await me(before)).status).toBe(401);
      expect((await service.call('GET', '/v1/users', { token: await login() })).status).toBe(status);
    }
    const again = await login();
    await service.admin('PATCH', `/v1/users/${user.userId}`, { body: { role: 'user' } });
    expect((await me(again)).status).toBe(200);
  });

  it('/.well-known/jwks.json publishes the public keys and no private part', async () => {
    const { body } = await service.call('GET', '/.well-known/jwks.json');
    expect(body.keys).toHaveLength(1);
    expect(Object.keys(body.keys[0]).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    const [stored] = await service.database.query<{ sealed_private_key: Buffer }>(
      'select sealed_private_key from signing_keys',
    );
    expect(stored!.sealed_private_key.toString('latin1')).not.toContain('PRIVATE KEY');
  });

  describe('a foreign token', () => {
    const forged: [string, (header: { kid: string }, payload: object, token: string) => string][] = [
      [
        'without a signature',
        ({ kid }, payload) => `${encode({ alg: 'none', typ: 'at+jwt', kid })}.${encode(payload)}.`,
      ],
      [
        'signed with HS256',
        ({ kid }, payload) => {
          const body = `${encode({ alg: 'HS256', typ: 'at+jwt', kid })}.${encode(payload)}`;
          return `${body}.${createHmac('sha256', 'public').update(body).digest('base64url')}`;
        },
      ],
      [
        'signed with another key',
        ({ kid }, payload) => {
          const body = `${encode({ alg: 'ES256', typ: 'at+jwt', kid })}.${encode(payload)}`;
          const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
          return `${body}.${createSign('sha256').update(body).sign({ key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
        },
      ],
      [
        'of an unknown key',
        (_, payload, token) =>
          `${encode({ alg: 'ES256', typ: 'at+jwt', kid: '../../dev/null' })}.${encode(payload)}.${token.split('.')[2]}`,
      ],
      [
        'with one letter changed',
        (_, __, token) => token.replace(/\.(.)/, (__, letter: string) => `.${letter === 'e' ? 'f' : 'e'}`),
      ],
      ['with a fourth part', (_, __, token) => `${token}.x`],
      ['that is a refresh token', () => 'x'.repeat(43)],
    ];

    it.each(forged)('is rejected: %s', async (_, forge) => {
      const token = service.adminToken;
      const [header, payload] = token
        .split('.')
        .slice(0, 2)
        .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString())) as [{ kid: string }, object];
      const { status, body, headers } = await me(forge(header, payload, token));
      expect({ status, code: body.code }).toEqual({ status: 401, code: 'invalid_token' });
      expect(headers.get('www-authenticate')).toContain('error="invalid_token"');
    });
  });

  describe('an API key', () => {
    it('authenticates as bearer token and as X-Api-Key until it is revoked', async () => {
      const { id, key } = await createApiKey(service);
      expect((await service.call('GET', '/v1/customers', { token: key })).status).toBe(200);
      expect((await service.call('GET', '/v1/customers', { headers: { 'x-api-key': key } })).status).toBe(200);
      expect(
        (await service.call('GET', '/v1/customers', { token: `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}` }))
          .status,
      ).toBe(401);
      expect((await service.admin('DELETE', `/v1/api-keys/${id}`)).status).toBe(204);
      expect((await service.call('GET', '/v1/customers', { token: key })).status).toBe(401);
      expect((await service.admin('DELETE', `/v1/api-keys/${id}`)).status).toBe(404);
    });

    it('is returned once, and only its hash is stored', async () => {
      const { key } = await createApiKey(service);
      const { body } = await service.admin('GET', '/v1/api-keys?limit=1');
      expect(Object.keys(body.data[0]).sort()).toEqual([
        'createdAt',
        'expiresAt',
        'id',
        'lastFour',
        'lastUsedAt',
        'name',
        'prefix',
        'product',
        'rateLimitPerMinute',
        'replacedBy',
        'scopes',
      ]);
      const stored = await service.database.query(
        'select t::text as row from api_keys t union all select answer from idempotency_keys',
      );
      expect(JSON.stringify(stored)).not.toContain(key.slice(20));
    });

    it('is rejected after it expires', async () => {
      const soon = new Date(Date.now() + 300).toISOString();
      const { body } = await service.admin('POST', '/v1/api-keys', {
        body: { name: 'short', scopes: ['customers:read'], expiresAt: soon },
      });
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect((await service.call('GET', '/v1/customers', { token: body.key })).status).toBe(401);
      const past = await service.admin('POST', '/v1/api-keys', {
        body: { name: 'past', scopes: ['customers:read'], expiresAt: '2020-01-01T00:00:00Z' },
      });
      expect(past.body.errors[0].field).toBe('expiresAt');
    });
  });
});

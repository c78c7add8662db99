import { execFileSync } from 'node:child_process';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SigningKeys } from '@app/auth';
import { KeyUse } from '../../libs/auth/src/key-use.js';
import { ADMIN, SECRET_KEY, startApp, type TestApp, TestClock } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { registerUserWithRole } from '../support/fixtures.js';
import { expectLog } from '../support/log.js';
import { temporaryFolder } from '../support/process.js';

const root = path.resolve(import.meta.dirname, '../..');
const MINUTE = 60_000;
const kidOf = (token: string): string =>
  (JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as { kid: string }).kid;
/** Longer than the cache TTL of any instance. */
const known = () => new Promise((resolve) => setTimeout(resolve, 1_100));

describe('signing keys', () => {
  let database: TestDatabase;
  let clock: TestClock;
  let here: TestApp;
  let there: TestApp;
  const keys = (app: TestApp) => app.app.get(SigningKeys, { strict: false });
  const login = async () =>
    (await here.call('POST', '/v1/auth/login', { body: ADMIN })).body as { accessToken: string; refreshToken: string };
  const me = async (token: string) =>
    (await Promise.all([here, there].map(({ call }) => call('GET', '/v1/users/me', { token })))).map(
      ({ status }) => status,
    );
  const published = async () =>
    (await there.call('GET', '/.well-known/jwks.json')).body.keys.map(({ kid }: { kid: string }) => kid) as string[];

  beforeAll(async () => {
    database = await createTestDatabase();
    clock = new TestClock();
    here = await startApp({ database, clock });
    there = await startApp({ database, clock });
  });
  afterAll(async () => {
    await here.stop();
    await there.stop();
    await database.drop();
  });

  it('rotation publishes the new key ahead, overlaps, and removes the old key after the last token expired', async () => {
    const { accessToken: before } = await login();
    const next = await keys(here).rotate();
    await known();
    expect(new Set(await published())).toEqual(new Set([next, kidOf(before)]));
    clock.advance(4 * MINUTE);
    const { accessToken: last } = await login();
    expect(kidOf(last)).toBe(kidOf(before));
    clock.advance(MINUTE);
    const { accessToken: first } = await login();
    expect(kidOf(first)).toBe(next);
    expect([await me(before), await me(last), await me(first)]).toEqual([
      [200, 200],
      [200, 200],
      [200, 200],
    ]);
    await keys(there).rotateWhenDue();
    expect(await published()).toHaveLength(2);
    clock.advance(5 * MINUTE);
    expect(await me(before)).toEqual([401, 401]);
    clock.advance(6 * MINUTE);
    await keys(there).rotateWhenDue();
    await known();
    expect(await published()).toEqual([next]);
  });

  it('several workers rotate a key that is one month old once', async () => {
    const count = (await published()).length;
    clock.advance(29 * 1_440 * MINUTE);
    await keys(here).rotateWhenDue();
    await known();
    expect(await published()).toHaveLength(count);
    clock.advance(2 * 1_440 * MINUTE);
    await Promise.all([keys(here), keys(there), keys(here)].map((one) => one.rotateWhenDue()));
    await known();
    expect(await published()).toHaveLength(count + 1);
  });

  it('immediate rotation invalidates all access tokens within 1 s; refresh tokens issue new ones', async () => {
    const { accessToken, refreshToken } = await login();
    expect(await me(accessToken)).toEqual([200, 200]);
    const kid = await keys(here).rotate({ immediately: true });
    await known();
    expect(await me(accessToken)).toEqual([401, 401]);
    const { body } = await there.call('POST', '/v1/auth/refresh', { body: { refreshToken } });
    expect(kidOf(body.accessToken)).toBe(kid);
    expect(await me(body.accessToken)).toEqual([200, 200]);
    expect(await published()).toEqual([kid]);
  });

  it('the rotate-keys command rotates the signing key', async () => {
    const { PATH, HOME } = process.env;
    const env = { PATH, HOME, DATABASE_URL: database.url, DATA_DIR: temporaryFolder(), SECRET_KEY };
    const output = execFileSync(process.execPath, ['dist/apps/worker/src/rotate-keys.js', '--now'], {
      cwd: root,
      env,
    }).toString();
    const kid = /Key (\S+) signs now/.exec(output)![1];
    await known();
    expect(await published()).toEqual([kid]);
    clock.set(new Date());
    expect(kidOf((await login()).accessToken)).toBe(kid);
  });

  it('revoked sessions stay revoked after rotation and restart', async () => {
    const { accessToken } = await login();
    expect((await here.call('POST', '/v1/auth/logout', { token: accessToken, body: {} })).status).toBe(204);
    const restarted = await startApp({ database, clock });
    try {
      expect((await restarted.call('GET', '/v1/users/me', { token: accessToken })).status).toBe(401);
    } finally {
      await restarted.stop();
    }
  });

  it('keys encrypted with another SECRET_KEY still verify and no longer sign', async () => {
    expectLog(/was sealed under another SECRET_KEY/);
    const { accessToken } = await login();
    const other = await startApp({
      database,
      clock,
      environment: { SECRET_KEY: 'an0ther-k3y-of-the-tests-9876543210-zyxwvutsrq' },
    });
    try {
      expect((await other.call('GET', '/v1/users/me', { token: accessToken })).status).toBe(200);
      expect(kidOf(other.adminToken)).not.toBe(kidOf(accessToken));
    } finally {
      await other.stop();
    }
  });
});

describe('API key rotation', () => {
  let database: TestDatabase;
  let service: TestApp;
  const make = async (call: TestApp['call'], body: object = {}) =>
    (await call('POST', '/v1/api-keys', { body: { name: 'k', scopes: ['customers:read'], ...body } })).body as {
      id: string;
      key: string;
    };
  const works = async (key: string) => (await service.call('GET', '/v1/customers', { token: key })).status;
  const row = async (id: string) =>
    (await service.admin('GET', '/v1/api-keys?limit=100')).body.data.find((one: { id: string }) => one.id === id);
  const keyUsage = async (customer = 'me') =>
    (await service.admin('POST', '/v1/check', { body: { customer, product: 'tollgate', feature: 'api_keys' } })).body
      .used as number;

  beforeAll(async () => {
    database = await createTestDatabase();
    service = await startApp({ database });
  });
  afterAll(async () => {
    await service.stop();
    await database.drop();
  });

  it('creates a key with the same rights; both work until the overlap ends, and one unit is used', async () => {
    const old = await make(service.admin, { product: 'api', rateLimitPerMinute: 7 });
    const before = await keyUsage();
    const { status, body: fresh } = await service.admin('POST', `/v1/api-keys/${old.id}/rotate`, {
      body: { overlapSeconds: 4 },
    });
    expect({ status, ...fresh }).toMatchObject({
      status: 201,
      scopes: ['customers:read'],
      product: 'api',
      rateLimitPerMinute: 7,
      replacedBy: null,
      expiresAt: null,
    });
    expect([await works(old.key), await works(fresh.key)]).toEqual([200, 200]);
    expect((await row(old.id)).replacedBy).toBe(fresh.id);
    expect((await service.admin('POST', `/v1/api-keys/${old.id}/rotate`, { body: {} })).body.code).toBe(
      'api_key_replaced',
    );
    await new Promise((resolve) => setTimeout(resolve, 4_100));
    expect([await works(old.key), await works(fresh.key)]).toEqual([401, 200]);
    expect(await keyUsage()).toBe(before);
    await service.admin('DELETE', `/v1/api-keys/${old.id}`);
    expect(await keyUsage()).toBe(before);
    await service.admin('DELETE', `/v1/api-keys/${fresh.id}`);
    expect(await keyUsage()).toBe(before - 1);
  });

  it('concurrent rotations create one successor', async () => {
    const old = await make(service.admin);
    const responses = await Promise.all(
      Array.from({ length: 8 }, () => service.admin('POST', `/v1/api-keys/${old.id}/rotate`, { body: {} })),
    );
    expect(responses.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 7 }, () => 409)]);
  });

  it('a key is revoked with the account of its owner, unless another account rotated it', async () => {
    const user = await registerUserWithRole(service, { role: 'admin' });
    const [kept, lost] = [await make(user.call), await make(user.call)];
    const before = { mine: await keyUsage(), theirs: await keyUsage(user.customer) };
    const { body: taken } = await service.admin('POST', `/v1/api-keys/${kept.id}/rotate`, { body: {} });
    expect({ mine: await keyUsage(), theirs: await keyUsage(user.customer) }).toEqual({
      mine: before.mine + 1,
      theirs: before.theirs - 1,
    });
    await service.admin('PATCH', `/v1/users/${user.userId}`, { body: { active: false } });
    expect([await works(taken.key), await works(kept.key), await works(lost.key)]).toEqual([200, 401, 401]);
  });

  it('lastUsedAt is exact to the minute', async () => {
    const { id, key } = await make(service.admin);
    expect((await row(id)).lastUsedAt).toBeNull();
    await works(key);
    await service.app.get(KeyUse, { strict: false }).flush();
    expect(Math.abs(Date.now() - Date.parse((await row(id)).lastUsedAt))).toBeLessThan(60_000);
  });

  it.each([
    [{ rateLimitPerMinute: 0 }, 'rateLimitPerMinute'],
    [{ rateLimitPerMinute: 1.5 }, 'rateLimitPerMinute'],
    [{ scopes: ['everything'] }, 'scopes'],
    [{ scopes: [] }, 'scopes'],
  ])('an API key with %j is rejected', async (body, field) => {
    const response = await service.admin('POST', '/v1/api-keys', {
      body: { name: 'k', scopes: ['customers:read'], ...body },
    });
    expect(response).toMatchObject({ status: 422, body: { errors: [{ field }] } });
  });
});

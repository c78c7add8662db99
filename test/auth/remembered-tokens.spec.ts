import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RememberedTokens, SigningKeys } from '@app/auth';
import { JwtStrategy } from '../../apps/api/src/http/access/jwt.strategy.js';
import { type Call, createCall, SECRET_KEY, startApp, type TestApp, TestClock } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { BASE64URL, PASSWORD, type RegisteredUser, registerUser, registerUserWithRole } from '../support/fixtures.js';
import { type ServiceProcess, startProcess, temporaryFolder } from '../support/process.js';

const MINUTE = 60_000;
/** Time within which a revocation reaches every instance. */
const revocation = () => new Promise((resolve) => setTimeout(resolve, 1_100));

describe('access tokens that an instance remembers', () => {
  let database: TestDatabase;
  let clock: TestClock;
  let here: TestApp;
  /** Another process: Passport has one strategy for all services of a process. */
  let other: ServiceProcess;
  let there: Call;
  let user: RegisteredUser;
  const statuses = async (token: string, at = '/v1/users/me') =>
    (await Promise.all([here.call, there].map((call) => call('GET', at, { token })))).map(({ status }) => status);
  const status = async () => (await user.call('GET', '/v1/users/me')).status;
  const login = async ({ email }: RegisteredUser) =>
    (await here.call('POST', '/v1/auth/login', { body: { email, password: PASSWORD } })).body.accessToken as string;
  const remembered = () => here.app.get(RememberedTokens, { strict: false });

  beforeAll(async () => {
    database = await createTestDatabase();
    clock = new TestClock();
    here = await startApp({ database, clock });
    other = await startProcess(temporaryFolder(), {
      DATABASE_URL: database.url,
      SECRET_KEY,
      RATE_LIMIT_PER_MINUTE: '0',
      WORKER: 'off',
    });
    there = createCall(other.url);
  });
  beforeEach(async () => {
    clock.set(new Date());
    user = await registerUser(here);
    expect(await statuses(user.token)).toEqual([200, 200]);
  });
  afterEach(() => void jest.restoreAllMocks());
  afterAll(async () => {
    await here.stop();
    await other.stop('SIGTERM');
    await database.drop();
  });

  it('are verified once, also when the cached keys and the session are read again', async () => {
    const verified = jest.spyOn(here.app.get(JwtStrategy), 'validate');
    for (let n = 0; n < 3; n++) expect(await status()).toBe(200);
    await revocation();
    for (let n = 0; n < 3; n++) expect(await status()).toBe(200);
    expect(verified).toHaveBeenCalledTimes(0);
    const another = await login(user);
    for (let n = 0; n < 3; n++) expect(await statuses(another)).toEqual([200, 200]);
    expect(verified).toHaveBeenCalledTimes(1);
  });

  it('authenticate without a promise while keys and session are cached', async () => {
    expect(await status()).toBe(200);
    expect(remembered().authenticate(user.token)).toMatchObject({ kind: 'user', userId: user.userId });
    expect(remembered().authenticate(`${user.token}x`)).toBeNull();
  });

  it('with one other byte anywhere are refused', async () => {
    const { token } = user;
    const last = token.length - 1;
    for (const [at, byte] of [...token].entries()) {
      if (byte === '.') continue;
      // The last character of a part has unused bits: its neighbour is another spelling of the same bytes.
      const value = BASE64URL.indexOf(byte);
      for (const other of at === last || token[at + 1] === '.' ? [1, 16] : [1]) {
        const changed = token.slice(0, at) + BASE64URL[value ^ other]! + token.slice(at + 1);
        const { status, body } = await here.call('GET', '/v1/users/me', { token: changed });
        expect([at, status, body.code]).toEqual([at, 401, 'invalid_token']);
      }
    }
    expect(await statuses(token)).toEqual([200, 200]);
  });

  it('lend their signature to no other claims, and their claims to no other signature', async () => {
    const second = await registerUser(here);
    const [header, payload, signature] = user.token.split('.') as [string, string, string];
    const [, otherPayload, otherSignature] = second.token.split('.') as [string, string, string];
    for (const token of [`${header}.${payload}.${otherSignature}`, `${header}.${otherPayload}.${signature}`])
      for (let n = 0; n < 2; n++) expect(await statuses(token)).toEqual([401, 401]);
  });

  it('are refused from their expiry on', async () => {
    clock.advance(10 * MINUTE - 1_000);
    expect(await status()).toBe(200);
    clock.advance(1_000);
    expect(await status()).toBe(401);
  });

  it('that failed once are not remembered: a token of the future is accepted when it has begun', async () => {
    clock.advance(5 * MINUTE);
    const token = await login(user);
    clock.advance(-5 * MINUTE);
    const remember = jest.spyOn(remembered(), 'remember');
    expect(await statuses(token)).toEqual([401, 401]);
    expect(remember).not.toHaveBeenCalled();
    clock.advance(5 * MINUTE);
    expect((await here.call('GET', '/v1/users/me', { token })).status).toBe(200);
  });

  it('are refused within 1 s of the logout on another instance, and immediately on the same', async () => {
    await here.call('POST', '/v1/auth/logout', { token: user.token, body: {} });
    expect(await status()).toBe(401);
    await revocation();
    expect(await statuses(user.token)).toEqual([401, 401]);
  });

  it('are refused within 1 s of the deactivation of their user', async () => {
    await here.admin('PATCH', `/v1/users/${user.userId}`, { body: { active: false } });
    await revocation();
    expect(await statuses(user.token)).toEqual([401, 401]);
  });

  it('give the role that their user has now, within 1 s', async () => {
    const admin = await registerUserWithRole(here, { role: 'admin' });
    expect(await statuses(admin.token, '/v1/users')).toEqual([200, 200]);
    await database.query(`update users set role = 'user' where id = $1`, [admin.userId]);
    await revocation();
    // Reads the keys again: the token is then accepted without a wait, if its session is cached.
    for (const call of [here.call, there]) await call('GET', '/.well-known/jwks.json');
    expect(await statuses(admin.token, '/v1/users')).toEqual([403, 403]);
  });

  it('are refused within 1 s of the withdrawal of their signing key', async () => {
    await here.app.get(SigningKeys, { strict: false }).rotate({ immediately: true });
    expect(await status()).toBe(401);
    await revocation();
    expect(await statuses(user.token)).toEqual([401, 401]);
    const token = await login(user);
    expect(await statuses(token)).toEqual([200, 200]);
  });
});

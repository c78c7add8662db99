import { createHash, createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADMIN, createCall, startApp, startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import {
  createApiKey,
  PASSWORD,
  type RegisteredUser,
  registerUser,
  registerUserWithRole,
} from '../support/fixtures.js';
import { expectLog } from '../support/log.js';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const BROWSER = { origin: 'http://localhost:3000', 'x-tollgate-browser': '1' };

/** An authenticator app: RFC 6238, written apart from the service. */
function codeOf(secret: string, stepsAway = 0): string {
  const bits = [...secret].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + stepsAway));
  const mac = createHmac('sha1', key).update(counter).digest();
  const offset = mac.at(-1)! & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** Six digits that are no valid code. */
function wrongCode(secret: string): string {
  const valid = [-2, -1, 0, 1, 2].map((away) => codeOf(secret, away));
  return ['000001', '000002', '000003', '000004', '000005', '000006'].find((code) => !valid.includes(code))!;
}

interface Staff extends RegisteredUser {
  secret: string;
  recoveryCodes: string[];
}

describe('the second factor', () => {
  let service: TestApp & { database: TestDatabase };
  const login = (email: string, on: Pick<TestApp, 'call'> = service) =>
    on.call('POST', '/v1/auth/login', { body: { email, password: PASSWORD } });
  const challengeOf = async (email: string) => (await login(email)).body.challenge as string;
  const answer = (challenge: string, code: string, on: Pick<TestApp, 'call'> = service) =>
    on.call('POST', '/v1/auth/login/second-factor', { body: { challenge, code } });
  const me = async (token: string) => (await service.call('GET', '/v1/users/me', { token })).status;
  /** Allows codes of the present steps again. */
  const forgetStep = ({ userId }: RegisteredUser) =>
    service.database.query('update second_factors set last_step = 0 where user_id = $1', [userId]);
  const eventsOf = async (userId: string) =>
    (await service.admin('GET', `/v1/audit-log?subject=${userId}&limit=50`)).body.data as {
      type: string;
      reason: string | null;
      actor: { kind: string; id: string };
    }[];
  const mailsTo = ({ userId }: RegisteredUser) =>
    service.database.query<{ kind: string }>(
      `select kind from account_mails where user_id = $1 and kind <> 'verify_email' order by created_at`,
      [userId],
    );

  async function setUp(user: RegisteredUser): Promise<string> {
    const { status, body } = await user.call('POST', '/v1/auth/second-factor', { body: { password: PASSWORD } });
    if (status !== 201) throw new Error(JSON.stringify(body));
    return body.secret as string;
  }

  async function enrol(user?: RegisteredUser): Promise<Staff> {
    const owner = user ?? (await registerUserWithRole(service, { role: 'support' }));
    const secret = await setUp(owner);
    const { status, body } = await owner.call('POST', '/v1/auth/second-factor/confirm', {
      body: { code: codeOf(secret) },
    });
    if (status !== 200) throw new Error(JSON.stringify(body));
    await forgetStep(owner);
    return { ...owner, secret, recoveryCodes: body.recoveryCodes };
  }

  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());

  it('is set up with the password and takes effect with its first code; the other sessions end', async () => {
    const user = await registerUserWithRole(service, { role: 'support' });
    const other = (await login(user.email)).body.accessToken as string;
    const refused = await user.call('POST', '/v1/auth/second-factor', { body: { password: 'wrong' } });
    expect(refused).toMatchObject({ status: 401, body: { code: 'wrong_credentials' } });
    const { body } = await user.call('POST', '/v1/auth/second-factor', { body: { password: PASSWORD } });
    expect(body).toEqual({
      secret: expect.stringMatching(/^[A-Z2-7]{32}$/),
      uri: `otpauth://totp/Tollgate:${encodeURIComponent(user.email)}?secret=${body.secret}&issuer=Tollgate&algorithm=SHA1&digits=6&period=30`,
    });
    expect((await login(user.email)).status).toBe(200);
    const confirm = (code: string) => user.call('POST', '/v1/auth/second-factor/confirm', { body: { code } });
    expect(await confirm(wrongCode(body.secret))).toMatchObject({ status: 401, body: { code: 'wrong_code' } });
    const confirmed = await confirm(codeOf(body.secret));
    expect(new Set(confirmed.body.recoveryCodes).size).toBe(10);
    for (const code of confirmed.body.recoveryCodes) expect(code).toMatch(/^([a-z2-7]{4}-){3}[a-z2-7]{4}$/);
    expect([await me(user.token), await me(other)]).toEqual([200, 401]);
    expect((await user.call('GET', '/v1/auth/second-factor')).body).toEqual({
      enabled: true,
      confirmedAt: expect.any(String),
      recoveryCodesLeft: 10,
    });
    expect(await user.call('POST', '/v1/auth/second-factor', { body: { password: PASSWORD } })).toMatchObject({
      status: 409,
      body: { code: 'second_factor_enabled' },
    });
    expect((await eventsOf(user.userId)).map(({ type }) => type)).toContain('second_factor.enabled');
    expect(await mailsTo(user)).toEqual([{ kind: 'second_factor_enabled' }]);
  });

  it('a set-up that is not confirmed is replaced by the next one, and confirmed by its own code only', async () => {
    const user = await registerUserWithRole(service, { role: 'support' });
    const confirm = (code: string) => user.call('POST', '/v1/auth/second-factor/confirm', { body: { code } });
    expect(await confirm('123456')).toMatchObject({ status: 409, body: { code: 'second_factor_not_set_up' } });
    const [first, second] = [await setUp(user), await setUp(user)];
    expect((await confirm(codeOf(first))).status).toBe(401);
    const both = await Promise.all([confirm(codeOf(second)), confirm(codeOf(second))]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  it('is not offered to the role user', async () => {
    const user = await registerUser(service);
    expect(await user.call('POST', '/v1/auth/second-factor', { body: { password: PASSWORD } })).toMatchObject({
      status: 403,
      body: { code: 'second_factor_not_offered' },
    });
  });

  it('every login answers a challenge without tokens, and opens a session with a code', async () => {
    const staff = await enrol();
    const logins = {
      '/v1/auth/login': await login(staff.email),
      '/v1/auth/token': await service.call('POST', '/v1/auth/token', {
        body: String(new URLSearchParams({ grant_type: 'password', username: staff.email, password: PASSWORD })),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
      '/v1/auth/browser-login': await service.call('POST', '/v1/auth/browser-login', {
        body: { email: staff.email, password: PASSWORD },
        headers: BROWSER,
      }),
    };
    for (const [path, { status, body, headers }] of Object.entries(logins)) {
      expect({ path, status, ...body }).toMatchObject({ status: 401, code: 'second_factor_required', expiresIn: 300 });
      expect(JSON.stringify(body)).not.toMatch(/token":/i);
      expect(headers.getSetCookie()).toEqual([]);
    }
    const { challenge } = logins['/v1/auth/login'].body;
    expect(await me(challenge)).toBe(401);
    const { status, body } = await answer(challenge, codeOf(staff.secret));
    expect({ status, ...body }).toMatchObject({ status: 200, tokenType: 'Bearer', expiresIn: 600 });
    expect(await me(body.accessToken)).toBe(200);
    await forgetStep(staff);
    const inBrowser = await service.call('POST', '/v1/auth/browser-login/second-factor', {
      body: { challenge, code: codeOf(staff.secret) },
      headers: BROWSER,
    });
    expect(inBrowser.headers.getSetCookie()[0]).toMatch(/^tollgate-refresh=[\w-]{43};/);
    expect(await me(inBrowser.body.accessToken)).toBe(200);
    const foreign = await service.call('POST', '/v1/auth/browser-login/second-factor', {
      body: { challenge, code: codeOf(staff.secret) },
      headers: { ...BROWSER, origin: 'https://evil.example' },
    });
    expect([foreign.status, foreign.headers.getSetCookie()]).toEqual([403, []]);
  });

  it('accepts each code once: not twice, not an older one, not at the same time', async () => {
    const staff = await enrol();
    const challenge = await challengeOf(staff.email);
    const code = codeOf(staff.secret);
    const older = codeOf(staff.secret, -1);
    expect((await answer(challenge, code)).status).toBe(200);
    for (const used of [code, older]) expect((await answer(challenge, used)).body.code).toBe('wrong_code');
    await service.database.query('update second_factors set last_step = 0, failures = 0 where user_id = $1', [
      staff.userId,
    ]);
    const next = codeOf(staff.secret);
    const racing = await Promise.all(Array.from({ length: 6 }, () => answer(challenge, next)));
    expect(racing.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1);
  });

  it('accepts each recovery code once, in any spelling, and reports it', async () => {
    const staff = await enrol();
    const challenge = await challengeOf(staff.email);
    const [first, second] = staff.recoveryCodes as [string, string];
    expect((await answer(challenge, ` ${first.toUpperCase().replaceAll('-', ' ')} `)).status).toBe(200);
    expect((await answer(challenge, first)).body.code).toBe('wrong_code');
    const racing = await Promise.all(Array.from({ length: 4 }, () => answer(challenge, second)));
    expect(racing.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1);
    expect((await staff.call('GET', '/v1/auth/second-factor')).body.recoveryCodesLeft).toBe(8);
    const other = await enrol();
    expect((await answer(challenge, other.recoveryCodes[0]!)).status).toBe(401);
    expect(
      (await eventsOf(staff.userId)).filter(({ type }) => type === 'second_factor.recovery_code_used'),
    ).toHaveLength(2);
    expect((await mailsTo(staff)).filter(({ kind }) => kind === 'recovery_code_used')).toHaveLength(2);
  });

  it('wrong codes slow down the account, also beside right passwords and at the same time', async () => {
    const staff = await enrol();
    const wrong = wrongCode(staff.secret);
    for (let attempt = 0; attempt < 3; attempt++) {
      expect((await answer(await challengeOf(staff.email), wrong)).body.code).toBe('wrong_code');
    }
    const challenge = await challengeOf(staff.email);
    const racing = await Promise.all(Array.from({ length: 8 }, () => answer(challenge, wrong)));
    expect(racing.filter(({ status }) => status === 401)).toHaveLength(2);
    const limited = racing.find(({ status }) => status === 429)!;
    expect(limited.body.code).toBe('too_many_attempts');
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    await service.database.query(
      `update second_factors set blocked_until = blocked_until + interval '1 minute' where user_id = $1`,
      [staff.userId],
    );
    expect((await answer(challenge, codeOf(staff.secret))).status).toBe(429);
    await service.database.query(
      `update second_factors set blocked_until = blocked_until - interval '2 minutes' where user_id = $1`,
      [staff.userId],
    );
    expect((await answer(challenge, codeOf(staff.secret))).status).toBe(200);
    const [row] = await service.database.query('select failures from second_factors where user_id = $1', [
      staff.userId,
    ]);
    expect(row).toEqual({ failures: 0 });
  });

  it('a challenge ends with a new password, with its account, and when it is changed', async () => {
    const staff = await enrol();
    const challenge = await challengeOf(staff.email);
    const [id, until, signature] = challenge.split('.') as [string, string, string];
    const admin = (await service.admin('GET', '/v1/users/me')).body.id as string;
    for (const forged of [
      '',
      'x',
      `${id}.${Number(until) + 1}.${signature}`,
      `${admin}.${until}.${signature}`,
      `${id}.1000000000000.${signature}`,
      `${id}.${until}.${'A'.repeat(43)}`,
    ])
      expect((await answer(forged, codeOf(staff.secret))).body.code).toBe('invalid_challenge');
    const newPassword = 'seven calm otters at dawn';
    await staff.call('POST', '/v1/auth/change-password', { body: { currentPassword: PASSWORD, newPassword } });
    expect((await answer(challenge, codeOf(staff.secret))).body.code).toBe('invalid_challenge');
    const body = { email: staff.email, password: newPassword };
    const later = (await service.call('POST', '/v1/auth/login', { body })).body.challenge as string;
    await service.admin('PATCH', `/v1/users/${staff.userId}`, { body: { active: false } });
    expect((await answer(later, codeOf(staff.secret))).body.code).toBe('invalid_challenge');
  });

  it('the database has the secret encrypted and the recovery codes hashed; answers never show them again', async () => {
    const staff = await enrol();
    const [row] = await service.database.query<{ sealed: Buffer }>(
      'select sealed_secret as sealed from second_factors where user_id = $1',
      [staff.userId],
    );
    expect(row!.sealed.toString('latin1')).not.toContain(staff.secret);
    const hashes = await service.database.query<{ hash: Buffer }>(
      'select hash from recovery_codes where user_id = $1',
      [staff.userId],
    );
    const expected = staff.recoveryCodes.map((code) =>
      createHash('sha256').update(code.replaceAll('-', '')).digest('hex'),
    );
    expect(hashes.map(({ hash }) => hash.toString('hex')).sort()).toEqual(expected.sort());
    const { body } = await staff.call('GET', '/v1/users/me/export');
    expect(body).toContain('{"kind":"second_factor","confirmedAt":');
    for (const secret of [staff.secret, ...staff.recoveryCodes]) expect(body).not.toContain(secret);
    expect((await staff.call('POST', '/v1/users/me/delete', { body: { password: PASSWORD } })).status).toBe(204);
    for (const table of ['second_factors', 'recovery_codes'])
      expect(await service.database.query(`select 1 from ${table} where user_id = $1`, [staff.userId])).toEqual([]);
  });

  it('is disabled with password and code only; the other sessions end', async () => {
    const staff = await enrol();
    const disable = (password: string, code: string) =>
      staff.call('POST', '/v1/auth/second-factor/disable', { body: { password, code } });
    expect((await disable('wrong', codeOf(staff.secret))).body.code).toBe('wrong_credentials');
    expect((await disable(PASSWORD, wrongCode(staff.secret))).body.code).toBe('wrong_code');
    const other = (await answer(await challengeOf(staff.email), staff.recoveryCodes[0]!)).body.accessToken as string;
    expect((await disable(PASSWORD, codeOf(staff.secret))).status).toBe(204);
    expect([await me(staff.token), await me(other), (await login(staff.email)).status]).toEqual([200, 401, 200]);
    expect((await eventsOf(staff.userId)).map(({ type }) => type)).toContain('second_factor.disabled');
    expect((await mailsTo(staff)).at(-1)).toEqual({ kind: 'second_factor_disabled' });
  });

  it('an admin resets the factor of another user, with a reason in the audit log; its sessions end', async () => {
    const staff = await enrol();
    const reset = (id: string) => service.admin('DELETE', `/v1/users/${id}/second-factor?reason=lost%20phone`);
    expect((await staff.call('DELETE', `/v1/users/${staff.userId}/second-factor`)).status).toBe(403);
    expect((await reset(staff.userId)).status).toBe(204);
    expect([await me(staff.token), (await login(staff.email)).status]).toEqual([401, 200]);
    const admin = (await service.admin('GET', '/v1/users/me')).body.id as string;
    expect(await eventsOf(staff.userId)).toContainEqual(
      expect.objectContaining({
        type: 'second_factor.reset',
        reason: 'lost phone',
        actor: expect.objectContaining({ id: admin }),
      }),
    );
    expect((await reset(staff.userId)).body.code).toBe('second_factor_not_found');
    expect((await reset(admin)).body.code).toBe('own_second_factor');
  });

  it('after a change of SECRET_KEY recovery codes work, and codes of the app name the cause', async () => {
    expectLog(/was sealed under another SECRET_KEY/);
    const staff = await enrol();
    const environment = { SECRET_KEY: 'an0ther-k3y-of-the-tests-abcdefghijklmnopqr' };
    const changed = await startApp({ database: service.database, environment });
    const { challenge } = (await login(staff.email, changed)).body;
    expect((await answer(challenge, codeOf(staff.secret), changed)).body.code).toBe('second_factor_not_readable');
    expect((await answer(challenge, staff.recoveryCodes[0]!, changed)).status).toBe(200);
    await changed.stop();
  });
});

describe('a required second factor', () => {
  it('roles above user can only set it up until they have it; users and API keys are not affected', async () => {
    const service = await startService({ environment: { REQUIRE_SECOND_FACTOR: 'on' } });
    const call = createCall(service.url);
    const refused = { status: 403, body: { code: 'second_factor_setup_required' } };
    for (const [method, path] of [
      ['GET', '/v1/users'],
      ['GET', '/v1/plans'],
      ['PATCH', '/v1/users/me'],
      ['POST', '/v1/auth/change-password'],
      ['POST', '/v1/auth/second-factor/disable'],
    ] as const)
      expect(await service.admin(method, path, method === 'GET' ? {} : { body: {} })).toMatchObject(refused);
    expect((await service.admin('GET', '/v1/users/me')).status).toBe(200);
    const { body } = await service.admin('POST', '/v1/auth/second-factor', { body: { password: ADMIN.password } });
    const confirmed = await service.admin('POST', '/v1/auth/second-factor/confirm', {
      body: { code: codeOf(body.secret) },
    });
    expect(confirmed.status).toBe(200);
    expect((await service.admin('GET', '/v1/users')).status).toBe(200);
    expect((await createApiKey(service)).key).toMatch(/^tg_/);
    const user = await registerUser({ call });
    expect((await user.call('GET', '/v1/plans')).status).toBe(200);
    const { body: challenged } = await call('POST', '/v1/auth/login', { body: ADMIN });
    expect(challenged.code).toBe('second_factor_required');
    await service.stop();
  });
});

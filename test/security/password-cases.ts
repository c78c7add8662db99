import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { ADMIN } from '../support/app.js';
import { inParallel, PASSWORD, uniqueName } from '../support/fixtures.js';
import { startProcess } from '../support/process.js';
import { OTHER_PASSWORD, REVOKED_WITHIN_MS, type SecurityCase } from './world.js';

const root = path.resolve(import.meta.dirname, '../..');

export const PASSWORDS: SecurityCase[] = [
  {
    id: 'S-34',
    title: 'forgot-password does not reveal whether an account exists; registration does, as documented',
    run: async ({ ann, call, database }) => {
      const requestReset = (email: string) => call('POST', '/v1/auth/forgot-password', { body: { email } });
      const [known, unknown] = [
        await requestReset(ann.email),
        await requestReset(`${uniqueName('unknown')}@example.com`),
      ];
      expect({ status: known.status, body: known.body }).toEqual({ status: unknown.status, body: unknown.body });
      expect([...known.headers.keys()].sort()).toEqual([...unknown.headers.keys()].sort());
      // Both store the same row; only the mail job checks whether the account exists.
      const rows = await database.query<{ n: number }>(
        `select count(*)::int as n from account_mails where kind = 'reset_password' group by canonical_email`,
      );
      expect(new Set(rows.map(({ n }) => n))).toEqual(new Set([1]));
      expect(
        (await call('POST', '/v1/auth/register', { body: { email: ann.email, password: PASSWORD } })).body.code,
      ).toBe('email_taken');
    },
  },
  {
    id: 'S-35',
    title: 'password guessing is blocked after ten failures over all instances; the owner can still log in',
    run: async ({ newUser, call, callSecond, database }) => {
      const user = await newUser();
      const guess = (index: number, password: string) =>
        (index % 2 ? call : callSecond)('POST', '/v1/auth/login', {
          body: { email: index % 3 ? user.email : user.email.toUpperCase(), password },
          headers: {
            'x-forwarded-for': `203.0.113.${index}`,
            'x-real-ip': `203.0.113.${index}`,
            forwarded: `for=203.0.113.${index}`,
          },
        });
      const responses = [];
      for (let index = 0; index < 20; index++) responses.push(await guess(index, `wrong ${index}`));
      expect(responses.slice(0, 10).map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 401));
      expect(responses.slice(10).some(({ status }) => status === 429)).toBe(true);
      const refusal = responses.find(({ status }) => status === 429)!;
      expect(refusal.body.code).toBe('too_many_attempts');
      expect(Number(refusal.headers.get('retry-after'))).toBeGreaterThan(0);
      // Concurrent guesses count like sequential ones.
      const burst = await inParallel(20, 20, (index) => guess(index, 'wrong'));
      expect(burst.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(2);
      // With another source in the database, the owner can log in immediately.
      await database.query(
        `update login_attempts set source = decode(repeat('ab', 32), 'hex') where octet_length(source) = 32 and failures > 5`,
      );
      expect((await guess(1, PASSWORD)).status).toBe(200);
      // From the same source as the guesses, the owner can log in after the wait.
      await database.query(
        `update login_attempts set failures = 12, blocked_until = now() + interval '1 second', updated_at = now() where octet_length(source) = 32 and familiar_until is not null`,
      );
      expect((await guess(1, PASSWORD)).status).toBe(429);
      await pause(1_100);
      expect((await guess(1, PASSWORD)).status).toBe(200);
      // An unknown account is blocked in the same manner.
      const unknown = `${uniqueName('unknown')}@example.com`;
      const statuses = [];
      for (let index = 0; index < 12; index++)
        statuses.push((await call('POST', '/v1/auth/login', { body: { email: unknown, password: 'wrong' } })).status);
      expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
    },
  },
  {
    id: 'S-37',
    title: 'passwords may contain any characters, and must be long and uncommon',
    run: async ({ call }) => {
      const register = async (password: string, email = `${uniqueName('pw')}@example.com`) =>
        (await call('POST', '/v1/auth/register', { body: { email, password } })).status;
      for (const password of [
        '1234567',
        'hq7dk2mz',
        'fourteen-chars',
        'password1234567',
        'PASSWORD1234567',
        'passwordpassword',
        'qwertyuiop123456',
        'aaaaaaaaaaaaaaaaaaaa',
        '123456789012345',
        'abcdefghijklmnop',
        'the tollgate is mine',
        'x'.repeat(129),
        `nul\u0000inside a password`,
      ]) {
        expect([password.slice(0, 20), await register(password)]).toEqual([password.slice(0, 20), 422]);
      }
      const email = `${uniqueName('marianne')}@example.com`;
      expect(await register(`${email} is me`, email)).toBe(422);
      for (const password of [
        'fifteen chars ok',
        randomBytes(32).toString('hex'),
        `${randomBytes(48).toString('base64')}${randomBytes(48).toString('base64')}`.slice(0, 128),
        '🦊🐢🦉🐝🦔🐍🐙🦑🐚🦀🐡🐠🐟🐬🐳',
        'nur kleine buchstaben',
        '   spaces around it   ',
      ]) {
        expect([password.slice(0, 20), await register(password)]).toEqual([password.slice(0, 20), 201]);
      }
      // A password of 1 MB is rejected before it is hashed.
      expect(await register('x'.repeat(1_000_000))).toBe(422);
      expect(
        (await call('POST', '/v1/auth/login', { body: { email: ADMIN.email, password: 'x'.repeat(1_000_000) } }))
          .status,
      ).toBe(422);
      const common = (await import('@zxcvbn-ts/language-common')).dictionary['passwords-common'].slice(0, 3_000);
      const { weaknessOf } = await import('../../libs/auth/src/domain/password-policy.js');
      const set = new Set(common);
      const accepted = common.filter(
        (password: string) =>
          weaknessOf(password, null, { minLength: 8, maxLength: 128, isCommon: (text) => set.has(text) }) === null,
      );
      expect(accepted).toEqual([]);
    },
  },
  {
    id: 'S-38',
    title: 'every character of a password is significant',
    run: async ({ call, login }) => {
      const email = `${uniqueName('long')}@example.com`;
      const long = 'ab12'.repeat(18).replace(/ab12$/, 'q9z!');
      expect((await call('POST', '/v1/auth/register', { body: { email, password: `${long}X` } })).status).toBe(201);
      expect((await login(email, `${long}Y`)).status).toBe(401);
      expect((await login(email, long)).status).toBe(401);
      expect((await login(email, `${long}X\u0000`)).status).toBe(422);
      expect((await login(email, `${long}X`)).status).toBe(200);
    },
  },
  {
    id: 'S-39',
    title: 'a password change requires the current password and revokes the other sessions',
    run: async ({ newUser, login, callSecond }) => {
      const user = await newUser();
      const { body: other } = await login(user.email);
      const change = (body: object) => user.call('POST', '/v1/auth/change-password', { body });
      expect((await change({ newPassword: OTHER_PASSWORD })).status).toBe(422);
      expect((await change({ currentPassword: '', newPassword: OTHER_PASSWORD })).status).toBe(401);
      expect((await change({ currentPassword: 'wrong', newPassword: OTHER_PASSWORD })).status).toBe(401);
      expect((await callSecond('GET', '/v1/users/me', { token: other.accessToken })).status).toBe(200);
      expect((await change({ currentPassword: PASSWORD, newPassword: OTHER_PASSWORD })).status).toBe(204);
      await pause(REVOKED_WITHIN_MS);
      expect((await callSecond('GET', '/v1/users/me', { token: other.accessToken })).status).toBe(401);
      expect((await callSecond('GET', '/v1/users/me', { token: user.token })).status).toBe(200);
      expect([(await login(user.email)).status, (await login(user.email, OTHER_PASSWORD)).status]).toEqual([401, 200]);
    },
  },
  {
    id: 'S-3C',
    title: 'no password or secret from the documents is accepted, in a login or in production',
    run: async ({ login, database, folder }) => {
      const documents = [
        '.env.example',
        'README.md',
        'docker-compose.yml',
        ...fs.readdirSync(path.join(root, 'docs')).map((name) => `docs/${name}`),
      ];
      const quoted = documents.flatMap((name) =>
        [
          ...fs.readFileSync(path.join(root, name), 'utf8').matchAll(/password["']?\s*[:=]\s*["']?([^\s"',}]{3,})/gi),
        ].map(([, value]) => value!),
      );
      const passwords = [
        'admin',
        'admin123',
        'password',
        'adminpassword',
        'testpassword',
        'changeme',
        'tollgate',
        '',
        ...quoted,
      ];
      const emails = [ADMIN.email, 'admin', 'admin@example.com', 'test@example.com'];
      for (const email of emails)
        for (const password of new Set(passwords))
          expect([email, password, [401, 429].includes((await login(email, password)).status)]).toEqual([
            email,
            password,
            true,
          ]);
      await database.query('delete from login_attempts');
      const example = fs.readFileSync(path.join(root, '.env.example'), 'utf8');
      const sample = (name: string): string => new RegExp(`^#? ?${name}=(.+)$`, 'm').exec(example)![1]!;
      for (const name of ['SECRET_KEY', 'ADMIN_PASSWORD']) {
        const start = startProcess(folder, {
          NODE_ENV: 'production',
          DATABASE_URL: database.url,
          SECRET_KEY: randomBytes(32).toString('base64'),
          ADMIN_PASSWORD: randomBytes(32).toString('base64'),
          [name]: sample(name),
        });
        await expect(start).rejects.toThrow(new RegExp(`${name} holds a sample value`));
      }
    },
    timeout: 60_000,
  },
  {
    id: 'S-3D',
    title: 'production rejects a missing or short SECRET_KEY and does not print its value',
    run: async ({ database, folder }) => {
      for (const secret of [undefined, 'secret', 'x'.repeat(31), 'a'.repeat(64)]) {
        const start = startProcess(folder, {
          NODE_ENV: 'production',
          DATABASE_URL: database.url,
          ...(secret === undefined ? {} : { SECRET_KEY: secret }),
        });
        const message = await start.then(
          async (service) => {
            await service.stop('SIGKILL');
            return 'started';
          },
          (error: Error) => error.message,
        );
        expect(message).toMatch(/SECRET_KEY/);
        if (secret) expect(message).not.toContain(secret);
      }
    },
    timeout: 60_000,
  },
  {
    id: 'S-3F',
    title: 'an email that only looks like that of the admin gives no admin rights',
    run: async ({ call, admin }) => {
      for (const email of [
        '\u0430dmin@localhost',
        'adm\u0456n@localhost',
        'ADMIN\u200b@localhost',
        'adm\u0131n@localhost',
      ]) {
        const { status, body } = await call('POST', '/v1/auth/register', { body: { email, password: PASSWORD } });
        expect([email, [201, 409, 422].includes(status)]).toEqual([email, true]);
        if (status === 201) expect(body.user).toMatchObject({ role: 'user' });
      }
      // Emails are unique without regard to case.
      expect((await admin.call('GET', '/v1/users?email=ADMIN@LOCALHOST')).body.data).toHaveLength(1);
      expect((await admin.call('GET', '/v1/users/me')).body.role).toBe('admin');
    },
  },
];

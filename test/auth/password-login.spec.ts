import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADMIN, startApp, startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { createApiKey, PASSWORD, registerUser } from '../support/fixtures.js';
import { allowLog } from '../support/log.js';

describe('PASSWORD_LOGIN=off', () => {
  let before: TestApp & { database: TestDatabase };
  let service: TestApp;

  beforeAll(async () => {
    allowLog(/PASSWORD_LOGIN is off/);
    before = await startService();
    service = await startApp({ database: before.database, environment: { PASSWORD_LOGIN: 'off' } });
  });
  afterAll(async () => {
    await service.stop();
    await before.stop();
  });

  it('no password opens a session, is set or is proved, right or wrong', async () => {
    const { token } = await registerUser(before);
    const refused = { status: 403, body: { code: 'password_login_off' } };
    const post = (path: string, body: object | string, options: object = {}) =>
      service.call('POST', path, { body, ...options });
    expect(await post('/v1/auth/login', ADMIN)).toMatchObject(refused);
    expect(await post('/v1/auth/login', { ...ADMIN, password: 'wrong' })).toMatchObject(refused);
    const headers = { origin: 'http://localhost:3000', 'x-tollgate-browser': '1' };
    expect(await post('/v1/auth/browser-login', ADMIN, { headers })).toMatchObject(refused);
    const form = String(
      new URLSearchParams({ grant_type: 'password', username: ADMIN.email, password: ADMIN.password }),
    );
    const formType = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(await post('/v1/auth/token', form, { headers: formType })).toMatchObject(refused);
    const newcomer = { email: 'new@example.com', password: PASSWORD };
    expect(await post('/v1/auth/register', newcomer)).toMatchObject(refused);
    expect(await post('/v1/auth/forgot-password', { email: ADMIN.email })).toMatchObject(refused);
    const change = { currentPassword: PASSWORD, newPassword: 'seven calm otters at dawn' };
    expect(await post('/v1/auth/change-password', change, { token })).toMatchObject(refused);
    const [attempts] = await before.database.query<{ n: number }>(
      `select count(*)::int as n from users where email = 'new@example.com'`,
    );
    expect(attempts!.n).toBe(0);
  });

  it('open sessions and API keys keep working', async () => {
    const user = await registerUser(before);
    const { key } = await createApiKey(before);
    expect((await service.call('GET', '/v1/users/me', { token: user.token })).status).toBe(200);
    const refreshed = await service.call('POST', '/v1/auth/refresh', { body: { refreshToken: user.refreshToken } });
    expect(refreshed.status).toBe(200);
    expect((await service.call('GET', '/v1/customers', { token: key })).status).toBe(200);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RegistrationService } from '@app/accounts';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { inParallel, registerUser, uniqueName } from '../support/fixtures.js';

describe('the first admin', () => {
  let service: TestApp & { database: TestDatabase };
  const ensure = (email: string, password: string | null, production = false) =>
    service.app.get(RegistrationService, { strict: false }).ensureAdmin(email, password, { production });
  const admins = async () =>
    (await service.database.query<{ email: string }>(`select email from users where role = 'admin' and active`)).map(
      ({ email }) => email,
    );

  beforeAll(async () => {
    service = await startService();
  });
  beforeEach(() => service.database.query(`update users set role = 'user' where role = 'admin'`));
  afterAll(() => service.stop());

  it('production requires ADMIN_PASSWORD and rejects a weak one', async () => {
    await expect(ensure('first@example.com', null, true)).rejects.toThrow(/ADMIN_PASSWORD is required/);
    await expect(ensure('first@example.com', 'password1234567', true)).rejects.toThrow(
      /^ADMIN_PASSWORD is easy to guess/,
    );
    await expect(ensure('first@example.com', 'short pw', true)).rejects.toThrow(/^ADMIN_PASSWORD must have 15/);
    expect(await admins()).toEqual([]);
  });

  it('several instances create one first admin, and one of them prints the generated password', async () => {
    const email = `${uniqueName('first')}@example.com`;
    const outcomes = await inParallel(6, 6, () => ensure(email, null));
    expect(outcomes.filter(({ created }) => created)).toHaveLength(1);
    const { generatedPassword } = outcomes.find(({ created }) => created)!;
    expect(
      (await service.call('POST', '/v1/auth/login', { body: { email, password: generatedPassword } })).status,
    ).toBe(200);
    expect(await admins()).toEqual([email]);
    expect(await ensure('second@example.com', null)).toEqual({ created: false, generatedPassword: null });
  });

  it('an existing account with ADMIN_EMAIL becomes admin and gets the configured password', async () => {
    const user = await registerUser(service);
    expect(await ensure(user.email.toUpperCase(), 'the new admin passphrase')).toEqual({
      created: true,
      generatedPassword: null,
    });
    expect(await admins()).toEqual([user.email]);
    // Sessions of the previous owner are revoked.
    expect((await user.call('GET', '/v1/users/me')).status).toBe(401);
    const login = (password: string) =>
      service.call('POST', '/v1/auth/login', { body: { email: user.email, password } });
    expect([(await login('a long enough password')).status, (await login('the new admin passphrase')).status]).toEqual([
      401, 200,
    ]);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SecurityLog } from '@app/events';
import { ADMIN, ok, startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { deliverDueEvents } from '../support/deliveries.js';
import { PASSWORD, registerUser } from '../support/fixtures.js';
import { Browser, IdentityProvider, newEmail, settingsOf, SIGN_IN, staff } from '../support/identity-provider.js';

const provider = new IdentityProvider();
beforeAll(() => provider.start());
afterAll(() => provider.stop());

describe('accounts of single sign-on', () => {
  let service: TestApp & { database: TestDatabase };
  beforeAll(async () => {
    service = await startService({ environment: settingsOf(provider) });
  });
  afterAll(() => service.stop());
  beforeEach(() => {
    provider.current = null;
  });

  const account = async (email: string) => {
    const [row] = await service.database.query<{ id: string; role: string; active: boolean; has: boolean }>(
      'select id, role, active, password_hash is not null as has from users where canonical_email = $1',
      [email],
    );
    return row ?? null;
  };
  const tokenOf = async (browser: Browser): Promise<string> => {
    const { status, body } = await browser.refresh(service.call);
    if (status !== 200) throw new Error(JSON.stringify(body));
    return body.accessToken;
  };
  const signIn = async () => {
    const browser = new Browser(service);
    return { browser, page: await browser.signIn() };
  };
  const securityEvents = async () => {
    await service.app.get(SecurityLog).flush();
    const { data } = await ok(service.admin('GET', '/v1/audit-log?type=single_sign_on.refused&limit=100'));
    return data as { reason: string; subject: { type: string; id: string } }[];
  };

  describe('roles follow the claim', () => {
    it.each([
      [['money', 'helpdesk'], 'finance'],
      [['unknown', 'admins', 'helpdesk'], 'admin'],
      [['api-team'], 'product_admin'],
    ])('%j gives %s', async (groups, role) => {
      const user = staff(groups);
      provider.switchTo(user);
      expect((await signIn()).page).toBe('/admin/customers');
      expect(await account(user.email)).toMatchObject({ role, has: false });
    });

    it('the product of a product admin comes from the map', async () => {
      provider.switchTo(staff(['api-team']));
      const { browser } = await signIn();
      const me = await service.call('GET', '/v1/users/me', { token: await tokenOf(browser) });
      expect(me.body).toMatchObject({ role: 'product_admin', product: 'api' });
      provider.switchTo(staff(['lost-team']));
      expect((await signIn()).page).toBe(`${SIGN_IN}product_not_found`);
    });

    it('without a mapped value no account is created', async () => {
      for (const groups of [[], ['unknown'], ['constructor', '__proto__']]) {
        const user = staff(groups);
        provider.switchTo(user);
        expect((await signIn()).page).toBe(`${SIGN_IN}role_not_assigned`);
        expect(await account(user.email)).toBeNull();
      }
      expect((await securityEvents())[0]).toMatchObject({
        reason: 'role_not_assigned',
        subject: { type: 'account_reference' },
      });
    });

    it('another role at the next login ends the earlier sessions', async () => {
      const user = staff(['money']);
      const subject = provider.switchTo(user);
      const { browser } = await signIn();
      const token = await tokenOf(browser);
      provider.switchTo({ ...user, groups: ['helpdesk'] }, subject);
      expect((await signIn()).page).toBe('/admin/customers');
      expect(await account(user.email)).toMatchObject({ role: 'support' });
      expect((await service.call('GET', '/v1/users/me', { token })).status).toBe(401);
      expect((await browser.refresh(service.call)).status).toBe(401);
    });

    it('a role that is no longer assigned is lost with all sessions, and the login is refused', async () => {
      const user = staff(['money']);
      const subject = provider.switchTo(user);
      const { browser } = await signIn();
      const token = await tokenOf(browser);
      provider.switchTo({ ...user, groups: [] }, subject);
      const lost = await signIn();
      expect(lost.page).toBe(`${SIGN_IN}role_not_assigned`);
      expect((await lost.browser.refresh(service.call)).status).toBe(401);
      expect(await account(user.email)).toMatchObject({ role: 'user', active: true });
      expect((await service.call('GET', '/v1/users/me', { token })).status).toBe(401);
      provider.switchTo(user, subject);
      expect((await signIn()).page).toBe('/admin/customers');
      expect(await account(user.email)).toMatchObject({ role: 'finance' });
    });

    it('the last active admin keeps the role, and loses the sessions', async () => {
      const user = staff(['admins']);
      const subject = provider.switchTo(user);
      const { browser } = await signIn();
      const token = await tokenOf(browser);
      const others = await service.database.query<{ id: string }>(
        `update users set active = false where role = 'admin' and canonical_email <> $1 returning id`,
        [user.email],
      );
      provider.switchTo({ ...user, groups: ['helpdesk'] }, subject);
      expect((await signIn()).page).toBe(`${SIGN_IN}last_admin`);
      expect(await account(user.email)).toMatchObject({ role: 'admin' });
      expect((await service.call('GET', '/v1/users/me', { token })).status).toBe(401);
      await service.database.query('update users set active = true where id = any($1::uuid[])', [
        others.map(({ id }) => id),
      ]);
    });
  });

  describe('accounts', () => {
    it('are found by issuer and subject, and follow a verified address', async () => {
      const user = staff();
      const subject = provider.switchTo(user);
      await signIn();
      const before = await account(user.email);
      const moved = { ...user, email: newEmail() };
      provider.switchTo({ ...moved, email_verified: false }, subject);
      expect((await signIn()).page).toBe('/admin/customers');
      expect(await account(user.email)).toMatchObject({ id: before!.id });
      provider.switchTo(moved, subject);
      await signIn();
      expect(await account(moved.email)).toMatchObject({ id: before!.id });
      const taken = await registerUser(service);
      provider.switchTo({ ...moved, email: taken.email }, subject);
      expect((await signIn()).page).toBe('/admin/customers');
      expect(await account(moved.email)).toMatchObject({ id: before!.id });
    });

    it('two first logins of one subject create one account', async () => {
      const user = staff();
      provider.switchTo(user);
      const browsers = Array.from({ length: 4 }, () => new Browser(service));
      const callbacks = await Promise.all(browsers.map((browser) => browser.reachCallback()));
      const ends = await Promise.all(browsers.map((browser, index) => browser.open(callbacks[index]!)));
      expect(ends.map(({ headers }) => headers.get('location'))).toEqual(Array(4).fill('/admin/customers'));
      const rows = await service.database.query('select 1 from users where canonical_email = $1', [user.email]);
      expect(rows).toHaveLength(1);
      for (const browser of browsers) expect((await browser.refresh(service.call)).status).toBe(200);
    });

    it('an address that is not verified creates no account', async () => {
      for (const claims of [{ email_verified: false }, { email_verified: undefined }, { email: undefined }]) {
        const user = staff();
        provider.switchTo({ ...user, ...claims });
        expect((await signIn()).page).toBe(`${SIGN_IN}email_not_verified`);
        expect(await account(user.email)).toBeNull();
      }
    });

    it('an existing account with the address is not taken over', async () => {
      const owner = await registerUser(service);
      provider.switchTo({ ...staff(['admins']), email: owner.email.toUpperCase() });
      expect((await signIn()).page).toBe(`${SIGN_IN}account_exists`);
      expect(await account(owner.email)).toMatchObject({ role: 'user', has: true });
      expect((await service.call('GET', '/v1/users/me', { token: owner.token })).status).toBe(200);
      expect((await securityEvents())[0]).toMatchObject({
        reason: 'account_exists',
        subject: { type: 'user', id: owner.userId },
      });
    });

    it('a deactivated account cannot sign in', async () => {
      const user = staff();
      provider.switchTo(user);
      const { browser } = await signIn();
      const { id } = (await account(user.email))!;
      await ok(service.admin('PATCH', `/v1/users/${id}`, { body: { active: false } }));
      const refused = await signIn();
      expect(refused.page).toBe(`${SIGN_IN}inactive_account`);
      for (const each of [browser, refused.browser]) expect((await each.refresh(service.call)).status).toBe(401);
    });

    it('have no password: a login with one is refused like a wrong password, and none is mailed', async () => {
      const user = staff();
      provider.switchTo(user);
      await signIn();
      const login = await service.call('POST', '/v1/auth/login', { body: { email: user.email, password: PASSWORD } });
      const wrong = await service.call('POST', '/v1/auth/login', { body: { ...ADMIN, password: PASSWORD } });
      const { requestId: one, ...refused } = login.body;
      const { requestId: other, ...same } = wrong.body;
      expect([login.status, refused, one === other]).toEqual([401, same, false]);
      await service.call('POST', '/v1/auth/forgot-password', { body: { email: user.email } });
      await deliverDueEvents(service);
      const tokens = await service.database.query(
        `select 1 from action_tokens t join users u on u.id = t.user_id where u.canonical_email = $1 and t.purpose = 'reset_password'`,
        [user.email],
      );
      expect(tokens).toEqual([]);
    });

    it('a deleted account loses its identity: a later login creates another account', async () => {
      const user = staff();
      provider.switchTo(user);
      await signIn();
      const { id } = (await account(user.email))!;
      expect((await service.admin('DELETE', `/v1/users/${id}`)).status).toBe(204);
      expect(await service.database.query('select 1 from oidc_identities where user_id = $1', [id])).toEqual([]);
      expect((await signIn()).page).toBe('/admin/customers');
      expect((await account(user.email))!.id).not.toBe(id);
    });

    it('the audit log has the link, the role and the login; the export has the identity', async () => {
      const user = staff(['money']);
      const subject = provider.switchTo(user);
      const { browser } = await signIn();
      const { id } = (await account(user.email))!;
      const again = await signIn();
      await service.app.get(SecurityLog).flush();
      const { data } = await ok(service.admin('GET', `/v1/audit-log?subject=${id}&limit=100`));
      expect(data.map(({ type }: { type: string }) => type).sort()).toEqual([
        'identity.linked',
        'login.succeeded',
        'user.registered',
        'user.standing_changed',
      ]);
      expect(data.find(({ type }: { type: string }) => type === 'user.standing_changed')).toMatchObject({
        actor: { kind: 'user', id },
        reason: 'single_sign_on',
        after: { role: 'finance' },
      });
      for (const each of [browser, again.browser]) expect((await each.refresh(service.call)).status).toBe(200);
      const exported = await service.call('GET', '/v1/users/me/export', { token: await tokenOf(browser) });
      const lines = String(exported.body)
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(lines.find(({ kind }) => kind === 'identity')).toMatchObject({ issuer: provider.issuer, subject });
    });
  });
});

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADMIN, startApp, startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { PASSWORD, registerUser } from '../support/fixtures.js';
import { Browser, IdentityProvider, settingsOf, SIGN_IN, staff } from '../support/identity-provider.js';
import { allowLog, expectLog } from '../support/log.js';

const provider = new IdentityProvider();
beforeAll(() => provider.start());
afterAll(() => provider.stop());

describe('other settings of single sign-on', () => {
  let service: TestApp & { database: TestDatabase };
  beforeAll(async () => {
    service = await startService({ environment: settingsOf(provider) });
  });
  afterAll(() => service.stop());

  const withSettings = async (changes: Record<string, string>, work: (app: TestApp) => Promise<void>) => {
    const app = await startApp({ database: service.database, environment: settingsOf(provider, changes) });
    try {
      await work(app);
    } finally {
      await app.stop();
    }
  };
  const verify = (userId: string) =>
    service.database.query('update users set email_verified_at = now() where id = $1', [userId]);

  it('OIDC_LINK_BY_EMAIL=on links an account whose owner verified the address, and removes its password', () =>
    withSettings({ OIDC_LINK_BY_EMAIL: 'on' }, async (app) => {
      const owner = await registerUser(service);
      const identity = { ...staff(['admins']), email: owner.email };
      const subject = provider.switchTo(identity);
      // Anyone may have registered the address: it is not verified.
      expect(await new Browser(app).signIn()).toBe(`${SIGN_IN}account_exists`);
      await verify(owner.userId);
      provider.switchTo({ ...identity, email_verified: false }, subject);
      expect(await new Browser(app).signIn()).toBe(`${SIGN_IN}email_not_verified`);
      provider.switchTo(identity, subject);
      const browser = new Browser(app);
      expect(await browser.signIn()).toBe('/admin/customers');
      const { body } = await browser.refresh(app.call);
      expect((await app.call('GET', '/v1/users/me', { token: body.accessToken })).body).toMatchObject({
        id: owner.userId,
        role: 'admin',
      });
      expect((await app.call('GET', '/v1/users/me', { token: owner.token })).status).toBe(401);
      const login = await app.call('POST', '/v1/auth/login', { body: { email: owner.email, password: PASSWORD } });
      expect(login.body.code).toBe('wrong_credentials');
    }));

  it('OIDC_LINK_BY_EMAIL=on links one identity of the provider to an account', () =>
    withSettings({ OIDC_LINK_BY_EMAIL: 'on' }, async (app) => {
      const user = staff();
      provider.switchTo(user);
      expect(await new Browser(app).signIn()).toBe('/admin/customers');
      provider.switchTo({ ...user, groups: ['admins'] });
      expect(await new Browser(app).signIn()).toBe(`${SIGN_IN}account_exists`);
    }));

  it('OIDC_LINK_BY_EMAIL=on does not link a deactivated account, or take the role of the last admin', () =>
    withSettings({ OIDC_LINK_BY_EMAIL: 'on' }, async (app) => {
      const [admin] = await service.database.query<{ id: string }>(
        `update users set email_verified_at = now() where canonical_email = $1 returning id`,
        [ADMIN.email],
      );
      await service.database.query(`update users set active = false where role = 'admin' and id <> $1`, [admin!.id]);
      provider.switchTo({ ...staff(['helpdesk']), email: ADMIN.email });
      expect(await new Browser(app).signIn()).toBe(`${SIGN_IN}last_admin`);
      const [row] = await service.database.query(
        'select role, password_hash is not null as has from users where id = $1',
        [admin!.id],
      );
      expect(row).toEqual({ role: 'admin', has: true });
      const owner = await registerUser(service);
      await verify(owner.userId);
      await service.database.query('update users set active = false where id = $1', [owner.userId]);
      provider.switchTo({ ...staff(), email: owner.email });
      expect(await new Browser(app).signIn()).toBe(`${SIGN_IN}account_exists`);
    }));

  it('OIDC_DEFAULT_ROLE gives users without a mapped value a role; REQUIRE_SECOND_FACTOR leaves factors to the provider', () =>
    withSettings({ OIDC_DEFAULT_ROLE: 'support', REQUIRE_SECOND_FACTOR: 'on' }, async (app) => {
      provider.switchTo(staff([]));
      const browser = new Browser(app);
      expect(await browser.signIn()).toBe('/admin/customers');
      const { body } = await browser.refresh(app.call);
      expect((await app.call('GET', '/v1/customers', { token: body.accessToken })).status).toBe(200);
      expect((await app.call('GET', '/v1/auth/methods')).body.secondFactor).toBe('required');
    }));

  it('OIDC_ROLE_CLAIM may be a path, and the client secret is checked by the provider', () =>
    withSettings(
      { OIDC_ROLE_CLAIM: 'access.roles', OIDC_CLIENT_SECRET: 'another-s3cret-of-the-tests' },
      async (app) => {
        expectLog(/Single sign-on failed \(code exchange\): OAUTH_WWW_AUTHENTICATE_CHALLENGE/);
        provider.switchTo(staff());
        expect(await new Browser(app).signIn()).toBe(`${SIGN_IN}provider_error`);
      },
    ));

  it.each([
    ['refuses connections', (socket: Socket) => void socket.destroy()],
    ['does not answer', () => undefined],
    [
      'answers 500',
      (socket: Socket) => void socket.end('HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n'),
    ],
    [
      'answers a page',
      (socket: Socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\nno'),
    ],
  ])('a provider that %s is a 503 within seconds', async (_, behave) => {
    allowLog(/Single sign-on failed \(discovery\)/);
    const broken = createServer(behave).listen(0, '127.0.0.1');
    await once(broken, 'listening');
    const { port } = broken.address() as AddressInfo;
    await withSettings({ OIDC_ISSUER: `http://127.0.0.1:${port}` }, async (app) => {
      const begun = Date.now();
      const { status, body, headers } = await app.call('GET', '/v1/auth/oidc/login');
      expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'provider_unavailable', '5']);
      expect(Date.now() - begun).toBeLessThan(9_000);
    });
    broken.close();
  });

  it('a provider that stops between login and callback leads to the sign-in page', async () => {
    expectLog(/Single sign-on failed \(code exchange\): no connection/);
    const other = new IdentityProvider();
    await other.start();
    await withSettings({ OIDC_ISSUER: other.issuer }, async (app) => {
      other.switchTo(staff());
      const browser = new Browser(app);
      const callback = await browser.reachCallback();
      await other.stop();
      const end = await browser.open(callback);
      expect([end.status, end.headers.get('location')]).toEqual([302, `${SIGN_IN}provider_unavailable`]);
    });
  });

  it('without its settings it is off', async () => {
    const app = await startApp({ database: service.database });
    expect((await app.call('GET', '/v1/auth/methods')).body.oidc).toBeNull();
    expect((await app.call('GET', '/v1/auth/oidc/login')).body).toMatchObject({
      status: 404,
      code: 'single_sign_on_off',
    });
    const end = await fetch(`${app.url}/v1/auth/oidc/callback`, { redirect: 'manual' });
    expect(end.headers.get('location')).toBe(`${SIGN_IN}login_expired`);
    await app.stop();
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Keyring } from '@app/platform';
import { startService, TestClock, WAYS, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { Browser, IdentityProvider, PUBLIC_URL, settingsOf, SIGN_IN, staff } from '../support/identity-provider.js';
import { expectLog } from '../support/log.js';

const provider = new IdentityProvider();
beforeAll(() => provider.start());
afterAll(() => provider.stop());

describe.each(WAYS)('single sign-on $way', ({ compiled }) => {
  let service: TestApp & { database: TestDatabase };
  beforeAll(async () => {
    service = await startService({ compiled, environment: settingsOf(provider) });
  });
  afterAll(() => service.stop());

  it('a login creates the account, and the page gets its tokens by the refresh cookie only', async () => {
    const user = staff();
    provider.switchTo(user);
    const browser = new Browser(service);
    const callback = await browser.reachCallback('/admin/customers?status=active#top');
    const end = await browser.open(callback);
    expect([end.status, end.headers.get('location')]).toEqual([302, '/admin/customers?status=active#top']);
    expect(await end.text()).toBe('');
    expect(end.headers.get('cache-control')).toBe('no-store');
    expect(end.headers.getSetCookie()).toEqual([
      '__Secure-tollgate-oidc=; Path=/v1/auth/oidc/callback; HttpOnly; SameSite=Lax; Secure; Max-Age=0',
      expect.stringMatching(
        /^__Secure-tollgate-refresh=[\w-]{43}; Path=\/v1\/auth\/browser\/; HttpOnly; SameSite=Strict; Secure; Max-Age=2592000$/,
      ),
    ]);
    const { status, body } = await browser.refresh(service.call);
    expect(status).toBe(200);
    const me = await service.call('GET', '/v1/users/me', { token: body.accessToken });
    expect(me.body).toMatchObject({ email: user.email, role: 'support', name: 'Sam Staff' });
    expect(me.body.emailVerifiedAt).not.toBeNull();
  });

  it('begins with PKCE, state and nonce, and a cookie for the callback only', async () => {
    const begun = await new Browser(service).open('/v1/auth/oidc/login');
    const url = new URL(begun.headers.get('location')!);
    expect([begun.status, url.origin]).toEqual([302, provider.issuer]);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'tollgate',
      redirect_uri: `${PUBLIC_URL}/v1/auth/oidc/callback`,
      response_type: 'code',
      scope: 'openid email profile',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
    const [cookie, ...others] = begun.headers.getSetCookie();
    expect(others).toEqual([]);
    expect(cookie).toMatch(
      /^__Secure-tollgate-oidc=[\w-]+; Path=\/v1\/auth\/oidc\/callback; HttpOnly; SameSite=Lax; Secure; Max-Age=600$/,
    );
    for (const name of ['state', 'nonce']) expect(cookie).not.toContain(url.searchParams.get(name)!);
  });

  it('lists the ways to sign in', async () => {
    expect((await service.call('GET', '/v1/auth/methods')).body).toEqual({
      password: true,
      oidc: { name: 'Example Login' },
      secondFactor: 'optional',
    });
  });
});

describe('single sign-on', () => {
  let service: TestApp & { database: TestDatabase };
  let clock: TestClock;
  beforeAll(async () => {
    clock = new TestClock();
    service = await startService({ clock, environment: settingsOf(provider) });
  });
  afterAll(() => service.stop());
  beforeEach(() => {
    provider.current = null;
  });

  const signIn = async () => {
    const browser = new Browser(service);
    return { browser, page: await browser.signIn() };
  };
  describe('the callback is bound to its login', () => {
    beforeEach(() => void provider.switchTo(staff()));

    it('another state is refused', async () => {
      const browser = new Browser(service);
      const callback = new URL(await browser.reachCallback());
      callback.searchParams.set('state', 'another');
      expect((await browser.open(callback.href)).headers.get('location')).toBe(`${SIGN_IN}login_expired`);
    });

    it('the callback of another browser is refused', async () => {
      const callback = await new Browser(service).reachCallback();
      const victim = new Browser(service);
      expect((await victim.open(callback)).headers.get('location')).toBe(`${SIGN_IN}login_expired`);
      await victim.reachCallback();
      expect((await victim.open(callback)).headers.get('location')).toBe(`${SIGN_IN}login_expired`);
      expect((await victim.refresh(service.call)).status).toBe(401);
    });

    it('a state is used once, also by concurrent callbacks', async () => {
      const browser = new Browser(service);
      const callback = await browser.reachCallback();
      const cookie = browser.cookies(PUBLIC_URL, '/v1/auth/oidc/callback');
      const again = () =>
        fetch(callback.replace(PUBLIC_URL, service.url), { redirect: 'manual', headers: { cookie } }).then(
          ({ headers }) => headers.get('location'),
        );
      const pages = await Promise.all([again(), again(), again()]);
      expect(pages.sort()).toEqual(['/admin/customers', `${SIGN_IN}login_expired`, `${SIGN_IN}login_expired`]);
      expect(await again()).toBe(`${SIGN_IN}login_expired`);
    });

    it('a login expires after ten minutes', async () => {
      const [early, late] = [new Browser(service), new Browser(service)];
      const [first, second] = [await early.reachCallback(), await late.reachCallback()];
      clock.advance(599_000);
      expect((await early.open(first)).headers.get('location')).toBe('/admin/customers');
      clock.advance(2_000);
      expect((await late.open(second)).headers.get('location')).toBe(`${SIGN_IN}login_expired`);
      clock.set(new Date());
    });

    it('an ID token with another nonce is refused', async () => {
      expectLog(/Single sign-on failed \(code exchange\): OAUTH_JWT_CLAIM_COMPARISON_FAILED/);
      const browser = new Browser(service);
      const callback = await browser.reachCallback('/admin', (url) => url.searchParams.set('nonce', 'another'));
      expect((await browser.open(callback)).headers.get('location')).toBe(`${SIGN_IN}provider_error`);
    });

    it('a code for another PKCE challenge is refused', async () => {
      expectLog(/Single sign-on failed \(code exchange\): invalid_grant/);
      const browser = new Browser(service);
      const callback = await browser.reachCallback('/admin', (url) =>
        url.searchParams.set('code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'),
      );
      expect((await browser.open(callback)).headers.get('location')).toBe(`${SIGN_IN}provider_error`);
    });

    it('a code of another login is refused', async () => {
      expectLog(/Single sign-on failed \(code exchange\): invalid_grant/);
      const [attacker, victim] = [new Browser(service), new Browser(service)];
      const stolen = new URL(await attacker.reachCallback()).searchParams.get('code')!;
      const callback = new URL(await victim.reachCallback());
      callback.searchParams.set('code', stolen);
      expect((await victim.open(callback.href)).headers.get('location')).toBe(`${SIGN_IN}provider_error`);
    });

    it('a cookie that the service did not seal is refused', async () => {
      const login = { state: 's', nonce: 'n', verifier: 'v', returnTo: 'https://evil.example', expiresAt: 9e15 };
      const forged = [
        Buffer.from(JSON.stringify(login)).toString('base64url'),
        service.app.get(Keyring).seal('another-purpose', JSON.stringify(login)).toString('base64url'),
        '%00',
      ];
      for (const pending of forged) {
        const { headers } = await fetch(`${service.url}/v1/auth/oidc/callback?code=c&state=s`, {
          redirect: 'manual',
          headers: { cookie: `__Secure-tollgate-oidc=${pending}` },
        });
        expect(headers.get('location')).toBe(`${SIGN_IN}login_expired`);
      }
    });
  });

  it.each([
    '//evil.example',
    '/\\evil.example',
    '/admin\\..\\..\\evil.example',
    'https://evil.example/admin/',
    'https:evil.example',
    'javascript:alert(1)',
    '/%2fevil.example',
    '/%5cevil.example',
    '/admin/../../evil',
    '/admin/%2e%2e/v1/users/me',
    '/admin/..//evil.example',
    '/adminevil',
    '/admin@evil.example',
    '/\t/evil.example',
    ' /admin/',
    '/v1/users/me',
    '/',
    '',
    `/admin/${'a'.repeat(1_000)}`,
  ])('refuses to return to %j', async (returnTo) => {
    const { status, body, headers } = await service.call(
      'GET',
      `/v1/auth/oidc/login?returnTo=${encodeURIComponent(returnTo)}`,
    );
    expect([status, body.code, body.errors[0].field, headers.getSetCookie()]).toEqual([
      422,
      'invalid_fields',
      'returnTo',
      [],
    ]);
  });

  it.each([
    ['/admin', '/admin'],
    ['/portal/?x=%2f%2fevil', '/portal/?x=%2f%2fevil'],
    ['/admin/a/../b', '/admin/b'],
    ['/admin//evil.example', '/admin//evil.example'],
  ])('returns to %j', async (returnTo, page) => {
    provider.switchTo(staff());
    expect(await new Browser(service).signIn(returnTo)).toBe(page);
  });

  it('an error of the provider leads to the sign-in page with a code, and repeats no text of the URL', async () => {
    expect((await signIn()).page).toBe(`${SIGN_IN}login_denied`);
    expectLog(/Single sign-on failed \(code exchange\): unknown error/);
    provider.switchTo(staff());
    const browser = new Browser(service);
    const callback = new URL(await browser.reachCallback());
    callback.searchParams.delete('code');
    callback.searchParams.set('error', '<script>alert(1)</script>');
    callback.searchParams.set('error_description', 'evil text');
    expect((await browser.open(callback.href)).headers.get('location')).toBe(`${SIGN_IN}provider_error`);
  });
});

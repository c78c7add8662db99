import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ApiResponse, ADMIN, startApp, startService, type TestApp, WAYS } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { PASSWORD, registerUser } from '../support/fixtures.js';
import { ACCESS } from '../api/access-table.js';

const PAGES = 'https://pages.example.com';
const NAME = '__Secure-tollgate-refresh';
const ENVIRONMENT = { PUBLIC_URL: 'https://tollgate.example.com', CORS_ORIGINS: PAGES };
const OWN = { origin: ENVIRONMENT.PUBLIC_URL, 'x-tollgate-browser': '1' };

const cookieOf = ({ headers }: ApiResponse): string => headers.getSetCookie()[0]!.split(';')[0]!;
const tokenOf = (cookie: string): string => cookie.slice(cookie.indexOf('=') + 1);

describe.each(WAYS)('sessions of browsers $way', ({ compiled }) => {
  let service: TestApp & { database: TestDatabase };
  const login = (email: string, password = PASSWORD, headers: Record<string, string> = OWN) =>
    service.call('POST', '/v1/auth/browser-login', { body: { email, password }, headers });
  const refresh = (cookie: string, headers: Record<string, string> = OWN) =>
    service.call('POST', '/v1/auth/browser/refresh', { headers: { ...headers, cookie } });
  const logout = (cookie: string, headers: Record<string, string> = OWN) =>
    service.call('POST', '/v1/auth/browser/logout', { headers: { ...headers, cookie } });
  const me = async (token: string) => (await service.call('GET', '/v1/users/me', { token })).status;
  const open = async () => {
    const user = await registerUser(service);
    const answer = await login(user.email);
    return { ...user, access: answer.body.accessToken as string, cookie: cookieOf(answer) };
  };
  const expireGracePeriod = () =>
    service.database.query(`update refresh_tokens set rotated_at = rotated_at - interval '6 seconds'`);

  beforeAll(async () => {
    service = await startService({ compiled, environment: ENVIRONMENT });
  });
  afterAll(() => service.stop());

  it('a login answers the access token only, and sets the refresh token as a cookie for refresh and logout', async () => {
    const { status, body, headers } = await login(ADMIN.email, ADMIN.password);
    expect({ status, body }).toEqual({
      status: 200,
      body: { accessToken: expect.any(String), tokenType: 'Bearer', expiresIn: 600 },
    });
    expect(headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Secure-tollgate-refresh=[\w-]{43}; Path=\/v1\/auth\/browser\/; HttpOnly; SameSite=Strict; Secure; Max-Age=2592000$/,
      ),
    ]);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(await me(body.accessToken)).toBe(200);
  });

  it('a wrong password sets no cookie', async () => {
    const { status, body, headers } = await login(ADMIN.email, 'wrong');
    expect({ status, code: body.code, cookies: headers.getSetCookie() }).toEqual({
      status: 401,
      code: 'wrong_credentials',
      cookies: [],
    });
  });

  it('a refresh rotates the cookie, and a later reuse of the old one revokes the session', async () => {
    const { cookie } = await open();
    const second = await refresh(cookie);
    expect(second.status).toBe(200);
    expect(cookieOf(second)).not.toBe(cookie);
    const third = await refresh(cookieOf(second));
    expect(await me(third.body.accessToken)).toBe(200);
    await expireGracePeriod();
    expect((await refresh(cookie)).body.code).toBe('invalid_refresh_token');
    expect((await refresh(cookieOf(third))).status).toBe(401);
    expect(await me(third.body.accessToken)).toBe(401);
  });

  it('ten tabs that refresh at the same time stay logged in, with one valid refresh token', async () => {
    const { cookie, userId } = await open();
    const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(cookie)));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(new Set(answers.map(cookieOf)).size).toBe(1);
    for (const { body } of answers) expect(await me(body.accessToken)).toBe(200);
    const valid = await service.database.query(
      `select 1 from refresh_tokens t join sessions s on s.id = t.session_id
       where s.user_id = $1 and s.created_at = (select max(created_at) from sessions where user_id = $1) and t.rotated_at is null`,
      [userId],
    );
    expect(valid).toHaveLength(1);
    expect((await refresh(cookieOf(answers[0]!))).status).toBe(200);
  });

  it('a tab that refreshes late gets the cookie of the last rotation', async () => {
    const { cookie } = await open();
    const second = await refresh(cookie);
    const third = await refresh(cookieOf(second));
    const late = await refresh(cookie);
    expect([late.status, cookieOf(late)]).toEqual([200, cookieOf(third)]);
  });

  it('a token that the JSON route rotated has no copy for a cookie', async () => {
    const { cookie } = await open();
    const rotated = await service.call('POST', '/v1/auth/refresh', { body: { refreshToken: tokenOf(cookie) } });
    expect(rotated.status).toBe(200);
    expect((await refresh(cookie)).status).toBe(401);
    expect(await me(rotated.body.accessToken)).toBe(200);
  });

  it('a logout revokes the session and deletes the cookie, also without a session', async () => {
    const { cookie, access, token } = await open();
    const answer = await logout(cookie);
    expect(answer.status).toBe(204);
    expect(answer.headers.getSetCookie()[0]).toMatch(/^__Secure-tollgate-refresh=; .*Max-Age=0$/);
    expect([await me(access), (await refresh(cookie)).status]).toEqual([401, 401]);
    expect(await me(token)).toBe(200);
    for (const absent of ['', `${NAME}=`, `${NAME}=unknown`, 'other=1'])
      expect((await logout(absent)).status).toBe(204);
  });

  it('a cookie and an access token of different users: the cookie alone decides, and ends its own session only', async () => {
    const [ann, bob] = [await open(), await open()];
    const answer = await service.call('POST', '/v1/auth/browser/refresh', {
      token: bob.access,
      headers: { ...OWN, cookie: ann.cookie },
    });
    const { body } = await service.call('GET', '/v1/users/me', { token: answer.body.accessToken });
    expect(body.id).toBe(ann.userId);
    await service.call('POST', '/v1/auth/browser/logout', {
      token: bob.access,
      headers: { ...OWN, cookie: cookieOf(answer) },
    });
    expect([await me(ann.access), await me(bob.access)]).toEqual([401, 200]);
  });

  it('two cookies of the name are refused, so that a sibling host cannot replace the session', async () => {
    const [ann, attacker] = [await open(), await open()];
    for (const cookie of [`${attacker.cookie}; ${ann.cookie}`, `${ann.cookie}; ${attacker.cookie}`]) {
      const answer = await refresh(cookie);
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([401, []]);
    }
    expect((await refresh(ann.cookie)).status).toBe(200);
  });

  it.each([
    ['a foreign origin', { origin: 'https://evil.example' }],
    ['no origin', { origin: undefined }],
    ['an opaque origin', { origin: 'null' }],
    ['the own origin over HTTP', { origin: 'http://tollgate.example.com' }],
    ['a sibling host', { origin: 'https://evil.tollgate.example.com' }],
    ['another port', { origin: 'https://tollgate.example.com:8443' }],
    ['a longer host', { origin: 'https://tollgate.example.com.evil.example' }],
    ['no header', { 'x-tollgate-browser': undefined }],
    ['another value of the header', { 'x-tollgate-browser': 'true' }],
  ])('%s: login, refresh and logout are refused, and change nothing', async (_, change) => {
    const { email, cookie, access } = await open();
    const headers = Object.fromEntries(
      Object.entries({ ...OWN, ...change }).filter(([, value]) => value !== undefined),
    ) as Record<string, string>;
    for (const { status, body, headers: answered } of [
      await login(email, PASSWORD, headers),
      await refresh(cookie, headers),
      await logout(cookie, headers),
    ])
      expect({ status, code: body.code, cookies: answered.getSetCookie() }).toEqual({
        status: 403,
        code: 'cross_site_request',
        cookies: [],
      });
    expect([await me(access), (await refresh(cookie)).status]).toEqual([200, 200]);
  });

  it('a link of a foreign page, which sends the cookie with a GET, changes nothing', async () => {
    const { cookie, access } = await open();
    for (const path of ['/v1/auth/browser-login', '/v1/auth/browser/refresh', '/v1/auth/browser/logout']) {
      const { status, headers } = await service.call('GET', path, { headers: { ...OWN, cookie } });
      expect([path, [404, 405].includes(status), headers.getSetCookie()]).toEqual([path, true, []]);
    }
    expect([await me(access), (await refresh(cookie)).status]).toEqual([200, 200]);
  });

  it('a simple form of a foreign page is refused before it is read', async () => {
    const { cookie } = await open();
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x'])
      for (const path of ['/v1/auth/browser-login', '/v1/auth/browser/refresh', '/v1/auth/browser/logout']) {
        const body = 'email=a%40example.com&password=x';
        const headers = { origin: 'https://evil.example', 'content-type': type, cookie };
        expect((await service.call('POST', path, { body, headers })).status).toBe(415);
      }
    expect((await refresh(cookie)).status).toBe(200);
  });

  it('a configured origin may use the cookie; only these routes allow credentials of browsers', async () => {
    const { cookie } = await open();
    expect((await refresh(cookie, { ...OWN, origin: PAGES })).status).toBe(200);
    const preflight = (path: string, origin: string) =>
      fetch(service.url + path, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'x-tollgate-browser',
        },
      });
    const allowed = await preflight('/v1/auth/browser/refresh', PAGES);
    expect(allowed.headers.get('access-control-allow-credentials')).toBe('true');
    expect(allowed.headers.get('access-control-allow-headers')).toContain('x-tollgate-browser');
    expect((await preflight('/v1/auth/refresh', PAGES)).headers.get('access-control-allow-credentials')).toBeNull();
    const foreign = await preflight('/v1/auth/browser/refresh', 'https://evil.example');
    expect(foreign.headers.get('access-control-allow-origin')).not.toBe('https://evil.example');
  });

  it('no other route reads a cookie, but the callback of single sign-on, which has its own', async () => {
    const { cookie, access } = await open();
    const readers = new Set<string>();
    const watch = (request: IncomingMessage): void => {
      const value = request.headers.cookie;
      const route = `${request.method} ${request.url}`;
      Object.defineProperty(request.headers, 'cookie', { get: () => (readers.add(route), value), enumerable: false });
    };
    const server = service.app.getHttpServer() as NodeJS.EventEmitter;
    server.prependListener('request', watch);
    const jar = `${cookie}; authorization=Bearer ${access}; token=${access}; access_token=${access}`;
    for (const [route, access] of Object.entries(ACCESS)) {
      const [method, path] = route.replace(/:\w+/g, '01890a5d-ac96-774b-bcce-b302099a8057').split(' ') as [
        string,
        string,
      ];
      const { status } = await service.call(method, path, { headers: { ...OWN, cookie: jar } });
      if (!access.public) expect([route, status]).toEqual([route, 401]);
    }
    server.off('request', watch);
    expect([...readers].sort()).toEqual([
      'GET /v1/auth/oidc/callback',
      'POST /v1/auth/browser/logout',
      'POST /v1/auth/browser/refresh',
    ]);
  });
});

describe('the refresh cookie in development', () => {
  it.each([
    ['http://localhost:3000', 'http://127.0.0.1:3000', 'tollgate-refresh', false],
    ['http://127.0.0.1:3000', 'http://localhost:3000', 'tollgate-refresh', false],
    ['http://192.168.1.5:3000', 'http://192.168.1.5:3000', NAME, true],
  ])('PUBLIC_URL %s: a page of %s gets the cookie %s', async (publicUrl, origin, name, secure) => {
    const database = await createTestDatabase();
    const service = await startApp({ database, environment: { PUBLIC_URL: publicUrl } });
    const headers = { origin, 'x-tollgate-browser': '1' };
    const answer = await service.call('POST', '/v1/auth/browser-login', { body: ADMIN, headers });
    expect(answer.headers.getSetCookie()[0]).toMatch(
      new RegExp(`^${name}=.*SameSite=Strict;${secure ? ' Secure;' : ''} Max`),
    );
    const refreshed = await service.call('POST', '/v1/auth/browser/refresh', {
      headers: { ...headers, cookie: cookieOf(answer) },
    });
    expect(refreshed.status).toBe(200);
    const [row] = await database.query<{ n: number }>(
      'select count(*)::int as n from refresh_tokens where hash = $1 and rotated_at is null',
      [
        createHash('sha256')
          .update(tokenOf(cookieOf(refreshed)))
          .digest(),
      ],
    );
    expect(row!.n).toBe(1);
    await service.stop();
    await database.drop();
  });
});

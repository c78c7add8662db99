import { createHash, createHmac, createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { BASE64URL, inParallel, PASSWORD, type RegisteredUser } from '../support/fixtures.js';
import { OTHER_PASSWORD, REVOKED_WITHIN_MS, type SecurityCase, type World } from './world.js';

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const decode = (part: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;

function signed(header: unknown, payload: unknown, key: KeyObject): string {
  const body = `${encode(header)}.${encode(payload)}`;
  return `${body}.${createSign('sha256').update(body).sign({ key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

/** Expects 401 for each of the named tokens. */
async function expectTokensRejected({ call }: World, tokens: Record<string, string>): Promise<void> {
  for (const [name, token] of Object.entries(tokens)) {
    const { status, body } = await call('GET', '/v1/users/me', { token });
    expect([name, status, body.code]).toEqual([
      name,
      401,
      expect.stringMatching(/^(invalid_token|authentication_required)$/),
    ]);
  }
}

/** Expects that a token is rejected on both instances within REVOKED_WITHIN_MS of `revoke`. */
async function expectRevoked(
  { call, callSecond }: World,
  token: string,
  revoke: () => Promise<unknown>,
): Promise<void> {
  for (const instance of [call, callSecond])
    expect((await instance('GET', '/v1/users/me', { token })).status).toBe(200);
  await revoke();
  const until = performance.now() + REVOKED_WITHIN_MS;
  while (performance.now() < until) await pause(50);
  for (const instance of [call, callSecond])
    expect((await instance('GET', '/v1/users/me', { token })).status).toBe(401);
}

/** Ends the grace period of 5 s in which a rotated refresh token is only rejected. */
async function expireGracePeriod(database: World['database'], refreshToken: string): Promise<void> {
  const rows = await database.query(
    `update refresh_tokens set rotated_at = rotated_at - interval '6 seconds' where hash = $1 returning 1`,
    [createHash('sha256').update(refreshToken).digest()],
  );
  expect(rows).toHaveLength(1);
}

export const TOKENS: SecurityCase[] = [
  {
    id: 'S-21',
    title: 'a token signed with the public key as an HMAC secret is rejected',
    run: async (world) => {
      const [header, payload] = world.ann.token.split('.').slice(0, 2).map(decode) as [object, object];
      const { publicPem } = await world.signingKey();
      const { body: jwks } = await world.call('GET', '/.well-known/jwks.json');
      const secrets = [publicPem, publicPem.trim(), `${publicPem}\n`, JSON.stringify(jwks.keys[0]), 'secret', ''];
      const tokens = secrets.map((secret, index) => {
        const body = `${encode({ ...header, alg: 'HS256' })}.${encode(payload)}`;
        return [`secret ${index}`, `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`];
      });
      await expectTokensRejected(world, Object.fromEntries(tokens));
      await expectTokensRejected(
        world,
        Object.fromEntries(
          ['none', 'None', 'NONE', ''].map((alg) => [
            `alg ${alg}`,
            `${encode({ ...header, alg })}.${encode(payload)}.`,
          ]),
        ),
      );
    },
  },
  {
    id: 'S-22',
    title: 'a token cannot choose its verification key, and the service fetches nothing for it',
    run: async (world) => {
      let fetched = 0;
      const receiver = createServer((_, reply) => {
        fetched++;
        reply.end('{"keys":[]}');
      });
      await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
      receiver.unref();
      const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/jwks.json`;
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const jwk = publicKey.export({ format: 'jwk' });
      const [header, payload] = world.ann.token.split('.').slice(0, 2).map(decode) as [{ kid: string }, object];
      const headers: Record<string, object> = {
        jwk: { ...header, jwk },
        jku: { ...header, jku: url },
        x5u: { ...header, x5u: url },
        'an unknown kid': { ...header, kid: 'unknown' },
        'kid as a path': { ...header, kid: '../../dev/null' },
        'kid as SQL': { ...header, kid: `' OR 1=1--` },
        'kid of 6 kB': { ...header, kid: 'x'.repeat(6_000) },
        'kid as a list': { ...header, kid: [header.kid] },
        'no kid': { ...header, kid: undefined },
        'kid as an object': { ...header, kid: { $ne: '' } },
        'another type': { ...header, typ: 'JWT' },
        'a critical extension': { ...header, crit: ['exp'] },
      };
      await expectTokensRejected(
        world,
        Object.fromEntries(
          Object.entries(headers).map(([name, forged]) => [name, signed(forged, payload, privateKey)]),
        ),
      );
      const reads = async () =>
        (
          await world.database.query<{ n: number }>(
            `select coalesce(sum(seq_scan + coalesce(idx_scan, 0)), 0)::int as n from pg_stat_user_tables where relname = 'signing_keys'`,
          )
        )[0]!.n;
      const before = await reads();
      const startedAt = performance.now();
      await inParallel(1_000, 16, (index) =>
        world.call('GET', '/v1/users/me', {
          token: signed({ ...header, kid: `unknown-${index}` }, payload, privateKey),
        }),
      );
      const elapsed = performance.now() - startedAt;
      await pause(1_200);
      // Unknown key ids reload the keys at most once per 100 ms on each instance, for any number of ids.
      expect((await reads()) - before).toBeLessThanOrEqual(Math.ceil((elapsed + 1_200) / 100) * 2 + 20);
      receiver.close();
      expect(fetched).toBe(0);
    },
  },
  {
    id: 'S-23',
    title: 'the time claims of a correctly signed token are verified',
    run: async (world) => {
      const { key } = await world.signingKey();
      const [header, payload] = world.ann.token.split('.').slice(0, 2).map(decode) as [
        object,
        { exp: number; iat: number },
      ];
      const now = Math.floor(Date.now() / 1_000);
      const good = signed(header, payload, key);
      expect((await world.call('GET', '/v1/users/me', { token: good })).status).toBe(200);
      const claims: Record<string, object> = {
        'expired 61 s ago': { ...payload, iat: now - 661, exp: now - 61 },
        'expired 1 s ago': { ...payload, iat: now - 601, exp: now - 1 },
        'no exp': { ...payload, exp: undefined },
        'exp as a string': { ...payload, exp: String(payload.exp) },
        'an infinite exp': JSON.parse(`{"exp":1e309}`) as object,
        'a negative exp': { ...payload, exp: -1 },
        'nbf in the future': { ...payload, nbf: now + 120 },
        'iat in the future': { ...payload, iat: now + 300, exp: now + 600 },
        'no iat': { ...payload, iat: undefined },
        'a lifetime of a day': { ...payload, exp: payload.iat + 86_400 },
        'another issuer': { ...payload, iss: 'other' },
        'another audience': { ...payload, aud: 'other' },
        'no session': { ...payload, sid: undefined },
        'another session': { ...payload, sid: '01890a5d-ac96-774b-bcce-b302099a8057' },
        'a session with SQL as id': { ...payload, sid: "' or 1=1" },
        'a session as a list': { ...payload, sid: [] },
      };
      const tokens = Object.fromEntries(
        Object.entries(claims).map(([name, claim]) => [name, signed(header, claim, key)]),
      );
      await expectTokensRejected(world, {
        ...tokens,
        'an infinite exp as a number literal': signed(
          header,
          JSON.stringify(payload).replace(/"exp":\d+/, '"exp":1e309'),
          key,
        ),
      });
    },
  },
  {
    id: 'S-25',
    title: 'a modified token is rejected',
    run: async (world) => {
      const { token } = world.ann;
      const [header, payload, signature] = token.split('.') as [string, string, string];
      const flipped = (part: string, bit: number): string => {
        const bytes = Buffer.from(part, 'base64url');
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        return bytes.toString('base64url');
      };
      const lastBits = signature.slice(0, -1) + BASE64URL[BASE64URL.indexOf(signature.at(-1)!) ^ 1];
      const bits = Array.from({ length: 24 }, (_, index) => index * 21);
      await expectTokensRejected(world, {
        ...Object.fromEntries(
          bits.map((bit) => [`bit ${bit} of the signature`, `${header}.${payload}.${flipped(signature, bit)}`]),
        ),
        ...Object.fromEntries(
          bits.map((bit) => [`bit ${bit} of the payload`, `${header}.${flipped(payload, bit)}.${signature}`]),
        ),
        'unused bits of the signature': `${header}.${payload}.${lastBits}`,
        'no signature': `${header}.${payload}.`,
        'two parts': `${header}.${payload}`,
        'a fourth part': `${token}.x`,
        'a fourth part, empty': `${token}.`,
        padding: `${token}==`,
        'another payload': `${header}.${encode({ ...decode(payload), sid: world.bob.userId })}.${signature}`,
        'exp twice': `${header}.${encode(Buffer.from(payload, 'base64url').toString().replace(/\}$/, ',"exp":9999999999}'))}.${signature}`,
      });
      for (const authorization of [
        `Bearer ${header}.${payload}. ${signature}`,
        `Bearer  `,
        'Bearer',
        `Basic ${token}`,
        token,
        `Bearer ${token},Bearer ${token}`,
      ]) {
        expect([
          authorization.slice(0, 9),
          (await world.call('GET', '/v1/users/me', { headers: { authorization } })).status,
        ]).toEqual([authorization.slice(0, 9), 401]);
      }
    },
  },
  {
    id: 'S-26',
    title: 'deactivation, deletion and a change of role or password revoke tokens on every instance',
    run: async (world) => {
      const { admin, newUser, call } = world;
      const revocations: Record<string, (user: RegisteredUser) => Promise<unknown>> = {
        deactivated: ({ userId }) => admin.call('PATCH', `/v1/users/${userId}`, { body: { active: false } }),
        deleted: ({ userId }) => admin.call('DELETE', `/v1/users/${userId}`),
        'changed role': ({ userId }) => admin.call('PATCH', `/v1/users/${userId}`, { body: { role: 'support' } }),
        'logged out everywhere': (user) => user.call('POST', '/v1/auth/logout', { body: { everywhere: true } }),
      };
      for (const revoke of Object.values(revocations)) {
        const user = await newUser();
        await expectRevoked(world, user.token, () => revoke(user));
        expect((await call('POST', '/v1/auth/refresh', { body: { refreshToken: user.refreshToken } })).status).toBe(
          401,
        );
      }
      const changing = await newUser();
      const { body: other } = await world.login(changing.email);
      await expectRevoked(world, other.accessToken, () =>
        changing.call('POST', '/v1/auth/change-password', {
          body: { currentPassword: PASSWORD, newPassword: OTHER_PASSWORD },
        }),
      );
    },
  },
  {
    id: 'S-27',
    title: 'a logout revokes the access token and the refresh token',
    run: async (world) => {
      const user = await world.newUser();
      await expectRevoked(world, user.token, () => user.call('POST', '/v1/auth/logout', { body: {} }));
      for (const instance of [world.call, world.callSecond])
        expect((await instance('POST', '/v1/auth/refresh', { body: { refreshToken: user.refreshToken } })).status).toBe(
          401,
        );
    },
  },
  {
    id: 'S-29',
    title: 'reuse of a rotated refresh token revokes the session',
    run: async ({ newUser, call, callSecond, database }) => {
      const { refreshToken, userId } = await newUser();
      const { body: second } = await call('POST', '/v1/auth/refresh', { body: { refreshToken } });
      const { body: third } = await callSecond('POST', '/v1/auth/refresh', {
        body: { refreshToken: second.refreshToken },
      });
      await expireGracePeriod(database, refreshToken);
      expect((await call('POST', '/v1/auth/refresh', { body: { refreshToken } })).status).toBe(401);
      expect((await call('POST', '/v1/auth/refresh', { body: { refreshToken: third.refreshToken } })).status).toBe(401);
      await pause(REVOKED_WITHIN_MS);
      for (const token of [second.accessToken, third.accessToken])
        expect((await callSecond('GET', '/v1/users/me', { token })).status).toBe(401);
      expect(
        await database.query('select revoked_reason as reason from sessions where user_id = $1', [userId]),
      ).toEqual([{ reason: 'refresh_token_reused' }]);
    },
  },
  {
    id: 'S-30',
    title: 'of concurrent refreshes with one token exactly one succeeds, and its session stays valid',
    run: async ({ newUser, call, callSecond, database }) => {
      for (let round = 0; round < 5; round++) {
        const { refreshToken, userId } = await newUser();
        const responses = await inParallel(10, 10, (index) =>
          (index % 2 ? call : callSecond)('POST', '/v1/auth/refresh', { body: { refreshToken } }),
        );
        const successes = responses.filter(({ status }) => status === 200);
        expect(responses.filter(({ status }) => status !== 200 && status !== 401)).toEqual([]);
        expect(successes).toHaveLength(1);
        expect(
          await database.query(
            'select 1 from refresh_tokens t join sessions s on s.id = t.session_id where s.user_id = $1 and t.rotated_at is null',
            [userId],
          ),
        ).toHaveLength(1);
        expect((await call('GET', '/v1/users/me', { token: successes[0]!.body.accessToken })).status).toBe(200);
        expect(
          (await call('POST', '/v1/auth/refresh', { body: { refreshToken: successes[0]!.body.refreshToken } })).status,
        ).toBe(200);
      }
    },
  },
  {
    id: 'S-31',
    title: 'a token is accepted only for its own kind and its own user',
    run: async (world) => {
      const { ann, bob, call } = world;
      await expectTokensRejected(world, {
        'a refresh token': ann.refreshToken,
        'an unknown API key': `tg_${'0'.repeat(16)}_${'x'.repeat(43)}`,
        'an API key without its secret': world.apiKey.key.slice(0, 20),
      });
      for (const refreshToken of [ann.token, world.apiKey.key])
        expect([401, 422]).toContain((await call('POST', '/v1/auth/refresh', { body: { refreshToken } })).status);
      // A logout with the refresh token of another user does not revoke it.
      const leaving = await world.newUser();
      await leaving.call('POST', '/v1/auth/logout', { body: { refreshToken: bob.refreshToken } });
      expect((await bob.call('GET', '/v1/users/me')).status).toBe(200);
    },
  },
];

import { connect, type Socket } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { expect } from '@jest/globals';
import { inParallel, uniqueName } from '../support/fixtures.js';
import { type SecurityCase, sendRaw, statusOf, type World } from './world.js';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A valid check request as text, with additional headers. */
const post = (
  { apiKey, apiCustomer }: World,
  headers: string[],
  body = JSON.stringify({ customer: apiCustomer, feature: 'api_calls' }),
): string =>
  [
    `POST /v1/check HTTP/1.1`,
    'host: x',
    `authorization: Bearer ${apiKey.key}`,
    'content-type: application/json',
    ...headers,
    '',
    body,
  ].join('\r\n');

/** Sends `begin` and then one byte per interval, until the service closes the connection. */
async function dripBytes(url: string, begin: string, everyMs: number): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket: Socket = connect(Number(port), hostname, () => socket.write(begin));
  socket.resume();
  socket.on('error', () => undefined);
  const timer = setInterval(() => socket.writable && socket.write('a'), everyMs);
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  clearInterval(timer);
}

export const HTTP: SecurityCase[] = [
  {
    id: 'S-50',
    title: 'a caller that sends one byte every few seconds is disconnected, and other callers do not wait',
    run: async (world) => {
      const { services, call } = world;
      const slowHeaders = Array.from({ length: 400 }, () =>
        dripBytes(services[0].url, 'GET /v1/plans HTTP/1.1\r\nhost: x\r\nx-slow: ', 4_000),
      );
      const slowBodies = Array.from({ length: 100 }, () =>
        dripBytes(
          services[0].url,
          'POST /v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n{',
          4_000,
        ),
      );
      let open = true;
      const otherCaller = (async () => {
        while (open) {
          expect((await call('GET', '/v1/plans')).status).toBe(200);
          await pause(100);
        }
      })();
      await Promise.all([...slowHeaders, ...slowBodies]);
      open = false;
      await otherCaller;
    },
    timeout: 60_000,
  },
  {
    id: 'S-51',
    title: 'compressed bodies are rejected, not decompressed',
    run: async (world) => {
      const { apiKey, services } = world;
      const bomb = gzipSync(Buffer.alloc(100 * 1_048_576, ' '));
      for (const [encoding, body] of [
        ['gzip', bomb],
        ['gzip, gzip', gzipSync(bomb)],
        ['br', brotliCompressSync(Buffer.from('{}'))],
        ['deflate', Buffer.from('x')],
        ['x-nothing', Buffer.from('{}')],
        ['identity', Buffer.from('{}')],
      ] as const) {
        const response = await fetch(`${services[0].url}/v1/check`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${apiKey.key}`,
            'content-type': 'application/json',
            'content-encoding': encoding,
          },
          body: new Uint8Array(body),
        });
        expect([encoding, response.status]).toEqual([encoding, 415]);
        await response.arrayBuffer();
      }
    },
  },
  {
    id: 'S-52',
    title: 'a body must be JSON with the content type of JSON',
    run: async (world) => {
      const { apiKey, apiCustomer } = world;
      const body = JSON.stringify({ customer: apiCustomer, feature: 'api_calls' });
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
        'application/xml',
        'application/json; charset=utf-7',
        'application/json5',
        'text/json',
        'application/json, text/plain',
      ]) {
        expect([
          type,
          (await apiKey.call('POST', '/v1/usage/consume', { body, headers: { 'content-type': type } })).status,
        ]).toEqual([type, 415]);
      }
      expect(
        statusOf(
          await world.raw(
            `POST /v1/usage/consume HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${apiKey.key}\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
          ),
        ),
      ).toBe(415);
    },
  },
  {
    id: 'S-54',
    title: 'unsupported HTTP methods are rejected',
    run: async ({ raw }) => {
      for (const method of ['TRACE', 'CONNECT', 'PROPFIND', 'FOO', 'TRACK', 'DEBUG', 'get', 'SEARCH', 'MKCOL']) {
        const received = await raw(
          `${method} ${method === 'CONNECT' ? 'x:443' : '/v1/plans'} HTTP/1.1\r\nhost: x\r\nx-secret: echo-me\r\nconnection: close\r\n\r\n`,
        );
        expect([method, [400, 404, 405, 501, null].includes(statusOf(received))]).toEqual([method, true]);
        expect(received).not.toContain('echo-me');
      }
    },
  },
  {
    id: 'S-55',
    title: 'ambiguous request framing is rejected, so that no request can be smuggled',
    run: async (world) => {
      const { raw } = world;
      const body = '{}';
      const smuggled = [
        post(
          world,
          ['content-length: 2', 'transfer-encoding: chunked'],
          `0\r\n\r\nGET /v1/plans HTTP/1.1\r\nhost: x\r\n\r\n`,
        ),
        post(world, ['transfer-encoding: chunked, identity'], body),
        post(world, ['transfer-encoding: xchunked'], body),
        post(world, ['transfer-encoding : chunked'], body),
        post(world, ['transfer-encoding:\tchunked', 'content-length: 2'], body),
        post(world, ['content-length: 2', 'content-length: 3'], body),
        post(world, ['content-length: 2, 2'], body),
        post(world, ['content-length : 2'], body),
        post(world, ['content-length: +2'], body),
        post(world, ['content-length: 0x2'], body),
        post(world, ['x-folded: a', ' b', 'content-length: 2'], body),
        post(world, ['content-length: 2'], body).replace(/\r\n/g, '\n'),
        post(world, ['x a: b', 'content-length: 2'], body),
        post(world, ['\u0000x: b', 'content-length: 2'], body),
        `GET /v1/plans HTTP/1.1\r\nhost: x\r\nhost: y\r\ntransfer-encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n`,
        `GET /v1/plans HTTP/1.1\r\n\r\n`,
        `GET /v1/plans HTTP/9.9\r\nhost: x\r\n\r\n`,
      ];
      for (const text of smuggled) {
        const received = await raw(text, 300);
        expect([
          text.slice(-60),
          [400, 404, 408, 501, 505, null].includes(statusOf(received)) ||
            (received.match(/HTTP\/1\.1 /g) ?? []).length === 1,
        ]).toEqual([text.slice(-60), true]);
        // The hidden second request is not answered.
        expect([text.slice(-60), (received.match(/HTTP\/1\.1 200/g) ?? []).length]).toEqual([text.slice(-60), 0]);
      }
    },
  },
  {
    id: 'S-56',
    title: 'headers and URLs have a maximum length',
    run: async (world) => {
      const { raw, apiKey } = world;
      const get = (path: string, headers: string[]) =>
        `GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${apiKey.key}\r\n${headers.map((header) => `${header}\r\n`).join('')}connection: close\r\n\r\n`;
      const long = [
        get(
          '/v1/plans',
          Array.from({ length: 100 }, (_, index) => `x-${index}: a`),
        ),
        get('/v1/plans', [`x-long: ${'a'.repeat(17_000)}`]),
        get(`/v1/plans?cursor=${'a'.repeat(20_000)}`, []),
        get(`/v1/plans?${Array.from({ length: 5_000 }, (_, index) => `p${index}=1`).join('&')}`, []),
        get(`/v1/customers/${'a'.repeat(8_000)}`, []),
        get(`/v1/plans?${Array.from({ length: 1_000 }, (_, index) => `p${index}=1`).join('&')}`, []),
      ];
      for (const text of long)
        expect([text.slice(0, 60), [400, 404, 414, 422, 431].includes(statusOf(await raw(text)) ?? 0)]).toEqual([
          text.slice(0, 60),
          true,
        ]);
      expect(statusOf(await raw(long[0]!))).toBe(431);
      expect(
        statusOf(
          await raw(
            get(
              '/v1/plans',
              Array.from({ length: 40 }, (_, index) => `x-${index}: a`),
            ),
          ),
        ),
      ).toBe(200);
    },
  },
  {
    id: 'S-5A',
    title: 'of 50 concurrent exports of one user some are rejected, and none fails otherwise',
    run: async ({ newUser, call, callSecond }) => {
      const user = await newUser();
      const responses = await inParallel(50, 50, (index) =>
        (index % 10 ? call : callSecond)('GET', '/v1/users/me/export', { token: user.token }),
      );
      const rejected = responses.filter(({ status }) => status === 429);
      expect(responses.filter(({ status }) => status !== 200 && status !== 429)).toEqual([]);
      expect(rejected.length).toBeGreaterThan(0);
      expect(rejected[0]!.body.code).toBe('too_many_at_once');
      expect(Number(rejected[0]!.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await user.call('GET', '/v1/users/me/export')).status).toBe(200);
    },
  },
  {
    id: 'S-5C',
    title: 'ten cancellations and new subscriptions give one trial and do not reset usage',
    run: async ({ admin, ann }) => {
      const product = uniqueName('trial');
      const document = {
        product: { key: product, name: product },
        features: [{ key: 'calls', name: 'Calls', type: 'metered' }],
        assignment: [{ plan: 'paid' }],
        plans: [
          {
            key: 'paid',
            name: 'Paid',
            trialDays: 14,
            prices: [{ interval: 'month', amount: 100, currency: 'USD' }],
            entitlements: [{ feature: 'calls', type: 'metered', limit: 10, window: 'billing_period', overage: 'deny' }],
          },
        ],
      };
      expect((await admin.call('POST', '/v1/catalog/apply', { body: document })).status).toBe(200);
      const trials = [];
      for (let round = 0; round < 10; round++) {
        const { status, body } = await ann.call('POST', '/v1/subscriptions', { body: { product, plan: 'paid' } });
        expect([round, status]).toEqual([round, 201]);
        trials.push(body.status);
        await ann.call('POST', '/v1/usage/consume', { body: { product, feature: 'calls' } });
        expect((await ann.call('POST', `/v1/subscriptions/${body.id}/cancel`, { body: { when: 'now' } })).status).toBe(
          200,
        );
      }
      expect(trials).toEqual(['trialing', ...Array.from({ length: 9 }, () => 'active')]);
      await ann.call('POST', '/v1/subscriptions', { body: { product, plan: 'paid' } });
      expect((await ann.call('POST', '/v1/check', { body: { product, feature: 'calls' } })).body.used).toBe(10);
    },
  },
  {
    id: 'S-5D',
    title: 'conditional requests match an ETag exactly',
    run: async ({ newUser }) => {
      const { call, subscriptionId } = await newUser();
      const path = `/v1/subscriptions/${subscriptionId}`;
      const { headers } = await call('GET', path);
      const tag = headers.get('etag')!;
      expect((await call('GET', path, { headers: { range: 'bytes=0-10' } })).status).toBe(200);
      for (const [name, value, status] of [
        ['if-none-match', tag, 304],
        ['if-none-match', `W/${tag}`, 304],
        ['if-none-match', '"stale"', 200],
        ['if-none-match', `"a", ${tag}`, 304],
        ['if-none-match', '*', 304],
      ] as const) {
        expect([name, value, (await call('GET', path, { headers: { [name]: value } })).status]).toEqual([
          name,
          value,
          status,
        ]);
      }
      for (const value of ['"stale"', `W/${tag}`, tag.replaceAll('"', ''), '"']) {
        expect([
          value,
          (await call('PATCH', path, { body: { autoRenew: false }, headers: { 'if-match': value } })).status,
        ]).toEqual([value, 412]);
      }
      expect((await call('GET', path)).headers.get('etag')).toBe(tag);
      expect((await call('PATCH', path, { body: { autoRenew: false }, headers: { 'if-match': tag } })).status).toBe(
        200,
      );
    },
  },
  {
    id: 'S-5E',
    title: 'Expect: 100-continue with a body that is too large answers 413',
    run: async (world) => {
      const { raw } = world;
      const large = await raw(post(world, ['expect: 100-continue', 'content-length: 99999999'], ''), 600);
      expect(large).toMatch(/413/);
      expect(statusOf(await raw(post(world, ['expect: foo', 'content-length: 2'], '{}'), 600))).toBe(417);
    },
  },
];

/** S-59: sends more requests than the limit of one address, with different headers. @returns the status of each */
export async function statusesOverLimit(
  url: string,
  limit: number,
  headers: (index: number) => string,
): Promise<number[]> {
  const statuses = [];
  for (let index = 0; index < limit + 3; index++)
    statuses.push(
      statusOf(
        await sendRaw(url, `GET /v1/plans HTTP/1.1\r\nhost: x\r\n${headers(index)}connection: close\r\n\r\n`, 2_000),
      ) ?? 0,
    );
  return statuses;
}

import { expect } from '@jest/globals';
import { PASSWORD, uniqueName } from '../support/fixtures.js';
import { expectRejected } from './attempts.js';
import { type SecurityCase } from './world.js';

const INJECTIONS = [
  `createdAt;select pg_sleep(5)--`,
  `(CASE WHEN 1=1 THEN 1 ELSE 2 END)`,
  `name' OR '1'='1`,
  `'; drop table users; --`,
  '$1',
  '%',
  '_',
  '\\',
  `\\'; --`,
  '*',
  '${7*7}',
  '{{7*7}}',
  '../../etc/passwd',
];

export const INJECTION: SecurityCase[] = [
  {
    id: 'S-4F',
    title: 'input is never executed as SQL',
    run: async (world) => {
      const attempts = INJECTIONS.flatMap((text) => {
        const encoded = encodeURIComponent(text);
        return [
          ...[
            '/v1/plans?sort=',
            '/v1/plans?cursor=',
            '/v1/plans?interval=',
            '/v1/plans?limit=',
            '/v1/subscriptions?status=',
            '/v1/subscriptions?expiringWithin=',
            '/v1/subscriptions?order=',
          ].map((path) => ({ method: 'GET', path: path + encoded })),
          { method: 'GET', path: `/v1/customers/${encoded}/subscription` },
          { method: 'GET', path: `/v1/subscriptions/${encoded}` },
          { method: 'GET', path: `/v1/customers/${world.apiCustomer}/usage?feature=api_calls&by=${encoded}` },
          { path: '/v1/usage/consume', body: { customer: text, feature: 'api_calls' } },
          { path: '/v1/usage/consume', body: { customer: world.apiCustomer, feature: text } },
          {
            path: '/v1/check',
            body: { customer: world.apiCustomer, feature: 'api_calls', product: text },
            statuses: [400, 403, 404, 422],
          },
        ];
      });
      await expectRejected(world, attempts);
      // Wildcards of LIKE are ordinary characters.
      for (const email of ['%', '_%', '%@%'])
        expect((await world.apiKey.call('GET', `/v1/customers?email=${encodeURIComponent(email)}`)).body.data).toEqual(
          [],
        );
      for (const email of INJECTIONS)
        expect([401, 422]).toContain(
          (await world.call('POST', '/v1/auth/login', { body: { email: `${email}@example.com`, password: email } }))
            .status,
        );
      const [{ n }] = (await world.database.query<{ n: number }>(
        `select count(*)::int as n from pg_stat_activity where query ilike '%pg_sleep%' and pid <> pg_backend_pid()`,
      )) as [{ n: number }];
      expect(n).toBe(0);
    },
  },
  {
    id: 'S-4G',
    title: 'a page has 1 to 100 rows, and each query parameter is accepted once',
    run: async (world) => {
      const limits = ['-1', '0', '101', '1e9', 'abc', '', '1.5', '10&limit=1000', '%20', 'null'].map(
        (limit) => `limit=${limit}`,
      );
      await expectRejected(
        world,
        [
          ...limits,
          'limit[$gt]=1',
          'limit[]=1',
          'limit.x=1',
          'cursor=a&cursor=b',
          'fields=key&fields=name',
          '__proto__[x]=1',
          'nothing=x',
        ].flatMap((query) =>
          ['/v1/plans', '/v1/customers', '/v1/subscriptions'].map((path) => ({
            method: 'GET',
            path: `${path}?${query}`,
          })),
        ),
      );
    },
  },
  {
    id: 'S-4H',
    title: 'a cursor is valid only for the caller and the list that it was issued for',
    run: async (world) => {
      const { apiKey, newsKey, admin } = world;
      for (let index = 0; index < 3; index++)
        await apiKey.call('PUT', `/v1/customers/${uniqueName('page')}`, { body: {} });
      const { body } = await apiKey.call('GET', '/v1/customers?limit=1');
      const cursor = body.nextCursor as string;
      expect((await apiKey.call('GET', `/v1/customers?limit=1&cursor=${cursor}`)).status).toBe(200);
      for (const other of [newsKey, admin])
        expect((await other.call('GET', `/v1/customers?limit=1&cursor=${cursor}`)).body.code).toBe('invalid_cursor');
      const flipped = cursor.slice(0, 5) + (cursor[5] === 'A' ? 'B' : 'A') + cursor.slice(6);
      const forged = [
        'eyJpZCI6IjEifQ',
        `${'x'.repeat(10_000)}`,
        Buffer.from(`' or 1=1 --`).toString('base64url'),
        flipped,
        `${cursor}.x`,
        cursor.split('.')[0]!,
        '.',
        `${cursor.split('.')[0]}.${'A'.repeat(43)}`,
      ];
      await expectRejected(
        world,
        forged.map((forgery) => ({
          method: 'GET',
          path: `/v1/customers?cursor=${encodeURIComponent(forgery)}`,
          statuses: [400, 422],
        })),
      );
    },
  },
  {
    id: 'S-4J',
    title: '50 kB of text that is slow for regular expressions is answered quickly',
    run: async ({ call, apiKey }) => {
      const slowTexts = [
        `${'a'.repeat(50_000)}!`,
        `${'a@'.repeat(25_000)}`,
        `${' '.repeat(50_000)}x`,
        `${'1.'.repeat(25_000)}`,
        `${'\u00e9'.repeat(25_000)}!`,
        `${'-'.repeat(50_000)}`,
      ];
      for (const text of slowTexts) {
        for (const body of [
          { email: text, password: PASSWORD },
          { email: `${text}@example.com`, password: PASSWORD },
          { email: `${uniqueName('re')}@example.com`, password: text },
        ])
          expect((await call('POST', '/v1/auth/register', { body })).status).toBe(422);
        for (const body of [
          { key: text, name: 'X', type: 'boolean' },
          { key: 'x', name: text, type: 'boolean' },
        ])
          expect((await apiKey.call('POST', '/v1/features', { body })).status).toBe(422);
        expect((await apiKey.call('PUT', '/v1/customers/re', { body: { timezone: text } })).status).toBe(422);
        expect(
          (
            await apiKey.call('GET', '/v1/plans', {
              headers: {
                accept: text.slice(0, 6_000).replace(/[^ -~]/g, 'x'),
                'user-agent': text.slice(0, 6_000).replace(/[^ -~]/g, 'x'),
                'if-none-match': text
                  .slice(0, 2_000)
                  .replace(/[^ -~]/g, 'x')
                  .trim(),
              },
            })
          ).status,
        ).toBe(200);
        expect(
          (
            await call('GET', '/v1/users/me', {
              headers: { authorization: `Bearer ${text.slice(0, 8_000).replace(/[^ -~]/g, 'x')}` },
            })
          ).status,
        ).toBe(401);
      }
    },
  },
  {
    id: 'S-4K',
    title: 'a caller cannot inject response headers',
    run: async ({ raw, call }) => {
      const { headers } = await call('GET', '/v1/plans', { headers: { 'x-request-id': 'a%0d%0aSet-Cookie:x=1' } });
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      for (const value of ['a\r\n Set-Cookie: x=1', 'a\nSet-Cookie: x=1', 'a\rSet-Cookie: x=1']) {
        const received = await raw(
          `GET /v1/plans HTTP/1.1\r\nhost: x\r\nx-request-id: ${value}\r\nconnection: close\r\n\r\n`,
        );
        expect(received.toLowerCase().split('\r\n\r\n')[0]).not.toContain('set-cookie');
      }
      const path = await raw('GET /v1/nothing%0d%0aset-cookie:x=1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
      expect(path.split('\r\n\r\n')[0]).not.toMatch(/set-cookie/i);
      expect(path).toContain('%0d%0a');
    },
  },
  {
    id: 'S-4L',
    title: 'a name that is a spreadsheet formula is returned as JSON with nosniff',
    run: async ({ admin, database }) => {
      const formula = '=HYPERLINK("http://evil.example","x")';
      const { status, headers, body } = await admin.call('PATCH', '/v1/users/me', { body: { name: formula } });
      expect([status, body.name, headers.get('x-content-type-options')]).toEqual([200, formula, 'nosniff']);
      expect(headers.get('content-type')).toMatch(/^application\/json/);
      const exported = await admin.call('GET', '/v1/users/me/export');
      expect(exported.headers.get('content-type')).toMatch(/^application\/x-ndjson/);
      expect(exported.headers.get('x-content-type-options')).toBe('nosniff');
      await database.query(`update users set name = 'Admin' where role = 'admin'`);
    },
  },
];

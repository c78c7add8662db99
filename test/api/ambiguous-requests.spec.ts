import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sendRaw, statusOf } from '../security/world.js';
import { startService, type TestApp } from '../support/app.js';
import { createApiKey, registerUser } from '../support/fixtures.js';

const QUIET_MS = 2_000;

/** Each header is a line; $NAME stands for a credential. */
const REFUSED: [title: string, headers: string[], code: string][] = [
  [
    'two Authorization headers',
    ['authorization: Bearer $USER', 'authorization: Bearer $ADMIN'],
    'ambiguous_credentials',
  ],
  ['an API key and a token', ['authorization: Bearer $KEY', 'authorization: Bearer $USER'], 'ambiguous_credentials'],
  ['the same token twice', ['authorization: Bearer $USER', 'Authorization: Bearer $USER'], 'ambiguous_credentials'],
  ['the same API key twice', ['x-api-key: $KEY', 'X-API-Key: $KEY'], 'ambiguous_credentials'],
  ['two API keys', ['x-api-key: $KEY', 'x-api-key: $OTHER'], 'ambiguous_credentials'],
  ['a token beside an API key', ['authorization: Bearer $USER', 'x-api-key: $KEY'], 'ambiguous_credentials'],
  ['an API key as token and as key', ['authorization: Bearer $KEY', 'x-api-key: $KEY'], 'ambiguous_credentials'],
  ['an invalid token beside a key', ['authorization: Basic YTpi', 'x-api-key: $KEY'], 'ambiguous_credentials'],
  ['an empty token beside a key', ['authorization:', 'x-api-key: $KEY'], 'ambiguous_credentials'],
  ['two tokens in one header', ['authorization: Bearer $USER Bearer $ADMIN'], 'invalid_token'],
  ['two tokens in one header with a comma', ['authorization: Bearer $USER, Bearer $ADMIN'], 'invalid_token'],
  ['two API keys in one header', ['x-api-key: $KEY, $OTHER'], 'invalid_token'],
  ['two hosts', ['authorization: Bearer $KEY', 'host: b.example.com'], 'malformed_request'],
  ['two content types', ['authorization: Bearer $KEY', 'content-type: text/plain'], 'malformed_request'],
  [
    'two idempotency keys',
    ['authorization: Bearer $KEY', 'idempotency-key: a', 'idempotency-key: b'],
    'malformed_request',
  ],
  [
    'one idempotency key twice',
    ['authorization: Bearer $KEY', 'idempotency-key: a', 'idempotency-key: a'],
    'malformed_request',
  ],
  ['two versions', ['authorization: Bearer $KEY', 'if-match: "1"', 'if-match: "2"'], 'malformed_request'],
  ['two positions', ['authorization: Bearer $KEY', 'last-event-id: 1', 'last-event-id: 2'], 'malformed_request'],
];
const ACCEPTED: [title: string, headers: string[]][] = [
  ['one token', ['authorization: Bearer $ADMIN']],
  ['one API key as a token', ['authorization: Bearer $KEY']],
  ['one API key', ['x-api-key: $KEY']],
  ['a token beside a cookie, which is no credential', ['authorization: Bearer $KEY', 'cookie: token=$USER']],
  ['two versions to compare a cached answer with', ['x-api-key: $KEY', 'if-none-match: "1"', 'if-none-match: "2"']],
];

describe('an ambiguous request', () => {
  let service: TestApp;
  let credentials: Record<string, string>;
  const send = async (
    headers: string[],
    path = '/v1/check',
    body: object = {},
  ): Promise<{ status: number; code: string }> => {
    const text = JSON.stringify({ customer: 'acme', product: 'api', feature: 'api_calls', ...body });
    const lines = [
      `POST ${path} HTTP/1.1`,
      'host: a.example.com',
      'content-type: application/json',
      `content-length: ${text.length}`,
      'connection: close',
      ...headers.map((header) => header.replace(/\$([A-Z]+)/g, (_, name: string) => credentials[name]!)),
    ];
    const received = await sendRaw(service.url, `${lines.join('\r\n')}\r\n\r\n${text}`, QUIET_MS);
    return { status: statusOf(received)!, code: /"code":"(\w+)"/.exec(received)?.[1] ?? '' };
  };

  beforeAll(async () => {
    service = await startService();
    const [one, other] = [await createApiKey(service), await createApiKey(service)];
    const user = await registerUser(service);
    credentials = { USER: user.token, ADMIN: service.adminToken, KEY: one.key, OTHER: other.key };
    await one.call('PUT', '/v1/customers/acme', { body: { product: 'api' } });
  });
  afterAll(() => service.stop());

  it.each(REFUSED)('%s is refused', async (_, headers, code) => {
    const status = code.startsWith('invalid_') ? 401 : 400;
    expect(await send(headers)).toEqual({ status, code });
  });

  it.each(ACCEPTED)('%s is accepted', async (_, headers) => {
    expect((await send(headers)).status).toBe(200);
  });

  it('two credentials are refused on a public route too', async () => {
    const headers = ['authorization: Bearer $USER', 'authorization: Bearer $ADMIN'];
    expect(await send(headers, '/v1/auth/login')).toEqual({ status: 400, code: 'ambiguous_credentials' });
  });

  it('a cookie alone is no credential', async () => {
    expect(await send(['cookie: authorization=Bearer $ADMIN'])).toMatchObject({ status: 401 });
  });

  it.each([
    ['GET', '/v1/plans?product=api&product=news'],
    ['GET', '/v1/plans/quota?product=api&product=news'],
    ['GET', '/v1/plans/quota?product=api&fields=key&fields=name'],
    ['GET', '/v1/customers/acme/entitlements?product=api&at=2026-01-01T00:00:00Z&at=2027-01-01T00:00:00Z'],
    ['GET', '/v1/products/api?unknown=1&unknown=2'],
    ['POST', '/v1/catalog/apply?dryRun=true&dryRun=false'],
    ['DELETE', '/v1/customers/acme/overrides/api_calls?product=api&product=api'],
  ])('a repeated query parameter is refused: %s %s', async (method, path) => {
    const { status, body } = await service.admin(method, path, { body: method === 'POST' ? {} : undefined });
    const field = [...new URL(service.url + path).searchParams.keys()].at(-1);
    expect({ status, errors: body.errors }).toEqual({
      status: 422,
      errors: [{ field, message: 'must be given once' }],
    });
  });

  it('a product in the query that differs from the one in the body is refused', async () => {
    const key = ['authorization: Bearer $KEY'];
    expect(await send(key, '/v1/check?product=news')).toEqual({ status: 422, code: 'invalid_fields' });
    expect((await send(key, '/v1/check?product=api')).status).toBe(200);
  });
});

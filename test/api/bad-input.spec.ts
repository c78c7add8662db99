import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sendRaw, statusOf } from '../security/world.js';
import { startService, type TestApp, WAYS } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { registerUser, type RegisteredUser, createApiKey } from '../support/fixtures.js';

const START = '2026-01-01T00:00:00Z';
const deep = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);

describe.each(WAYS)('bad input $way', ({ compiled }) => {
  let service: TestApp & { database: TestDatabase };
  let key: string;
  let user: RegisteredUser;
  const rows = async (): Promise<string> => {
    const [counts] = await service.database.query(
      `select (select count(*) from customers) as customers, (select count(*) from subscriptions) as subscriptions, (select count(*) from usage_ledger) as ledger,
        (select count(*) from plans) as plans, (select count(*) from features) as features, (select count(*) from users) as users, (select count(*) from events) as events,
        (select count(*) from idempotency_keys) as answers, (select count(*) from invoices) as invoices`,
    );
    return JSON.stringify(counts);
  };
  /** Sends the request with the API key and expects that no row was written. */
  const refused = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const before = await rows();
    const response = await service.call(method, path, { token: key, body, headers });
    expect(await rows()).toBe(before);
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(response.body).toMatchObject({
      type: `urn:tollgate:problem:${response.body.code}`,
      status: response.status,
      instance: expect.any(String),
      requestId: expect.any(String),
    });
    expect(JSON.stringify(response.body)).not.toMatch(/select|insert|typeorm|node_modules|at .*\.ts/i);
    return {
      status: response.status,
      code: response.body.code as string,
      field: response.body.errors?.[0]?.field as string | undefined,
    };
  };

  beforeAll(async () => {
    service = await startService({ compiled });
    ({ key } = await createApiKey(service));
    user = await registerUser(service);
    await service.call('PUT', '/v1/customers/acme', { token: key, body: { product: 'api' } });
  });
  afterAll(() => service.stop());

  it.each([
    ['-1'],
    ['0'],
    ['-0'],
    ['1.5'],
    ['"5"'],
    ['"1e3"'],
    ['true'],
    ['[]'],
    ['[5]'],
    ['{}'],
    ['1e309'],
    ['-1e309'],
    ['1e-7'],
    ['9007199254740992'],
    ['1e30'],
  ])('consume rejects the quantity %s', async (quantity) => {
    const body = `{"customer":"acme","product":"api","feature":"api_calls","quantity":${quantity}}`;
    expect(await refused('POST', '/v1/usage/consume', body, { 'idempotency-key': 'bad' })).toEqual({
      status: 422,
      code: 'invalid_fields',
      field: 'quantity',
    });
  });

  it.each([
    ['an unknown field', { customer: 'acme', feature: 'api_calls', product: 'api', tenant: 'b' }, 422, 'tenant'],
    ['a missing field', { customer: 'acme' }, 422, 'feature'],
    ['a wrong type', { customer: 'acme', feature: 7 }, 422, 'feature'],
    ['a customer that is no text', { customer: { $gt: '' }, feature: 'api_calls' }, 422, 'customer'],
    ['a NUL', { customer: 'acme', feature: 'api\u0000calls' }, 422, 'feature'],
    ['a lone surrogate', { customer: '\ud800', feature: 'api_calls' }, 422, 'customer'],
    [
      'a NUL deep inside',
      { customer: 'acme', feature: 'api_calls', properties: { a: [{ b: 'x\u0000' }] } },
      422,
      'properties.a.0.b',
    ],
    ['a NUL in a name', { customer: 'acme', feature: 'api_calls', properties: { 'a\u0000': 1 } }, 422, 'properties'],
    ['properties that are no object', { customer: 'acme', feature: 'api_calls', properties: [1] }, 422, 'properties'],
    [
      'large properties',
      { customer: 'acme', product: 'api', feature: 'api_calls', properties: { text: 'x'.repeat(20_000) } },
      422,
      'properties',
    ],
    ['an unknown customer', { customer: 'absent', feature: 'seats' }, 404, undefined],
    ['an unknown feature', { customer: 'acme', feature: 'nothing' }, 404, undefined],
    ['an unknown product', { customer: 'acme', product: 'nothing', feature: 'seats' }, 404, undefined],
    ['a feature that is not counted', { customer: 'acme', feature: 'sso' }, 422, 'feature'],
    ['a list for an object', [], 422, 'customer'],
  ])('consume rejects a request with %s', async (_, body, status, field) => {
    const response = await refused('POST', '/v1/usage/consume', body);
    expect({ status: response.status, field: response.field }).toEqual({ status, field });
  });

  it.each([
    ['text/plain', '{}', 415],
    ['application/xml', '<a/>', 415],
    ['application/x-www-form-urlencoded', 'a=1', 415],
    ['application/json; charset=utf-7', '{}', 415],
    ['application/json', '{', 400],
    ['application/json', '{"a":1}}', 400],
    ['application/json', '{"__proto__":{"admin":true}}', 400],
    ['application/json', `{"properties":${deep(100)}}`, 400],
    ['application/json', `{"properties":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, 400],
    ['application/json', `{"text":"${'x'.repeat(1_100_000)}"}`, 413],
  ])('a body is rejected: %s %.20s', async (type, body, status) => {
    expect((await refused('POST', '/v1/usage/consume', body, { 'content-type': type })).status).toBe(status);
  });

  it('a compressed body is rejected', async () => {
    expect((await refused('POST', '/v1/check', '{}', { 'content-encoding': 'gzip' })).code).toBe(
      'unsupported_media_type',
    );
  });

  it.each([
    ['/v1/plans?limit=0', 'limit'],
    ['/v1/plans?limit=101', 'limit'],
    ['/v1/plans?limit=-1', 'limit'],
    ['/v1/plans?limit=abc', 'limit'],
    ['/v1/plans?limit=1e9', 'limit'],
    ['/v1/plans?limit=10&limit=1000', 'limit'],
    ['/v1/plans?limit[$gt]=1', 'limit[$gt]'],
    ['/v1/plans?sort=name', 'sort'],
    ['/v1/plans?interval=fortnight', 'interval'],
    ['/v1/plans?cursor=abc', 'cursor'],
    ['/v1/plans?cursor=%00', 'cursor'],
    [`/v1/plans?cursor=${'x'.repeat(600)}`, 'cursor'],
    [`/v1/plans?product=${encodeURIComponent("x' or '1'='1")}&fields=%00`, 'fields'],
    ['/v1/plans/free?fields=key,nothing', 'fields'],
    ['/v1/subscriptions/not-a-uuid', 'id'],
    ['/v1/subscriptions/1;drop%20table%20plans/timeline', 'id'],
    ['/v1/subscriptions?expiringWithin=soon', 'expiringWithin'],
    ['/v1/customers/acme%00', 'customer'],
    ['/v1/customers/acme/subscriptions?from=yesterday', 'from'],
    ['/v1/customers/acme/usage?product=api', 'feature'],
    ['/v1/customers/acme/usage?product=api&feature=api_calls&by=century', 'by'],
    ['/v1/customers/acme/usage?product=api&feature=api_calls&from=2020-01-01T00:00:00Z&by=hour', 'by'],
    ['/v1/customers/acme/usage?product=api&feature=api_calls&from=2030-01-01T00:00:00Z', 'from'],
  ])('a query is rejected: %.60s', async (path, field) => {
    const response = await refused('GET', path);
    expect([400, 422]).toContain(response.status);
    expect(response.field).toBe(field);
  });

  it.each([
    ['a name with a NUL', { name: 'a\u0000' }, 'name'],
    ['a zone that is none', { timezone: 'Europe/Atlantis' }, 'timezone'],
    ['an offset for a zone', { timezone: '+03:00' }, 'timezone'],
    ['a region in words', { region: 'Germany' }, 'region'],
    ['a currency that is none', { currency: 'XXQ' }, 'currency'],
  ])('PUT /v1/customers rejects %s', async (_, body, field) => {
    expect(await refused('PUT', '/v1/customers/new-one', { product: 'api', ...body })).toEqual({
      status: 422,
      code: 'invalid_fields',
      field,
    });
  });

  it.each([['x'.repeat(129)], ['a%0Ab'], ['%E2%80%AEabc'], ['me']])(
    'PUT /v1/customers rejects the key %.20s',
    async (name) => {
      expect(await refused('PUT', `/v1/customers/${name}`, { product: 'api' })).toEqual({
        status: 422,
        code: 'invalid_fields',
        field: 'key',
      });
    },
  );

  it.each(['.', '..', '%2e', '%2E%2E'])('PUT /v1/customers rejects the key %s, which clients remove', async (name) => {
    const before = await rows();
    const body = '{"product":"api"}';
    const lines = [
      `PUT /v1/customers/${name} HTTP/1.1`,
      'host: x',
      `authorization: Bearer ${key}`,
      'content-type: application/json',
      `content-length: ${body.length}`,
      'connection: close',
    ];
    const received = await sendRaw(service.url, `${lines.join('\r\n')}\r\n\r\n${body}`, 2_000);
    expect([statusOf(received), received]).toEqual([422, expect.stringContaining('"field":"key"')]);
    expect(await rows()).toBe(before);
  });

  it('a period that ends after the year 9999 is rejected', async () => {
    const clock = await service.admin('POST', '/v1/test-clocks', { body: { now: '9999-12-31T00:00:00Z' } });
    const onClock = { product: 'api', testClock: clock.body.id };
    expect(await refused('PUT', '/v1/customers/late', onClock)).toMatchObject({
      status: 422,
      code: 'time_out_of_range',
    });
    await service.call('PUT', '/v1/customers/ending', {
      token: key,
      body: { product: 'news', region: 'US', deviceType: 'ios' },
    });
    const starts = { customer: 'ending', product: 'api', plan: 'quota' };
    const late = await refused('POST', '/v1/subscriptions', { ...starts, startsAt: '9999-12-31T00:00:00Z' });
    expect(late).toMatchObject({ status: 422, code: 'time_out_of_range' });
    const { body: customer } = await service.call('PUT', '/v1/customers/ending', {
      token: key,
      body: { product: 'api' },
    });
    const extended = await service.call('POST', `/v1/subscriptions/${customer.subscription.id}/extend`, {
      token: key,
      body: { to: '2120-12-31T00:00:00Z', reason: 'a reason' },
    });
    const commands = {
      'agreed-end': { endsAt: '2999-01-01T00:00:00Z' },
      change: { plan: 'overage', when: 'period_end' },
      'preview-change': { plan: 'overage', when: 'now' },
      renew: { when: 'period_end' },
    };
    for (const [name, body] of Object.entries(commands)) {
      const path = `/v1/subscriptions/${extended.body.id}/${name}`;
      const { status } = await service.call('POST', path, { token: key, body });
      expect([name, status < 500]).toEqual([name, true]);
    }
    for (const feature of ['api_calls', 'credits'])
      expect(
        (await service.call('POST', '/v1/check', { token: key, body: { customer: 'ending', product: 'api', feature } }))
          .status,
      ).toBeLessThan(500);
  });

  it('PUT /v1/customers rejects a missing or unknown plan', async () => {
    await service.admin('POST', '/v1/products', { body: { key: 'empty', name: 'Empty' } });
    expect(await refused('PUT', '/v1/customers/new-one', { product: 'empty' })).toMatchObject({
      status: 409,
      code: 'no_plan_assigned',
    });
    expect(await refused('PUT', '/v1/customers/new-one', { product: 'api', plan: 'nothing' })).toMatchObject({
      status: 404,
      code: 'plan_not_found',
    });
    expect(await refused('PUT', '/v1/customers/new-one', { product: 'news', plan: 'am-ios' })).toMatchObject({
      status: 409,
      code: 'no_price',
    });
  });

  it.each([
    ['a limit below zero', { limit: -1 }, 'plans.0.entitlements.0.limit'],
    ['a limit as a text', { limit: 'unlimited' }, 'plans.0.entitlements.0.limit'],
    ['a limit that is not a number', { limit: Number.NaN, window: 'x' }, 'plans.0.entitlements.0.window'],
    ['an unknown member', { colour: 'red' }, 'plans.0.entitlements.0.colour'],
  ])('catalogue apply rejects %s', async (_, terms, field) => {
    const document = {
      product: { key: 'bad', name: 'Bad' },
      features: [{ key: 'f', name: 'F', type: 'metered' }],
      plans: [
        {
          key: 'p',
          name: 'P',
          prices: [{ interval: 'month', amount: 1, currency: 'USD' }],
          entitlements: [{ feature: 'f', type: 'metered', limit: 1, window: 'day', overage: 'deny', ...terms }],
        },
      ],
      assignment: [],
    };
    expect(await refused('POST', '/v1/catalog/apply', document)).toMatchObject({ status: 422, field });
  });

  const CATALOGUE = { product: { key: 'bad', name: 'Bad' }, features: [], plans: [], assignment: [] };
  it.each([
    ['/v1/customers/acme/grants', { product: 'api', feature: 'api_calls', quantity: 1 }, 'recurrence', []],
    ['/v1/catalog/apply', CATALOGUE, 'product', []],
    ['/v1/catalog/apply', CATALOGUE, 'product', null],
    ['/v1/catalog/apply', CATALOGUE, 'plans', [[]]],
    ['/v1/catalog/apply', CATALOGUE, 'features', [null]],
    ['/v1/usage/events', {}, 'events', [[]]],
    ['/v1/checks', {}, 'checks', [null]],
  ])('%s rejects what is no object where one belongs: %j, %s %j', async (path, body, field, value) => {
    expect(await refused('POST', path, { ...body, [field]: value })).toEqual({
      status: 422,
      code: 'invalid_fields',
      field,
    });
  });

  it.each([[''], ['x'.repeat(256)], ['with space'], ['naïve']])(
    'an Idempotency-Key is rejected: %.20s',
    async (value) => {
      expect(
        await refused(
          'POST',
          '/v1/usage/consume',
          { customer: 'acme', product: 'api', feature: 'api_calls' },
          { 'idempotency-key': value },
        ),
      ).toMatchObject({ status: 422, field: 'Idempotency-Key' });
    },
  );

  it.each([['short'], ['x'.repeat(129)], ['x'.repeat(900_000)]])('a password is rejected: %.10s', async (password) => {
    const start = Date.now();
    expect(await refused('POST', '/v1/auth/register', { email: 'new@example.com', password })).toMatchObject({
      status: 422,
      field: 'password',
    });
    expect(Date.now() - start).toBeLessThan(5_000);
  });

  it('other spellings of a route answer 404', async () => {
    for (const path of [
      '/V1/plans',
      '/v1/plans/',
      '//v1/plans',
      '/v0/plans',
      '/v1%2Fplans',
      '/.env',
      '/.git/HEAD',
      '/package.json',
    ]) {
      expect((await refused('GET', path)).status).toBe(404);
    }
    expect((await refused('DELETE', `/v1/subscriptions/${user.subscriptionId}`)).status).toBe(404);
  });

  it.each(['url', 'types', 'enabled'])('null is refused for %s of a webhook endpoint', async (field) => {
    const endpoint = '/v1/webhook-endpoints/01890a5d-ac96-774b-bcce-b302099a8057';
    expect(await refused('PATCH', endpoint, { [field]: null })).toEqual({ status: 422, code: 'invalid_fields', field });
  });

  describe('of billing', () => {
    const ID = '01890a5d-ac96-774b-bcce-b302099a8057';
    const line = { description: 'Workshop', unitAmount: 1_000 };
    const invoice = { customer: 'acme', product: 'api', currency: 'USD', lines: [line] };
    const settings = '/v1/products/api/billing';

    beforeAll(async () => {
      const { status } = await service.call('PUT', settings, { token: key, body: { provider: 'manual' } });
      expect(status).toBe(200);
    });

    it.each<[string, string, object, string | undefined, string?]>([
      ['POST', '/v1/invoices', { ...invoice, tenant: 'b' }, 'tenant'],
      ['POST', '/v1/invoices', { ...invoice, currency: 'usd' }, 'currency'],
      ['POST', '/v1/invoices', { ...invoice, currency: 'XXX' }, 'currency'],
      ['POST', '/v1/invoices', { ...invoice, lines: [] }, 'lines'],
      ['POST', '/v1/invoices', { ...invoice, lines: [{ ...line, quantity: 0 }] }, 'lines.0.quantity'],
      ['POST', '/v1/invoices', { ...invoice, lines: [{ ...line, unitAmount: 0.5 }] }, 'lines.0.unitAmount'],
      [
        'POST',
        '/v1/invoices',
        { ...invoice, lines: Array(2).fill({ ...line, unitAmount: Number.MAX_SAFE_INTEGER }) },
        undefined,
      ],
      [
        'POST',
        '/v1/invoices',
        { ...invoice, lines: Array(9).fill({ ...line, unitAmount: -Number.MAX_SAFE_INTEGER }) },
        undefined,
      ],
      ['POST', '/v1/invoices', { ...invoice, lines: [{ ...line, periodEnd: START }] }, 'lines.0.periodEnd'],
      ['POST', '/v1/invoices', { ...invoice, lines: [{ ...line, periodStart: '2026-02-30' }] }, 'lines.0.periodStart'],
      ['POST', '/v1/invoices/preview', {}, 'subscription', 'must be given, or else plan'],
      ['POST', `/v1/invoices/${ID}/void`, { reason: ' \n' }, 'reason', 'must not be blank'],
      ['POST', `/v1/invoices/${ID}/mark-paid`, { reference: 'T', reason: ' ' }, 'reason', 'must not be blank'],
      ['POST', `/v1/payments/${ID}/refund`, { amount: -1, reason: 'x' }, 'amount'],
      ['POST', `/v1/payments/${ID}/refund`, { amount: 1, reason: ' ' }, 'reason', 'must not be blank'],
      ['POST', `/v1/invoices/${ID}/credit-notes`, { amount: 1, to: 'cash', reason: 'x' }, 'to'],
      ['PUT', settings, { seller: { email: 'billing@example.com\r\nBcc: x@example.com' } }, 'seller.email'],
      ['PUT', settings, { seller: { email: 'nobody' } }, 'seller.email', 'must be an e-mail address'],
      ['PUT', settings, { dunning: { retryDays: [0] } }, 'dunning.retryDays', 'each value must not be less than 1'],
      ['PUT', settings, { netDays: 1e9 }, 'netDays'],
    ])('%s %s rejects %j', async (...row) => {
      const [method, path, body, field, message] = row;
      const { status, body: problem } = await service.call(method, path, { token: key, body });
      expect(status).toBe(422);
      expect(problem).toMatchObject(
        field ? { errors: [{ field, ...(message ? { message } : {}) }] } : { code: 'amount_too_large' },
      );
      expect((await refused(method, path, body)).status).toBe(422);
    });
  });
});

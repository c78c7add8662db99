import { describe, expect, it } from '@jest/globals';
import { createApiKey, uniqueName } from '../support/fixtures.js';
import { withCustomerLocked } from '../support/transactions.js';
import { meteredCalls, startMetering } from './metering-fixture.js';

type Result = Record<string, unknown>;

describe('batches', () => {
  const metering = startMetering();
  const { post, call, check, consume, usageOf, setUpCustomer } = metering;
  const checks = async (items: object[]) => post('/v1/checks', { checks: items });
  const consumptions = (items: object[], headers: Record<string, string> = {}) =>
    post('/v1/usage/consumptions', { consumptions: items }, headers);
  const ledgerRows = async (): Promise<number> =>
    Number((await metering.service.database.query<{ count: string }>('select count(*) from usage_ledger'))[0]!.count);

  it('POST /v1/checks answers each item like POST /v1/check, in order, and counts nothing', async () => {
    await setUpCustomer([meteredCalls(5)], { sso: 'boolean' });
    await consume({ quantity: 3 });
    const items = [
      usageOf(),
      usageOf({ quantity: 3 }),
      usageOf({ feature: 'sso' }),
      usageOf({ feature: 'absent' }),
      usageOf({ customer: 'absent' }),
      usageOf({ product: 'absent' }),
      usageOf({ quantity: 2 }),
    ];
    const before = await ledgerRows();
    const { status, body } = await checks(items);
    expect(status).toBe(200);
    expect(body.results).toMatchObject([
      { allowed: true, remaining: 2, requested: 1 },
      { allowed: false, reason: 'limit_reached', requested: 3 },
      { allowed: false, reason: 'feature_not_in_plan' },
      { status: 404, code: 'feature_not_found', instance: '/v1/checks', requestId: expect.any(String) },
      { status: 404, code: 'customer_not_found' },
      { status: 404, code: 'product_not_found' },
      { allowed: true, remaining: 2, requested: 2 },
    ]);
    expect(await ledgerRows()).toBe(before);
    for (const [index, item] of items.entries()) {
      const single = (await post('/v1/check', item)).body;
      const volatile = { asOf: expect.any(String), instance: expect.any(String), requestId: expect.any(String) };
      const expected = Object.fromEntries(
        Object.entries(single).map(([name, value]) => [name, volatile[name as keyof typeof volatile] ?? value]),
      );
      expect([index, body.results[index]]).toEqual([index, expected]);
    }
  });

  it('POST /v1/usage/consumptions counts each item that is allowed, also when others are refused', async () => {
    await setUpCustomer([meteredCalls(5)], { sso: 'boolean' });
    const { status, body } = await consumptions([
      usageOf({ quantity: 4, properties: { region: 'eu' } }),
      usageOf({ feature: 'sso' }),
      usageOf({ customer: 'absent' }),
      usageOf({ quantity: 9 }),
      usageOf({ properties: { text: 'x'.repeat(11_000) } }),
      usageOf({ quantity: 1 }),
    ]);
    expect(status).toBe(200);
    expect(body.results).toMatchObject([
      { allowed: true, used: 4 },
      { status: 422, code: 'feature_not_metered' },
      { status: 404, code: 'customer_not_found' },
      { allowed: false, reason: 'limit_reached', requested: 9 },
      { status: 422, code: 'invalid_fields', errors: [{ field: 'properties' }] },
      { allowed: true, used: 5, remaining: 0 },
    ]);
    expect(await check()).toMatchObject({ used: 5, allowed: false });
  });

  it('an item of a locked customer may succeed later, and the others are counted', async () => {
    const { product } = await setUpCustomer([meteredCalls(5)]);
    const locked = uniqueName('locked');
    await call('PUT', `/v1/customers/${locked}`, { product });
    const { body } = await withCustomerLocked(metering.service.database, locked, () =>
      consumptions([usageOf({ customer: locked }), usageOf()]),
    );
    expect(body.results).toMatchObject([
      { status: 503, code: 'database_unavailable', retryAfterSeconds: 1 },
      { allowed: true, used: 1 },
    ]);
  });

  it('an item with an invalid field refuses the whole request, and nothing is counted', async () => {
    await setUpCustomer([meteredCalls(5)]);
    for (const [item, field] of [
      [usageOf({ quantity: 0 }), 'quantity'],
      [usageOf({ feature: undefined }), 'feature'],
      [usageOf({ idempotencyKey: 'with space' }), 'idempotencyKey'],
      [usageOf({ features: ['calls'] }), 'features'],
    ] as const) {
      const { status, body } = await consumptions([usageOf(), item]);
      expect([status, body.errors?.[0]?.field]).toEqual([422, `consumptions.1.${field}`]);
    }
    const many = (count: number) => Array.from({ length: count }, () => usageOf());
    expect((await consumptions(many(1_001))).body.errors[0].field).toBe('consumptions');
    expect((await consumptions([])).body.errors[0].field).toBe('consumptions');
    expect((await checks(many(1_001))).body.errors[0].field).toBe('checks');
    expect(await check()).toMatchObject({ used: 0 });
  });

  it('1,000 consumptions take few transactions, and exactly the limit is allowed', async () => {
    await setUpCustomer([meteredCalls(600)]);
    const flushes = async (): Promise<number> =>
      Number(
        /^tollgate_usage_batch_size_count (\d+)/m.exec((await metering.service.call('GET', '/metrics')).body)?.[1],
      );
    const before = await flushes();
    const { body } = await consumptions(Array.from({ length: 1_000 }, () => usageOf()));
    expect(body.results.filter((result: Result) => result['allowed'])).toHaveLength(600);
    expect(body.results.filter((result: Result) => result['reason'] === 'limit_reached')).toHaveLength(400);
    expect(await check()).toMatchObject({ used: 600 });
    expect((await flushes()) - before).toBeLessThanOrEqual(20);
  });

  it('concurrent batches of several customers count exactly their limits', async () => {
    const { product } = await setUpCustomer([meteredCalls(30)]);
    const customers = Array.from({ length: 4 }, () => uniqueName('batched'));
    for (const customer of customers) await call('PUT', `/v1/customers/${customer}`, { product });
    const items = Array.from({ length: 80 }, (_, index) => usageOf({ customer: customers[index % 4] }));
    const answers = await Promise.all(Array.from({ length: 5 }, () => consumptions(items)));
    const allowed = answers.flatMap(({ body }) => body.results as Result[]).filter((result) => result['allowed']);
    expect(allowed).toHaveLength(4 * 30);
    for (const customer of customers) expect(await check({ customer })).toMatchObject({ used: 30 });
  });

  describe('idempotency', () => {
    it('an item with an idempotencyKey counts once, in a batch, across batches and with the single route', async () => {
      await setUpCustomer([meteredCalls(50)]);
      const keyed = (idempotencyKey: string, quantity = 2) => usageOf({ quantity, idempotencyKey });
      const first = await consumptions([keyed('a'), keyed('b'), keyed('a'), usageOf({ quantity: 1 })]);
      const [a, b, again] = first.body.results;
      expect(again).toEqual(a);
      expect(await check()).toMatchObject({ used: 5 });
      expect((await consumptions([keyed('b'), keyed('a')])).body.results).toEqual([b, a]);
      const single = await post('/v1/usage/consume', usageOf({ quantity: 2 }), { 'idempotency-key': 'a' });
      expect([single.body, single.headers.get('idempotency-replayed')]).toEqual([a, 'true']);
      expect((await consumptions([keyed('a', 3), usageOf({ quantity: 1 })])).body.results).toMatchObject([
        { status: 422, code: 'idempotency_key_reused' },
        { allowed: true, used: 6 },
      ]);
      expect(await check()).toMatchObject({ used: 6 });
    });

    it('the Idempotency-Key of a batch makes each item without its own key safe to repeat', async () => {
      await setUpCustomer([meteredCalls(50)]);
      const items = [usageOf({ quantity: 1 }), usageOf({ quantity: 1 }), usageOf({ customer: 'later' })];
      const key = { 'idempotency-key': uniqueName('batch') };
      const first = await consumptions(items, key);
      expect(first.body.results).toMatchObject([{ used: 1 }, { used: 2 }, { code: 'customer_not_found' }]);
      const second = await consumptions(items, key);
      expect(second.body.results.slice(0, 2)).toEqual(first.body.results.slice(0, 2));
      expect(await check()).toMatchObject({ used: 2 });
    });

    it('the keys of one caller do not match those of another', async () => {
      await setUpCustomer([meteredCalls(50)]);
      const other = await createApiKey(metering.service);
      const body = { consumptions: [usageOf({ idempotencyKey: 'same' })] };
      await post('/v1/usage/consumptions', body);
      expect((await other.call('POST', '/v1/usage/consumptions', { body })).body.results).toMatchObject([{ used: 2 }]);
    });
  });

  it('an API key of one product gets a problem for each item of another', async () => {
    await setUpCustomer([meteredCalls(5)]);
    const other = await createApiKey(metering.service, { product: 'api' });
    const items = [usageOf(), usageOf({ product: undefined })];
    for (const [path, body] of [
      ['/v1/checks', { checks: items }],
      ['/v1/usage/consumptions', { consumptions: items }],
    ] as const)
      expect((await other.call('POST', path, { body })).body.results).toMatchObject([
        { code: 'product_not_allowed' },
        { code: 'customer_not_found' },
      ]);
    expect(await check()).toMatchObject({ used: 0 });
  });
});

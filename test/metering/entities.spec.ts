import { describe, expect, it } from '@jest/globals';
import { uniqueName } from '../support/fixtures.js';
import { meteredCalls, START, startMetering } from './metering-fixture.js';

const after = (ms: number): string => new Date(Date.parse(START) + ms).toISOString();

describe('a count per entity', () => {
  const metering = startMetering();
  const { call, consume, check, post, setUpCustomer, usageOf } = metering;
  const limited = (limit: number | null, entityLimit: number, terms: object = {}) =>
    setUpCustomer([meteredCalls(limit, { entityLimit, ...terms })]);
  const use = async (entity: string | undefined, quantity = 1) => (await consume({ entity, quantity })).body;
  const reserve = (entity: string, quantity: number) =>
    post('/v1/usage/reservations', usageOf({ entity, quantity, ttlSeconds: 60 }));
  const correct = (fields: object) =>
    metering.admin('POST', '/v1/usage/corrections', usageOf({ reason: 'x', ...fields }));
  const list = async (query = '') => {
    const { customer, product } = usageOf();
    return (await call('GET', `/v1/customers/${customer}/usage/entities?product=${product}&feature=calls${query}`))
      .body;
  };

  it('consume counts on the entity and on the customer, and needs room on both', async () => {
    await limited(5, 3);
    expect(await use('ada', 2)).toMatchObject({
      allowed: true,
      used: 2,
      remaining: 3,
      entity: { id: 'ada', limit: 3, used: 2, reserved: 0, remaining: 1 },
    });
    expect(await use('ada', 2)).toMatchObject({
      allowed: false,
      reason: 'limit_reached',
      used: 2,
      entity: { used: 2, remaining: 1 },
    });
    expect(await use('bob', 3)).toMatchObject({ allowed: true, used: 5, entity: { id: 'bob', used: 3 } });
    expect(await use('cleo')).toMatchObject({ allowed: false, reason: 'limit_reached', entity: { used: 0 } });
    expect((await list()).data).toEqual([
      { entity: 'ada', used: 2, reserved: 0, limit: 3, remaining: 1 },
      { entity: 'bob', used: 3, reserved: 0, limit: 3, remaining: 0 },
    ]);
  });

  it('a limit for each entity requires an entity, and a check without one shows the customer', async () => {
    await limited(5, 3);
    expect(await consume({})).toMatchObject({ status: 422, body: { code: 'entity_required' } });
    expect(await post('/v1/usage/reservations', usageOf({ quantity: 1, ttlSeconds: 60 }))).toMatchObject({
      status: 422,
      body: { code: 'entity_required' },
    });
    const decision = await check();
    expect(decision).toMatchObject({ allowed: true, used: 0 });
    expect(decision.entity).toBeUndefined();
    expect(await check({ entity: 'ada', quantity: 4 })).toMatchObject({
      allowed: false,
      reason: 'limit_reached',
    });
  });

  it('the limit for each entity denies also where overage of the customer is allowed, and caps with it', async () => {
    await limited(1, 3, { overage: 'allow' });
    expect(await use('ada', 3)).toMatchObject({ allowed: true, overage: 2 });
    expect(await use('ada')).toMatchObject({ allowed: false, reason: 'limit_reached' });
    await limited(10, 3, { overage: 'cap' });
    expect(await use('ada', 5)).toMatchObject({ allowed: true, used: 3, entity: { used: 3, remaining: 0 } });
    expect(await use('ada')).toMatchObject({ allowed: false, reason: 'limit_reached' });
  });

  it('an override changes the limit for each entity with the next consume', async () => {
    await limited(10, 1);
    await use('ada');
    expect(await use('ada')).toMatchObject({ allowed: false });
    expect((await metering.override('calls', { limit: 10, window: 'month', entityLimit: 2 })).status).toBe(200);
    expect(await use('ada')).toMatchObject({
      allowed: true,
      source: { kind: 'override' },
      entity: { limit: 2, used: 2 },
    });
  });

  it('the database refuses an entity above its limit', async () => {
    await limited(10, 2);
    await use('ada', 2);
    await expect(
      metering.service.database.query(
        `update usage_entity_counters e set used = 3 from customers c where c.id = e.customer_id and c.key = $1`,
        [usageOf().customer],
      ),
    ).rejects.toThrow('usage_entity_counters_within_hard_limit');
  });

  it('without a limit for each, an entity is counted all the same', async () => {
    await setUpCustomer([meteredCalls(10)]);
    expect(await use('ada', 2)).toMatchObject({ entity: { id: 'ada', limit: null, used: 2, remaining: null } });
    expect(await use(undefined, 3)).toMatchObject({ allowed: true, used: 5 });
    expect((await list()).data).toMatchObject([{ entity: 'ada', used: 2, limit: null, remaining: null }]);
  });

  it('consume of several features counts all of them or none, each with its entity', async () => {
    await setUpCustomer([meteredCalls(10, { entityLimit: 1 }), { ...meteredCalls(10), feature: 'other' }]);
    const { customer, product } = usageOf();
    const both = () =>
      post('/v1/usage/consume', {
        customer,
        product,
        features: [{ feature: 'calls', entity: 'ada' }, { feature: 'other' }],
      });
    expect((await both()).body).toMatchObject({ allowed: true, data: [{ entity: { used: 1 } }, { used: 1 }] });
    expect((await both()).body).toMatchObject({
      allowed: false,
      data: [{ reason: 'limit_reached' }, { used: 1 }],
    });
  });

  it('a reservation takes room of its entity until it is committed, released or expires', async () => {
    await limited(10, 3);
    const first = (await reserve('ada', 2)).body;
    expect(first).toMatchObject({ allowed: true, entity: { reserved: 2, remaining: 1 } });
    expect((await reserve('ada', 2)).body).toMatchObject({ allowed: false, reason: 'limit_reached' });
    const committed = await post(`/v1/usage/reservations/${first.reservation.id}/commit`, { quantity: 1 });
    expect(committed.body).toMatchObject({ used: 1, reserved: 0 });
    expect(await check({ entity: 'ada' })).toMatchObject({ entity: { used: 1, reserved: 0 } });
    const second = (await reserve('ada', 2)).body;
    expect((await post(`/v1/usage/reservations/${second.reservation.id}/release`, {})).status).toBe(200);
    expect((await reserve('ada', 2)).body.allowed).toBe(true);
    metering.clock.set(after(61_000));
    expect(await check({ entity: 'ada' })).toMatchObject({ entity: { used: 1, reserved: 0, remaining: 2 } });
    expect((await list()).data).toMatchObject([{ entity: 'ada', used: 1, reserved: 0 }]);
    // Another entity's command stores the expiry.
    expect(await use('bob')).toMatchObject({ allowed: true, used: 2, reserved: 0 });
    expect(await use('ada', 2)).toMatchObject({ allowed: true, entity: { used: 3 } });
  });

  it('a correction gives units of an entity back, never more than it used', async () => {
    await limited(10, 2);
    await use('ada', 2);
    await use('bob');
    expect((await correct({ entity: 'bob', quantity: -2 })).body.code).toBe('exceeds_usage');
    expect((await correct({ entity: 'ada', quantity: -1 })).body).toMatchObject({
      used: 2,
      entity: { id: 'ada', used: 1 },
    });
    expect(await use('ada')).toMatchObject({ allowed: true, entity: { used: 2 } });
  });

  it('a batch of events counts mixed entities beyond their limit, each id once', async () => {
    await limited(100, 3);
    const { customer, product } = usageOf();
    const events = Array.from({ length: 1_000 }, (_, index) => ({
      id: `e${index}`,
      customer,
      feature: 'calls',
      quantity: 1,
      entity: index % 10 === 0 ? undefined : `m${index % 10}`,
    }));
    for (const status of ['recorded', 'duplicate']) {
      const { body } = await post('/v1/usage/events', { product, events });
      expect(new Set(body.results.map((result: { status: string }) => result.status))).toEqual(new Set([status]));
    }
    expect(await check({ entity: 'm1' })).toMatchObject({ allowed: false, used: 1_000, entity: { used: 100 } });
  });

  it('storage by project: the newest value of each project, and their sum for the customer', async () => {
    await setUpCustomer([{ ...meteredCalls(10, { entityLimit: 6, window: 'none' }), aggregation: 'latest' }]);
    const store = async (entity: string, value: number) => (await consume({ entity, value })).body;
    expect(await store('site', 6)).toMatchObject({ used: 6, entity: { used: 6, remaining: 0 } });
    expect(await store('site', 7)).toMatchObject({ allowed: false, reason: 'limit_reached' });
    expect(await store('blog', 5)).toMatchObject({ allowed: false, reason: 'limit_reached' });
    expect(await store('site', 2)).toMatchObject({ allowed: true, used: 2 });
    expect(await store('blog', 5)).toMatchObject({ allowed: true, used: 7 });
    expect(await store('site', 0)).toMatchObject({ allowed: true, used: 5, entity: { used: 0 } });
    expect((await list()).data).toMatchObject([{ entity: 'blog', used: 5 }]);
  });

  it('the usage series and a historical decision show one entity', async () => {
    await limited(100, 50, { window: 'day' });
    await use('ada', 2);
    metering.clock.set(after(60_000));
    await use('bob', 3);
    await use('ada', 4);
    const { customer, product } = usageOf();
    const series = (entity: string) =>
      call('GET', `/v1/customers/${customer}/usage?product=${product}&feature=calls&entity=${entity}`);
    metering.clock.set(after(120_000));
    expect((await series('ada')).body).toMatchObject({ total: 6, data: [{ quantity: 6 }] });
    expect((await series('nobody')).body).toMatchObject({ total: 0, data: [] });
    const at = async (query: string) =>
      (await call('GET', `/v1/customers/${customer}/entitlements/calls?product=${product}&entity=ada${query}`)).body;
    expect(await at('')).toMatchObject({ used: 9, entity: { id: 'ada', used: 6, limit: 50 } });
    expect(await at(`&at=${after(30_000)}`)).toMatchObject({ used: 2, entity: { id: 'ada', used: 2, limit: 50 } });
    metering.clock.set(after(26 * 3_600_000));
    expect((await list()).data).toEqual([]);
    expect((await list(`&at=${after(0)}`)).data).toMatchObject([
      { entity: 'ada', used: 6 },
      { entity: 'bob', used: 3 },
    ]);
  });

  it('the list of entities is paged', async () => {
    await limited(100, 50);
    for (const entity of ['ada', 'bob', 'cleo']) await use(entity);
    const first = await list('&limit=2');
    expect(first).toMatchObject({ data: [{ entity: 'ada' }, { entity: 'bob' }], hasMore: true });
    expect(await list(`&limit=2&cursor=${first.nextCursor}`)).toMatchObject({
      data: [{ entity: 'cleo' }],
      hasMore: false,
    });
  });

  it('deleting the customer erases the names of its entities; the counts stay', async () => {
    const name = `${uniqueName('ada')}@example.com`;
    await limited(10, 3);
    await use(name, 2);
    const { customer } = usageOf();
    expect((await call('DELETE', `/v1/customers/${customer}`)).status).toBe(204);
    const rows = await metering.service.database.query<{ name: string; id: string; used: string }>(
      `select n.name, n.id, e.used from usage_names n join usage_entity_counters e on e.entity_id = n.id join customers c on c.id = n.customer_id where c.key = $1`,
      [customer],
    );
    expect(rows).toEqual([{ name: rows[0]!.id, id: rows[0]!.id, used: '2' }]);
    const texts = await metering.service.database.query(
      `select from usage_ledger l where l::text like $1 union all select from events e where e::text like $1`,
      [`%${name}%`],
    );
    expect(texts).toEqual([]);
  });

  it.each([
    ['', 'empty'],
    ['x'.repeat(129), 'too long'],
    ['bell\u0007', 'with a control character'],
  ])('the entity %j is refused: %s', async (entity) => {
    await limited(10, 3);
    expect(await consume({ entity })).toMatchObject({ status: 422, body: { errors: [{ field: 'entity' }] } });
  });
});

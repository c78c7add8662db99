import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { uniqueName } from '../support/fixtures.js';
import { meteredCalls, START, startMetering } from './metering-fixture.js';

const HOUR_MS = 3_600_000;
/** Milliseconds after the present of the tests: two days after the customers have subscribed. */
const after = (ms: number): string => new Date(Date.parse(START) + 48 * HOUR_MS + ms).toISOString();

describe('features that count reported values', () => {
  const metering = startMetering();
  const { call, consume, check, post, usageOf } = metering;
  const setUpCustomer: typeof metering.setUpCustomer = async (...features) => {
    metering.clock.set(START);
    const subject = await metering.setUpCustomer(...features);
    metering.clock.set(after(0));
    return subject;
  };
  const counting = (aggregation: string, limit: number | null = 10, terms: object = {}) =>
    setUpCustomer([{ ...meteredCalls(limit, terms), aggregation }]);
  const report = async (value: unknown, fields: object = {}) => (await consume({ value, ...fields })).body;
  const ingest = async (events: object[]) => {
    const { customer, product } = usageOf();
    const sent = events.map((event) => ({ id: uniqueName('e'), customer, feature: 'calls', ...event }));
    return (await post('/v1/usage/events', { product, events: sent })).body.results;
  };
  const ledger = () =>
    metering.service.database.query<{ quantity: number; value: number }>(
      `select quantity::float8 as quantity, value::float8 as value from usage_ledger l join customers c on c.id = l.customer_id where c.key = $1 order by l.id`,
      [usageOf().customer],
    );

  describe('by the latest value', () => {
    it('consume sets the count to the value, up or down, and the ledger keeps the change and the value', async () => {
      await counting('latest');
      expect(await report(7)).toMatchObject({ allowed: true, used: 7, remaining: 3, requested: 7 });
      expect(await report(2)).toMatchObject({ allowed: true, used: 2 });
      expect(await report(0)).toMatchObject({ allowed: true, used: 0 });
      expect(await ledger()).toEqual([
        { quantity: 7, value: 7 },
        { quantity: -5, value: 2 },
        { quantity: -2, value: 0 },
      ]);
    });

    it('consume denies a value above the limit and stores nothing; a lower value is allowed even above it', async () => {
      await counting('latest');
      expect(await report(11)).toMatchObject({ allowed: false, reason: 'limit_reached', used: 0 });
      expect(await ledger()).toEqual([]);
      expect(await ingest([{ value: 15 }])).toMatchObject([{ status: 'recorded' }]);
      expect(await report(16)).toMatchObject({ allowed: false, used: 15, overage: 5 });
      expect(await report(12)).toMatchObject({ allowed: true, used: 12, overage: 2 });
    });

    it('check answers for a value, or for one more unit without one', async () => {
      await counting('latest');
      await report(10);
      expect(await check({ value: 10 })).toMatchObject({ allowed: true, used: 10 });
      expect(await check({ value: 11 })).toMatchObject({ allowed: false });
      expect(await check()).toMatchObject({ allowed: false, requested: 1 });
    });

    it('an event older than the newest value is recorded and changes nothing', async () => {
      await counting('latest', null);
      await ingest([{ value: 5, occurredAt: after(-HOUR_MS) }]);
      expect(await ingest([{ value: 9, occurredAt: after(-2 * HOUR_MS) }])).toMatchObject([{ status: 'recorded' }]);
      expect(await check()).toMatchObject({ used: 5 });
      expect(await ledger()).toEqual([
        { quantity: 5, value: 5 },
        { quantity: 0, value: 9 },
      ]);
    });

    it('values count in the window of their time, and each window begins at 0', async () => {
      await counting('latest', null, { window: 'day' });
      await ingest([{ value: 5, occurredAt: after(-24 * HOUR_MS) }, { value: 3 }]);
      expect(await check()).toMatchObject({ used: 3 });
      metering.clock.set(after(24 * HOUR_MS));
      expect(await check()).toMatchObject({ used: 0 });
    });

    it('a correction replaces the values reported before', async () => {
      await counting('latest');
      await report(8);
      const corrected = await metering.admin(
        'POST',
        '/v1/usage/corrections',
        usageOf({ quantity: -3, reason: 'typo' }),
      );
      expect(corrected.body).toMatchObject({ used: 5 });
      expect(await ingest([{ value: 9, occurredAt: after(-1) }])).toMatchObject([{ status: 'recorded' }]);
      expect(await check()).toMatchObject({ used: 5 });
      expect(await report(6)).toMatchObject({ used: 6 });
    });
  });

  it('by the highest value: lower ones are recorded, and a correction lowers the count', async () => {
    await counting('max');
    expect(await report(4)).toMatchObject({ allowed: true, used: 4 });
    expect(await report(3)).toMatchObject({ allowed: true, used: 4 });
    expect(await ingest([{ value: 6, occurredAt: after(-HOUR_MS) }])).toMatchObject([{ status: 'recorded' }]);
    expect(await report(11)).toMatchObject({ allowed: false, used: 6 });
    const corrected = await metering.admin('POST', '/v1/usage/corrections', usageOf({ quantity: -4, reason: 'typo' }));
    expect(corrected.body).toMatchObject({ used: 2 });
    expect(await report(3)).toMatchObject({ used: 3 });
  });

  it('by unique values: each counts once in a window, and a correction takes one back', async () => {
    await counting('unique', 2);
    expect(await report('laptop')).toMatchObject({ allowed: true, used: 1, requested: 1 });
    expect(await report('laptop')).toMatchObject({ allowed: true, used: 1 });
    expect(await report('phone')).toMatchObject({ allowed: true, used: 2 });
    expect(await report('watch')).toMatchObject({ allowed: false, reason: 'limit_reached', used: 2 });
    expect(await report('phone')).toMatchObject({ allowed: true, used: 2 });
    expect(await check({ value: 'laptop' })).toMatchObject({ allowed: true });
    expect(await check({ value: 'watch' })).toMatchObject({ allowed: false });
    const { customer, product } = usageOf();
    const { body } = await call('GET', `/v1/customers/${customer}/usage/entities?product=${product}&feature=calls`);
    expect(body.data.map(({ entity }: { entity: string }) => entity)).toEqual(['laptop', 'phone']);
    const takeBack = usageOf({ quantity: -1, value: 'laptop', reason: 'sold' });
    expect((await metering.admin('POST', '/v1/usage/corrections', takeBack)).body).toMatchObject({ used: 1 });
    expect((await metering.admin('POST', '/v1/usage/corrections', takeBack)).body.code).toBe('exceeds_usage');
    expect(await report('watch')).toMatchObject({ allowed: true, used: 2 });
  });

  it('the database refuses a distinct value that counts twice, and its name twice', async () => {
    await counting('unique');
    await report('laptop');
    const run = (sql: string) =>
      metering.service.database.query(
        `with mine as (select n.id as entity_id, n.customer_id, n.name from usage_names n join customers c on c.id = n.customer_id where c.key = $1) ${sql}`,
        [usageOf().customer],
      );
    await expect(
      run('update usage_entity_counters e set used = 2 from mine where e.entity_id = mine.entity_id'),
    ).rejects.toThrow('usage_entity_counters_within_hard_limit');
    await expect(
      run('insert into usage_entity_counters select e.* from usage_entity_counters e join mine using (entity_id)'),
    ).rejects.toThrow('usage_entity_counters_pkey');
    await expect(
      run('insert into usage_names (customer_id, id, name) select customer_id, gen_random_uuid(), name from mine'),
    ).rejects.toThrow('usage_names_unique');
  });

  it('events of one batch, in any order and split in any way, end in the same counts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.nat(20)), {
          minLength: 1,
          maxLength: 8,
          selector: ([minute]) => minute,
        }),
        fc.integer({ min: 0, max: 8 }),
        fc.infiniteStream(fc.nat()),
        async (reports, cut, random) => {
          const shuffled = reports
            .map((one) => ({ one, order: random.next().value as number }))
            .sort((a, b) => a.order - b.order)
            .map(({ one }) => one);
          const newest = [...reports].sort(([a], [b]) => a - b)[0]!;
          const expected = {
            latest: newest[1],
            max: Math.max(...reports.map(([, value]) => value)),
            unique: new Set(reports.map(([, value]) => value)).size,
          };
          await setUpCustomer(
            Object.keys(expected).map((feature) => ({ ...meteredCalls(null), feature, aggregation: feature })),
          );
          for (const [feature, count] of Object.entries(expected)) {
            const events = shuffled.map(([minute, value]) => ({
              feature,
              value: feature === 'unique' ? `v${value}` : value,
              occurredAt: after(-minute * 60_000),
            }));
            for (const part of [events.slice(0, cut), events.slice(cut)]) if (part.length > 0) await ingest(part);
            expect({ feature, used: (await check({ feature })).used }).toEqual({ feature, used: count });
          }
        },
      ),
      { numRuns: 12 },
    );
  }, 60_000);

  it('an event id is counted once, also with a value', async () => {
    await counting('latest');
    await ingest([{ id: 'once', value: 4 }]);
    expect(await ingest([{ id: 'once', value: 9 }])).toMatchObject([{ status: 'duplicate' }]);
    expect(await check()).toMatchObject({ used: 4 });
  });

  it('quantity and value are refused where they do not fit the feature, and nothing is stored', async () => {
    await setUpCustomer([
      { ...meteredCalls(5), feature: 'sum' },
      { ...meteredCalls(5), feature: 'latest', aggregation: 'latest' },
      { ...meteredCalls(5), feature: 'unique', aggregation: 'unique' },
    ]);
    const refused = [
      { feature: 'sum', value: 1 },
      { feature: 'latest' },
      { feature: 'latest', quantity: 2 },
      { feature: 'latest', value: 'x' },
      { feature: 'latest', value: 1.5 },
      { feature: 'latest', value: -1 },
      { feature: 'latest', value: 1, quantity: 1 },
      { feature: 'unique', value: 1 },
      { feature: 'unique', value: '' },
      { feature: 'unique', value: 'bell\u0007' },
    ];
    for (const fields of refused)
      expect(await consume(fields)).toMatchObject({
        status: 422,
        body: { code: 'invalid_fields', errors: [{ field: 'value' }] },
      });
    expect((await consume({ feature: 'unique', value: 'x', entity: 'ada' })).body.errors).toMatchObject([
      { field: 'entity' },
    ]);
    expect(await ingest([{ feature: 'sum', value: 1 }])).toMatchObject([
      { status: 'rejected', code: 'value_does_not_fit' },
    ]);
    expect(await ledger()).toEqual([]);
  });

  it('reservations and grants are refused', async () => {
    await counting('latest');
    expect(await metering.reserve(1)).toMatchObject({ status: 422, body: { code: 'feature_counts_values' } });
    expect(await metering.grant({ quantity: 5 })).toMatchObject({
      status: 422,
      body: { code: 'feature_counts_values' },
    });
  });

  it('the catalogue refuses terms and changes that have no meaning', async () => {
    const { product } = await counting('unique');
    const apply = (feature: object, terms: object) =>
      post('/v1/catalog/apply', {
        product: { key: product, name: product },
        features: [{ key: 'calls', name: 'calls', type: 'metered', ...feature }],
        plans: [
          {
            key: 'plan',
            name: 'Plan',
            prices: [{ interval: 'month', amount: 100, currency: 'USD' }],
            entitlements: [meteredCalls(1, terms)],
          },
        ],
        assignment: [{ plan: 'plan' }],
      });
    expect((await apply({ aggregation: 'max' }, {})).body.code).toBe('feature_aggregation_fixed');
    expect((await apply({}, {})).body.code).toBe('feature_aggregation_fixed');
    const fieldsOf = async (terms: object) =>
      (await apply({ aggregation: 'unique' }, terms)).body.errors.map(({ field }: { field: string }) => field);
    expect(await fieldsOf({ overage: 'cap', rateLimit: { limit: 1, windowSeconds: 1 }, entityLimit: 1 })).toEqual(
      ['overage', 'rateLimit', 'entityLimit'].map((field) => `plans.0.entitlements.0.${field}`),
    );
    const feature = { product, key: 'flag', name: 'flag', type: 'boolean', aggregation: 'latest' };
    expect((await post('/v1/features', feature)).body.errors).toMatchObject([{ field: 'aggregation' }]);
    const { body } = await call('GET', `/v1/features/calls?product=${product}`);
    expect(body).toMatchObject({ aggregation: 'unique' });
  });
});

import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newId } from '@app/kernel';
import { CountersRepository, MeteringService } from '@app/metering';
import { PipelinedDatabase } from '@app/platform';
import { uniqueName } from '../support/fixtures.js';
import { meteredCalls, START, startMetering } from './metering-fixture.js';

const ACTORS = [
  { kind: 'system' as const, id: null },
  { kind: 'api_key' as const, id: newId() },
  { kind: 'api_key' as const, id: newId() },
  { kind: 'user' as const, id: newId() },
];
const HOUR_MS = 3_600_000;

/** One request of a batch. Usual ones have the same kind and actor, and none of the optional fields. */
const request = fc.record({
  kind: fc.constantFrom('consume' as const, 'return' as const, 'event' as const),
  actor: fc.oneof({ weight: 3, arbitrary: fc.constant(ACTORS[0]!) }, fc.constantFrom(...ACTORS)),
  quantity: fc.integer({ min: 1, max: 9 }),
  properties: fc.option(fc.dictionary(fc.constantFrom('a', 'b "c"'), fc.string({ maxLength: 8 })), { nil: undefined }),
  entity: fc.option(fc.constantFrom('berlin', 'new york, "ny"'), { nil: undefined, freq: 5 }),
  hoursAgo: fc.option(fc.integer({ min: 0, max: 24 }), { nil: undefined }),
});
type Request = typeof request extends fc.Arbitrary<infer One> ? One : never;

describe('a batch of different commands', () => {
  const metering = startMetering();
  let customer: { id: string; key: string };
  let product: string;
  beforeAll(async () => {
    metering.clock.set('2027-03-08T09:00:00Z');
    const created = await metering.setUpCustomer([meteredCalls(null)]);
    ({ product } = created);
    const [row] = await metering.service.database.query<{ id: string }>('select id from customers where key = $1', [
      created.customer,
    ]);
    customer = { id: row!.id, key: created.customer };
    metering.clock.set(START);
  });

  const send = async ({ kind, actor, hoursAgo, ...fields }: Request): Promise<object> => {
    const service = metering.service.app.get(MeteringService);
    const expected = { kind, actor, entity: fields.entity ?? null, properties: fields.properties ?? null };
    const { quantity } = fields;
    if (kind === 'return') {
      await service.returnUnits({ customer, product, feature: 'calls', actor, quantity });
      const none = { entity: null, properties: null, reference: null };
      return { kind: 'correction', actor, quantity: -quantity, occurredAt: new Date(START), ...none };
    }
    if (kind === 'consume') {
      await service.consume({ customer, product, feature: 'calls', actor, ...fields });
      return { ...expected, quantity, reference: null, occurredAt: new Date(START) };
    }
    const id = uniqueName('event "1", 2');
    const occurredAt = hoursAgo === undefined ? undefined : new Date(new Date(START).getTime() - hoursAgo * HOUR_MS);
    const events = [{ id, feature: 'calls', occurredAt, ...fields }];
    expect(await service.ingest({ customer, product, events, actor })).toEqual([{ id, status: 'recorded' }]);
    return { ...expected, quantity, reference: id, occurredAt: occurredAt ?? new Date(START) };
  };

  it('writes each ledger entry with all of its fields', async () => {
    const system = ACTORS[0]!;
    const enough = { customer, product, feature: 'calls', quantity: 100_000, actor: system };
    await metering.service.app.get(MeteringService).consume(enough);
    let last = newId();
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 12 }), async (requests) => {
        const expected = await Promise.all(requests.map(send));
        const rows = await metering.service.database.query<{ id: string }>(
          `select l.id, l.kind, l.actor, n.name as entity, l.properties, l.quantity::int as quantity, l.reference, l.occurred_at as "occurredAt"
           from usage_ledger l left join usage_names n on n.customer_id = l.customer_id and n.id = l.entity_id
           where l.customer_id = $1 and l.id > $2 order by l.id`,
          [customer.id, last],
        );
        last = rows.at(-1)!.id;
        expect(rows.map(({ id: _, ...row }) => row)).toEqual(expect.arrayContaining(expected));
        expect(rows).toHaveLength(expected.length);
      }),
      { numRuns: 25 },
    );
  });

  it('adds to a counter as the general update does when nothing else changes', async () => {
    const counters = metering.service.app.get(CountersRepository);
    const pipelined = metering.service.app.get(PipelinedDatabase);
    const { query } = metering.service.database;
    const [feature] = await query<{ id: string }>(
      'select f.id from features f join products p on p.id = f.product_id where p.key = $1',
      [product],
    );
    const amount = fc.integer({ min: 0, max: 1_000 });
    const instant = fc.option(
      fc.date({ min: new Date('2027-04-01'), max: new Date('2027-05-01'), noInvalidDate: true }),
    );
    const row = fc.record({
      windowName: fc.constantFrom('none', 'month', 'day'),
      used: amount,
      reserved: fc.constant(0),
      fromGrants: fc.constant(0),
      carried: amount,
      notified: fc.constantFrom(0, 80, 100),
      hardLimit: fc.option(fc.integer({ min: 5_000, max: 9_000 })),
      included: fc.option(amount),
      windowEnd: instant,
    });
    const change = fc.record({
      used: amount,
      hardLimit: fc.option(fc.integer({ min: 5_000, max: 9_000 })),
      included: fc.option(amount),
      windowEnd: instant,
    });
    let year = 3000;
    await fc.assert(
      fc.asyncProperty(row, change, async (stored, changed) => {
        const saved = [];
        for (const onlyUsed of [true, false]) {
          const windowStart = new Date(Date.UTC(year++, 0));
          const key = { customerId: customer.id, featureId: feature!.id, windowStart, closed: false };
          for (const one of [
            { ...stored, ...key, exists: false, onlyUsed: false },
            { ...stored, ...changed, ...key, exists: true, onlyUsed },
          ])
            await pipelined.transaction((connection) =>
              Promise.resolve({ answer: null, writes: counters.saveCounters(connection, [one], new Date(START)) }),
            );
          const [result] = await query(
            `delete from usage_counters where customer_id = $1 and feature_id = $2 and window_start = $3
             returning window_name, used, reserved, from_grants, carried, notified, hard_limit, included, window_end, updated_at`,
            [customer.id, feature!.id, windowStart],
          );
          saved.push(result);
        }
        expect(saved[0]).toEqual(saved[1]);
        expect(saved[0]).toMatchObject({ used: String(stored.used + changed.used) });
      }),
      { numRuns: 25 },
    );
  });
});

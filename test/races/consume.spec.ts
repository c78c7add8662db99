import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestingModuleBuilder } from '@nestjs/testing';
import { type CounterChange, CountersRepository } from '@app/metering';
import { type Connection, Database, type Statement } from '@app/platform';
import { startApp, type TestApp } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { allowLog } from '../support/log.js';
import { inParallel, applyMeteredProduct, createApiKey, uniqueName } from '../support/fixtures.js';

const LIMIT = 500;
const CALLS = 2_000;
const CONCURRENCY = 100;

interface Outcome {
  granted: number;
  denied: number;
  failed: number;
  used: number;
  ledger: number;
}

/** Sends many consumes of 1 for one customer over two instances. @returns the outcomes */
async function storm(instances: TestApp[], database: TestDatabase): Promise<Outcome> {
  const [first] = instances as [TestApp, TestApp];
  const product = uniqueName('storm');
  await applyMeteredProduct(first, product, LIMIT);
  const { key } = await createApiKey(first);
  await first.call('PUT', '/v1/customers/storm', { token: key, body: { product } });
  const responses = await inParallel(CALLS, CONCURRENCY, (index) =>
    instances[index % instances.length]!.call('POST', '/v1/usage/consume', {
      token: key,
      body: { customer: 'storm', product, feature: 'calls' },
    }),
  );
  const [sums] = await database.query<{ used: string; ledger: string }>(
    `select (select sum(used) from usage_counters where feature_id = f.id) as used, (select sum(quantity) from usage_ledger where feature_id = f.id) as ledger
     from features f join products p on p.id = f.product_id where p.key = $1`,
    [product],
  );
  return {
    granted: responses.filter(({ body }) => body.allowed === true).length,
    denied: responses.filter(({ body }) => body.allowed === false && body.reason === 'limit_reached').length,
    failed: responses.filter(({ status }) => status !== 200).length,
    used: Number(sums!.used),
    ledger: Number(sums!.ledger),
  };
}

const EXACT: Outcome = { granted: LIMIT, denied: CALLS - LIMIT, failed: 0, used: LIMIT, ledger: LIMIT };

const UNLOCKED: Statement = {
  name: 'versions, not locked',
  text: `select customer_id as "customerId", version::float8 as version from entitlement_versions where customer_id = any($1::uuid[])`,
};

/** A wrong implementation: reads, decides and writes without a lock. */
class UnlockedCountersRepository extends CountersRepository {
  override async lock(connection: Connection, customerIds: string[]): Promise<Map<string, number>> {
    const rows = await connection.run<{ customerId: string; version: number }>(UNLOCKED, [customerIds]);
    return new Map(rows.map(({ customerId, version }) => [customerId, version]));
  }
}

/** The same without the limit in the update statement. */
class UnguardedCountersRepository extends UnlockedCountersRepository {
  override saveCounters(connection: Connection, changes: CounterChange[], now: Date): Promise<unknown>[] {
    return super.saveCounters(
      connection,
      changes.map((change) => ({ ...change, hardLimit: null })),
      now,
    );
  }
}

const using = (repository: new (database: Database) => CountersRepository) => ({
  customize: (module: TestingModuleBuilder) =>
    module
      .overrideProvider(CountersRepository)
      .useFactory({ factory: (database: Database) => new repository(database), inject: [Database] }),
});

// Without the lock, the CHECK of the table rejects writes, at an instant that the tests do not control.
allowLog(/usage_counters_within_hard_limit/);

describe('2,000 parallel consumes of 1 on a limit of 500, over two instances', () => {
  let database: TestDatabase;
  const running: TestApp[] = [];
  const instance = async (...options: Partial<Parameters<typeof startApp>[0]>[]): Promise<TestApp> => {
    const service = await startApp({ database, worker: true, ...options[0] });
    running.push(service);
    return service;
  };

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(async () => {
    await Promise.all(running.map((service) => service.stop()));
    await database.drop();
  });

  it('grants exactly 500', async () => {
    expect(await storm([await instance(), await instance()], database)).toEqual(EXACT);
  }, 120_000);

  it('a variant without lock and guard fails the same test', async () => {
    const unguarded = [
      await instance(using(UnguardedCountersRepository)),
      await instance(using(UnguardedCountersRepository)),
    ];
    // On a busy machine the two may run one after the other: then repeat.
    let granted = 0;
    for (let attempt = 0; attempt < 5 && granted <= LIMIT; attempt++)
      granted = (await storm(unguarded, database)).granted;
    expect(granted).toBeGreaterThan(LIMIT);
  }, 120_000);

  it('the database rejects units beyond the limit even without the lock', async () => {
    const outcome = await storm(
      [await instance(using(UnlockedCountersRepository)), await instance(using(UnlockedCountersRepository))],
      database,
    );
    expect(outcome.granted).toBeLessThanOrEqual(LIMIT);
    expect(outcome.used).toBe(outcome.granted);
  }, 120_000);

  it('the database rejects the write when the code does not decide', async () => {
    await expect(
      database.query('update usage_counters set used = hard_limit + 1 where hard_limit is not null'),
    ).rejects.toThrow('usage_counters_within_hard_limit');
    await expect(database.query('update usage_counters set used = -1')).rejects.toThrow('usage_counters_');
    await expect(database.query('delete from usage_ledger')).rejects.toThrow('append-only');
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DueSubscriptionsService } from '@app/subscriptions';
import { startApp, TestClock, type TestApp } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { inParallel, createApiKey } from '../support/fixtures.js';

const CUSTOMERS = 250;

describe('four workers on two instances', () => {
  const clock = new TestClock();
  let database: TestDatabase;
  let instances: TestApp[];

  beforeAll(async () => {
    database = await createTestDatabase();
    const first = await startApp({ database, clock });
    instances = [first, await startApp({ database, clock })];
    const { call } = await createApiKey(first);
    await inParallel(CUSTOMERS, 8, async (index) => {
      const { body } = await call('PUT', `/v1/customers/due${index}`, { body: { product: 'api', plan: 'hourly' } });
      if (index % 2)
        await call('POST', `/v1/subscriptions/${body.subscription.id}/cancel`, { body: { when: 'period_end' } });
    });
  }, 60_000);
  afterAll(async () => {
    await Promise.all(instances.map((instance) => instance.stop()));
    await database.drop();
  });

  it('apply every due period exactly once, also after an outage', async () => {
    clock.advance(3 * 3_600_000);
    const sweeps = await inParallel(4, 4, (index) =>
      instances[index % 2]!.app.get(DueSubscriptionsService).processDue(),
    );
    const left = await Promise.all(instances.map((instance) => instance.app.get(DueSubscriptionsService).processDue()));
    expect(sweeps.reduce((sum, swept) => sum + swept, 0) + left[0]! + left[1]!).toBe(CUSTOMERS);
    const events = await database.query<{ type: string; count: number }>(
      `select type, count(*)::int as count from events where type in ('subscription.renewed', 'subscription.expired') group by type order by type`,
    );
    // Half of the subscriptions are canceled and expire; the others renew once for each of the three hours.
    expect(events).toEqual([
      { type: 'subscription.expired', count: CUSTOMERS / 2 },
      { type: 'subscription.renewed', count: (CUSTOMERS / 2) * 3 },
    ]);
    const gaps = await database.query(
      `select 1 from (select (after->>'version')::int - lag((after->>'version')::int) over (partition by subject_id order by (after->>'version')::int) as step
        from events where subject_type = 'subscription') s where step <> 1`,
    );
    expect(gaps).toHaveLength(0);
  }, 60_000);
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database, Metrics } from '@app/platform';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { expectLog } from '../support/log.js';

const SLOW_MS = 400;

describe('slow queries', () => {
  let service: TestApp & { database: TestDatabase };
  beforeAll(async () => {
    service = await startService({ environment: { SLOW_QUERY_MS: String(SLOW_MS) } });
  });
  afterAll(() => service.stop());

  const slow = async (): Promise<number> => {
    const { values } = await service.app.get(Metrics).slowQueries.get();
    return values.reduce((sum, { value }) => sum + value, 0);
  };

  it('do not include a query whose answer waited while the process was busy', async () => {
    const before = await slow();
    const answer = service.app.get(Database).query('select 1');
    const busyUntil = performance.now() + 3 * SLOW_MS;
    while (performance.now() < busyUntil);
    await answer;
    expect(await slow()).toBe(before);
  });

  it('include a query that the database takes long for', async () => {
    expectLog(/A query was slow[\s\S]*pg_sleep/);
    const before = await slow();
    // A block has no plan, so it is logged immediately.
    await service.app.get(Database).query(`do $$ begin perform pg_sleep(${(2 * SLOW_MS) / 1_000}); end $$`);
    await eventually(async () => (await slow()) > before);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database, Metrics, PipelinedDatabase } from '@app/platform';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { expectLog } from '../support/log.js';

const SLOW_MS = 400;
/** More than the hot path waits for an answer. */
const STALL_MS = 2_100;

function stall(ms: number): void {
  const busyUntil = performance.now() + ms;
  while (performance.now() < busyUntil);
}

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
    stall(3 * SLOW_MS);
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

  it('that exceed their timeout on a busy process fail, and their connection is not logged as lost', async () => {
    const answer = service.app.get(PipelinedDatabase).transaction(async (connection) => {
      await connection.run({ name: 'before the stall', text: 'select 1' });
      const read = connection.run({ name: 'in the stall', text: 'select 2' });
      // The statement is sent, and its answer waits to be read when the timer fires.
      process.nextTick(() => process.nextTick(() => stall(STALL_MS)));
      return { answer: await read, writes: [] };
    });
    await expect(answer).rejects.toThrow('Query read timeout');
    expect(await service.app.get(PipelinedDatabase).read({ name: 'after it', text: 'select 3 as n' })).toEqual([
      { n: 3 },
    ]);
  });
});

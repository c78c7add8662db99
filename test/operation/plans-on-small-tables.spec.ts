import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PipelinedDatabase } from '@app/platform';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { applyMeteredProduct, uniqueName } from '../support/fixtures.js';

/** More than the 5 executions after which PostgreSQL keeps the plan of a prepared statement. */
const EXECUTIONS = 8;
const TABLES = ['usage_counters', 'usage_ledger', 'usage_reservations', 'entitlement_versions', 'idempotency_keys'];

describe('statements that are prepared while their tables are small', () => {
  let service: TestApp & { database: TestDatabase };
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());

  /** Sequential scans since the start of the server, by table. */
  const scans = async (): Promise<Record<string, string>> => {
    // A backend reports its counts with a delay, unless a query makes it report them.
    await service.app
      .get(PipelinedDatabase)
      .read({ name: 'test: flush statistics', text: 'select pg_stat_force_next_flush()' });
    const rows = await service.database.query<{ relname: string; seq_scan: string }>(
      'select relname, seq_scan from pg_stat_user_tables where relname = any($1)',
      [TABLES],
    );
    return Object.fromEntries(rows.map(({ relname, seq_scan }) => [relname, seq_scan]));
  };

  it('use indexes, so that they stay fast when the tables grow', async () => {
    const product = uniqueName('p');
    const customer = uniqueName('c');
    await applyMeteredProduct(service, product, 1_000);
    await service.admin('PUT', `/v1/customers/${customer}`, { body: { product } });
    const body = { customer, product, feature: 'calls' };
    await service.database.query('analyze');
    const before = await scans();
    for (let index = 0; index < EXECUTIONS; index++) {
      // One after the other, on one connection.
      const headers = { 'idempotency-key': uniqueName('key') };
      expect(await service.admin('POST', '/v1/usage/consume', { body, headers })).toMatchObject({ status: 200 });
      const events = [{ id: uniqueName('event'), customer, feature: 'calls', quantity: 1 }];
      expect(await service.admin('POST', '/v1/usage/events', { body: { product, events } })).toMatchObject({
        status: 200,
      });
      expect(await service.admin('POST', '/v1/check', { body })).toMatchObject({ status: 200 });
    }
    expect(await scans()).toEqual(before);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BillingChecker, InvoicesRepository } from '@app/billing';
import { Database } from '@app/platform';
import { SECRET_KEY, startService, type TestApp } from '../support/app.js';
import { idsOf, periodDraft } from '../support/billing-rows.js';
import type { TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { uniqueName } from '../support/fixtures.js';
import { allowLog } from '../support/log.js';
import { startWorker } from '../support/process.js';
import { waitForBlockedStatements, withOpenTransaction } from '../support/transactions.js';

const INVOICES = 1_000;
const WORKERS = 4;
const WITHIN_MS = 60_000;

/** BL-29. */
describe('workers that are killed while they finalize', () => {
  let service: TestApp & { database: TestDatabase };
  let workers: Awaited<ReturnType<typeof startWorker>>[];
  const product = uniqueName('finalized');

  beforeAll(async () => {
    service = await startService();
    const body = {
      product: { key: product, name: product },
      billing: { provider: 'manual', netDays: 365 },
      features: [],
      plans: [
        { key: 'free', name: 'Free', prices: [{ interval: 'month', amount: 0, currency: 'USD' }], entitlements: [] },
      ],
      assignment: [{ plan: 'free' }],
    };
    expect((await service.admin('POST', '/v1/catalog/apply', { body })).status).toBe(200);
    const { url } = service.database;
    workers = await Promise.all(Array.from({ length: WORKERS }, () => startWorker(url, { SECRET_KEY })));
  }, 120_000);
  afterAll(async () => {
    await Promise.all(workers.slice(2).map((worker) => worker.end('SIGTERM')));
    await service.stop();
  });

  it('leave the numbers 1 to 1,000 on 1,000 invoices', async () => {
    // A worker that waits longer than its lock timeout, on a busy machine, tries again.
    allowLog(/lock timeout/);
    const { database, app } = service;
    const customer = uniqueName('payer');
    await service.admin('PUT', `/v1/customers/${customer}`, { body: { product } });
    const owner = await idsOf(service, customer, product);
    const finalized = async (): Promise<number> =>
      (
        await database.query<{ count: number }>(
          'select count(serial)::integer as count from invoices where product_id = $1',
          [owner.productId],
        )
      )[0]!.count;
    await withOpenTransaction(database, async (other) => {
      // The row of the numbers is inserted here first, so each worker waits in the middle of its transaction.
      await other.query(`insert into document_numbers (product_id, kind, last) values ($1, 'invoice', 1)`, [
        owner.productId,
      ]);
      const drafts = Array.from({ length: INVOICES }, () => periodDraft(owner, new Date()));
      await app
        .get(Database, { strict: false })
        .transaction(() => app.get(InvoicesRepository, { strict: false }).insertMany(drafts));
      await waitForBlockedStatements(database, { count: WORKERS, containing: 'document_numbers' });
      await workers[0]!.end('SIGKILL');
    });
    while ((await finalized()) === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await workers[1]!.end('SIGKILL');
    await eventually(finalized, (count) => count === INVOICES, WITHIN_MS);
    const rows = await database.query<{ serial: number; number: string }>(
      'select serial::integer as serial, number from invoices where product_id = $1 order by serial',
      [owner.productId],
    );
    expect(rows.map(({ serial }) => serial)).toEqual(Array.from({ length: INVOICES }, (_, index) => index + 1));
    expect(new Set(rows.map(({ number }) => number)).size).toBe(INVOICES);
    const events = await database.query(
      `select 1 from events where type = 'invoice.finalized' group by subject_id having count(*) <> 1`,
    );
    expect(events).toEqual([]);
    expect((await app.get(BillingChecker, { strict: false }).checkAll()).mismatches).toEqual([]);
  }, 120_000);
});

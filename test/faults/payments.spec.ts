import * as fs from 'node:fs';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../libs/platform/src/embedded/embedded-postgres.js';
import { type ApiResponse, createCall, SECRET_KEY } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { inParallel } from '../support/fixtures.js';
import { allowLog } from '../support/log.js';
import {
  killPostmasterAndBackends,
  type ServiceProcess,
  startProcess,
  startWorker,
  temporaryFolder,
} from '../support/process.js';

const PASSWORD = 'correct horse battery staple';
const KILLS = 5;
/** Fewer than a worker charges at a time. */
const INVOICES = 4;
const AMOUNT = 1_000;
const CUSTOMER = 'payer';
const PRODUCT = 'killed';
const WITHIN_MS = 30_000;
type Killed = 'worker' | 'database';
/** An outcome that is about to be stored waits for a lock that the test holds: the provider has answered then. */
const HOLD = `create function hold_outcome() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock_shared(1); return new; end $$;
  create trigger hold_payments before update on payments for each row when (old.status = 'pending' and new.status = 'succeeded') execute function hold_outcome();
  create trigger hold_refunds before update on refunds for each row when (old.status = 'pending' and new.status = 'succeeded') execute function hold_outcome()`;

describe('a kill between the answer of the provider and its record', () => {
  const dataDir = temporaryFolder();
  let server: EmbeddedPostgres;
  let service: ServiceProcess;
  let worker: Awaited<ReturnType<typeof startWorker>>;
  let token: string;

  const withClient = async <T>(work: (client: pg.Client) => Promise<T>): Promise<T> => {
    const client = new pg.Client(server.superuserUrl('tollgate'));
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  const query = async <Row extends pg.QueryResultRow>(sql: string): Promise<Row[]> =>
    withClient(async (client) => (await client.query<Row>(sql)).rows);
  const count = async (from: string): Promise<number> =>
    (await query<{ count: number }>(`select count(*)::integer as count from ${from}`))[0]!.count;
  const call = (method: string, at: string, body?: object): Promise<ApiResponse> =>
    createCall(service.url)(method, at, { token, ...(body && { body }) });
  const startPostgres = async (): Promise<void> => {
    const folder = { dataDir: path.join(dataDir, 'postgres'), ...(server && { port: server.port }) };
    // A kill of processes loses nothing that the operating system has, so nothing waits for a disk.
    const options = { ...folder, settings: { fsync: 'off' } };
    for (;;) {
      const started = await startEmbeddedPostgres(options).catch(() => null);
      if (started) return void (server = started);
      // Backends of a killed server may still use its shared memory.
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const startTheWorker = async (): Promise<void> => {
    worker = await startWorker(server.url(), { SECRET_KEY });
  };
  /** Ends a process while outcomes wait to be stored, and starts it again. @param made the table of the provider */
  const killBeforeRecord = async (killed: Killed, made: string, request: () => Promise<unknown>): Promise<void> => {
    await withClient(async (holder) => {
      await holder.query('select pg_advisory_lock(1)');
      await request();
      await eventually(
        () => count(made),
        (found) => found === INVOICES,
        WITHIN_MS,
      );
      await eventually(() => count(`pg_locks where locktype = 'advisory' and not granted`), Boolean, WITHIN_MS);
      if (killed === 'worker') await worker.end('SIGKILL');
      else killPostmasterAndBackends(server.pid);
    });
    await (killed === 'worker' ? startTheWorker() : startPostgres());
  };

  beforeAll(async () => {
    // The surviving processes report that the database is away.
    allowLog(/stderr of (service|worker): /);
    await startPostgres();
    const environment = { ADMIN_PASSWORD: PASSWORD, SECRET_KEY, LOG_LEVEL: 'error', WORKER: 'off' };
    service = await startProcess(dataDir, { ...environment, DATABASE_URL: server.url() });
    await startTheWorker();
    const login = { email: 'admin@localhost', password: PASSWORD };
    token = (await createCall(service.url)('POST', '/v1/auth/login', { body: login })).body.accessToken;
    const { status } = await call('POST', '/v1/catalog/apply', {
      product: { key: PRODUCT, name: PRODUCT },
      billing: { provider: 'sandbox' },
      features: [],
      plans: [
        { key: 'free', name: 'Free', prices: [{ interval: 'month', amount: 0, currency: 'USD' }], entitlements: [] },
      ],
      assignment: [{ plan: 'free' }],
    });
    expect(status).toBe(200);
    await call('PUT', `/v1/customers/${CUSTOMER}`, { product: PRODUCT });
    const at = `/v1/customers/${CUSTOMER}/payment-methods`;
    const { body } = await call('POST', `${at}/setup`, { product: PRODUCT, returnUrl: '/billing' });
    const page = `${service.url}${new URL(body.url).pathname}`;
    await fetch(page, { method: 'POST', body: new URLSearchParams({ behavior: 'succeeds' }), redirect: 'manual' });
    await eventually(async () => (await call('GET', at)).body.data.length, Boolean, WITHIN_MS);
    await query(HOLD);
  }, 120_000);
  afterAll(async () => {
    await worker.end('SIGTERM');
    await service.stop('SIGTERM');
    await server.stop();
    fs.rmSync(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  });

  it.each<Killed>(['worker', 'database'])(
    `of the %s, ${KILLS} times, leaves one charge per attempt`,
    async (killed) => {
      for (let round = 1; round <= KILLS; round++) {
        const before = await count('sandbox_charges');
        await killBeforeRecord(killed, `(select 1 from sandbox_charges offset ${before}) c`, () =>
          inParallel(INVOICES, INVOICES, async () => {
            const lines = [{ description: 'Work', unitAmount: AMOUNT }];
            const draft = { customer: CUSTOMER, product: PRODUCT, currency: 'USD', lines };
            const { body } = await call('POST', '/v1/invoices', draft);
            expect((await call('POST', `/v1/invoices/${body.id}/finalize`, {})).status).toBe(200);
          }),
        );
        // Charged, and not recorded.
        expect(await count(`payments where status = 'pending'`)).toBe(INVOICES);
        // A worker queries the provider after the lease of the one that died; the test does not wait for that.
        await query(`update payments set check_at = now() where status = 'pending'`);
        await eventually(
          () => count(`invoices where status = 'open'`),
          (open) => open === 0,
          WITHIN_MS,
        );
        expect(await count('sandbox_charges')).toBe(before + INVOICES);
      }
      const unlike = await query(
        `select p.id from payments p full join sandbox_charges c on c.idempotency_key = p.invoice_id || ':' || p.attempt
       where p.status is distinct from 'succeeded' or p.provider_id is distinct from c.id or p.amount is distinct from c.amount or p.attempt <> 1`,
      );
      expect(unlike).toEqual([]);
      expect(await count(`events where type = 'invoice.paid'`)).toBe(await count('sandbox_charges'));
    },
    240_000,
  );

  it.each<Killed>(['worker', 'database'])(
    'of the %s leaves one refund',
    async (killed) => {
      const paid = await query<{ id: string }>(
        `select id from payments where status = 'succeeded' order by id limit ${INVOICES}`,
      );
      const before = await count('sandbox_refunds');
      await killBeforeRecord(killed, `(select 1 from sandbox_refunds offset ${before}) r`, () =>
        inParallel(INVOICES, INVOICES, async (index) => {
          const refunded = await call('POST', `/v1/payments/${paid[index]!.id}/refund`, {
            amount: 400,
            reason: 'outage',
          });
          expect(refunded.status).toBe(200);
        }),
      );
      expect(await count(`refunds where status = 'pending'`)).toBe(INVOICES);
      await query(`update refunds set check_at = now() where status = 'pending'`);
      await eventually(
        () => count(`refunds where status = 'pending'`),
        (left) => left === 0,
        WITHIN_MS,
      );
      const unlike = await query(
        `select r.id from refunds r full join sandbox_refunds s on s.idempotency_key = r.id::text
       where r.status is distinct from 'succeeded' or r.provider_id is distinct from s.id or r.amount is distinct from s.amount`,
      );
      expect(unlike).toEqual([]);
      expect(await count('sandbox_refunds')).toBe(before + INVOICES);
      expect(await count(`payments where refunded = 400`)).toBe(before + INVOICES);
    },
    120_000,
  );
});

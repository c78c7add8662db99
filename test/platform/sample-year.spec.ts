import * as fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { BillingChecker } from '@app/billing';
import { UsageChecker } from '@app/metering';
import { ADMIN, type Call, createCall, ok, startApp, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { allowLog } from '../support/log.js';
import {
  embeddedUrl,
  killWithDatabase,
  postgresPid,
  type ServiceProcess,
  startProcess,
  temporaryFolder,
} from '../support/process.js';

// The process that loads loses its database before it is killed itself.
allowLog(/^stderr of service: (\w*Error: |\s+at )/);

/** The load is killed after this line, and continued by the next start. */
const KILLED_AFTER = 'Sample data: 92 of 366 days';
const READY = /^Sample data: 100 customers/m;
const LOAD_MS = 400_000;

describe('the first start on an empty folder', () => {
  const dataDir = temporaryFolder();
  let service: ServiceProcess;
  let client: pg.Client;
  let call: Call;
  let token: string;
  let password: string;

  const start = (): Promise<ServiceProcess> =>
    startProcess(dataDir, { SAMPLE_DATA: 'on', ADMIN_PASSWORD: ADMIN.password });
  const printed = (isThere: (output: string) => boolean, withinMs: number): Promise<string> =>
    eventually(() => service.output(), isThere, withinMs);
  const counts = async (sql: string): Promise<Record<string, number>> => {
    const { rows } = await client.query<{ name: string; n: number }>(sql);
    return Object.fromEntries(rows.map(({ name, n }) => [name, n]));
  };
  const read = (path: string): Promise<any> => ok(call('GET', path, { token }));
  const login = async (email: string): Promise<string> =>
    (await ok(call('POST', '/v1/auth/login', { body: { email, password } }))).accessToken;

  beforeAll(async () => {
    service = await start();
    await printed((output) => output.includes(KILLED_AFTER), LOAD_MS);
    // The API answers while the load runs.
    expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
    await killWithDatabase(service, dataDir);
    service = await start();
    await printed((output) => READY.test(output), LOAD_MS);
    call = createCall(service.url);
    password = /Accounts, password (\S+):/.exec(service.output())![1]!;
    token = await login('admin@cloud.example');
    client = new pg.Client({ connectionString: embeddedUrl(dataDir) });
    await client.connect();
  }, 2 * LOAD_MS);
  afterAll(async () => {
    await client?.end();
    await service.stop('SIGTERM');
    const left = postgresPid(dataDir);
    if (left) process.kill(left, 'SIGINT');
    fs.rmSync(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  });

  it('makes subscriptions of each status, and invoices of each status', async () => {
    const cloud = `product_id = (select id from products where key = 'cloud')`;
    const subscriptions = await counts(
      `select status as name, count(*)::int as n from subscriptions where ${cloud} group by 1`,
    );
    for (const status of ['active', 'trialing', 'past_due', 'paused', 'canceled', 'expired', 'inactive'])
      expect({ status, n: subscriptions[status] }).toEqual({ status, n: expect.any(Number) });
    expect(subscriptions['active']).toBeGreaterThan(40);
    expect(subscriptions['trialing']).toBe(4);
    const invoices = await counts('select status as name, count(*)::int as n from invoices group by 1');
    for (const status of ['draft', 'open', 'paid', 'void', 'uncollectible'])
      expect({ status, n: invoices[status] }).toEqual({ status, n: expect.any(Number) });
    const others = await counts(
      `select 'refunds' as name, count(*)::int as n from refunds union all select 'credit notes', count(*)::int from credit_notes
       union all select 'overrides', count(*)::int from events where type = 'entitlement.overridden'
       union all select 'grants', count(*)::int from events where type = 'grant.created'
       union all select 'failed deliveries', count(*)::int from deliveries where channel = 'webhook' and status <> 'delivered'
       union all select 'notifications', count(*)::int from notifications
       union all select 'drafts of plans', count(*)::int from events where type = 'plan.draft_changed'
       union all select 'denials', count(*)::int from denial_counts
       union all select 'documents', count(*)::int from invoice_documents where kind = 'pdf'`,
    );
    for (const [name, n] of Object.entries(others)) expect({ name, some: n > 0 }).toEqual({ name, some: true });
  });

  it('invoices each period that is charged', async () => {
    const { rows } = await client.query(
      `select c.key, e.type, e.at from events e join customers c on c.id = e.customer_id join products p on p.id = e.product_id
       where p.key = 'cloud' and e.type in ('subscription.renewed', 'subscription.trial_ended')
         and not exists (select 1 from invoices i where i.subscription_id = e.subject_id and i.billed_at = e.at)`,
    );
    expect(rows).toEqual([]);
  });

  it('moves the recurring revenue in each month', async () => {
    const [from, to] = [-11, 1].map((months) => {
      const now = new Date();
      return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, 1)).toISOString();
    });
    const { data } = await read(`/v1/stats/mrr?product=cloud&from=${from}&to=${to}`);
    expect(data).toHaveLength(12);
    for (const { month, ...moved } of data) {
      const some = moved.new > 0 && moved.end > 0;
      expect({ month, some }).toEqual({ month, some: true });
    }
    const inside = data.slice(1, -1) as Record<string, number>[];
    for (const name of ['expansion', 'contraction', 'churn'])
      expect({ name, months: inside.filter((month) => month[name] !== 0).length }).toEqual({ name, months: 10 });
    expect(inside.some(({ reactivation }) => reactivation! > 0)).toBe(true);
  });

  it('counts the usage of the year in the statistics', async () => {
    // A job rolls it up after the load.
    await eventually(
      async () => {
        const [from, to] = [300, 0].map((days) => new Date(Date.now() - days * 86_400_000).toISOString());
        const { features } = await read(`/v1/stats/usage?product=cloud&by=month&from=${from}&to=${to}`);
        return features.find(({ feature }: { feature: string }) => feature === 'requests')?.data.length ?? 0;
      },
      (months) => months >= 10,
      60_000,
    );
  }, 120_000);

  it('keeps all invariants', async () => {
    const app: TestApp = await startApp({
      database: { url: embeddedUrl(dataDir) } as never,
      environment: { SAMPLE_DATA: 'catalogues', DATA_DIR: dataDir, SECRET_KEY: '' },
    });
    try {
      expect((await app.app.get(BillingChecker, { strict: false }).checkAll()).mismatches).toEqual([]);
      expect(await app.app.get(UsageChecker, { strict: false }).checkAll()).toEqual({ wrong: 0, unchecked: [] });
    } finally {
      await app.stop();
    }
  }, 60_000);

  it('prints an account of each role, and a link to a portal', async () => {
    for (const [email, role] of [
      ['admin@cloud.example', 'admin'],
      ['product@cloud.example', 'product_admin'],
      ['support@cloud.example', 'support'],
      ['finance@cloud.example', 'finance'],
      ['customer@cloud.example', 'user'],
    ] as const)
      expect((await ok(call('GET', '/v1/users/me', { token: await login(email) }))).role).toBe(role);
    const [, link] = /\/portal#token=(\S+)/.exec(service.output())!;
    const opened = await ok(call('POST', '/v1/portal-sessions/exchange', { body: { token: link } }));
    const own = await ok(call('GET', '/v1/customers/me/subscription', { token: opened.accessToken }));
    expect(own.product).toBe('cloud');
  });

  it('adds nothing at the next start, and writes no mail of the past', async () => {
    const made = `select 'customers' as name, count(*)::int as n from customers union all select 'users', count(*)::int from users
      union all select 'subscriptions', count(*)::int from subscriptions union all select 'usage', count(*)::int from usage_ledger`;
    const before = await counts(made);
    await client.end();
    await service.stop('SIGTERM');
    service = await start();
    await printed((output) => READY.test(output), 60_000);
    client = new pg.Client({ connectionString: embeddedUrl(dataDir) });
    await client.connect();
    expect(await counts(made)).toEqual(before);
    expect(service.output()).not.toMatch(/Sample data: \d+ of/);
    const mails = `${dataDir}/mail`;
    expect(fs.existsSync(mails) ? fs.readdirSync(mails) : []).toEqual([]);
  }, 120_000);
});

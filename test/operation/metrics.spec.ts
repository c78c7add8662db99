import * as fs from 'node:fs';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Config, mayReadMetrics, Metrics } from '@app/platform';
import { SubscriptionStats } from '@app/subscriptions';
import { load } from 'js-yaml';
import { startService, type TestApp } from '../support/app.js';
import { applyMeteredProduct, uniqueName } from '../support/fixtures.js';
import { eventually } from '../support/eventually.js';
import { startWorker, temporaryFolder } from '../support/process.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const TOKEN = 'a-token-of-the-scraper-0123';
const folder = path.resolve(import.meta.dirname, '../../deploy/monitoring');

/** The value of a sample; undefined when there is none. */
function sample(text: string, name: string, labels: Record<string, string> = {}): number | undefined {
  const line = text
    .split('\n')
    .find(
      (candidate) =>
        (candidate.startsWith(`${name} `) || candidate.startsWith(`${name}{`)) &&
        Object.entries(labels).every(([label, value]) => candidate.includes(`${label}="${value}"`)),
    );
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ')));
}

describe('metrics', () => {
  let service: TestApp & { database: TestDatabase };
  const read = async (): Promise<string> => (await service.call('GET', '/metrics')).body;

  beforeAll(async () => {
    service = await startService({ worker: true });
  }, 60_000);
  afterAll(() => service.stop());

  it('count decisions, and denials by reason', async () => {
    const product = uniqueName('counted');
    const customer = uniqueName('customer');
    await applyMeteredProduct(service, product, 2);
    await service.admin('PUT', `/v1/customers/${customer}`, { body: { product } });
    for (let n = 0; n < 3; n++)
      await service.admin('POST', '/v1/usage/consume', { body: { customer, product, feature: 'calls' } });
    await service.admin('POST', '/v1/check', { body: { customer, product, feature: 'calls' } });
    await service.admin('POST', '/v1/check', { body: { customer, product, features: ['calls'] } });
    await service.admin('POST', '/v1/usage/reservations', {
      body: { customer, product, feature: 'calls', quantity: 1, ttlSeconds: 60 },
    });
    await service.database.query(`update subscription_counts set next_at = '-infinity'`);
    // The scheduled job may be counting now; then the metric appears a moment later.
    await service.app.get(SubscriptionStats).recount();
    const text = await eventually(read, (found) => sample(found, 'tollgate_subscriptions', { status: 'active' })! >= 1);
    expect(sample(text, 'tollgate_decisions_total', { operation: 'consume', outcome: 'allowed' })).toBe(2);
    expect(sample(text, 'tollgate_decisions_total', { operation: 'consume', outcome: 'denied' })).toBe(1);
    expect(sample(text, 'tollgate_decisions_total', { operation: 'check', outcome: 'denied' })).toBe(2);
    expect(sample(text, 'tollgate_decisions_total', { operation: 'reserve', outcome: 'denied' })).toBe(1);
    expect(sample(text, 'tollgate_denials_total', { reason: 'limit_reached' })).toBe(4);
    expect(
      sample(text, 'tollgate_http_request_seconds_count', {
        method: 'POST',
        route: '/v1/usage/consume',
        status: '200',
      }),
    ).toBe(3);
    expect(sample(text, 'tollgate_usage_batch_size_count')).toBeGreaterThanOrEqual(4);
    expect(sample(text, 'tollgate_database_query_seconds_count', { pool: 'usage' })).toBeGreaterThan(0);
  });

  it('label routes by pattern, so that clients cannot create new series', async () => {
    for (let n = 0; n < 5; n++) await service.admin('GET', `/v1/customers/${uniqueName('absent')}`);
    await service.call('GET', `/${uniqueName('nothing')}`);
    const text = await read();
    expect(text).not.toMatch(/absent|nothing/);
    expect(
      sample(text, 'tollgate_http_request_seconds_count', { route: '/v1/customers/:customer', status: '404' }),
    ).toBe(5);
  });

  it('count cache hits and misses', async () => {
    await service.call('GET', '/v1/plans?product=news');
    await service.call('GET', '/v1/plans?product=news');
    expect(
      sample(await read(), 'tollgate_cache_reads_total', { cache: 'pages', outcome: 'hit' }),
    ).toBeGreaterThanOrEqual(1);
  });

  it('need a token where one is set, always in production, and no database', async () => {
    const guarded = await startService({ environment: { METRICS_TOKEN: TOKEN } });
    const statusWith = async (token: string | null) => (await guarded.call('GET', '/metrics', { token })).status;
    expect([
      await statusWith(null),
      await statusWith('another'),
      await statusWith(guarded.adminToken),
      await statusWith(TOKEN),
    ]).toEqual([401, 401, 401, 200]);
    await guarded.stop();
    const production = new Config({
      NODE_ENV: 'production',
      DATABASE_URL: 'postgres://db/tollgate',
      SECRET_KEY: 'hZ8q-0f3Jk2m-1LxPz9vT7uQ5rY6wE4s',
      DATA_DIR: temporaryFolder(),
    });
    expect([
      mayReadMetrics(production),
      mayReadMetrics(production, 'Bearer '),
      mayReadMetrics(production, 'Bearer null'),
    ]).toEqual([false, false, false]);
  }, 60_000);

  it('are served by a worker too', async () => {
    const database = await createTestDatabase();
    const worker = await startWorker(database.url, { METRICS_TOKEN: TOKEN, DATA_DIR: temporaryFolder() });
    expect((await fetch(`${worker.url}/metrics`)).status).toBe(403);
    const text = await (await fetch(`${worker.url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } })).text();
    for (const name of [
      'tollgate_outbox_lag_seconds',
      'tollgate_sweep_lag_seconds',
      'tollgate_delivery_lag_seconds',
      'nodejs_eventloop_lag_seconds',
    ])
      expect([name, sample(text, name)]).toEqual([name, expect.any(Number)]);
    expect((await fetch(`${worker.url}/health/ready`)).status).toBe(200);
    await worker.end('SIGTERM');
    await database.drop();
  }, 60_000);

  it('contain every metric that the dashboard and the alerts use', async () => {
    const metrics = new Metrics();
    metrics.watchProcess();
    const known = new Set(
      metrics.registry
        .getMetricsAsArray()
        .flatMap(({ name }) => [name, `${name}_bucket`, `${name}_sum`, `${name}_count`]),
    );
    const dashboard = JSON.parse(fs.readFileSync(path.join(folder, 'dashboard.json'), 'utf8')) as {
      panels: { title: string; targets?: { expr: string }[] }[];
    };
    const rules = load(fs.readFileSync(path.join(folder, 'alerts.yaml'), 'utf8')) as {
      groups: { rules: { alert: string; expr: string; annotations: { summary: string; runbook: string } }[] }[];
    };
    const alerts = rules.groups.flatMap((group) => group.rules);
    const expressions = [
      ...dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr])),
      ...alerts.map(({ alert, expr }) => [alert, expr]),
    ];
    expect(expressions.length).toBeGreaterThan(20);
    for (const [where, expression] of expressions) {
      const names = expression!.match(/\b(tollgate|nodejs|process)_\w+/g) ?? [];
      expect([where, names.length > 0]).toEqual([where, true]);
      for (const name of names) expect([where, name, known.has(name)]).toEqual([where, name, true]);
    }
    for (const metric of metrics.registry.getMetricsAsArray().filter(({ name }) => name.startsWith('tollgate_')))
      expect([metric.name, expressions.some(([, expression]) => expression!.includes(metric.name))]).toEqual([
        metric.name,
        true,
      ]);
    // Each alert has a runbook section in docs/operate.md.
    const operate = fs.readFileSync(path.resolve(folder, '../../docs/operate.md'), 'utf8');
    for (const { alert, annotations } of alerts)
      expect([alert, operate.includes(`### ${alert}\n`), annotations.runbook]).toEqual([
        alert,
        true,
        `docs/operate.md#${alert.toLowerCase()}`,
      ]);
  });
});

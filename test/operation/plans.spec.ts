import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { sendDue } from '../support/deliveries.js';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { unique } from '../support/fixtures.js';
import { Receiver } from '../support/receiver.js';

const root = path.resolve(import.meta.dirname, '../..');
const KEPT = path.join(import.meta.dirname, 'query-plans.txt');
const CUSTOMERS = 3_000;
/** Tables that do not grow with customers: a look through all of one is a look at little. */
const SMALL = new Set(['products', 'features', 'plans', 'plan_versions', 'plan_prices', 'plan_entitlements', 'plan_assignments', 'signing_keys', 'plan_moves', 'schema_migrations', 'test_clocks', 'delivery_lanes', 'pg_inherits', 'pg_class', 'pg_namespace', 'pg_settings', 'pg_database', 'pg_roles']);

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Parent Relationship'?: string;
  'Function Name'?: string;
  'CTE Name'?: string;
  Plans?: PlanNode[];
}

/** The statements that a service sends while something is done: their texts, without values. */
async function statementsOf(work: () => Promise<void>): Promise<string[]> {
  const seen = new Set<string>();
  const query = pg.Client.prototype.query as (...asked: any[]) => unknown;
  pg.Client.prototype.query = function (this: pg.Client, ...asked: any[]): any {
    const text = typeof asked[0] === 'string' ? asked[0] : asked[0].text;
    if (/^\s*(select|with|insert|update|delete)\b/i.test(text)) seen.add(text.replace(/\s+/g, ' ').trim());
    return query.apply(this, asked);
  } as never;
  try {
    await work();
  } finally {
    pg.Client.prototype.query = query as never;
  }
  return [...seen];
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

/** What a plan does with tables, in its order: what is kept and compared. Partitions are told as one. */
function shapeOf(plan: PlanNode): string[] {
  const month = (name: string): string => name.replace(/_(\d{4}_\d{2}|\d{6}|other|p\d+)(?=_|$)/, '');
  const steps = nodesOf(plan).flatMap((node) => {
    if (/Sort/.test(node['Node Type'])) return [node['Node Type']];
    const relation = node['Relation Name'];
    return relation ? [`${node['Node Type']} ${month(relation)}${node['Index Name'] ? ` by ${month(node['Index Name'])}` : ''}`] : [];
  });
  return steps.filter((step, index) => step !== steps[index - 1]);
}

/** With what is dear forbidden: what is done all the same could not be done otherwise, however much there is. */
async function explain(client: pg.Client, statement: string): Promise<PlanNode | null> {
  try {
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(`explain (generic_plan, format json, costs off) ${statement}`);
    return rows[0]!['QUERY PLAN'][0].Plan;
  } catch (error) {
    // Values decide over the types of some: those have no plan without them.
    if (/could not determine|ambiguous|is not unique/.test(String(error))) return null;
    throw new Error(statement, { cause: error });
  }
}

describe('the plans of queries', () => {
  let service: TestApp & { database: TestDatabase };
  let client: pg.Client;
  const lists: string[] = [];
  const plans = new Map<string, PlanNode>();

  beforeAll(async () => {
    service = await startService({ worker: false, environment: { WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1' } });
    const { PATH, HOME } = process.env;
    await promisify(execFile)(process.execPath, ['scripts/seed.mjs', '--customers', String(CUSTOMERS)], { cwd: root, env: { PATH, HOME, DATABASE_URL: service.database.url } });
    const receiver = await new Receiver().start();
    const reads = await statementsOf(() => readLists(service));
    const others = await statementsOf(() => doTheRest(service, receiver));
    await receiver.stop();
    client = new pg.Client({ connectionString: service.database.url });
    await client.connect();
    for (const setting of ['enable_seqscan', 'enable_sort', 'enable_bitmapscan']) await client.query(`set ${setting} = off`);
    for (const statement of [...new Set([...reads, ...others])].sort()) {
      const plan = await explain(client, statement);
      if (plan) plans.set(statement, plan);
    }
    lists.push(...reads.filter((statement) => /\blimit \d+$/i.test(statement)));
  }, 120_000);
  afterAll(async () => {
    await client.end();
    await service.stop();
  });

  it('look through no table that grows', () => {
    const found = [...plans].flatMap(([statement, plan]) => nodesOf(plan).flatMap((node) => (node['Node Type'] === 'Seq Scan' && !SMALL.has(node['Relation Name']!) ? [`${node['Relation Name']}: ${statement}`] : [])));
    expect(found).toEqual([]);
  });

  it('sort nothing to cut a page out of it', () => {
    expect(lists.length).toBeGreaterThan(10);
    const sorted = lists.filter((statement) => plans.has(statement) && /Sort/.test(plans.get(statement)!.Plans?.[0]?.['Node Type'] ?? ''));
    expect(sorted).toEqual([]);
  });

  it('are those that are kept beside this test', () => {
    const told = [...plans].map(([statement, plan]) => `${createHash('sha256').update(statement).digest('hex').slice(0, 8)} ${statement.slice(0, 120)}\n${shapeOf(plan).map((step) => `    ${step}\n`).join('')}`).join('');
    // UPDATE_PLANS=on npm test -- test/operation/plans: then read the difference as a reviewer does.
    if (process.env['UPDATE_PLANS'] === 'on') fs.writeFileSync(KEPT, told);
    expect(told).toBe(fs.readFileSync(KEPT, 'utf8'));
  });

  it('would show an index that is gone', async () => {
    await client.query('begin');
    await service.database.query('select 1');
    await client.query('drop index subscriptions_ending');
    const ending = lists.find((statement) => /order by s\.current_period_end/.test(statement))!;
    const plan = await explain(client, ending);
    await client.query('rollback');
    expect(shapeOf(plan!)).not.toEqual(shapeOf(plans.get(ending)!));
  });
});

/** Every list, as its first page and its second. */
async function readLists({ admin, call }: TestApp): Promise<void> {
  const customer = 'seed-0000000001';
  const subscription = (await admin('GET', `/v1/customers/${customer}/subscriptions?product=seed`)).body.data[0].id as string;
  const pages = [
    '/v1/customers', '/v1/subscriptions?product=seed', '/v1/subscriptions?product=seed&status=canceled', '/v1/subscriptions?product=seed&status=trialing', '/v1/subscriptions?product=seed&expiringWithin=7d',
    '/v1/subscriptions?product=seed&plan=free', `/v1/customers/${customer}/subscriptions?product=seed`, `/v1/customers/${customer}/grants?product=seed`, `/v1/subscriptions/${subscription}/timeline`,
    '/v1/plans?product=seed', '/v1/features?product=seed', '/v1/products', '/v1/users', '/v1/api-keys', '/v1/audit-log', '/v1/webhook-endpoints', '/v1/webhook-deliveries',
  ];
  for (const page of pages) {
    const at = `${page}${page.includes('?') ? '&' : '?'}limit=1`;
    const { status, body } = await admin('GET', at);
    if (status !== 200) throw new Error(`${at}: ${JSON.stringify(body)}`);
    if (body.nextCursor) await admin('GET', `${at}&cursor=${encodeURIComponent(body.nextCursor)}`);
  }
  await call('GET', '/v1/plans?product=seed');
}

/** The main job, with the jobs behind it. */
async function doTheRest(service: TestApp, receiver: Receiver): Promise<void> {
  const { admin } = service;
  const customer = unique('planned');
  const on = { customer, product: 'seed' };
  const feature = ((await admin('GET', '/v1/features?product=seed&limit=100')).body.data as { key: string; type: string }[]).find(({ type }) => type === 'metered')!.key;
  await admin('POST', '/v1/webhook-endpoints', { body: { url: receiver.url(), product: 'seed' } });
  const { body } = await admin('PUT', `/v1/customers/${customer}`, { body: { product: 'seed' } });
  const id = body.subscription.id as string;
  await admin('POST', '/v1/check', { body: { ...on, feature } });
  await admin('POST', '/v1/usage/consume', { body: { ...on, feature }, headers: { 'idempotency-key': customer } });
  await admin('POST', '/v1/usage/events', { body: { product: 'seed', events: [{ id: customer, customer, feature, quantity: 1 }] } });
  const held = await admin('POST', '/v1/usage/reservations', { body: { ...on, feature, quantity: 1, ttlSeconds: 60 } });
  await admin('POST', `/v1/usage/reservations/${held.body.reservation.id}/commit`, { body: { quantity: 1 } });
  await admin('POST', `/v1/customers/${customer}/grants`, { body: { product: 'seed', feature, amount: 5 } });
  await admin('PUT', `/v1/customers/${customer}/overrides/${feature}`, { body: { product: 'seed', limit: 50 } });
  await admin('GET', `/v1/customers/${customer}/entitlements?product=seed`);
  await admin('GET', `/v1/customers/${customer}/usage?product=seed&feature=${feature}`);
  await admin('GET', `/v1/customers/${customer}/subscription?product=seed`);
  await admin('POST', `/v1/subscriptions/${id}/cancel`, { body: { when: 'period_end' } });
  await admin('POST', `/v1/subscriptions/${id}/resume`, { body: {} });
  await sendDue(service);
  await admin('DELETE', `/v1/customers/${customer}`);
}

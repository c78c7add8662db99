import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { UsageSeriesService } from '@app/metering';
import { SubscriptionStats } from '@app/subscriptions';
import { deliverDueEvents } from '../support/deliveries.js';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { uniqueName } from '../support/fixtures.js';
import { Receiver } from '../support/receiver.js';

const root = path.resolve(import.meta.dirname, '../..');
const STORED_PLANS = path.join(import.meta.dirname, 'query-plans.txt');
const CUSTOMERS = 3_000;
/** Row count that the planner assumes for each growing table. */
const ASSUMED_ROWS = 1_000_000;
/** Tables that do not grow with customers: a full scan of one reads few rows. */
const SMALL = new Set([
  'products',
  'features',
  'plans',
  'plan_versions',
  'plan_prices',
  'plan_entitlements',
  'plan_assignments',
  'signing_keys',
  'plan_moves',
  'schema_migrations',
  'test_clocks',
  'delivery_lanes',
  'subscription_numbers',
  'subscription_counts',
  'usage_sums',
  'pg_inherits',
  'pg_class',
  'pg_namespace',
  'pg_settings',
  'pg_database',
  'pg_roles',
]);
/** Filters that nearly every row passes, so that a page may be read with them. */
const RARELY_SELECTIVE = new Set(['', '(deleted_at IS NULL)', '(revoked_at IS NULL)']);
/** Statements on a BRIN index, which only a bitmap scan can read. */
const BRIN_STATEMENTS = /l\.recorded_at >= /;
/** Statements that read a whole table on purpose, in ranges. */
const RANGE_SCANS = /l\.recorded_at >= |s\.customer_id > \$1 and s\.customer_id <= \$2/;
/** Deliveries of several destinations: the planner sorts them or scans in order, whichever reads less. */
const BY_DESTINATIONS = /from deliveries where lane = any\(\$1::uuid\[\]\)/;

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Index Cond'?: string;
  Filter?: string;
  'Parent Relationship'?: string;
  'Function Name'?: string;
  'CTE Name'?: string;
  Plans?: PlanNode[];
}

interface SentStatement {
  statement: string;
  values: unknown[];
}

/** The clock reads the time of the database at its own interval. The statement reads no table. */
const CLOCK = /^select \(extract\(epoch from clock_timestamp\(\)\)/;

/** The statements that the service sends during `work`, once for each combination of null parameters. */
async function statementsOf(work: () => Promise<void>): Promise<Map<string, SentStatement>> {
  const statements = new Map<string, SentStatement>();
  const query = pg.Client.prototype.query as (...parameters: any[]) => unknown;
  pg.Client.prototype.query = function (this: pg.Client, ...parameters: any[]): any {
    const [{ text, values = [] }] =
      typeof parameters[0] === 'string'
        ? [{ text: parameters[0], values: Array.isArray(parameters[1]) ? parameters[1] : [] }]
        : parameters;
    const statement = text.replace(/\s+/g, ' ').trim();
    const absent = values.flatMap((value: unknown, index: number) => (value === null ? [`$${index + 1}`] : []));
    const name = absent.length > 0 ? `${statement} -- without ${absent.join(', ')}` : statement;
    if (/^(select|with|insert|update|delete)\b/i.test(statement) && !CLOCK.test(statement) && !statements.has(name))
      statements.set(name, { statement, values });
    return query.apply(this, parameters);
  } as never;
  try {
    await work();
  } finally {
    pg.Client.prototype.query = query as never;
  }
  return statements;
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

/** The accesses and sorts of a plan in order, to be compared with the stored ones. Partitions count as one table. */
function shapeOf(plan: PlanNode): string[] {
  const withoutPartition = (name: string): string => name.replace(/_(\d{4}_\d{2}|\d{6}|other|p\d+)(?=_|$)/, '');
  const steps = nodesOf(plan).flatMap((node) => {
    if (/Sort/.test(node['Node Type'])) return [node['Node Type']];
    const [relation, index] = [node['Relation Name'], node['Index Name']].map((name) => name && withoutPartition(name));
    return relation || index ? [[node['Node Type'], relation, index && `by ${index}`].filter(Boolean).join(' ')] : [];
  });
  return steps.filter((step, index) => step !== steps[index - 1]);
}

/** Full scans: sequential scans, and index scans without a condition, except those that stop at a LIMIT. */
function wholeScans(node: PlanNode, paged = false): PlanNode[] {
  const type = node['Node Type'];
  const here = paged || type === 'Limit';
  const all =
    type === 'Seq Scan' ||
    (/^(Bitmap )?Index (Only )?Scan$/.test(type) &&
      !node['Index Cond'] &&
      !(here && RARELY_SELECTIVE.has(node.Filter ?? '')));
  // Sorts, hashes and aggregates read all rows, also below a LIMIT.
  const on = here && !/Sort|Hash|Aggregate|Group|Materialize/.test(type);
  return [...(all ? [node] : []), ...(node.Plans ?? []).flatMap((child) => wholeScans(child, on))];
}

/**
 * The plan with bitmap scans disabled, or with index scans disabled for BRIN indexes.
 * Which of both the planner takes depends on small differences of cost, so the test fixes it.
 */
async function explainBlockwise(client: pg.Client, sent: SentStatement): Promise<PlanNode> {
  const [scan, other] = BRIN_STATEMENTS.test(sent.statement)
    ? ['bitmapscan', 'indexscan']
    : ['indexscan', 'bitmapscan'];
  await client.query(`set enable_${scan} = on; set enable_${other} = off`);
  return explain(client, sent);
}

async function explain(client: pg.Client, { statement, values }: SentStatement): Promise<PlanNode> {
  const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
    `explain (format json, costs off) ${statement}`,
    values,
  );
  return rows[0]!['QUERY PLAN'][0].Plan;
}

describe('query plans', () => {
  let service: TestApp & { database: TestDatabase };
  let client: pg.Client;
  const lists = new Map<string, SentStatement>();
  /** Plans with expensive nodes disabled: a node that is still there is unavoidable. */
  const plans = new Map<string, PlanNode>();
  /** Plans with the default settings of the planner. */
  const defaultPlans = new Map<string, PlanNode>();
  /** Growing tables: many rows in this test, and ASSUMED_ROWS for the planner. */
  const grown = new Set<string>();

  beforeAll(async () => {
    service = await startService({ environment: { WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1' } });
    const { PATH, HOME } = process.env;
    await promisify(execFile)(process.execPath, ['scripts/seed.mjs', '--customers', String(CUSTOMERS)], {
      cwd: root,
      env: { PATH, HOME, DATABASE_URL: service.database.url },
    });
    await service.database.query(
      `insert into deliveries (id, channel, lane, message_id, type, status, outcome, attempts, created_at, settled_at)
       select gen_random_uuid(), 'webhook', gen_random_uuid(), gen_random_uuid(), 'customer.created', 'delivered', 'delivered', 1, now(), now() from generate_series(1, ${CUSTOMERS})`,
    );
    await service.database.query(
      `insert into usage_reservations (customer_id, id, feature_id, window_start, quantity, status, expires_at, created_at)
       select customer_id, gen_random_uuid(), feature_id, window_start, 1, 'held', now() + interval '1 day', now() from usage_counters limit ${CUSTOMERS}`,
    );
    await service.database.query(
      `with named as (
         insert into usage_names (customer_id, id, name) select distinct on (customer_id) customer_id, gen_random_uuid(), 'ada' from usage_counters limit ${CUSTOMERS} returning customer_id, id
       )
       insert into usage_entity_counters (customer_id, feature_id, window_start, entity_id, used, reserved, updated_at)
       select c.customer_id, c.feature_id, c.window_start, n.id, c.used, 0, now() from usage_counters c join named n using (customer_id)`,
    );
    // As after a run of the worker an hour ago, so that a rollup has rows to sum.
    await service.database.query(
      `update usage_sums set until = now() - interval '1 hour', looked_at = now() + interval '1 hour'`,
    );
    const receiver = await new Receiver().start();
    const reads = await statementsOf(() => readLists(service));
    const others = await statementsOf(() => useEverything(service, receiver));
    await receiver.stop();
    await service.database.query('analyze');
    const large = await service.database.query<{ relname: string }>(
      `update pg_class set reltuples = $1, relpages = pg_relation_size(oid) / current_setting('block_size')::integer
       where relkind = 'r' and relnamespace = 'public'::regnamespace and reltuples >= $2 returning relname`,
      [ASSUMED_ROWS, CUSTOMERS / 2],
    );
    for (const { relname } of large) grown.add(relname);
    client = new pg.Client({ connectionString: service.database.url });
    await client.connect();
    const all = [...reads, ...others].sort(([one], [other]) => (one < other ? -1 : 1));
    for (const [name, sent] of all) defaultPlans.set(name, await explain(client, sent));
    for (const node of ['seqscan', 'sort', 'hashjoin', 'mergejoin']) await client.query(`set enable_${node} = off`);
    for (const [name, sent] of all) plans.set(name, await explainBlockwise(client, sent));
    for (const [name, sent] of reads) if (/\blimit (\d+|\$\d+)$/i.test(sent.statement)) lists.set(name, sent);
  }, 120_000);
  afterAll(async () => {
    await client.end();
    await service.stop();
  });

  const fullScansIn = (
    all: Map<string, PlanNode>,
    exempt: RegExp,
    isRelevant: (node: PlanNode, table: string) => boolean,
  ): string[] =>
    [...all]
      .filter(([name]) => !exempt.test(name))
      .flatMap(([name, plan]) =>
        wholeScans(plan)
          .filter((node) => isRelevant(node, node['Relation Name'] ?? ''))
          .map(
            (node) =>
              `${[node['Node Type'], node['Relation Name'], node['Index Name'], node.Filter].join(' ')}: ${name}`,
          ),
      );

  it('contain no sequential scan of a growing table', () => {
    expect(
      fullScansIn(plans, BY_DESTINATIONS, (node, table) =>
        node['Node Type'] === 'Seq Scan' ? !SMALL.has(table) : grown.has(table),
      ),
    ).toEqual([]);
  });

  it('contain no full scan of a large index', () => {
    expect(grown.size).toBeGreaterThan(5);
    expect(fullScansIn(defaultPlans, RANGE_SCANS, (_, table) => grown.has(table))).toEqual([]);
  });

  it('contain no sort to cut out a page', () => {
    expect(lists.size).toBeGreaterThan(10);
    const sorted = [...lists.keys()].filter((name) => /Sort/.test(plans.get(name)!.Plans?.[0]?.['Node Type'] ?? ''));
    expect(sorted).toEqual([]);
  });

  it('match the plans kept beside this test', () => {
    const text = [...plans]
      .map(
        ([name, plan]) =>
          `${createHash('sha256').update(name).digest('hex').slice(0, 8)} ${name.slice(0, 120)}\n${shapeOf(plan)
            .map((step) => `    ${step}\n`)
            .join('')}`,
      )
      .join('');
    // UPDATE_PLANS=on npm test -- test/operation/query-plans writes the file: then review its diff.
    if (process.env['UPDATE_PLANS'] === 'on') fs.writeFileSync(STORED_PLANS, text);
    expect(text).toBe(fs.readFileSync(STORED_PLANS, 'utf8'));
  });

  it('would show a missing index', async () => {
    await client.query('begin');
    await service.database.query('select 1');
    await client.query('drop index subscriptions_ending_in_order');
    const [name, ending] = [...lists].find(([, { statement }]) => /order by s\.current_period_end/.test(statement))!;
    const plan = await explain(client, ending);
    await client.query('rollback');
    expect(shapeOf(plan)).not.toEqual(shapeOf(plans.get(name)!));
  });
});

/** Requests the first and the second page of every list. */
async function readLists({ admin, call }: TestApp): Promise<void> {
  const customer = 'seed-0000000001';
  const subscription = (await admin('GET', `/v1/customers/${customer}/subscriptions?product=seed`)).body.data[0]
    .id as string;
  const pages = [
    '/v1/customers',
    '/v1/customers?email=absent@example.com',
    '/v1/subscriptions?product=seed',
    '/v1/subscriptions?product=seed&status=canceled',
    '/v1/subscriptions?product=seed&status=trialing',
    '/v1/subscriptions?product=seed&expiringWithin=7d',
    '/v1/subscriptions?product=seed&plan=free',
    `/v1/customers/${customer}/subscriptions?product=seed`,
    `/v1/customers/${customer}/grants?product=seed`,
    `/v1/subscriptions/${subscription}/timeline`,
    '/v1/plans?product=seed',
    '/v1/features?product=seed',
    '/v1/products',
    '/v1/users',
    '/v1/api-keys',
    '/v1/audit-log',
    '/v1/webhook-endpoints',
    '/v1/webhook-deliveries',
  ];
  for (const page of pages) {
    const at = `${page}${page.includes('?') ? '&' : '?'}limit=1`;
    const { status, body } = await admin('GET', at);
    if (status !== 200) throw new Error(`${at}: ${JSON.stringify(body)}`);
    if (body.nextCursor) await admin('GET', `${at}&cursor=${encodeURIComponent(body.nextCursor)}`);
  }
  await call('GET', '/v1/plans?product=seed');
}

/** Sends the requests of the main scenario and runs the jobs. */
async function useEverything(service: TestApp & { database: TestDatabase }, receiver: Receiver): Promise<void> {
  const { admin } = service;
  const customer = uniqueName('planned');
  const subject = { customer, product: 'seed' };
  const feature = (
    (await admin('GET', '/v1/features?product=seed&limit=100')).body.data as { key: string; type: string }[]
  ).find(({ type }) => type === 'metered')!.key;
  await admin('POST', '/v1/webhook-endpoints', { body: { url: receiver.url(), product: 'seed' } });
  const { body } = await admin('PUT', `/v1/customers/${customer}`, { body: { product: 'seed' } });
  const id = body.subscription.id as string;
  await admin('POST', '/v1/check', { body: { ...subject, feature } });
  await admin('POST', '/v1/usage/consume', { body: { ...subject, feature }, headers: { 'idempotency-key': customer } });
  await admin('POST', '/v1/usage/events', {
    body: { product: 'seed', events: [{ id: customer, customer, feature, quantity: 1 }] },
  });
  const reserved = await admin('POST', '/v1/usage/reservations', {
    body: { ...subject, feature, quantity: 1, ttlSeconds: 60 },
  });
  await admin('POST', `/v1/usage/reservations/${reserved.body.reservation.id}/commit`, { body: { quantity: 1 } });
  const entity = 'ada';
  for (let count = 0; count < 2; count++)
    await admin('POST', '/v1/usage/consume', { body: { ...subject, feature, entity } });
  await admin('GET', `/v1/customers/${customer}/usage/entities?product=seed&feature=${feature}`);
  await admin('GET', `/v1/customers/${customer}/usage?product=seed&feature=${feature}&entity=${entity}`);
  await admin('GET', `/v1/customers/${customer}/entitlements/${feature}?product=seed&entity=${entity}`);
  await admin('POST', `/v1/customers/${customer}/grants`, { body: { product: 'seed', feature, amount: 5 } });
  await service.app.get(SubscriptionStats).recount();
  await service.app.get(UsageSeriesService).rollUpNext();
  await admin('GET', '/v1/stats/subscriptions?product=seed');
  await admin('GET', '/v1/stats/usage?product=seed');
  await admin('PUT', `/v1/customers/${customer}/overrides/${feature}`, { body: { product: 'seed', limit: 50 } });
  await admin('PUT', `/v1/customers/${customer}/overrides/${feature}`, {
    body: { product: 'seed', limit: 50, window: 'hour', windowCount: 5, windowAnchor: 'first_use' },
  });
  await admin('POST', '/v1/usage/consume', { body: { ...subject, feature } });
  await admin('GET', `/v1/customers/${customer}/entitlements/${feature}?product=seed&at=${new Date().toISOString()}`);
  await admin('GET', `/v1/customers/${customer}/usage?product=seed&feature=${feature}&by=window`);
  await admin('GET', `/v1/customers/${customer}/entitlements?product=seed`);
  await admin('GET', `/v1/customers/${customer}/usage?product=seed&feature=${feature}`);
  await service.database.query('insert into long_ledgers (customer_id) values ($1)', [body.id]);
  while (await service.app.get(UsageSeriesService).rollUpLongLedger());
  await admin('GET', `/v1/customers/${customer}/usage?product=seed&feature=${feature}`);
  await admin('GET', `/v1/customers/${customer}/subscription?product=seed`);
  await admin('POST', `/v1/subscriptions/${id}/cancel`, { body: { when: 'period_end' } });
  await admin('POST', `/v1/subscriptions/${id}/resume`, { body: {} });
  await deliverDueEvents(service);
  await admin('DELETE', `/v1/customers/${customer}`);
}

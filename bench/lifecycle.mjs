import * as http from 'node:http';
import { clearInterval, setInterval } from 'node:timers';
import pg from 'pg';
import { ensureBuilt } from '../scripts/build.mjs';
import { call, login, machine, median, round, start, startService, stop } from './support.mjs';

const quick = process.argv.includes('--quick');
const SUBSCRIPTIONS = Number(process.env.SUBSCRIPTIONS ?? (quick ? 20_000 : 1_000_000));
const DUE = Number(process.env.DUE ?? SUBSCRIPTIONS / 10);
/** One subscription in DUE_INTERVAL is due in a round, others in the next, as on any day of the month. */
const DUE_INTERVAL = Math.floor((SUBSCRIPTIONS - 10_000) / DUE);
const ROUNDS = Number(process.env.ROUNDS ?? (quick ? 1 : 3));
const SMALL = 10_000;
/** A low rate, which leaves most of the machine to the worker. */
const CHECKS_PER_SECOND = 200;
const PRODUCTS = { small: SMALL, large: SUBSCRIPTIONS - SMALL };
const HISTORY = 210_000;
/**
 * Settings for a table of this size, above PostgreSQL's defaults: a tenth of the machine's memory, and checkpoints that
 * the size of the WAL does not force.
 */
const POSTGRES = { shared_buffers: '2GB', max_wal_size: '8GB' };

const CATALOGUE = (key) => ({
  product: { key, name: key },
  features: [{ key: 'calls', name: 'Calls', type: 'metered' }],
  plans: [
    {
      key: 'plan',
      name: 'Plan',
      prices: [{ interval: 'month', amount: 100, currency: 'USD' }],
      entitlements: [{ feature: 'calls', type: 'metered', limit: null, window: 'billing_period', overage: 'deny' }],
    },
  ],
  assignment: [{ plan: 'plan' }],
});

/** Inserts customers with one subscription each. Triggers and foreign keys are off: the rows are consistent. */
async function fill(database, product, count) {
  await database.query(`
    begin;
    set local session_replication_role = replica;
    create temporary table filled on commit drop as
      select i, ('01900000-0000-7000-9' || '${product === 'small' ? '0' : '1'}00-' || lpad(to_hex(i), 12, '0'))::uuid as customer, ('01900000-0000-7000-${product === 'small' ? 'a' : 'b'}000-' || lpad(to_hex(i), 12, '0'))::uuid as subscription from generate_series(1, ${count}) i;
    insert into customers select (jsonb_populate_record(c, jsonb_build_object('id', f.customer, 'key', '${product}' || f.i, 'first_subscription_id', f.subscription))).*
      from filled f, customers c where c.key = 'template-${product}';
    insert into subscriptions select (jsonb_populate_record(s, jsonb_build_object('id', f.subscription, 'customer_id', f.customer))).*
      from filled f, subscriptions s join customers c on c.id = s.customer_id where c.key = 'template-${product}';
    insert into entitlement_versions select customer, 1 from filled;
    commit`);
}

/** Makes a tenth of the subscriptions due as if their periods had just ended: half renew, half expire. */
async function makeDue(database, round) {
  await database.query(`
    begin;
    set local session_replication_role = replica;
    update subscriptions s set status = case when n % 2 = 0 then 'active' else 'canceled' end, cancel_at_period_end = n % 2 = 1, ended_at = null, anchor = now() - interval '1 month' - interval '1 minute',
      current_period_start = now() - interval '1 month' - interval '1 minute', usage_period_start = now() - interval '1 month' - interval '1 minute', started_at = now() - interval '1 month' - interval '1 minute',
      current_period_end = (now() - interval '1 minute'), due_at = now() - interval '1 minute', reminded_of = now() - interval '1 minute', version = version + 1
      from (select customer_id, id, n / ${DUE_INTERVAL} as n from (
              select customer_id, id, row_number() over (order by id) as n from subscriptions where id >= '01900000-0000-7000-b000-000000000000' and id < '01900000-0000-7000-c000-000000000000') x
            where n % ${DUE_INTERVAL} = ${round}) d
      where s.customer_id = d.customer_id and s.id = d.id;
    commit`);
  await database.query('vacuum analyze subscriptions');
  await database.query('checkpoint');
}

/** Starts workers together. @returns processed subscriptions per second, and p99 of the checks meanwhile in ms */
async function processDue({ database, databaseUrl }, workers, checks) {
  const left = async () =>
    (await database.query('select count(*)::int as count from subscriptions where due_at <= now()')).rows[0].count;
  // Polled often, so it reads only one row by its key.
  const isDone = async (row) =>
    (
      await database.query(
        'select due_at is null or due_at > now() as done from subscriptions where customer_id = $1 and id = $2',
        [row.customer_id, row.id],
      )
    ).rows[0].done;
  const before = await left();
  if (before < DUE * 0.9) throw new Error(`only ${before} are due`);
  const { rows: order } = await database.query(
    'select customer_id, id from subscriptions where due_at <= now() order by due_at',
  );
  const environment = { DATABASE_URL: databaseUrl, PORT: '0', WORKER: 'on', LOG_LEVEL: 'error' };
  const started = await Promise.all(
    Array.from({ length: workers }, () => start('dist/apps/worker/src/main.js', environment, /(http:\/\/\S+)/)),
  );
  // Measured from the first processed subscription to the last, without the start of the processes.
  while (!(await isDone(order[0]))) await new Promise((resolve) => setTimeout(resolve, 5));
  const [began, first] = [performance.now(), await left()];
  const meanwhile = checks();
  const last = order.slice(-1_000).filter((_, index) => index % 50 === 0);
  for (const row of last) while (!(await isDone(row))) await new Promise((resolve) => setTimeout(resolve, 20));
  while ((await left()) > 0);
  const rate = first / ((performance.now() - began) / 1_000);
  const p99 = meanwhile();
  await Promise.all(started.map((worker) => worker.end()));
  return { rate, p99 };
}

const WARM_UP = CHECKS_PER_SECOND;

/**
 * Sends checks at a steady rate, whether or not earlier ones have been answered.
 * @returns a function that stops them and returns p99 in ms
 */
function startChecks(url, key) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const taken = [];
  let failed = 0;
  const check = () => {
    const body = JSON.stringify({
      customer: `small${1 + Math.floor(Math.random() * SMALL)}`,
      product: 'small',
      feature: 'calls',
    });
    const began = performance.now();
    const request = http.request(
      `${url}/v1/check`,
      { method: 'POST', agent, headers: { ...headers, 'content-length': body.length } },
      (answer) => {
        if (answer.statusCode !== 200) failed++;
        answer.resume().once('end', () => taken.push(performance.now() - began));
      },
    );
    request.once('error', () => failed++);
    request.end(body);
  };
  const timer = setInterval(check, 1_000 / CHECKS_PER_SECOND);
  return () => {
    clearInterval(timer);
    agent.destroy();
    if (failed > 0) throw new Error(`${failed} checks were not answered`);
    const counted = taken.slice(WARM_UP).sort((one, other) => one - other);
    return counted[Math.floor(counted.length * 0.99)];
  };
}

/** Median duration in ms of `times` sequential calls. */
async function medianDuration(work, times = 200) {
  const taken = [];
  for (let index = 0; index < times; index++) {
    const began = performance.now();
    await work(index);
    taken.push(performance.now() - began);
  }
  return median(taken);
}

async function reportLists(url, key, database) {
  const get = (at) => call(url, 'GET', at, { token: key });
  /** The cursor after `pages` pages of 100 rows. */
  const cursorAfter = async (path, pages) => {
    let cursor = null;
    for (let page = 0; page < pages; page++)
      cursor = (await get(`${path}&limit=100${cursor ? `&cursor=${cursor}` : ''}`)).nextCursor ?? cursor;
    return cursor;
  };
  await database.query(`
    begin; set local session_replication_role = replica;
    insert into subscriptions select (jsonb_populate_record(s, jsonb_build_object('id', ('01800000-0000-7000-b000-' || lpad(to_hex(i), 12, '0')), 'status', 'expired', 'ended_at', s.started_at, 'due_at', null))).*
      from generate_series(1, ${HISTORY}) i, subscriptions s join customers c on c.id = s.customer_id where c.key = 'large1';
    commit`);
  await database.query('vacuum analyze subscriptions');
  console.log('\n| case | ms, p50 |\n|---|---|');
  const rows = [];
  for (const product of Object.keys(PRODUCTS)) {
    const { rows: live } = await database.query(
      `select c.key from subscriptions s join customers c on c.id = s.customer_id join products p on p.id = s.product_id where p.key = $1 and s.status = 'active' order by c.id limit 200`,
      [product],
    );
    rows.push([
      `live subscription, ${round(PRODUCTS[product])} in the product`,
      await medianDuration((index) =>
        get(`/v1/customers/${live[index % live.length].key}/subscription?product=${product}`),
      ),
    ]);
    rows.push([
      `list of live ones, page 1, ${round(PRODUCTS[product])}`,
      await medianDuration(() => get(`/v1/subscriptions?product=${product}`)),
    ]);
  }
  const history = '/v1/customers/large1/subscriptions?product=large';
  rows.push(['history of one customer, page 1', await medianDuration(() => get(history))]);
  const old = await cursorAfter(history, 2_000);
  rows.push(['history of one customer, page 10,000', await medianDuration(() => get(`${history}&cursor=${old}`))]);
  if (!quick) {
    const far = await cursorAfter('/v1/subscriptions?product=large', 2_000);
    rows.push([
      'list of live ones, page 10,000',
      await medianDuration(() => get(`/v1/subscriptions?product=large&cursor=${far}`)),
    ]);
  }
  for (const [name, ms] of rows) console.log(`| ${name} | ${ms.toFixed(2)} |`);
}

process.once('SIGINT', () => void stop().then(() => process.exit(130)));
try {
  await ensureBuilt();
  const { url, password, databaseUrl, superuserUrl } = await startService(POSTGRES);
  const token = await login(url, password);
  const { key } = await call(url, 'POST', '/v1/api-keys', {
    token,
    body: { name: 'bench', scopes: ['customers:write', 'subscriptions:read', 'entitlements:read', 'usage:write'] },
  });
  const database = new pg.Client({ connectionString: superuserUrl });
  database.on('error', () => undefined);
  await database.connect();
  for (const [product, count] of Object.entries(PRODUCTS)) {
    await call(url, 'POST', '/v1/catalog/apply', { token, body: CATALOGUE(product) });
    await call(url, 'PUT', `/v1/customers/template-${product}`, { token: key, body: { product } });
    const began = performance.now();
    await fill(database, product, count);
    console.error(`${round(count)} customers filled in ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  }
  await database.query('analyze');
  const checks = () => startChecks(url, key);
  const rows = [];
  for (let index = 0; index < ROUNDS; index++) {
    for (const workers of [1, 2]) {
      await makeDue(database, index * 2 + workers - 1);
      const quiet = checks();
      await new Promise((resolve) => setTimeout(resolve, quick ? 2_000 : 8_000));
      rows.push({ workers, quiet: quiet(), ...(await processDue({ database, databaseUrl }, workers, checks)) });
      console.error(JSON.stringify(rows.at(-1)));
    }
  }
  console.log(
    `\n${round(SUBSCRIPTIONS)} subscriptions, ${round(DUE)} of them due, half to renew and half to expire\n\n| workers | subscriptions/s | p99 of checks, quiet ms | p99 meanwhile ms |\n|---|---|---|---|`,
  );
  for (const workers of [1, 2]) {
    const of = (figure) => median(rows.filter((row) => row.workers === workers).map((row) => row[figure]));
    console.log(`| ${workers} | ${round(of('rate'))} | ${of('quiet').toFixed(1)} | ${of('p99').toFixed(1)} |`);
  }
  await reportLists(url, key, database);
  console.log(`\n${machine()}; ${ROUNDS} rounds, ${CHECKS_PER_SECOND} checks/s meanwhile.`);
  await database.end();
} finally {
  await stop();
}

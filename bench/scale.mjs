import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import autocannon from 'autocannon';
import { ensureBuilt } from '../scripts/build.mjs';
import { plotOf } from './plot.mjs';
import { call, login, machine, median, round, start, startService, stop } from './support.mjs';

/** `npm run bench -- --scale`: the main calls with 10,000, 100,000 and 1,000,000 customers in one growing database. */
const root = path.resolve(import.meta.dirname, '..');
const SIZES = (process.env.SIZES ?? '10000,100000,1000000').split(',').map(Number);
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 4);
const CONNECTIONS = Number(process.env.CONNECTIONS ?? 16);
const PRODUCT = 'seed';
/** Settings that an operator would use for a database of this size. */
const SETTINGS = { shared_buffers: '2GB', max_wal_size: '8GB' };
const MANY = 2_000;

function seed(databaseUrl, customers) {
  const began = Date.now();
  const child = spawn(process.execPath, ['scripts/seed.mjs', '--customers', String(customers)], {
    cwd: root,
    env: { ...process.env, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return new Promise((resolve, reject) =>
    child.once('exit', (code) =>
      code === 0 ? resolve((Date.now() - began) / 1_000) : reject(new Error(`The seeder exited with code ${code}.`)),
    ),
  );
}

/** The key of a random customer. */
const randomCustomer = (customers) => `seed-${String(1 + Math.floor(Math.random() * customers)).padStart(10, '0')}`;

function callsOf({ url, bare, key, features, subscriptions }, customers) {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const many = (make) => Array.from({ length: MANY }, () => make(randomCustomer(customers)));
  const post = (at, feature) =>
    many((customer) => ({ method: 'POST', path: at, body: JSON.stringify({ customer, product: PRODUCT, feature }) }));
  const get = (at) => many((customer) => ({ method: 'GET', path: at(customer) }));
  const one = (at) => [{ method: 'GET', path: at }];
  return [
    { name: 'bare Fastify', url: bare, requests: one('/decision') },
    { name: 'boolean check', url, requests: post('/v1/check', features.boolean) },
    { name: 'metered check', url, requests: post('/v1/check', features.metered) },
    { name: 'consume', url, requests: post('/v1/usage/consume', features.metered) },
    {
      name: 'live subscription',
      url,
      requests: get((customer) => `/v1/customers/${customer}/subscription?product=${PRODUCT}`),
      refusals: true,
    },
    {
      name: 'history of a customer',
      url,
      requests: get((customer) => `/v1/customers/${customer}/subscriptions?product=${PRODUCT}`),
    },
    {
      name: 'timeline',
      url,
      requests: subscriptions.map((id) => ({ method: 'GET', path: `/v1/subscriptions/${id}/timeline` })),
    },
    { name: 'list of customers', url, requests: one('/v1/customers') },
    { name: 'list of subscriptions', url, requests: one(`/v1/subscriptions?product=${PRODUCT}&status=canceled`) },
    {
      name: 'list of expiring subscriptions',
      url,
      requests: one(`/v1/subscriptions?product=${PRODUCT}&expiringWithin=7d`),
    },
  ].map((row) => ({ ...row, headers }));
}

async function measure({ name, url, requests, headers, refusals = false }) {
  let connection = 0;
  const setupClient = (client) => {
    const offset = Math.floor((connection++ / CONNECTIONS) * requests.length);
    client.setRequests([...requests.slice(offset), ...requests.slice(0, offset)]);
  };
  const result = await autocannon({
    url,
    headers,
    connections: CONNECTIONS,
    duration: SECONDS,
    requests: requests.slice(0, 1),
    setupClient,
  });
  // Some customers have no live subscription, so 404 is a valid response.
  const wrong = refusals ? result['5xx'] : result.non2xx;
  if (wrong > 0 || result.errors > 0)
    throw new Error(`${name}: ${wrong} responses were wrong, ${result.errors} errors`);
  return { rate: result.requests.total / result.duration, p50: result.latency.p50, p99: result.latency.p99 };
}

/** Keys of a boolean and a metered feature, and ids of 100 subscriptions. */
async function findTargets(url, token) {
  const { data } = await call(url, 'GET', `/v1/features?product=${PRODUCT}&limit=100`, { token });
  const of = (type) => data.find((feature) => feature.type === type).key;
  const page = await call(url, 'GET', `/v1/subscriptions?product=${PRODUCT}&limit=100`, { token });
  return { features: { boolean: of('boolean'), metered: of('metered') }, subscriptions: page.data.map(({ id }) => id) };
}

async function atSize(customers, { service, bare, token, key }) {
  const seconds = await seed(service.databaseUrl, customers);
  console.error(`${round(customers)} customers after ${seconds.toFixed(0)} s`);
  const list = callsOf({ url: service.url, bare, key, ...(await findTargets(service.url, token)) }, customers);
  const rounds = [];
  for (let index = 0; index < ROUNDS; index++) {
    const figures = new Map();
    for (const row of list) figures.set(row.name, await measure(row));
    rounds.push(figures);
  }
  const rows = list.map(({ name }) => {
    const of = (read) => median(rounds.map((figures) => read(figures)));
    return {
      name,
      rate: of((f) => f.get(name).rate),
      p50: of((f) => f.get(name).p50),
      p99: of((f) => f.get(name).p99),
      ratio: of((f) => f.get(name).rate / f.get('bare Fastify').rate),
    };
  });
  return { customers, seconds, rows };
}

function report(sizes) {
  console.log(
    `\n| case | ${sizes.map(({ customers }) => `${round(customers)}: of bare, requests/s, p99 ms`).join(' | ')} | largest to smallest |\n|---|${sizes.map(() => '---|').join('')}---|`,
  );
  for (const [index, { name }] of sizes[0].rows.entries()) {
    const cells = sizes.map(
      ({ rows }) => `${rows[index].ratio.toFixed(3)}, ${round(rows[index].rate)}, ${rows[index].p99}`,
    );
    console.log(
      `| ${name} | ${cells.join(' | ')} | ${(sizes.at(-1).rows[index].ratio / sizes[0].rows[index].ratio).toFixed(2)} |`,
    );
  }
  console.log(
    `\n${machine()}; ${ROUNDS} rounds of ${SECONDS} s, ${CONNECTIONS} connections, medians; shared_buffers ${SETTINGS.shared_buffers}; the load generator shares the cores.`,
  );
  const series = sizes[0].rows.slice(1).map(({ name }, index) => ({
    name,
    values: sizes.map(({ rows }) => rows[index + 1].ratio / sizes[0].rows[index + 1].ratio),
  }));
  const file = path.join(import.meta.dirname, 'scale.svg');
  fs.writeFileSync(
    file,
    plotOf({
      title: 'Requests per second, relative to the smallest size',
      labels: sizes.map(({ customers }) => round(customers)),
      series,
    }),
  );
  console.log(`plotted in ${path.relative(root, file)}`);
}

process.once('SIGINT', () => void stop().then(() => process.exit(130)));
try {
  await ensureBuilt();
  const service = await startService(SETTINGS);
  const { url: bare } = await start('bench/bare-fastify.mjs', {}, /(http:\/\/\S+)/);
  const token = await login(service.url, service.password);
  const scopes = [
    'catalog:read',
    'customers:read',
    'customers:write',
    'subscriptions:read',
    'entitlements:read',
    'usage:write',
    'usage:read',
  ];
  await seed(service.databaseUrl, 1);
  const { key } = await call(service.url, 'POST', '/v1/api-keys', {
    token,
    body: { name: 'scale', scopes, product: PRODUCT },
  });
  const sizes = [];
  for (const customers of SIZES)
    sizes.push(await atSize(customers, { service, bare, token: await login(service.url, service.password), key }));
  report(sizes);
} finally {
  await stop();
}

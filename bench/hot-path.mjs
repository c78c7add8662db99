import autocannon from 'autocannon';
import { ensureBuilt } from '../scripts/build.mjs';
import { call, login, machine, median, round, start, startService, stop } from './support.mjs';

const quick = process.argv.includes('--quick');
/** `--only <text>`: measure only the rows whose name contains the text, and their baselines. */
const only = process.argv[process.argv.indexOf('--only') + 1];
const wanted = ({ name }) => !process.argv.includes('--only') || name.startsWith('bare') || name.includes(only);
const CUSTOMERS = Number(process.env.CUSTOMERS ?? (quick ? 500 : 10_000));
const ROUNDS = Number(process.env.ROUNDS ?? (quick ? 1 : 5));
const BENCH_SECONDS = Number(process.env.BENCH_SECONDS ?? (quick ? 2 : 5));
const CONNECTIONS = Number(process.env.CONNECTIONS ?? 64);
const PRODUCT = 'bench';

const CATALOGUE = {
  product: { key: PRODUCT, name: 'Bench' },
  features: [
    { key: 'sso', name: 'SSO', type: 'boolean' },
    { key: 'calls', name: 'Calls', type: 'metered' },
  ],
  plans: [
    {
      key: 'plan',
      name: 'Plan',
      prices: [{ interval: 'month', amount: 100, currency: 'USD' }],
      entitlements: [
        { feature: 'sso', type: 'boolean', value: true },
        { feature: 'calls', type: 'metered', limit: null, window: 'billing_period', overage: 'deny' },
      ],
    },
  ],
  assignment: [{ plan: 'plan' }],
};

async function prepare(url, password) {
  const accessToken = await login(url, password);
  const scopes = [
    'catalog:read',
    'catalog:write',
    'customers:write',
    'subscriptions:read',
    'entitlements:read',
    'usage:write',
  ];
  const { key } = await call(url, 'POST', '/v1/api-keys', { token: accessToken, body: { name: 'bench', scopes } });
  await call(url, 'POST', '/v1/catalog/apply', { token: key, body: CATALOGUE });
  const put = (customer) => call(url, 'PUT', `/v1/customers/${customer}`, { token: key, body: { product: PRODUCT } });
  await put('hot');
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < CUSTOMERS; index = next++) await put(`c${index}`);
  };
  const began = Date.now();
  await Promise.all(Array.from({ length: 16 }, worker));
  console.error(`${CUSTOMERS} customers created in ${((Date.now() - began) / 1_000).toFixed(1)} s`);
  return key;
}

let sent = 0;
/** Bodies of 1,000 usage events with unique ids, spread over a number of customers. */
const events = (customers) => (prefix) => {
  const batch = Array.from({ length: 1_000 }, (_, index) => ({
    id: `${prefix}-${index}`,
    customer: `c${(sent * customers + (index % customers)) % CUSTOMERS}`,
    feature: 'calls',
    quantity: 1,
  }));
  return JSON.stringify({ product: PRODUCT, events: batch });
};

function scenarios({ service, bare, plain, key }) {
  const post = (customer, feature) => ({
    method: 'POST',
    body: JSON.stringify({ customer, product: PRODUCT, feature }),
  });
  const spread = (feature, at) =>
    Array.from({ length: CUSTOMERS }, (_, index) => ({ path: at, ...post(`c${index}`, feature) }));
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const get = { authorization: `Bearer ${key}` };
  return [
    {
      name: 'bare Fastify POST',
      against: 'POST',
      options: { url: `${bare}/decision`, headers, ...post('hot', 'calls') },
    },
    { name: 'boolean check', against: 'POST', options: { url: `${service}/v1/check`, headers, ...post('hot', 'sso') } },
    // The load generator is slower with a different body per request, so the baseline gets different bodies too.
    {
      name: 'bare Fastify POST of many bodies',
      against: 'POST',
      options: { url: bare, headers, requests: spread('calls', '/decision') },
    },
    {
      name: `metered check, ${CUSTOMERS} customers`,
      against: 'POST of many bodies',
      options: { url: service, headers, requests: spread('calls', '/v1/check') },
    },
    {
      name: `consume, ${CUSTOMERS} customers`,
      against: 'POST of many bodies',
      options: { url: service, headers, requests: spread('calls', '/v1/usage/consume') },
    },
    {
      name: 'consume, one customer',
      against: 'POST',
      options: { url: `${service}/v1/usage/consume`, headers, ...post('hot', 'calls') },
    },
    {
      name: 'one statement a request, one customer',
      against: 'POST',
      options: { url: `${plain}/consume`, headers, ...post('hot', 'calls') },
    },
    ...[10, 1_000].map((customers) => ({
      name: `usage/events, 1,000 a call over ${customers} customers`,
      against: 'POST',
      unit: 1_000,
      options: { url: `${service}/v1/usage/events`, method: 'POST', headers, connections: 4, fresh: events(customers) },
    })),
    { name: 'bare Fastify GET', against: 'GET', options: { url: `${bare}/decision`, headers: get } },
    {
      name: 'live subscription',
      against: 'GET',
      options: { url: `${service}/v1/customers/hot/subscription?product=${PRODUCT}`, headers: get },
    },
    { name: 'plan list', against: 'GET', options: { url: `${service}/v1/plans?product=${PRODUCT}`, headers: get } },
  ];
}

/** p99 latency in ms at a fixed rate, below saturation. */
async function atRate({ name, options }, rate) {
  const result = await autocannon({
    ...options,
    connections: CONNECTIONS,
    duration: BENCH_SECONDS,
    overallRate: Math.round(rate),
  });
  if (result.non2xx > 0) throw new Error(`${name}: ${result.non2xx} responses were not 2xx`);
  return result.latency.p99;
}

async function measure({ name, unit = 1, options: { fresh, ...options } }) {
  // Each connection starts at another offset of the list, so that the customers are mixed.
  let connection = 0;
  const setupClient =
    options.requests &&
    ((client) => {
      const offset = Math.floor((connection++ / CONNECTIONS) * options.requests.length);
      client.setRequests([...options.requests.slice(offset), ...options.requests.slice(0, offset)].slice(0, 2_000));
    });
  const { requests, connections = CONNECTIONS, ...rest } = options;
  if (fresh) rest.requests = [{ setupRequest: (request) => ({ ...request, body: fresh(`b${sent++}`) }) }];
  const result = await autocannon({
    ...rest,
    ...(requests ? { requests: requests.slice(0, 1), setupClient } : {}),
    connections,
    duration: BENCH_SECONDS,
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${name}: ${result.non2xx} responses were not 2xx, ${result.errors} errors`);
  return { rate: (unit * result.requests.total) / result.duration, p50: result.latency.p50, p99: result.latency.p99 };
}

function report(list, rounds) {
  console.log(`\n| case | requests/s | p50 ms | p99 ms | of bare |\n|---|---|---|---|---|`);
  for (const { name, against } of list) {
    const of = (figure) => median(rounds.map((figures) => figures.get(name)[figure]));
    const ratio = median(rounds.map((figures) => figures.get(name).rate / figures.get(`bare Fastify ${against}`).rate));
    console.log(`| ${name} | ${round(of('rate'))} | ${of('p50')} | ${of('p99')} | ${ratio.toFixed(3)} |`);
  }
  console.log(
    `\n${machine()}; ` +
      `${ROUNDS} rounds of ${BENCH_SECONDS} s, ${CONNECTIONS} connections; the load generator shares the cores with the service.`,
  );
}

/** Reports p99 of consume at half of its peak rate, alternating with bare Fastify at the same rate. */
async function reportLatency(list, rounds) {
  const consume = list.find(({ name }) => name === 'consume, one customer');
  const bare = list.find(({ name }) => name === 'bare Fastify POST');
  if (!consume) return;
  const rate = median(rounds.map((figures) => figures.get(consume.name).rate)) / 2;
  const pairs = [];
  for (let index = 0; index < ROUNDS; index++) pairs.push([await atRate(consume, rate), await atRate(bare, rate)]);
  console.log(
    `\np99 at ${round(rate)} requests/s, half of the peak: consume ${median(pairs.map(([one]) => one))} ms, bare ${median(pairs.map(([, other]) => other))} ms`,
  );
}

process.once('SIGINT', () => void stop().then(() => process.exit(130)));
try {
  ensureBuilt();
  const { url: service, password, databaseUrl } = await startService();
  const bare = await start('bench/bare-fastify.mjs', {}, /(http:\/\/\S+)/);
  const key = await prepare(service, password);
  const plain = await start('bench/one-statement.mjs', { DATABASE_URL: databaseUrl }, /(http:\/\/\S+)/);
  const list = scenarios({ service, bare, plain, key }).filter(wanted);
  const rounds = [];
  for (let index = 0; index < ROUNDS; index++) {
    const figures = new Map();
    for (const scenario of list) figures.set(scenario.name, await measure(scenario));
    rounds.push(figures);
    console.error(`round ${index + 1} of ${ROUNDS} done`);
  }
  report(list, rounds);
  await reportLatency(list, rounds);
} finally {
  await stop();
}

import autocannon from 'autocannon';
import { ensureBuilt } from '../scripts/build.mjs';
import { call, login, machine, median, round, startService, stop } from './support.mjs';

/**
 * `npm run bench:event-cost`: the cost of recording events in consume. Each customer uses up a limit and passes two
 * thresholds, each of which records an event. The baseline is the same usage under a limit that is never reached.
 */
const CONNECTIONS = 64;
const REQUESTS = Number(process.env.REQUESTS ?? 38_400);
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const CASES = [
  { name: 'two events in a hundred', limit: 100 },
  { name: 'two events in ten', limit: 10 },
];
const PRODUCT = 'bench';
/** A limit that is never reached. */
const UNREACHED_LIMIT = 1_000_000_000;

/** Per round and case, one feature with the limit of the case and one with UNREACHED_LIMIT. */
const features = CASES.flatMap(({ limit }) =>
  Array.from({ length: ROUNDS }, (_, index) => [
    { key: `limit-${limit}-${index}`, limit },
    { key: `free-${limit}-${index}`, limit: UNREACHED_LIMIT },
  ]).flat(),
);
const catalogue = {
  product: { key: PRODUCT, name: PRODUCT },
  features: features.map(({ key }) => ({ key, name: key, type: 'metered' })),
  assignment: [{ plan: 'plan' }],
  plans: [
    {
      key: 'plan',
      name: 'Plan',
      prices: [{ interval: 'month', amount: 100, currency: 'USD' }],
      entitlements: features.map(({ key, limit }) => ({
        feature: key,
        type: 'metered',
        limit,
        window: 'billing_period',
        overage: 'deny',
      })),
    },
  ],
};

async function measure(url, key, feature, perCustomer) {
  const each = REQUESTS / perCustomer / CONNECTIONS;
  let connection = 0;
  const post = (customer) => ({
    method: 'POST',
    path: '/v1/usage/consume',
    body: JSON.stringify({ customer, product: PRODUCT, feature }),
  });
  // Each connection cycles through its own customers.
  const setupClient = (client) => {
    const first = connection++ * each;
    client.setRequests(Array.from({ length: each }, (_, index) => post(`c${first + index}`)));
  };
  const result = await autocannon({
    url,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    requests: [post('c0')],
    setupClient,
    connections: CONNECTIONS,
    amount: REQUESTS,
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} responses were not 2xx, ${result.errors} errors`);
  return REQUESTS / ((result.finish - result.start) / 1_000);
}

process.once('SIGINT', () => void stop().then(() => process.exit(130)));
try {
  await ensureBuilt();
  const { url, password } = await startService();
  const token = await login(url, password);
  const { key } = await call(url, 'POST', '/v1/api-keys', {
    token,
    body: { name: 'bench', scopes: ['catalog:write', 'customers:write', 'usage:write'] },
  });
  await call(url, 'POST', '/v1/catalog/apply', { token: key, body: catalogue });
  const customers = REQUESTS / Math.min(...CASES.map(({ limit }) => limit));
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < customers; index = next++)
      await call(url, 'PUT', `/v1/customers/c${index}`, { token: key, body: { product: PRODUCT } });
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  await measure(url, key, `free-${CASES[0].limit}-0`, CASES[0].limit);
  const rows = CASES.map(() => []);
  for (let index = 0; index < ROUNDS; index++) {
    for (const [at, { name, limit }] of CASES.entries()) {
      const order = index % 2 === 0 ? ['free', 'limit'] : ['limit', 'free'];
      const rate = {};
      for (const kind of order) rate[kind] = await measure(url, key, `${kind}-${limit}-${index}`, limit);
      rows[at].push(rate);
      console.error(`round ${index + 1}, ${name}: ${round(rate.limit)} with, ${round(rate.free)} without`);
    }
  }
  console.log(`\n| case | consume/s with events | without | ratio |\n|---|---|---|---|`);
  CASES.forEach(({ name }, at) =>
    console.log(
      `| ${name} | ${round(median(rows[at].map(({ limit }) => limit)))} | ${round(median(rows[at].map(({ free }) => free)))} | ${median(rows[at].map(({ limit, free }) => limit / free)).toFixed(3)} |`,
    ),
  );
  console.log(`\n${machine()}; ${ROUNDS} rounds of ${REQUESTS} requests, in turn.`);
} finally {
  await stop();
}

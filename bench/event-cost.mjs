import autocannon from 'autocannon';
import { ensureBuilt } from '../scripts/build.mjs';
import { call, login, machine, median, round, startService, stop } from './support.mjs';

/** `npm run bench:event-cost`: what recording events costs consume. Every customer uses up a limit, and passes two thresholds on the way; beside it the same with a limit that is far away. */
const CONNECTIONS = 64;
const REQUESTS = Number(process.env.REQUESTS ?? 38_400);
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const CASES = [
  { name: 'two events in a hundred', limit: 100 },
  { name: 'two events in ten', limit: 10 },
];
const PRODUCT = 'bench';
/** Nobody gets near it. */
const FAR = 1_000_000_000;

/** One feature a round and case with that limit, one without any. */
const features = CASES.flatMap(({ limit }) =>
  Array.from({ length: ROUNDS }, (_, index) => [
    { key: `limit-${limit}-${index}`, limit },
    { key: `free-${limit}-${index}`, limit: FAR },
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
  // Each connection has customers of its own, and goes over them again and again.
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
    throw new Error(`${result.non2xx} answers were not 2xx, ${result.errors} errors`);
  return REQUESTS / ((result.finish - result.start) / 1_000);
}

process.once('SIGINT', () => void stop().then(() => process.exit(130)));
try {
  ensureBuilt();
  const { url, password } = await startService();
  const token = await login(url, password);
  const { key } = await call(url, 'POST', '/v1/api-keys', {
    token,
    body: { name: 'bench', scopes: ['catalog:write', 'customers:write', 'usage:write'] },
  });
  await call(url, 'POST', '/v1/catalog/apply', { token: key, body: catalogue });
  const customers = REQUESTS / Math.min(...CASES.map(({ limit }) => limit));
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < customers; index = next++)
      await call(url, 'PUT', `/v1/customers/c${index}`, { token: key, body: { product: PRODUCT } });
  };
  await Promise.all(Array.from({ length: 16 }, lane));
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
  console.log(`\n| what | consume/s with events | without | ratio |\n|---|---|---|---|`);
  CASES.forEach(({ name }, at) =>
    console.log(
      `| ${name} | ${round(median(rows[at].map(({ limit }) => limit)))} | ${round(median(rows[at].map(({ free }) => free)))} | ${median(rows[at].map(({ limit, free }) => limit / free)).toFixed(3)} |`,
    ),
  );
  console.log(`\n${machine()}; ${ROUNDS} rounds of ${REQUESTS} requests, in turn.`);
} finally {
  await stop();
}

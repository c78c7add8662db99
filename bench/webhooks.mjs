import { Agent, request } from 'undici';
import { ensureBuilt } from '../scripts/build.mjs';
import { call, login, machine, median, round, start, startService, stop } from './support.mjs';

/**
 * `npm run bench:webhooks`: latency from the commit of an event to its first delivery attempt, with 20 healthy
 * endpoints, and with two of the 20 down and slow.
 */
const EVENTS = Number(process.env.EVENTS ?? 10_000);
const RATE = Number(process.env.RATE ?? 500);
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const ENDPOINTS = 20;
const TROUBLED = 2;
const DRAIN_MS = 60_000;

const dispatcher = new Agent({ connections: 32 });
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** Each run uses another feature: consuming 8 of 10 units records one event. */
const FEATURES = Array.from({ length: ROUNDS * 4 }, (_, index) => `f${index}`);
const catalogue = (product) => ({
  product: { key: product, name: product },
  features: FEATURES.map((key) => ({ key, name: key, type: 'metered' })),
  assignment: [{ plan: 'plan' }],
  plans: [
    {
      key: 'plan',
      name: 'Plan',
      prices: [{ interval: 'month', amount: 100, currency: 'USD' }],
      entitlements: FEATURES.map((feature) => ({
        feature,
        type: 'metered',
        limit: 10,
        window: 'billing_period',
        overage: 'deny',
      })),
    },
  ],
});

const send = async (service, key, method, path, body) => {
  const { statusCode, body: answer } = await request(service + path, {
    method,
    dispatcher,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  await answer.dump();
  if (statusCode >= 300) throw new Error(`${path}: ${statusCode}`);
  return Date.now();
};

async function prepare(service, password) {
  const token = await login(service, password);
  const { key } = await call(service, 'POST', '/v1/api-keys', {
    token,
    body: { name: 'bench', scopes: ['catalog:write', 'customers:write', 'usage:write', 'webhooks:write'] },
  });
  for (let product = 0; product < ENDPOINTS; product++)
    await call(service, 'POST', '/v1/catalog/apply', { token: key, body: catalogue(`p${product}`) });
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < EVENTS; index = next++)
      await send(service, key, 'PUT', `/v1/customers/c${index}`, { product: `p${index % ENDPOINTS}` });
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return key;
}

/** Takes every customer over a threshold once, at RATE per second. @returns the commit time per customer */
async function recordEvents(service, key, feature) {
  const committed = new Map();
  const running = [];
  const began = performance.now();
  for (let index = 0; index < EVENTS; index++) {
    const due = began + (index * 1_000) / RATE;
    if (due > performance.now()) await pause(due - performance.now());
    const customer = `c${index}`;
    running.push(
      send(service, key, 'POST', '/v1/usage/consume', {
        customer,
        product: `p${index % ENDPOINTS}`,
        feature,
        quantity: 8,
      }).then((at) => committed.set(customer, at)),
    );
  }
  await Promise.all(running);
  return { committed, seconds: (performance.now() - began) / 1_000 };
}

/** Measures one setup: an endpoint per product, or (`fanOut`) every event to all endpoints. */
async function measure({ service, key, receiver, feature }, { fanOut, troubled }) {
  const ids = [];
  for (let index = 0; index < ENDPOINTS; index++) {
    const failing = troubled && index >= ENDPOINTS - TROUBLED;
    const url = !failing
      ? `${receiver}/e${index}`
      : index === ENDPOINTS - 1
        ? 'http://127.0.0.1:8999/dead'
        : `${receiver}/slow`;
    ids.push(
      (
        await call(service, 'POST', '/v1/webhook-endpoints', {
          token: key,
          body: { url, types: ['usage.threshold_reached'], product: fanOut ? null : `p${index}` },
        })
      ).id,
    );
  }
  await (await fetch(receiver)).json();
  const { committed, seconds } = await recordEvents(service, key, feature);
  const healthy = new Set(Array.from({ length: ENDPOINTS - TROUBLED }, (_, index) => `/e${index}`));
  const expected = fanOut
    ? EVENTS * healthy.size
    : Array.from({ length: EVENTS }, (_, index) => index % ENDPOINTS).filter((index) => index < healthy.size).length;
  const firsts = new Map();
  const until = performance.now() + DRAIN_MS;
  while (firsts.size < expected && performance.now() < until) {
    for (const [path, customer, at] of await (await fetch(receiver)).json())
      if (healthy.has(path) && !firsts.has(`${path} ${customer}`))
        firsts.set(`${path} ${customer}`, at - committed.get(customer));
    await pause(200);
  }
  for (const id of ids)
    await fetch(`${service}/v1/webhook-endpoints/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${key}` },
    });
  const waits = [...firsts.values()].map((ms) => Math.max(0, ms)).sort((a, b) => a - b);
  return {
    p50: waits[Math.floor(waits.length * 0.5)],
    p99: waits[Math.floor(waits.length * 0.99)],
    max: waits.at(-1),
    missing: expected - firsts.size,
    rate: EVENTS / seconds,
  };
}

const CASES = [
  { name: 'each event to one of 20', fanOut: false, troubled: false },
  { name: 'the same, two of the 20 dead and slow', fanOut: false, troubled: true },
  ...(process.argv.includes('--fan-out')
    ? [
        { name: 'each event to all 20', fanOut: true, troubled: false },
        { name: 'the same, two of the 20 dead and slow', fanOut: true, troubled: true },
      ]
    : []),
];

process.once('SIGINT', () => void stop().then(() => process.exit(130)));
try {
  await ensureBuilt();
  const {
    url: service,
    password,
    databaseUrl,
    folder,
  } = await startService({}, { WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1' });
  const { url: receiver } = await start('bench/receiver.mjs', {}, /(http:\/\/\S+)/);
  await start(
    'dist/apps/worker/src/main.js',
    {
      DATABASE_URL: databaseUrl,
      DATA_DIR: folder,
      PORT: '0',
      LOG_LEVEL: 'error',
      WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1',
    },
    /health on (http:\/\/\S+)/,
  );
  const key = await prepare(service, password);
  const rounds = CASES.map(() => []);
  for (let index = 0; index < ROUNDS; index++) {
    for (const [at, one] of CASES.entries()) {
      rounds[at].push(await measure({ service, key, receiver, feature: FEATURES[index * CASES.length + at] }, one));
      console.error(`round ${index + 1}, ${one.name}: ${JSON.stringify(rounds[at].at(-1))}`);
    }
  }
  console.log(`\n| case | events/s | p50 ms | p99 ms | max ms | not within a minute |\n|---|---|---|---|---|---|`);
  CASES.forEach(({ name }, at) => {
    const of = (figure) => median(rounds[at].map((result) => result[figure]));
    console.log(`| ${name} | ${round(of('rate'))} | ${of('p50')} | ${of('p99')} | ${of('max')} | ${of('missing')} |`);
  });
  console.log(
    `\n${machine()}; ${ROUNDS} rounds of ${EVENTS} events, in turn; service, worker, database, receiver and load generator share the cores.`,
  );
} finally {
  await stop();
}

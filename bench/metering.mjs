import { parseArgs } from 'node:util';
import { cpuTime } from './cpu-time.mjs';
import { startInProcess } from './in-process.mjs';
import { machine, median, stop } from './support.mjs';

/**
 * `npm run bench:metering`: CPU time per operation of the metering services, without HTTP. The services run in this
 * process, so `node --cpu-prof bench/metering.mjs --only spread` shows where the time is spent.
 */
const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    customers: { type: 'string', default: '10000' },
    concurrency: { type: 'string', default: '64' },
  },
});
const CUSTOMERS = Number(options.customers);
const PRODUCT = 'bench';
const METERED = { type: 'metered', limit: null, window: 'billing_period', overage: 'deny' };
const CATALOGUE = {
  product: { key: PRODUCT, name: 'Bench' },
  features: [
    { key: 'sso', name: 'SSO', type: 'boolean' },
    { key: 'calls', name: 'Calls', type: 'metered' },
    { key: 'limited', name: 'Limited calls', type: 'metered' },
  ],
  plans: [
    {
      key: 'plan',
      name: 'Plan',
      prices: [{ interval: 'month', amount: 100, currency: 'USD' }],
      entitlements: [
        { feature: 'sso', type: 'boolean', value: true },
        { feature: 'calls', ...METERED },
        { feature: 'limited', ...METERED, limit: 1_000_000_000 },
      ],
    },
  ],
  assignment: [{ plan: 'plan' }],
};
/** Copies the subscribed customer `hot` to c0, c1 and so on: 10,000 sign-ups would take longer than the measurement. */
const COPY_CUSTOMERS = [
  'begin',
  `create temporary table copies on commit drop as
     select uuidv7() as id, uuidv7() as subscription_id, n from generate_series(0, ${CUSTOMERS - 1}) n`,
  `insert into customers select r.* from copies k, customers c, jsonb_populate_record(c,
     jsonb_build_object('id', k.id, 'key', 'c' || n, 'first_subscription_id', k.subscription_id)) r where c.key = 'hot'`,
  `insert into subscriptions select r.* from copies k, customers c join subscriptions s on s.customer_id = c.id,
     jsonb_populate_record(s, jsonb_build_object('id', k.subscription_id, 'customer_id', k.id)) r where c.key = 'hot'`,
  'commit',
  'analyze',
];
const ACTOR = { kind: 'system', id: null };

async function prepare({ call, client }) {
  await call('POST', '/v1/catalog/apply', CATALOGUE);
  await call('PUT', '/v1/customers/hot', { product: PRODUCT });
  for (const statement of COPY_CUSTOMERS) await client.query(statement);
  const { rows } = await client.query(
    `select id, key from customers where key = 'hot' or key ~ '^c[0-9]+$' order by key = 'hot' desc, id`,
  );
  return { hot: rows[0], many: rows.slice(1) };
}

/** Each case: a function that runs one call, and the number of operations in it. */
function casesOf({ metering, hot, many }) {
  let next = 0;
  const one = () => hot;
  const any = () => many[next++ % many.length];
  let sent = 0;
  const check = (customer, feature) => () =>
    metering.check({ customer: customer(), product: PRODUCT, feature, quantity: 1 });
  const consume = (customer, feature) => () =>
    metering.consume({ customer: customer(), product: PRODUCT, feature, quantity: 1, actor: ACTOR });
  const eventsOver = (customers) => ({
    operations: 1_000,
    concurrency: 4,
    run: async () => {
      const call = sent++;
      const first = (call * customers) % many.length;
      const results = await Promise.all(
        Array.from({ length: customers }, (_, index) => {
          const events = Array.from({ length: 1_000 / customers }, (_, item) => ({
            id: `e${call}-${index}-${item}`,
            feature: 'calls',
            quantity: 1,
          }));
          const customer = many[(first + index) % many.length];
          return metering.ingest({ customer, product: PRODUCT, events, actor: ACTOR });
        }),
      );
      if (results.flat().some(({ status }) => status !== 'recorded')) throw new Error('An event was not recorded.');
    },
  });
  return {
    'boolean check': { run: check(one, 'sso') },
    'metered check, one customer': { run: check(one, 'calls') },
    'metered check, spread': { run: check(any, 'calls') },
    'consume, one customer': { run: consume(one, 'calls') },
    'consume, one customer, with a limit': { run: consume(one, 'limited') },
    'consume, spread': { run: consume(any, 'calls') },
    'events over 10 customers': eventsOver(10),
    'events over 1,000 customers': eventsOver(1_000),
  };
}

async function measure({ run, operations = 1, concurrency = Number(options.concurrency) }, pid) {
  let calls = 0;
  const client = async (end) => {
    while (performance.now() < end) {
      await run();
      calls++;
    }
  };
  const clients = (ms) => {
    const end = performance.now() + ms;
    return Promise.all(Array.from({ length: concurrency }, () => client(end)));
  };
  await clients(200);
  calls = 0;
  const before = { at: performance.now(), own: process.cpuUsage(), database: cpuTime(pid, { children: true }) };
  await clients(Number(options.seconds) * 1_000);
  const { user, system } = process.cpuUsage(before.own);
  const done = calls * operations;
  return {
    rate: (done / (performance.now() - before.at)) * 1_000,
    node: (user + system) / done,
    database: (cpuTime(pid, { children: true }) - before.database) / done,
  };
}

try {
  const started = await startInProcess();
  const { MeteringService } = await import('../dist/libs/metering/src/index.js');
  const metering = started.app.get(MeteringService);
  const cases = Object.entries(casesOf({ metering, ...(await prepare(started)) })).filter(([name]) =>
    name.includes(options.only),
  );
  const figures = new Map(cases.map(([name]) => [name, []]));
  for (let round = 0; round < Number(options.rounds); round++)
    for (const [name, one] of cases) figures.get(name).push(await measure(one, started.pid));
  console.log('\n| case | operations/s | Node, us of CPU | PostgreSQL, us of CPU |\n|---|---|---|---|');
  for (const [name, rounds] of figures) {
    const of = (figure) => median(rounds.map((one) => one[figure]));
    console.log(
      `| ${name} | ${Math.round(of('rate')).toLocaleString('en')} | ${of('node').toFixed(1)} | ${of('database').toFixed(1)} |`,
    );
  }
  console.log(
    `\n${machine()}; medians of ${options.rounds} rounds of ${options.seconds} s, ${options.concurrency} calls at a time.`,
  );
  await started.end();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await stop();
}

import pg from 'pg';
import { outcomeName } from '../client.mjs';
import { isEmpty, startLoad } from '../load.mjs';
import { requests } from '../requests.mjs';
import { inParallel, runRepeatedly, max, pause, percentile, SLOW_MACHINE, tally, untilOrNever } from '../waiting.mjs';

const TERMINATIONS = 3;
const FREEZE_MS = 8_000;
const FAULT_MS = 3_500;
/** Two seconds by the table, one more for a machine on which even a timer is late. */
const DEADLINE_MS = 3_000;
const HUNG_MS = 10_000;
const RECOVERY_MS = 5_000;
const LINK_RECOVERY_MS = 2_000;
/** Each way. */
const LATENCY_MS = 100;
const HOG_MS = 10_000;
const HOG_TIMEOUT_MS = 5_000;
const LOCK_WAIT_MS = 1_000;

/**
 * Calls one route per kind of database access repeatedly on every instance.
 * @returns a function that stops the calls and returns the answers
 */
function callEveryRoute(world, instances, who) {
  const ways = {
    consume: (client) =>
      client.call('POST', '/v1/usage/consume', {
        body: requests.consume(who, 'calls').body(`way-${world.history.newId('way')}`),
      }),
    check: (client) =>
      client.call('POST', '/v1/check', { body: { customer: who.customer, product: who.product, feature: 'calls' } }),
    subscription: (client) => client.call('GET', `/v1/customers/${who.customer}/subscription?product=${who.product}`),
    put: (client) => client.call('PUT', `/v1/customers/${who.customer}`, { body: { product: who.product } }),
    list: (client) => client.call('GET', '/v1/customers?limit=5'),
    login: (client) =>
      client.call('POST', '/v1/auth/login', {
        token: null,
        body: { email: 'admin@localhost', password: world.cluster.password },
      }),
  };
  const asked = [];
  const workers = instances.flatMap((instance) =>
    Object.entries(ways).map(([way, callRoute]) => ({ way, callRoute, client: world.clientOf(instance) })),
  );
  const stop = runRepeatedly(
    workers.length,
    async (number) => {
      const { way, callRoute, client } = workers[number];
      const answer = await callRoute(client);
      asked.push({
        way,
        name: outcomeName(answer),
        ms: Math.round(answer.ms),
        retry: answer.headers['retry-after'] !== undefined,
        status: answer.status,
      });
    },
    { restMs: 50 },
  );
  return async () => {
    await stop();
    return asked;
  };
}

/** Expectations for all requests while the database does not respond. */
function judgeOutage(world, during, fault) {
  const late = during.filter(({ ms }) => ms > DEADLINE_MS);
  world.expect(`${fault}: every request is answered within ${DEADLINE_MS} ms`, late.length === 0, {
    late: late.length,
    of: during.length,
    worst: worstByWay(during),
  });
  world.expect(
    `${fault}: none hangs`,
    during.every(({ ms, status }) => status > 0 && ms < HUNG_MS),
    tally(during.map(({ name }) => name)),
  );
  world.expect(
    `${fault}: only 200 or 503`,
    during.every(({ status }) => status === 200 || status === 503),
    tally(during.map(({ name }) => name)),
  );
  world.expect(
    `${fault}: each 503 says when to try again`,
    during.every(({ status, retry }) => status !== 503 || retry),
  );
}

const worstByWay = (asked) =>
  Object.fromEntries(
    [...new Set(asked.map(({ way }) => way))].map((way) => [
      way,
      max(asked.filter((one) => one.way === way).map(({ ms }) => ms)),
    ]),
  );

const works = (world, instance, who) => async () =>
  (
    await world.clientOf(instance).call('POST', '/v1/usage/consume', {
      body: requests.consume(who, 'calls').body(`works-${world.history.newId('works')}`),
    })
  ).status === 200;

async function recoveryOf(world, instances, who) {
  return Promise.all(
    instances.map((instance) =>
      untilOrNever(`${instance.name} counts again`, works(world, instance, who), { withinMs: 20_000 }),
    ),
  );
}

/** T-08. */
async function terminateSessions(world) {
  const load = await startLoad(world);
  let ended = 0;
  for (let time = 0; time < TERMINATIONS; time++) {
    await pause(1_000);
    ended += await world.db.terminateSessions();
  }
  await pause(500);
  const began = performance.now();
  await world.db.restart();
  const back = performance.now();
  for (let waited = 0; waited < 100 && load.firstSuccessAfter(back) < 0; waited++) await pause(100);
  await load.end();
  world.expect('only 503', isEmpty(load.unexpected()), load.names);
  const recovery = load.firstSuccessAfter(back);
  world.expect('recovers within 5 s', recovery >= 0 && recovery <= RECOVERY_MS, recovery);
  return {
    sessionsEnded: ended,
    restartMs: Math.round(back - began),
    recoveryMs: recovery,
    ...world.history.figures(),
    answers: load.names,
  };
}

/** T-09. */
async function freezeDatabase(world) {
  const who = await world.customer(await world.product({ calls: null }));
  for (const instance of world.instances)
    await world
      .clientOf(instance)
      .call('POST', '/v1/check', { body: { customer: who.customer, product: who.product, feature: 'calls' } });
  world.db.freeze();
  const end = callEveryRoute(world, world.instances, who);
  await pause(FREEZE_MS);
  const ending = end();
  await pause(200);
  world.db.thaw();
  const recovery = await recoveryOf(world, world.instances, who);
  const during = await ending;
  judgeOutage(world, during, 'frozen');
  world.expect(
    'recovers within 5 s',
    recovery.every((ms) => ms >= 0 && ms <= RECOVERY_MS),
    recovery,
  );
  return {
    asked: during.length,
    answers: tally(during.map(({ name }) => name)),
    slowestMs: worstByWay(during),
    recoveryMs: recovery,
  };
}

/** T-10. */
async function brokenLink(world) {
  const who = await world.customer(await world.product({ calls: null }));
  const { proxy, instances } = await world.proxied(2);
  await recoveryOf(world, instances, who);
  const figures = {};
  for (const [mode, options] of [
    ['blackhole', {}],
    ['latency', { delayMs: LATENCY_MS }],
    ['reset', {}],
  ]) {
    proxy.setMode(mode, options);
    const end = callEveryRoute(world, instances, who);
    await pause(FAULT_MS);
    const ending = end();
    // Requests in flight are still affected by the fault.
    await Promise.race([ending, pause(HUNG_MS)]);
    proxy.heal();
    const recovery = await recoveryOf(world, instances, who);
    const during = await ending;
    judgeOutage(world, during, mode);
    world.expect(
      `${mode}: recovers within 2 s`,
      recovery.every((ms) => ms >= 0 && ms <= LINK_RECOVERY_MS * SLOW_MACHINE),
      recovery,
    );
    figures[mode] = {
      answers: tally(during.map(({ name }) => name)),
      slowestMs: worstByWay(during),
      recoveryMs: recovery,
    };
  }
  await pause(1_000);
  const burst = await inParallel(200, 64, (index) =>
    world
      .clientOf(instances[index % instances.length])
      .call('GET', `/v1/customers/${who.customer}/subscription?product=${who.product}`),
  );
  world.expect(
    'the pool is whole again',
    burst.every(({ status }) => status === 200),
    tally(burst.map(outcomeName)),
  );
  const leaked = await world.db.value(
    `select count(*)::int from pg_stat_activity where application_name like 'tollgate%' and state like 'idle in transaction%' and state_change < now() - interval '1 second'`,
  );
  world.expect('no transaction is left open', leaked === 0, leaked);
  return figures;
}

/** T-13. */
async function hogLock(world) {
  const product = await world.product({ calls: null });
  const [held, free] = [await world.customer(product), await world.customer(product)];
  await Promise.all([held, free].map((who) => world.history.run(world.client, requests.consume(who, 'calls'))));
  const hog = new pg.Client({
    connectionString: world.db.url(),
    idle_in_transaction_session_timeout: HOG_TIMEOUT_MS,
    application_name: 'hog',
  });
  let endedAfter = null;
  const began = performance.now();
  hog.on('error', () => (endedAfter ??= Math.round(performance.now() - began)));
  await hog.connect();
  await hog.query('begin');
  await hog.query(
    'select from usage_counters u join customers c on c.id = u.customer_id join entitlement_versions v on v.customer_id = c.id where c.key = $1 for update of u, v',
    [held.customer],
  );
  const consume = (who) => async (answers) =>
    answers.push((await world.history.run(world.client, requests.consume(who, 'calls'))).answer);
  const [ofHeld, ofFree] = [[], []];
  const ends = [
    runRepeatedly(4, () => consume(held)(ofHeld), { restMs: 100 }),
    runRepeatedly(2, () => consume(free)(ofFree), { restMs: 50 }),
  ];
  await pause(HOG_MS);
  for (const end of ends) await end();
  await hog.end().catch(() => undefined);
  const waits = ofHeld.map(({ ms }) => ms);
  world.expect(
    'a held customer is answered within the lock timeout',
    max(waits) <= LOCK_WAIT_MS * 2,
    Math.round(max(waits)),
  );
  world.expect(
    '200, 409 or 503',
    [...ofHeld, ...ofFree].every(({ status }) => [200, 409, 503].includes(status)),
    tally([...ofHeld, ...ofFree].map(outcomeName)),
  );
  world.expect(
    'other customers do not wait',
    ofFree.every(({ status }) => status === 200),
    tally(ofFree.map(outcomeName)),
  );
  world.expect(
    'a session that sits in a transaction is ended',
    endedAfter !== null && endedAfter < HOG_TIMEOUT_MS * SLOW_MACHINE,
    endedAfter,
  );
  return {
    held: tally(ofHeld.map(outcomeName)),
    heldSlowestMs: Math.round(max(waits)),
    others: tally(ofFree.map(outcomeName)),
    othersP99Ms: percentile(
      ofFree.map(({ ms }) => ms),
      99,
    ),
    hogEndedMs: endedAfter,
  };
}

export const scenarios = [
  { id: 'T-08', title: 'sessions ended, restart of PostgreSQL', run: terminateSessions },
  { id: 'T-09', title: 'PostgreSQL frozen', run: freezeDatabase },
  { id: 'T-10', title: 'blackhole, latency, resets', run: brokenLink },
  { id: 'T-13', title: 'lock hog', run: hogLock },
];

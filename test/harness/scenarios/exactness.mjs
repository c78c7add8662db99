import pg from 'pg';
import { requests } from '../requests.mjs';
import { inParallel, max, percentile, tally } from '../waiting.mjs';

const STORM = { calls: 2_000, limit: 500, concurrency: 200 };
const REPLAYED = { keys: 500, copies: 8, changed: 0.2, concurrency: 64 };
const JOINT = { calls: 2_000, customers: 4, limit: 300, concurrency: 100 };

/** Judges a storm of consumes of 1 on one meter. @returns its violations as texts */
export function judgeStorm({ granted, denied, errors, used }, { calls, limit }) {
  return [
    ...(granted === limit ? [] : [`${granted} granted instead of ${limit}`]),
    ...(denied === calls - limit ? [] : [`${denied} denied instead of ${calls - limit}`]),
    ...(errors === 0 ? [] : [`${errors} errors`]),
    ...(used === granted ? [] : [`used is ${used}, granted were ${granted}`]),
  ];
}

/** A counter without a lock, which over-grants. The judge must find a violation, or it would never find one. */
async function naiveStorm(world) {
  const pool = new pg.Pool({ connectionString: world.db.url(), max: 24 });
  await pool.query('create table harness_naive (used integer not null)');
  await pool.query('insert into harness_naive values (0)');
  const answers = await inParallel(STORM.calls, STORM.concurrency, async () => {
    const [{ used }] = (await pool.query('select used from harness_naive')).rows;
    if (used + 1 > STORM.limit) return false;
    await pool.query('update harness_naive set used = $1', [used + 1]);
    return true;
  });
  const [{ used }] = (await pool.query('select used from harness_naive')).rows;
  await pool.query('drop table harness_naive');
  await pool.end();
  const granted = answers.filter(Boolean).length;
  return { granted, denied: answers.length - granted, errors: 0, used };
}

/** T-01. */
async function hotRow(world) {
  const who = await world.customer(await world.product({ calls: STORM.limit }));
  await world.client.warm(STORM.concurrency);
  await inParallel(STORM.calls, STORM.concurrency, () =>
    world.history.run(world.client, requests.consume(who, 'calls')),
  );
  const used = await world.db.value(
    `select sum(used)::int from usage_counters u join customers c on c.id = u.customer_id where c.key = $1`,
    [who.customer],
  );
  const { ok: granted, denied, failed, unknown } = world.history.figures();
  const outcome = { granted, denied, errors: failed + unknown, used };
  for (const wrong of judgeStorm(outcome, STORM)) world.expect('exactly the limit is granted', false, wrong);
  const naive = await naiveStorm(world);
  world.expect('self-check: the naive variant is found guilty', judgeStorm(naive, STORM).length > 0, naive);
  return {
    ...outcome,
    p99Ms: percentile(
      world.history.ops.map(({ ms }) => ms),
      99,
    ),
    naiveGranted: naive.granted,
    naiveUsed: naive.used,
  };
}

/** T-02. */
async function oppositeOrder(world) {
  const product = await world.product({ a: JOINT.limit, b: JOINT.limit - 50 });
  const customers = await inParallel(JOINT.customers, JOINT.customers, () => world.customer(product));
  const deadlocks = () => world.db.value(`select deadlocks::int from pg_stat_database where datname = 'tollgate'`);
  await world.client.warm(JOINT.concurrency);
  const before = await deadlocks();
  await inParallel(JOINT.calls, JOINT.concurrency, (index) => {
    const features = index % 2 === 0 ? ['a', 'b'] : ['b', 'a'];
    return world.history.run(world.client, requests.consumeAll(world.random.pick(customers), features));
  });
  const { ok, denied, failed, unknown } = world.history.figures();
  const found = (await deadlocks()) - before;
  world.expect(
    'no 5xx and no other refusal',
    failed + unknown === 0,
    tally(world.history.ops.map(({ status }) => status)),
  );
  world.expect('no deadlock', found === 0, found);
  const perCustomer = tally(
    world.history.ops.filter(({ outcome }) => outcome === 'ok').map(({ customer }) => customer),
  );
  world.expect(
    'each customer got all of the smaller limit',
    Object.values(perCustomer).every((count) => count === JOINT.limit - 50),
    perCustomer,
  );
  return {
    granted: ok,
    denied,
    errors: failed + unknown,
    deadlocks: found,
    p99Ms: percentile(
      world.history.ops.map(({ ms }) => ms),
      99,
    ),
  };
}

/** T-03: the body that comes first has the key; each copy of another body is refused, and counts nothing. */
async function replayStorm(world) {
  const { random, history, client } = world;
  const who = await world.customer(await world.product({ calls: null }));
  const asked = Array.from({ length: REPLAYED.keys }, () => ({ id: history.newId('consume'), answers: [] }));
  const copies = random.shuffle(
    asked.flatMap((one) =>
      Array.from({ length: REPLAYED.copies }, () => ({ one, quantity: random.chance(REPLAYED.changed) ? 2 : 1 })),
    ),
  );
  await client.warm(REPLAYED.concurrency);
  await inParallel(copies.length, REPLAYED.concurrency, async (index) => {
    const { one, quantity } = copies[index];
    const request = requests.consume(who, 'calls', quantity);
    one.answers.push({
      quantity,
      request,
      answer: await client.call('POST', request.path, { body: request.body(one.id), key: one.id }),
    });
  });
  const wrong = asked.flatMap(({ id, answers }) => storyOf(id, answers));
  for (const { id, answers } of asked) keep(history, id, answers);
  world.expect('one effect and one answer for each key', wrong.length === 0, wrong.slice(0, 3));
  const statuses = tally(asked.flatMap(({ answers }) => answers.map(({ answer }) => answer.status || answer.error)));
  world.expect(
    'no 5xx',
    Object.keys(statuses).every((status) => ['200', '409', '422'].includes(status)),
    statuses,
  );
  const effects = await world.db.value(`select count(*)::int from usage_ledger where properties ->> 'op' like $1`, [
    `${history.name}-%`,
  ]);
  world.expect('one effect for each key', effects === REPLAYED.keys, effects);
  // A restarted instance is the same one without its caches.
  await world.instances[0].kill();
  await world.instances[0].start();
  return {
    keys: REPLAYED.keys,
    effects,
    statuses,
    slowestMs: Math.round(max(asked.flatMap(({ answers }) => answers.map(({ answer }) => answer.ms)))),
  };
}

function storyOf(id, answers) {
  const taken = answers.filter(({ answer }) => answer.status === 200);
  const bodies = new Set(taken.map(({ answer }) => answer.text));
  const quantities = new Set(taken.map(({ quantity }) => quantity));
  const first = taken.filter(({ answer }) => answer.headers['idempotency-replayed'] !== 'true').length;
  const refused = answers.filter(
    ({ answer }) => answer.status === 422 && answer.body.code === 'idempotency_key_reused',
  );
  return [
    ...(bodies.size === 1 && quantities.size === 1 && first === 1
      ? []
      : [`${id}: ${bodies.size} bodies, ${quantities.size} quantities, ${first} not marked as replayed`]),
    ...(refused.every(({ quantity }) => !quantities.has(quantity)) ? [] : [`${id}: 422 for the body that has the key`]),
  ];
}

/** So that the invariants know of it: the one that has the key. */
function keep(history, id, answers) {
  const { quantity, request, answer } = answers.find(({ answer: { status } }) => status === 200) ?? answers[0];
  const { body, ...facts } = request;
  const entry = { ...facts, id, key: id, method: 'POST', body: body(id), quantity, invoke: 0, tries: answers.length };
  history.settle(entry, answer);
  history.ops.push({ ...entry, op: 'consume' });
}

export const scenarios = [
  { id: 'T-01', title: 'over-grant on a hot row', run: hotRow },
  { id: 'T-02', title: 'several features in opposite order', run: oppositeOrder },
  { id: 'T-03', title: 'replay storm', run: replayStorm },
];

import { INSERTED_IDS } from '../invariants/subscriptions.mjs';
import { requests } from '../requests.mjs';
import { runRepeatedly, pause, until, untilOrNever } from '../waiting.mjs';

const DUE = 4_000;
const WORKERS = 4;
const KILL_AFTER_MS = 450;
const TIMEOUT_MS = 60_000;
const ZOMBIE_DUE = 2_500;
const ZOMBIE_MS = 20_000;
const DONE_MS = 25_000;

/** Subscriptions due 1.5 hours ago, half to renew and half to expire. Inserted by SQL, since time cannot be moved. */
const makeDue = (template, from, count) => `
  do $$
  declare t subscriptions; c uuid; s uuid; began timestamptz := now() - interval '2 hours 30 minutes';
  begin
    select x.* into t from subscriptions x join customers k on k.id = x.customer_id where k.key = '${template}';
    set constraints all deferred;
    for i in ${from}..${from + count - 1} loop
      c := ('01900000-0000-7000-9000-' || lpad(to_hex(i), 12, '0'))::uuid;
      s := ('01900000-0000-7000-a000-' || lpad(to_hex(i), 12, '0'))::uuid;
      insert into customers select (jsonb_populate_record(x, jsonb_build_object('id', c, 'key', 'due' || i, 'first_subscription_id', s))).* from customers x where key = '${template}';
      t.customer_id := c; t.id := s; t.anchor := began; t.started_at := began; t.current_period_start := began; t.usage_period_start := began; t.plan_since := began;
      t.current_period_end := began + interval '1 hour'; t.due_at := t.current_period_end;
      t.cancel_at_period_end := i % 2 = 0; t.status := case when i % 2 = 0 then 'canceled' else 'active' end;
      insert into subscriptions select t.*;
    end loop;
  end $$`;

const MADE = `between '${INSERTED_IDS.min}' and '${INSERTED_IDS.max}'`;
let madeSoFar = 0;

/** Inserts subscriptions with due transitions; the permanent worker must be stopped. */
async function dueSubscriptions(world, count) {
  const product = await world.product({ calls: null }, {}, { interval: 'hour' });
  const template = await world.customer(product);
  const from = madeSoFar + 1;
  madeSoFar += count;
  await world.db.query(makeDue(template.customer, from, count));
  const own = `id ${MADE} and substr(id::text, 25)::text >= '${from.toString(16).padStart(12, '0')}'`;
  return {
    due: () => world.db.value(`select count(*)::int from subscriptions where due_at <= now() and ${own}`),
    events: () =>
      world.db.query(
        `select type, count(*)::int as events, count(distinct (subject_id, sequence))::int as distinct, count(distinct subject_id)::int as subjects from events where ${own.replaceAll('id ', 'subject_id ').replace('substr(id', 'substr(subject_id')} group by type order by type`,
      ),
  };
}

function judge(world, events, count) {
  const by = Object.fromEntries(events.map((row) => [row.type, row]));
  const renewed = by['subscription.renewed'] ?? {};
  const expired = by['subscription.expired'] ?? {};
  world.expect('each expires once', expired.events === count / 2 && expired.subjects === count / 2, expired);
  world.expect('each renews once a period', renewed.events === count && renewed.subjects === count / 2, renewed);
  return {
    fired: (expired.events ?? 0) + (renewed.events ?? 0),
    distinct: (expired.distinct ?? 0) + (renewed.distinct ?? 0),
  };
}

/** T-12. */
async function killOneOfFour(world) {
  await world.worker.end('SIGTERM');
  const subscriptions = await dueSubscriptions(world, DUE);
  const workers = await Promise.all(
    Array.from({ length: WORKERS }, (_, index) => world.cluster.start('worker', `worker-${index + 1}`)),
  );
  await until('processing has begun', async () => (await subscriptions.due()) < DUE, {
    withinMs: TIMEOUT_MS,
    everyMs: 5,
  });
  const began = performance.now();
  await pause(KILL_AFTER_MS);
  const leftAtKill = await subscriptions.due();
  await world.random.pick(workers).kill();
  await untilOrNever('nothing is due', async () => (await subscriptions.due()) === 0, {
    withinMs: TIMEOUT_MS,
    everyMs: 50,
  });
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  const left = await subscriptions.due();
  world.expect('nothing is left', left === 0, left);
  const figures = judge(world, await subscriptions.events(), DUE);
  for (const worker of workers) await world.cluster.dismiss(worker);
  return { due: DUE, leftAtKill, ...figures, left, sweptInSeconds: seconds };
}

/** T-11: frozen during a batch of due subscriptions and with requests in flight, longer than all timeouts. */
async function zombie(world) {
  await world.worker.end('SIGTERM');
  const who = await world.customer(await world.product({ calls: null }));
  const subscriptions = await dueSubscriptions(world, ZOMBIE_DUE);
  const one = await world.cluster.start('api', 'zombie', { WORKER: 'on' });
  const direct = world.clientOf(one, { timeoutMs: ZOMBIE_MS / 4 });
  const end = runRepeatedly(8, () => world.history.run(direct, requests.consume(who, 'calls')));
  await until('processing has begun', async () => (await subscriptions.due()) < ZOMBIE_DUE, {
    withinMs: TIMEOUT_MS,
    everyMs: 2,
  });
  one.freeze();
  const dueWhenFrozen = await subscriptions.due();
  const frozen = performance.now();
  await world.worker.start();
  const takenOver = await untilOrNever('another has done its work', async () => (await subscriptions.due()) === 0, {
    withinMs: DONE_MS,
    everyMs: 50,
  });
  // Retried on other instances with the same keys while the first one is still frozen.
  await end();
  const unknown = world.history.count('unknown');
  await world.history.resolve(world.client);
  await pause(Math.max(0, ZOMBIE_MS - (performance.now() - frozen)));
  one.thaw();
  await pause(3_000);
  const alive = one.running && (await one.isReady());
  world.expect('another instance takes over its batch', takenOver >= 0, takenOver);
  world.expect('it is ready again afterwards', alive);
  return {
    dueWhenFrozen,
    takenOverMs: takenOver,
    unknown,
    ...judge(world, await subscriptions.events(), ZOMBIE_DUE),
    left: await subscriptions.due(),
  };
}

export const scenarios = [
  { id: 'T-11', title: 'a zombie: frozen for 20 s', run: zombie },
  { id: 'T-12', title: 'due subscriptions: four workers, one killed', run: killOneOfFour },
];

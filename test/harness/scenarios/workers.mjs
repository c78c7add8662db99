import { BY_HAND } from '../invariants/subscriptions.mjs';
import { requests } from '../requests.mjs';
import { keepDoing, pause, until, untilOrNever } from '../waiting.mjs';

const DUE = 4_000;
const WORKERS = 4;
const KILL_AFTER_MS = 450;
const PATIENCE_MS = 60_000;
const ZOMBIE_DUE = 2_500;
const ZOMBIE_MS = 20_000;
const DONE_MS = 25_000;

/** Half of them renew, half of them expire, all an hour and a half ago; put there by hand, because time cannot be. */
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

const MADE = `between '${BY_HAND.least}' and '${BY_HAND.most}'`;
let madeSoFar = 0;

/** Subscriptions that are due and not yet written down; the lasting worker must be stopped. */
async function dueSubscriptions(world, count) {
  const product = await world.product({ calls: null }, {}, { interval: 'hour' });
  const template = await world.customer(product);
  const from = madeSoFar + 1;
  madeSoFar += count;
  await world.db.query(makeDue(template.customer, from, count));
  const own = `id ${MADE} and substr(id::text, 25)::text >= '${from.toString(16).padStart(12, '0')}'`;
  return {
    due: () => world.db.value(`select count(*)::int from subscriptions where due_at <= now() and ${own}`),
    told: () =>
      world.db.query(
        `select type, count(*)::int as told, count(distinct (subject_id, sequence))::int as distinct, count(distinct subject_id)::int as subjects from events where ${own.replaceAll('id ', 'subject_id ').replace('substr(id', 'substr(subject_id')} group by type order by type`,
      ),
  };
}

function judge(world, told, count) {
  const by = Object.fromEntries(told.map((row) => [row.type, row]));
  const renewed = by['subscription.renewed'] ?? {};
  const expired = by['subscription.expired'] ?? {};
  world.bar('each expires once', expired.told === count / 2 && expired.subjects === count / 2, expired);
  world.bar('each renews once a period', renewed.told === count && renewed.subjects === count / 2, renewed);
  return {
    fired: (expired.told ?? 0) + (renewed.told ?? 0),
    distinct: (expired.distinct ?? 0) + (renewed.distinct ?? 0),
  };
}

/** T-12. */
async function killOneOfFour(world) {
  await world.worker.end('SIGTERM');
  const subscriptions = await dueSubscriptions(world, DUE);
  const workers = await Promise.all(
    Array.from({ length: WORKERS }, (_, index) => world.cluster.start('worker', `sweep-${index + 1}`)),
  );
  await until('the sweep has begun', async () => (await subscriptions.due()) < DUE, {
    withinMs: PATIENCE_MS,
    everyMs: 5,
  });
  const began = performance.now();
  await pause(KILL_AFTER_MS);
  const leftAtKill = await subscriptions.due();
  await world.random.pick(workers).kill();
  await untilOrNever('nothing is due', async () => (await subscriptions.due()) === 0, {
    withinMs: PATIENCE_MS,
    everyMs: 50,
  });
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  const left = await subscriptions.due();
  world.bar('nothing is left', left === 0, left);
  const figures = judge(world, await subscriptions.told(), DUE);
  for (const worker of workers) await world.cluster.dismiss(worker);
  return { due: DUE, leftAtKill, ...figures, left, sweptInSeconds: seconds };
}

/** T-11: it is frozen while it holds a batch of the sweep and what clients asked of it, longer than anybody waits for it. */
async function zombie(world) {
  await world.worker.end('SIGTERM');
  const who = await world.customer(await world.product({ calls: null }));
  const subscriptions = await dueSubscriptions(world, ZOMBIE_DUE);
  const one = await world.cluster.start('api', 'zombie', { WORKER: 'on' });
  const direct = world.clientOf(one, { patienceMs: ZOMBIE_MS / 4 });
  const end = keepDoing(8, () => world.history.run(direct, requests.consume(who, 'calls')));
  await until('the sweep has begun', async () => (await subscriptions.due()) < ZOMBIE_DUE, {
    withinMs: PATIENCE_MS,
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
  // Asked of others, by the same keys, while the one that was asked first still stands.
  await end();
  const unknown = world.history.count('unknown');
  await world.history.resolve(world.client);
  await pause(Math.max(0, ZOMBIE_MS - (performance.now() - frozen)));
  one.thaw();
  await pause(3_000);
  const alive = one.running && (await one.isReady());
  world.bar('another does what it held', takenOver >= 0, takenOver);
  world.bar('it is well again afterwards', alive);
  return {
    dueWhenFrozen,
    takenOverMs: takenOver,
    unknown,
    ...judge(world, await subscriptions.told(), ZOMBIE_DUE),
    left: await subscriptions.due(),
  };
}

export const scenarios = [
  { id: 'T-11', title: 'a zombie: frozen for 20 s', run: zombie },
  { id: 'T-12', title: 'sweep by four workers, one killed', run: killOneOfFour },
];

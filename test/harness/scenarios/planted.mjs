import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { createBillingData } from '../billing-load.mjs';
import { INVARIANTS } from '../invariants.mjs';
import { requests } from '../requests.mjs';
import { inParallel } from '../waiting.mjs';

const LIMIT = 20;

/** A violation for each invariant that reads data: SQL in a transaction that is rolled back, with triggers disabled. */
const PLANTED_IN_DATA = {
  'I-01': () => 'alter table usage_counters drop constraint usage_counters_within_hard_limit',
  'I-03': () => 'update usage_counters set used = used + 1 where hard_limit is null',
  'I-07': ({ consume }) => `delete from usage_ledger where properties ->> 'op' = '${consume}'`,
  'I-08': ({ consume }) =>
    `update usage_ledger set properties = jsonb_build_object('op', '${consume}-of-nobody', 'of', 1) where properties ->> 'op' = '${consume}'`,
  'I-09': ({ joint }) =>
    `delete from usage_ledger where id = (select id from usage_ledger where properties ->> 'op' = '${joint}' limit 1)`,
  'I-10': () => 'alter table usage_counters alter column used type numeric',
  'I-11': ({ consume }) =>
    `update usage_ledger set occurred_at = window_start - interval '1 second' where properties ->> 'op' = '${consume}'`,
  'I-13': ({ reservation }) => `update usage_reservations set committed = 0 where id = '${reservation}'`,
  'I-14': () => 'drop index subscriptions_one_live',
  'I-15': ({ who }) => `delete from subscriptions where id = '${who.subscription}'`,
  'I-16': ({ who }) => `update subscriptions set version = version + 1 where id = '${who.subscription}'`,
  'I-18': ({ events }) => `update usage_ledger set quantity = quantity + 1 where reference = '${events}-0'`,
  'I-19': ({ who }) =>
    `insert into subscription_actions select customer_id, id, current_period_start, current_period_end, 'renewal', now() from subscriptions where id = '${who.subscription}'`,
  'I-28': ({ who }) =>
    `delete from event_feed where event_id in (select id from events where subject_id = '${who.subscription}')`,
  'I-42': () => 'update usage_sums set until = now()',
  'I-43': () =>
    `insert into long_ledgers (customer_id, summed_until) select id, 'ffffffff-ffff-ffff-ffff-ffffffffffff' from customers on conflict (customer_id) do update set summed_until = excluded.summed_until`,
  'B-1': () => `update invoices set lines = jsonb_set(lines, '{0,amount}', '1') where status <> 'draft'`,
  'B-2': ({ id }) => `drop index invoices_once; ${copyOf('invoices', { id, serial: 90_001, number: 'N 1' })}`,
  'B-3': () => 'update invoices set serial = serial + 90000 where serial = 1',
  'B-4': () => `update payments set amount = amount + 1 where status = 'succeeded'`,
  'B-5': () => `delete from invoices where purpose = 'period'`,
  'B-7': () => 'alter table invoices disable trigger invoices_frozen',
  'B-8': ({ id }) => copyOf('sandbox_charges', { id, idempotency_key: id }),
};
const copyOf = (table, fields) =>
  `insert into ${table} select (jsonb_populate_record(r, '${JSON.stringify(fields)}')).* from ${table} r ${table === 'invoices' ? 'where subscription_id is not null' : ''} limit 1`;

/** A violation that another connection reads: it is committed, and then corrected. */
const PLANTED_FOR_OTHERS = {
  'B-6': (change) =>
    `update usage_charges set units = units + ${change} where (customer_id, window_start, span_start, revision) = (select customer_id, window_start, span_start, revision from usage_charges order by 1, 2, 3, 4 limit 1)`,
};

/** Violations in the answers of clients: each returns a history with one changed answer. */
const PLANTED_IN_HISTORY = {
  'I-01': (ops, { consume }) => withChangedAnswer(ops, consume, (answer) => ({ ...answer, used: LIMIT + 1 })),
  'I-02': (ops, { consume }) => [
    ...ops
      .filter(({ id }) => id === consume)
      .map((entry) => ({
        ...entry,
        id: 'planted',
        outcome: 'denied',
        answer: { ...entry.answer, reason: 'limit_reached' },
        complete: entry.complete,
      })),
  ],
  'I-07': (ops, { denied }) => ops.map((entry) => (entry.id === denied ? { ...entry, outcome: 'ok' } : entry)),
  'I-12': (ops, { consume }) => withChangedAnswer(ops, consume, (answer) => ({ ...answer, used: answer.used + 3 })),
};

const withChangedAnswer = (ops, id, change) =>
  ops.map((entry) => (entry.id === id ? { ...entry, answer: change(entry.answer) } : entry));
const withOps = (history, ops) => Object.assign(Object.create(history), { ops });

/** A little of everything, so that there is something to spoil. */
async function createData(world) {
  const { history, client } = world;
  const product = await world.product({ calls: LIMIT, extra: null });
  const [who, many] = [await world.customer(product), await world.customer(product)];
  const run = async (request) => (await history.run(client, request)).entry;
  const consumes = await inParallel(LIMIT + 5, 4, () => run(requests.consume(who, 'calls')));
  const joint = await run(requests.consumeAll(many, ['calls', 'extra']));
  const reserved = await run(requests.reserve(many, 'extra', 3));
  await run(requests.commit(reserved, 2));
  const events = await run(requests.events(many, 'extra', [1, 2]));
  await createBillingData(world);
  return {
    who,
    id: randomUUID(),
    joint: joint.id,
    reservation: reserved.answer.reservation.id,
    events: events.id,
    consume: consumes.find(({ outcome }) => outcome === 'ok').id,
    denied: consumes.find(({ outcome }) => outcome === 'denied').id,
  };
}

async function judge(context, id) {
  const found = await Promise.all(
    INVARIANTS.filter((invariant) => invariant.id === id).map(({ check }) => check(context)),
  );
  return found.flat().length;
}

/** T-37, as far as it needs no other code: an invariant that cannot fail says nothing. */
async function plant(world) {
  const facts = await createData(world);
  await world.waitForPropagation(1_500);
  const context = { world, db: world.db, history: world.history, random: world.random };
  const missed = [];
  const client = new pg.Client({ connectionString: world.db.superuserUrl('tollgate'), application_name: 'harness' });
  await client.connect();
  const query = async (sql, parameters) => (await client.query(sql, parameters)).rows;
  const db = { query, value: async (...asked) => Object.values((await query(...asked))[0])[0] };
  const quiet = Object.create(world, { delivering: { value: false } });
  for (const [id, sql] of Object.entries(PLANTED_IN_DATA)) {
    await client.query('begin');
    await client.query('set local session_replication_role = replica');
    await client.query(sql(facts));
    const only = INVARIANTS.filter(
      (invariant) => invariant.id === id && !/whole numbers are taken/.test(invariant.title),
    );
    const found = (await Promise.all(only.map(({ check }) => check({ ...context, world: quiet, db })))).flat();
    if (found.length === 0) missed.push(`${id} in the data`);
    await client.query('rollback');
  }
  for (const [id, sql] of Object.entries(PLANTED_FOR_OTHERS)) {
    await client.query(sql('1'));
    if ((await judge(context, id)) === 0) missed.push(`${id} for others`);
    await client.query(sql('-1'));
  }
  await client.end();
  for (const [id, spoil] of Object.entries(PLANTED_IN_HISTORY)) {
    if ((await judge({ ...context, history: withOps(world.history, spoil(world.history.ops, facts)) }, id)) === 0)
      missed.push(`${id} in the history`);
  }
  const received = world.receiver.messagesTo(world.endpoint.path);
  const phantom = randomUUID();
  received.set(phantom, { bodies: new Set(['one', 'other']), times: [0] });
  if ((await judge(context, 'I-29')) !== 2) missed.push('I-29 in what was received');
  received.delete(phantom);
  world.expect('each planted violation is found', missed.length === 0, missed);
  return {
    planted: [PLANTED_IN_DATA, PLANTED_FOR_OTHERS, PLANTED_IN_HISTORY].flatMap(Object.keys).length + 1,
    missed: missed.length,
  };
}

export const scenarios = [{ id: 'T-37', title: 'planted violations are found', run: plant }];

import { RESPONSES } from '../receiver.mjs';
import { inParallel, pause, sum, untilOrNever } from '../waiting.mjs';

const EVENTS = 300;
const KILLS = 5;
const LIFE_MS = 600;
const TIMEOUT_MS = 60_000;
/** The first wait of ten attempts in 75 hours. */
const FIRST_BACKOFF_MS = 5_000;

/** Makes deliveries due now: those leased by a killed worker, and those in backoff. */
async function makeDeliveriesDue(db) {
  await db.query(
    `update deliveries set due_at = now() where status = 'pending' and due_at > now() + interval '1 second'`,
  );
  await db.query('delete from delivery_lanes');
}

async function endpoint(world, path) {
  const { id } = await world.client.must('POST', '/v1/webhook-endpoints', {
    body: { url: world.receiver.url(path), types: ['customer.*'], product: null },
  });
  return { id, path };
}

/** T-25. */
async function killDispatchers(world) {
  const { db, random, receiver, cluster } = world;
  await world.worker.end('SIGTERM');
  const unreliable = await endpoint(world, `/unreliable-${world.serial}`);
  const gone = await endpoint(world, `/gone-${world.serial}`);
  receiver.respondWith(unreliable.path, () => RESPONSES[random.weighted({ accepts: 4, fails: 2, resets: 2, slow: 2 })]);
  receiver.respondWith(gone.path, () => RESPONSES.gone);
  const since = await db.value('select clock_timestamp()');
  const product = await world.product({ calls: null });
  const killing = (async () => {
    for (let kill = 0; kill < KILLS; kill++) {
      const worker = await cluster.start('worker', `dispatcher-${kill + 1}`);
      await pause(LIFE_MS);
      await worker.kill();
    }
  })();
  let asking = true;
  void killing.finally(() => (asking = false));
  await inParallel(EVENTS, 4, async (index) => {
    // Some are refused half way through, and must leave no trace.
    const refused = random.chance(0.2);
    await world.client.call('PUT', `/v1/customers/out-${world.history.name}-${index}`, {
      body: { product, ...(refused ? { plan: 'no-such-plan' } : {}) },
    });
    if (asking) await pause(40);
  });
  await killing;
  const madeDueAt = performance.now();
  await world.worker.start();
  const waiting = () =>
    db.value(
      `select (select count(*) from event_outbox)::int + (select count(*) from deliveries where status = 'pending' and lane = any($1::uuid[]))::int`,
      [[unreliable.id, gone.id, world.endpoint.id]],
    );
  await untilOrNever(
    'all has been sent',
    async () => {
      await makeDeliveriesDue(db);
      await pause(800);
      return (await waiting()) === 0;
    },
    { withinMs: TIMEOUT_MS },
  );
  return judge(world, { unreliable, gone, since, madeDueAt });
}

async function judge(world, { unreliable, gone, since, madeDueAt }) {
  const { db, receiver } = world;
  const committed = (await db.query(`select id from events where type like 'customer.%' and at >= $1`, [since])).map(
    ({ id }) => id,
  );
  const given = new Set(
    (
      await db.query(`select message_id as id from deliveries where lane = $1 and status = 'failed'`, [unreliable.id])
    ).map(({ id }) => id),
  );
  const got = receiver.messagesTo(unreliable.path);
  const lost = committed.filter((id) => !got.has(id) && !given.has(id));
  const phantoms = [...got.keys()].filter((id) => !committed.includes(id));
  const attempts = sum([...got.values()].map(({ times }) => times.length));
  world.expect('nothing is lost', lost.length === 0, lost.slice(0, 3));
  world.expect('nothing is sent of what did not happen', phantoms.length === 0, phantoms.slice(0, 3));
  world.expect(
    'a repeated delivery has the same body',
    [...got.values()].every(({ bodies }) => bodies.size === 1),
  );
  world.expect('some messages were delivered twice', attempts > got.size, attempts);
  const [state] = await db.query('select enabled, disabled_reason from webhook_endpoints where id = $1', [gone.id]);
  world.expect('410 disables', state.enabled === false && state.disabled_reason === 'gone', state);
  // Time between the first attempt and the second, before deliveries were made due.
  const gaps = [...got.values()]
    .filter(({ times }) => times.length > 1 && times[1] < madeDueAt)
    .map(({ times }) => Math.round(times[1] - times[0]));
  world.expect(
    'the second attempt comes five seconds after the first',
    gaps.every((ms) => ms > FIRST_BACKOFF_MS * 0.9),
    gaps,
  );
  const [{ dueLater }] = await db.query(
    `select count(*)::int as "dueLater" from deliveries where lane = $1 and attempts > 1`,
    [unreliable.id],
  );
  world.expect('failures are tried again', dueLater > 0, dueLater);
  await db.query(
    'update webhook_endpoints set enabled = false, disabled_reason = $2, disabled_at = now() where id = $1',
    [unreliable.id, 'by_hand'],
  );
  return {
    committed: committed.length,
    received: got.size,
    attempts,
    givenUp: given.size,
    lost: lost.length,
    backoffMs: gaps.length === 0 ? 'none seen' : Math.min(...gaps),
  };
}

export const scenarios = [
  { id: 'T-25', title: 'outbox: dispatcher killed, receiver unreliable', run: killDispatchers },
];

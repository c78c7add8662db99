import { pause } from '../waiting.mjs';

const rows = (found) => found.map((row) => JSON.stringify(row));
/** Committed events are published soon. Published ones may wait for a slow receiver, where the check can see them. */
const PUBLISHED_MS = 30_000;
const SENT_MS = 6_000;
/** Types of events that only the audit log has: they are never published. */
const AUDIT_ONLY_TYPES = ['support.read', 'finance.read'];

/** Waits until committed events are published and, for 6 s at most, sent: only then can a loss be detected. */
async function drained({ db, world }) {
  if (!world.delivering) return;
  const steps = [
    [PUBLISHED_MS, () => db.value('select count(*)::int from event_outbox')],
    [
      SENT_MS,
      () =>
        db.value(`select count(*)::int from deliveries where status = 'pending' and attempts = 0 and lane = $1`, [
          world.endpoint.id,
        ]),
    ],
  ];
  for (const [ms, waiting] of steps) {
    const until = performance.now() + ms;
    while ((await waiting()) > 0 && performance.now() < until) await pause(100);
  }
}

async function undelivered({ db, world }) {
  const received = world.receiver.messagesTo(world.endpoint.path);
  const told = await db.query(`select message_id as id, status from deliveries where lane = $1`, [world.endpoint.id]);
  return told
    .filter(({ id, status }) => status === 'delivered' && !received.has(id))
    .map(({ id }) => `message ${id} is said to be delivered, and did not arrive`);
}

async function phantoms({ db, world }) {
  const received = [...world.receiver.messagesTo(world.endpoint.path).keys()];
  const known = new Set(
    (await db.query('select id from events where id = any($1::uuid[])', [received])).map(({ id }) => id),
  );
  return received.filter((id) => !known.has(id)).map((id) => `message ${id} describes no committed event`);
}

const changedBodies = ({ world }) =>
  [...world.receiver.messagesTo(world.endpoint.path)]
    .filter(([, { bodies }]) => bodies.size > 1)
    .map(([id, { bodies }]) => `message ${id} came with ${bodies.size} bodies`);

/** I-28, I-29, for the endpoint that takes everything. */
export const messageInvariants = [
  {
    id: 'I-28',
    title: 'no webhook is lost',
    check: async (context) => {
      await drained(context);
      const { db, world } = context;
      return [
        ...rows(
          await db.query(
            `select e.id, e.type from events e where e.type <> all($1) and not exists (select from event_outbox o where o.event_id = e.id) and not exists (select from event_feed f where f.event_id = e.id) limit 5`,
            [AUDIT_ONLY_TYPES],
          ),
        ),
        ...(world.delivering
          ? rows(await db.query(`select count(*)::int as unpublished from event_outbox having count(*) > 0`))
          : []),
        ...rows(
          await db.query(
            `select f.event_id, f.type from event_feed f where f.type like any($2) and f.published_at > $3 and not exists (select from deliveries d where d.lane = $1 and d.message_id = f.event_id) limit 5`,
            [world.endpoint.id, world.endpoint.types, world.endpoint.since],
          ),
        ),
        ...(await undelivered(context)),
      ];
    },
  },
  {
    id: 'I-29',
    title: 'no webhook of what did not happen',
    check: async (context) => [...(await phantoms(context)), ...changedBodies(context)],
  },
];

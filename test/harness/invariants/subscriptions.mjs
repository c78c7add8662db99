import * as path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../..');
const rows = (found) => found.map((row) => JSON.stringify(row));

/** Ids of subscriptions inserted by SQL, which have no event of their creation: see scenarios/workers.mjs. */
export const INSERTED_IDS = {
  min: '01900000-0000-7000-a000-000000000000',
  max: '01900000-0000-7000-afff-ffffffffffff',
};

const HALVES = `
  select 'customer without a subscription' as half, c.id from customers c where not exists (select from subscriptions s where s.customer_id = c.id)
  union all select 'subscription without a customer', s.id from subscriptions s where not exists (select from customers c where c.id = s.customer_id)
  union all select 'user without a customer', u.id from users u where not exists (select from customers c where c.id = u.customer_id)
  union all select 'user without the event of the registration', u.id from users u where not exists (select from events e where e.subject_id = u.id and e.type = 'user.registered')`;

/** Reminders change nothing, so they have no version. */
const CHANGES = `filter (where e.type not in ('subscription.trial_ending', 'subscription.renewal_upcoming', 'subscription.expiry_upcoming'))`;

/** Versions 1, 2, 3 and so on, each with its event, up to the present one; and events without a gap. */
const GAPS_IN_VERSIONS = `
  select s.id, s.version, count(*) as events, count(distinct (e.after ->> 'version')::int) as versions, min((e.after ->> 'version')::int) as first, max((e.after ->> 'version')::int) as last
  from subscriptions s left join events e on e.subject_id = s.id and e.type like 'subscription.%'
  group by s.id, s.version
  having case when s.id between '${INSERTED_IDS.min}' and '${INSERTED_IDS.max}' then count(e.id) ${CHANGES} <> s.version - 1
    else count(e.id) ${CHANGES} <> s.version or min(e.sequence) <> 1 or max(e.sequence) <> count(e.id) end limit 5`;

/** The status before each event is the status after the previous event, if both are stored. */
const STEPS = `
  select type, subject_id as id, coalesce(before ->> 'status', lag(after ->> 'status') over (partition by subject_id order by sequence)) as "from", after ->> 'status' as "to"
  from events where type like 'subscription.%' order by subject_id, sequence`;

async function illegalSteps({ db }) {
  const { STATE_MACHINE } = await import(`${root}/dist/libs/subscriptions/src/domain/state-machine.js`);
  const steps = await db.query(STEPS);
  return steps
    .filter(
      ({ type, from, to }) =>
        type !== 'subscription.created' && from && to && !STATE_MACHINE[type]?.moves[from]?.includes(to),
    )
    .slice(0, 5)
    .map((step) => JSON.stringify(step));
}

/** I-14..I-16, I-19. */
export const subscriptionInvariants = [
  {
    id: 'I-14',
    title: 'one live subscription for each customer and product',
    check: async ({ db }) => [
      ...rows(
        await db.query(
          `select customer_id, product_id, count(*) from subscriptions where status in ('trialing', 'active', 'past_due', 'paused', 'canceled') group by 1, 2 having count(*) > 1 limit 5`,
        ),
      ),
      ...rows(
        await db.query(
          `select 'subscriptions_one_live' as index where not exists (select from pg_index where indexrelid = to_regclass('subscriptions_one_live') and indisvalid and indisunique)`,
        ),
      ),
    ],
  },
  { id: 'I-15', title: 'nothing half', check: async ({ db }) => rows(await db.query(`${HALVES} limit 5`)) },
  {
    id: 'I-16',
    title: 'every change is in the history, and the graph allows it',
    check: async (context) => [
      ...rows(await context.db.query(GAPS_IN_VERSIONS)),
      ...rows(
        await context.db.query(`select id, type from events where actor is null or actor ->> 'kind' is null limit 5`),
      ),
      ...(await illegalSteps(context)),
    ],
  },
  {
    id: 'I-19',
    title: 'time-driven changes happen once',
    check: async ({ db }) => [
      ...rows(
        await db.query(
          `select a.subscription_id, a.action, a.done, coalesce(e.told, 0) as told from (select subscription_id, action, count(*) as done from subscription_actions where action in ('renewal', 'expiry') group by 1, 2) a
         left join (select subject_id, case type when 'subscription.renewed' then 'renewal' else 'expiry' end as action, count(*) as told from events
           where type in ('subscription.renewed', 'subscription.expired') and actor ->> 'kind' = 'system' group by 1, 2) e on e.subject_id = a.subscription_id and e.action = a.action
         where a.done <> coalesce(e.told, 0) limit 5`,
        ),
      ),
      ...rows(
        await db.query(
          `select 'subscription_actions_pkey' as constraint where not exists (select from pg_constraint where conname = 'subscription_actions_pkey')`,
        ),
      ),
    ],
  },
];

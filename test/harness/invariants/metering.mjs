import * as checks from '../history-checks.mjs';

const rows = (found) => found.map((row) => JSON.stringify(row));

/** Ledger rows of this history, by operation. */
async function ledgerOf({ db, history }) {
  const lines = await db.query(
    `select properties ->> 'op' as op, count(*)::int as lines, sum(quantity)::float8 as quantity from usage_ledger where kind = 'consume' and properties ->> 'op' like $1 group by 1`,
    [`${history.name}-%`],
  );
  return new Map(lines.map((line) => [line.op, line]));
}

const consumes = ({ history }) => history.ops.filter(({ op }) => op === 'consume' || op === 'joint');
const linesOf = ({ op, features }) => (op === 'joint' ? features.length : 1);

/** I-03: checked in one snapshot, so that it holds at any time. */
export const COUNTERS_AND_LEDGER = `
  with ledger as (select customer_id, feature_id, window_start, sum(quantity) as used from usage_ledger group by 1, 2, 3),
  held as (select customer_id, feature_id, window_start, sum(quantity) as reserved from usage_reservations where status = 'held' group by 1, 2, 3)
  select customer_id, feature_id, window_start, c.used, l.used as ledger, c.reserved, h.reserved as held
  from usage_counters c full join ledger l using (customer_id, feature_id, window_start) full join held h using (customer_id, feature_id, window_start)
  where coalesce(c.used, 0) <> coalesce(l.used, 0) or coalesce(c.reserved, 0) <> coalesce(h.reserved, 0) limit 5`;

async function lostAcks(context) {
  const ledger = await ledgerOf(context);
  return consumes(context)
    .filter(({ outcome, id }) => outcome === 'ok' && !ledger.has(id))
    .map(({ id, key }) => `${id} (key ${key}) was acknowledged and is not in the ledger`);
}

/** Lines of what was not granted, and lines too many: an operation counts once or not at all. */
async function phantoms(context) {
  const ledger = await ledgerOf(context);
  const byId = new Map(consumes(context).map((entry) => [entry.id, entry]));
  return [...ledger.values()].flatMap(({ op, lines, quantity }) => {
    const entry = byId.get(op);
    if (!entry) return [`${op} is in the ledger and was never requested`];
    const wanted = linesOf(entry);
    if (entry.outcome === 'ok' && (lines !== wanted || quantity !== wanted * entry.quantity))
      return [`${op}: ${lines} lines of ${quantity} together instead of ${wanted} of ${entry.quantity} each`];
    if (entry.outcome === 'unknown' && lines > wanted) return [`${op}: unknown, and counted ${lines} times`];
    return entry.outcome === 'denied' || entry.outcome === 'failed'
      ? [`${op} was ${entry.outcome} (${entry.status} ${entry.code ?? entry.error ?? ''}) and is in the ledger`]
      : [];
  });
}

async function unsettledReservations({ db, history }) {
  const known = new Map(
    history.ops
      .filter(({ op, outcome }) => op === 'reserve' && outcome === 'ok')
      .map((entry) => [entry.answer.reservation.id, entry]),
  );
  const rowsOf = new Map(
    (
      await db.query(
        `select id, quantity::float8 as quantity, committed::float8 as committed, status from usage_reservations where id = any($1::uuid[])`,
        [[...known.keys()]],
      )
    ).map((row) => [row.id, row]),
  );
  const settled = new Map(
    history.ops
      .filter(({ op, outcome }) => outcome === 'ok' && op === 'commit')
      .map((entry) => [entry.reservation, entry.quantity]),
  );
  return [...known].flatMap(([id, entry]) => {
    const row = rowsOf.get(id);
    if (!row) return [`${entry.id}: reservation ${id} was acknowledged and is not there`];
    const committed = settled.get(id) ?? 0;
    return row.committed === committed && row.quantity === entry.quantity
      ? []
      : [`${entry.id}: committed ${row.committed} of ${row.quantity}, answered ${committed} of ${entry.quantity}`];
  });
}

async function eventsCountedWrongly({ db, history }) {
  const told = history.ops.filter(({ op, outcome }) => op === 'events' && outcome === 'ok');
  const wanted = new Map(
    told.flatMap(({ id, quantities, answer }) =>
      quantities.flatMap((quantity, index) =>
        answer.results[index].status === 'rejected' ? [] : [[`${id}-${index}`, quantity]],
      ),
    ),
  );
  const lines = await db.query(
    `select reference, sum(quantity)::float8 as quantity from usage_ledger where kind = 'event' and reference like $1 group by 1`,
    [`${history.name}-events-%`],
  );
  const found = new Map(lines.map(({ reference, quantity }) => [reference, quantity]));
  const unknown = new Set(
    history.ops.filter(({ op, outcome }) => op === 'events' && outcome === 'unknown').map(({ id }) => id),
  );
  return [
    ...[...wanted]
      .filter(([reference, quantity]) => found.get(reference) !== quantity)
      .map(
        ([reference, quantity]) =>
          `event ${reference} of ${quantity} is ${found.get(reference) ?? 'not'} in the ledger`,
      ),
    ...[...found.keys()]
      .filter((reference) => !wanted.has(reference) && !unknown.has(reference.replace(/-\d+$/, '')))
      .map((reference) => `event ${reference} is in the ledger and was not answered as recorded`),
  ];
}

/** Per customer and product: units granted in answers must equal the units in the ledger. */
async function totalsThatDiffer({ db, history }) {
  if (history.unknown().length > 0) return [];
  const totals = checks.grantedTotals(history);
  const counters = await db.query(
    `select c.key as customer, p.key as product, sum(l.quantity)::float8 as quantity from usage_ledger l join customers c on c.id = l.customer_id
     join features f on f.id = l.feature_id join products p on p.id = f.product_id
     where l.kind in ('consume', 'commit', 'event') and c.key = any($1) group by 1, 2`,
    [[...new Set(history.ops.map(({ customer }) => customer).filter(Boolean))]],
  );
  const recorded = new Map(counters.map(({ customer, product, quantity }) => [`${customer} ${product}`, quantity]));
  // A request without a key and without an answer stays unknown.
  const open = new Set(
    history.ops.filter(({ outcome }) => outcome === 'unknown').map(({ customer, product }) => `${customer} ${product}`),
  );
  return [...totals]
    .filter(([name, total]) => !open.has(name) && (recorded.get(name) ?? 0) !== total)
    .map(([name, total]) => `${name}: ${total} granted, ${recorded.get(name) ?? 0} in the ledger`);
}

const DURABLE = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  default_transaction_isolation: 'read committed',
  TimeZone: 'UTC',
};

async function settingsThatForget({ db }) {
  const found = await db.query(`select name, setting from pg_settings where name = any($1)`, [Object.keys(DURABLE)]);
  return found
    .filter(({ name, setting }) => setting !== DURABLE[name])
    .map(({ name, setting }) => `${name} is ${setting}`);
}

const missingConstraints = async ({ db }, names) => {
  const found = new Set(
    (await db.query(`select conname as name from pg_constraint where convalidated and conname = any($1)`, [names])).map(
      ({ name }) => name,
    ),
  );
  return names.filter((name) => !found.has(name)).map((name) => `there is no valid constraint ${name}`);
};

/** I-42: all usage recorded before the position of the rollup. */
const SUMS_AND_LEDGER = `
  with ledger as (
    select l.feature_id, date_trunc('hour', l.occurred_at, 'UTC') as hour, sum(l.quantity) as used, count(*) as lines
    from usage_ledger l join customers c on c.id = l.customer_id, usage_sums s
    where l.recorded_at < s.until and c.test_clock_id is null and l.kind not in ('opening', 'payment', 'grant_coverage') group by 1, 2)
  select feature_id, hour, h.quantity, l.used, h.records, l.lines from usage_by_hour h full join ledger l using (feature_id, hour)
  where h.quantity is distinct from l.used or h.records is distinct from l.lines limit 5`;

/** I-43: of all lines up to the one that is the last to be summed up. */
const LONG_LEDGERS = `
  with ledger as (
    select l.customer_id, l.feature_id, date_bin('15 minutes', l.occurred_at, 'epoch') as began, sum(l.quantity) as used
    from usage_ledger l join long_ledgers g on g.customer_id = l.customer_id and l.id <= g.summed_until where l.kind not in ('opening', 'payment', 'grant_coverage') group by 1, 2, 3)
  select customer_id, feature_id, began, s.quantity, l.used from long_ledger_sums s full join ledger l using (customer_id, feature_id, began)
  where s.quantity is distinct from l.used limit 5`;

/** I-01..I-03, I-07..I-13, I-18, I-42, I-43. `check` gives what is wrong; nothing is what is wanted. */
export const meteringInvariants = [
  {
    id: 'I-01',
    title: 'never over-grant',
    check: async (context) => [
      ...rows(
        await context.db.query(
          'select customer_id, feature_id, used, reserved, hard_limit from usage_counters where used + reserved > hard_limit limit 5',
        ),
      ),
      ...(await missingConstraints(context, ['usage_counters_within_hard_limit'])),
      ...checks.grantsBeyondTheLimit(context.history),
      ...checks.sumsBeyondTheLimit(context.history),
    ],
  },
  {
    id: 'I-02',
    title: 'never under-grant without cause',
    check: async ({ history }) => checks.denialsWithoutCause(history),
  },
  { id: 'I-03', title: 'ledger = counter', check: async ({ db }) => rows(await db.query(COUNTERS_AND_LEDGER)) },
  {
    id: 'I-07',
    title: 'acknowledged usage survives',
    check: async (context) => [...(await lostAcks(context)), ...(await settingsThatForget(context))],
  },
  {
    id: 'I-08',
    title: 'unknown outcomes resolve',
    check: async (context) => [
      ...context.history
        .unknown()
        .map(({ id, status, error, code }) => `${id} is still unknown: ${error ?? `${status} ${code}`}`),
      ...(await phantoms(context)),
    ],
  },
  {
    id: 'I-09',
    title: 'several features: all or none',
    check: async ({ db }) =>
      rows(
        await db.query(
          `select properties ->> 'op' as op, count(*)::int as lines, max((properties ->> 'of')::int) as wanted from usage_ledger where kind = 'consume' and properties ? 'of'
       group by 1 having count(*) <> max((properties ->> 'of')::int) limit 5`,
        ),
      ),
  },
  {
    id: 'I-10',
    title: 'counts are whole numbers from 0',
    check: async ({ db }) => [
      ...rows(
        await db.query(
          'select customer_id, feature_id, used, reserved, from_grants from usage_counters where used < 0 or reserved < 0 or from_grants < 0 or from_grants > used limit 5',
        ),
      ),
      ...rows(
        await db.query(
          `select table_name, column_name, data_type from information_schema.columns where (table_name, column_name) in (('usage_counters', 'used'), ('usage_counters', 'reserved'),
         ('usage_ledger', 'quantity'), ('usage_reservations', 'quantity')) and data_type <> 'bigint'`,
        ),
      ),
    ],
  },
  {
    id: 'I-11',
    title: 'each use counts in exactly one window',
    check: async ({ db }) =>
      rows(
        await db.query(
          `select l.id, l.kind, l.window_start, l.occurred_at from usage_ledger l where l.kind in ('consume', 'event')
       and (l.occurred_at < l.window_start or exists (select from usage_counters c, usage_counters own where (own.customer_id, own.feature_id, own.window_start) = (l.customer_id, l.feature_id, l.window_start)
         and c.customer_id = l.customer_id and c.feature_id = l.feature_id and c.window_name = own.window_name and c.window_start > l.window_start and c.window_start <= l.occurred_at)) limit 5`,
        ),
      ),
  },
  {
    id: 'I-12',
    title: 'answers contain committed values',
    check: async ({ history }) => [...checks.negativeRemainders(history), ...checks.answersOutOfOrder(history)],
  },
  {
    id: 'I-13',
    title: 'reserved units are counted or released once',
    check: async (context) => [
      ...rows(
        await context.db.query(
          `select r.id, r.committed, coalesce(sum(l.quantity), 0) as counted from usage_reservations r left join usage_ledger l on l.customer_id = r.customer_id and l.kind = 'commit' and l.properties ->> 'reservation' = r.id::text
         group by r.customer_id, r.id having r.committed <> coalesce(sum(l.quantity), 0) limit 5`,
        ),
      ),
      ...(await unsettledReservations(context)),
    ],
  },
  {
    id: 'I-18',
    title: 'usage survives changes of plan',
    check: async (context) => [...(await totalsThatDiffer(context)), ...(await eventsCountedWrongly(context))],
  },
  {
    id: 'I-42',
    title: 'sums over all customers = ledger',
    check: async ({ db }) => rows(await db.query(SUMS_AND_LEDGER)),
  },
  { id: 'I-43', title: 'sums of a long ledger = ledger', check: async ({ db }) => rows(await db.query(LONG_LEDGERS)) },
];

import { Injectable } from '@nestjs/common';
import { arrayLiteral, type Connection, type Statement } from '@app/platform';
import type { CounterKey } from '../domain/ledger.js';
import { columns, inOrder, usageStatement } from './batch-statement.js';
import type { CounterRow } from './meter-reading.js';

/** A span in which a first use may have opened a window: `since` is exclusive. */
export interface OpeningSpan extends Omit<CounterKey, 'windowStart'> {
  windowName: string;
  since: Date;
  until: Date;
}

/** Changes of a counter by one transaction: added units, and new values of the other columns. */
export interface CounterChange extends CounterKey {
  /** False: the row must be inserted. */
  exists: boolean;
  windowName: string;
  used: number;
  reserved: number;
  fromGrants: number;
  carried: number;
  notified: number;
  /** The limit that the database enforces; null where usage beyond the limit is allowed. */
  hardLimit: number | null;
  /** Included units of the terms; null: unlimited. Stored while the window is open, and when it has no row. */
  included: number | null;
  /** Exclusive; null: the window never ends. */
  windowEnd: Date | null;
  /** True when the window has ended: the stored `included` stays. */
  closed: boolean;
  /** True in an open window when no column changes besides `used`, `hardLimit`, `included` and `windowEnd`. */
  onlyUsed: boolean;
}

/** The balance of one grant. */
export interface GrantBalance {
  customerId: string;
  grantId: string;
  balance: number;
  /** Until when activations, recurrences and resets are applied. */
  accruedUntil: Date;
}

const NOW_ON_CLOCK = usageStatement('now on clock', 'select now from test_clocks where id = $1');

/** Locks customers in the order of their ids. Counting and rebuilding take the same lock. */
export const LOCK_CUSTOMERS = `select customer_id as "customerId", version::float8 as version from entitlement_versions where customer_id = any($1::uuid[]) order by customer_id for update`;
const LOCK_ALL = usageStatement('lock', LOCK_CUSTOMERS);
const LOCK_FREE = usageStatement('lock free', `${LOCK_CUSTOMERS} skip locked`);

/**
 * The newest counter of each key, as arrays. Columns that are zero, the same as in the key, or not needed are null: the
 * driver converts no text for a null.
 */
const COUNTERS: Statement = {
  ...usageStatement(
    'counters',
    `
  select k.n, v.version, c.used, extract(epoch from nullif(c.window_start, k.window_start)) * 1000 as window_start,
    nullif(c.window_name, k.window_name) as window_name, nullif(c.reserved, 0) as reserved, nullif(c.from_grants, 0) as from_grants,
    nullif(c.carried, 0) as carried, nullif(c.notified, 0) as notified, case when c.window_start < k.window_start then c.included end as included,
    case when c.window_start is null then nullif(exists (select from usage_counters o where o.customer_id = k.customer_id and o.feature_id = k.feature_id), false) end as later
  from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[]) with ordinality k (customer_id, feature_id, window_start, window_name, n)
  left join entitlement_versions v on v.customer_id = k.customer_id
  left join lateral (select * from usage_counters c where c.customer_id = k.customer_id and c.feature_id = k.feature_id and c.window_start <= k.window_start
    order by c.window_start desc limit 1) c on true`,
  ),
  rowMode: 'array',
};
/** The columns of `COUNTERS`. Numbers are text: bigint and numeric. */
type CounterColumns = [
  n: string,
  version: string | null,
  used: string | null,
  windowStart: string | null,
  windowName: string | null,
  reserved: string | null,
  fromGrants: string | null,
  carried: string | null,
  notified: number | null,
  included: string | null,
  later: true | null,
];

/** A rebuilt counter has the kind `none`; a counter without a window begins in 1970, before any span. */
const OPENED_OF_KIND = `select c.window_start from usage_counters c where c.customer_id = k.customer_id and c.feature_id = k.feature_id
    and c.window_name in (k.window_name, 'none')`;
const OPENED = usageStatement(
  'opened windows',
  `
  select k.n::integer as n, c.window_start as "windowStart"
  from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[]) with ordinality k (customer_id, feature_id, window_name, since, until, n)
  cross join lateral ((${OPENED_OF_KIND} and c.window_start > k.since and c.window_start <= k.until order by c.window_start desc limit 1)
    union all (${OPENED_OF_KIND} and c.window_start > k.until order by c.window_start limit 1)) c`,
);

const OPENINGS = usageStatement(
  'openings',
  `
  select k.n::integer as n, (select coalesce(sum(l.quantity), 0)::float8 from usage_ledger l
    where l.customer_id = k.customer_id and l.feature_id = k.feature_id and l.occurred_at >= k.window_start and l.occurred_at < k.window_end
      and l.kind <> 'opening' and l.window_start <> k.window_start) as quantity
  from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[]) with ordinality k (customer_id, feature_id, window_start, window_end, n)`,
);

const BALANCES = usageStatement(
  'balances',
  `
  select b.grant_id as "grantId", b.balance::float8 as balance, b.settled_at as "accruedUntil" from unnest($1::uuid[], $2::uuid[]) as k (customer_id, grant_id)
  cross join lateral (select * from grant_balances b where b.customer_id = k.customer_id and b.grant_id = k.grant_id limit 1) b`,
);

/** `since` is exclusive, so that usage exactly one full span ago no longer counts. */
const RECENT = usageStatement(
  'recent',
  `
  select k.n::integer as n, (select coalesce(sum(l.quantity), 0)::float8 from usage_ledger l
    where l.customer_id = k.customer_id and l.feature_id = k.feature_id and l.occurred_at > k.since and l.quantity > 0 and l.kind <> 'opening') as quantity
  from unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) with ordinality k (customer_id, feature_id, since, n)`,
);

const COUNTER_CHANGES = `unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::smallint[], $10::bigint[], $11::bigint[], $12::timestamptz[], $13::boolean[])`;
const CHANGE_COLUMNS =
  'n (customer_id, feature_id, window_start, window_name, used, reserved, from_grants, carried, notified, hard_limit, included, window_end, closed)';
const INSERT_COUNTERS = usageStatement(
  'insert counters',
  `
  insert into usage_counters (customer_id, feature_id, window_start, window_name, used, reserved, from_grants, carried, notified, hard_limit, included, window_end, updated_at)
  select n.customer_id, n.feature_id, n.window_start, n.window_name, n.used, n.reserved, n.from_grants, n.carried, n.notified, n.hard_limit, n.included, n.window_end, $14::timestamptz
  from ${COUNTER_CHANGES} as ${CHANGE_COLUMNS}`,
);
const UPDATE_COUNTERS = usageStatement(
  'update counters',
  `
  update usage_counters c set window_name = n.window_name, used = c.used + n.used, reserved = c.reserved + n.reserved, from_grants = c.from_grants + n.from_grants,
    carried = n.carried, notified = n.notified, hard_limit = n.hard_limit,
    included = case when n.closed and c.window_end is not null then c.included else n.included end,
    window_end = case when n.closed and c.window_end is not null then c.window_end else n.window_end end, updated_at = $14::timestamptz
  from ${COUNTER_CHANGES} as ${CHANGE_COLUMNS}
  where c.customer_id = n.customer_id and c.feature_id = n.feature_id and c.window_start = n.window_start`,
);
/** The usual update: 6 of the 13 arrays would repeat what the row has. */
const ADD_USED = usageStatement(
  'add used',
  `
  update usage_counters c set used = c.used + n.used, hard_limit = n.hard_limit, included = n.included, window_end = n.window_end, updated_at = $8::timestamptz
  from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::bigint[], $5::bigint[], $6::bigint[], $7::timestamptz[]) as n (customer_id, feature_id, window_start, used, hard_limit, included, window_end)
  where c.customer_id = n.customer_id and c.feature_id = n.feature_id and c.window_start = n.window_start`,
);
const CHANGED_COLUMNS = [
  'customerId',
  'featureId',
  'windowStart',
  'windowName',
  'used',
  'reserved',
  'fromGrants',
  'carried',
  'notified',
  'hardLimit',
  'included',
  'windowEnd',
  'closed',
] as const;

const SAVE_BALANCES = usageStatement(
  'save balances',
  `
  insert into grant_balances as b (customer_id, grant_id, balance, settled_at) select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[])
  on conflict (customer_id, grant_id) do update set balance = excluded.balance, settled_at = excluded.settled_at`,
);

function counterRowOf(row: CounterColumns, key: CounterKey & { windowName: string }): CounterRow {
  const [, version, used, windowStart, windowName, reserved, fromGrants, carried, notified, included, later] = row;
  const exists = used !== null;
  const startMs = windowStart === null ? key.windowStart.getTime() : Number(windowStart);
  return {
    version: version === null ? null : Number(version),
    windowStart: exists ? startMs : null,
    windowName: windowName ?? (exists ? key.windowName : 'none'),
    used: Number(used),
    reserved: Number(reserved),
    fromGrants: Number(fromGrants),
    carried: Number(carried),
    notified: Number(notified),
    included: included === null ? null : Number(included),
    foreign: exists ? windowName !== null : later === true,
  };
}

/** Counters and grant balances. Every change needs the customer's lock. */
@Injectable()
export class CountersRepository {
  /**
   * Locks customers until the transaction ends. All transactions lock in one order, so none deadlocks with another.
   * @param free leaves out customers that another transaction has locked, instead of waiting for them
   * @returns their entitlement versions
   */
  async lock(connection: Connection, customerIds: string[], free: boolean): Promise<Map<string, number>> {
    const rows = await connection.run<{ customerId: string; version: number }>(free ? LOCK_FREE : LOCK_ALL, [
      arrayLiteral(customerIds),
    ]);
    return new Map(rows.map(({ customerId, version }) => [customerId, version]));
  }

  /** The newest counter of each key that is not after its window, in the order of the keys. */
  async readNewest(connection: Connection, keys: (CounterKey & { windowName: string })[]): Promise<CounterRow[]> {
    const rows = await connection.run<CounterColumns>(
      COUNTERS,
      columns(keys, 'customerId', 'featureId', 'windowStart', 'windowName'),
    );
    const counters = new Array<CounterRow>(keys.length);
    for (const row of rows) {
      const index = Number(row[0]) - 1;
      counters[index] = counterRowOf(row, keys[index]!);
    }
    return counters;
  }

  /** The newest opened window of each span and the first one after it, by the span's position; absent: none. */
  async openedAround(connection: Connection, spans: OpeningSpan[]): Promise<{ index: number; windowStart: Date }[]> {
    const rows = await connection.run<{ n: number; windowStart: Date }>(
      OPENED,
      columns(spans, 'customerId', 'featureId', 'windowName', 'since', 'until'),
    );
    return rows.map(({ n, windowStart }) => ({ index: n - 1, windowStart }));
  }

  /** Units used in these spans but counted in windows of another kind. */
  async openings(connection: Connection, spans: (CounterKey & { windowEnd: Date | 'infinity' })[]): Promise<number[]> {
    return inOrder(
      spans.length,
      await connection.run(OPENINGS, columns(spans, 'customerId', 'featureId', 'windowStart', 'windowEnd')),
    );
  }

  balances(
    connection: Connection,
    grants: { customerId: string; id: string }[],
  ): Promise<Omit<GrantBalance, 'customerId'>[]> {
    return connection.run(BALANCES, columns(grants, 'customerId', 'id'));
  }

  /** Units used since an instant, exclusive. */
  async recent(
    connection: Connection,
    spans: { customerId: string; featureId: string; since: Date }[],
  ): Promise<number[]> {
    return inOrder(spans.length, await connection.run(RECENT, columns(spans, 'customerId', 'featureId', 'since')));
  }

  /** Adds to counters, and inserts those that do not exist. */
  saveCounters(connection: Connection, changes: CounterChange[], now: Date): Promise<unknown>[] {
    const inserts = changes.filter(({ exists }) => !exists);
    const additions = changes.filter(({ exists, onlyUsed }) => exists && onlyUsed);
    const updates = changes.filter(({ exists, onlyUsed }) => exists && !onlyUsed);
    return [
      ...(inserts.length > 0 ? [connection.run(INSERT_COUNTERS, [...columns(inserts, ...CHANGED_COLUMNS), now])] : []),
      ...(additions.length > 0 ? [this.addUsed(connection, additions, now)] : []),
      ...(updates.length > 0 ? [connection.run(UPDATE_COUNTERS, [...columns(updates, ...CHANGED_COLUMNS), now])] : []),
    ];
  }

  private addUsed(connection: Connection, additions: CounterChange[], now: Date): Promise<unknown> {
    return connection.run(ADD_USED, [
      ...columns(additions, 'customerId', 'featureId', 'windowStart', 'used', 'hardLimit', 'included', 'windowEnd'),
      now,
    ]);
  }

  saveBalances(connection: Connection, balances: GrantBalance[]): Promise<unknown> {
    return connection.run(SAVE_BALANCES, columns(balances, 'customerId', 'grantId', 'balance', 'accruedUntil'));
  }

  /** The present of a test clock. */
  async nowOnClock(connection: Connection, testClockId: string): Promise<Date> {
    const [row] = await connection.run<{ now: Date }>(NOW_ON_CLOCK, [testClockId]);
    return row!.now;
  }
}

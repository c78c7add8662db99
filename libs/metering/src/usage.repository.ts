import { Injectable } from '@nestjs/common';
import type { WindowName } from '@app/catalog';
import type { Actor } from '@app/kernel';
import { type ArrayItem, arrayLiteral, type Connection, Database, type Statement } from '@app/platform';
import type { Burn } from './domain/burn-down.js';

/** Names one counter: what one customer has used of one feature since the window began. */
export interface CounterKey {
  customerId: string;
  featureId: string;
  windowStart: Date;
}

/** The newest counter that is not after the one asked for, with the customer's entitlement version beside it. */
export interface CounterRow {
  /** Position in what was asked for, from 1. */
  n: number;
  version: number | null;
  /** Milliseconds since 1970; null: there is none. */
  windowStart: number | null;
  windowName: WindowName;
  used: number;
  reserved: number;
  fromGrants: number;
  carried: number;
  notified: number;
  /** True when usage in this window may have been counted in windows of another kind. */
  foreign: boolean;
}

/** What one transaction adds to a counter, and what it sets. */
export interface CounterChange extends CounterKey {
  /** False: the row is yet to be made. */
  exists: boolean;
  windowName: WindowName;
  used: number;
  reserved: number;
  fromGrants: number;
  carried: number;
  notified: number;
  /** What the database itself refuses to go beyond; null when going beyond is allowed. */
  hardLimit: number | null;
}

/** Entries made before the kind `grant_coverage` existed say `payment` instead: they are never rewritten. */
export type EntryKind = 'consume' | 'event' | 'commit' | 'correction' | 'opening' | 'grant_coverage';

/** An immutable fact: so many units, by one customer, at one instant. Negative: given back. */
export interface LedgerEntry extends CounterKey {
  id: string;
  quantity: number;
  kind: EntryKind;
  occurredAt: Date;
  actor: Actor;
  properties: object | null;
  burns: Burn[] | null;
  /** The caller's own id, counted once for each customer. */
  reference: string | null;
}

export type ReservationStatus = 'held' | 'committed' | 'released' | 'expired';

export interface Reservation extends CounterKey {
  id: string;
  quantity: number;
  committed: number;
  status: ReservationStatus;
  expiresAt: Date;
  createdAt: Date;
  settledAt: Date | null;
}

/** A counter that does not tell what its ledger and reservations add up to. Counts are units. */
export interface Mismatch {
  customerId: string;
  customer: string;
  featureId: string;
  feature: string;
  productId: string;
  windowStart: Date;
  /** As the counter tells. */
  used: number;
  reserved: number;
  /** As the ledger, and the reservations that are held, add up to. */
  recorded: number;
  held: number;
}

export interface GrantBalance {
  customerId: string;
  grantId: string;
  balance: number;
  settledAt: Date;
}

export interface StoredReplay {
  caller: string;
  key: string;
  /** Hexadecimal SHA-256. */
  fingerprint: string;
  status: number;
  answer: string;
}

const statement = (name: string, text: string): Statement => ({ name: `usage: ${name}`, text });

const NOW_ON_CLOCK = statement('now on clock', 'select now from test_clocks where id = $1');
/** One array for each of the columns. */
const columns = <Row>(rows: Row[], ...names: (keyof Row)[]): string[] =>
  names.map((name) => arrayLiteral(rows.map((row) => row[name] as ArrayItem)));

const LOCK = `select customer_id as "customerId", version::float8 as version from entitlement_versions where customer_id = any($1::uuid[]) order by customer_id for update`;
const LOCK_ALL = statement('lock', LOCK);
const LOCK_FREE = statement('lock free', `${LOCK} skip locked`);

const COUNTERS = statement(
  'counters',
  `
  select k.n::integer as n, v.version::float8 as version, (extract(epoch from c.window_start) * 1000)::float8 as "windowStart", c.window_name as "windowName",
    c.used::float8 as used, c.reserved::float8 as reserved, c.from_grants::float8 as "fromGrants", c.carried::float8 as carried, c.notified,
    case when c.window_name = k.window_name then false
      else c.window_start is not null or exists (select from usage_counters o where o.customer_id = k.customer_id and o.feature_id = k.feature_id) end as foreign
  from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[]) with ordinality k (customer_id, feature_id, window_start, window_name, n)
  left join entitlement_versions v on v.customer_id = k.customer_id
  left join lateral (select * from usage_counters c where c.customer_id = k.customer_id and c.feature_id = k.feature_id and c.window_start <= k.window_start
    order by c.window_start desc limit 1) c on true`,
);

const OPENINGS = statement(
  'openings',
  `
  select k.n::integer as n, (select coalesce(sum(l.quantity), 0)::float8 from usage_ledger l
    where l.customer_id = k.customer_id and l.feature_id = k.feature_id and l.occurred_at >= k.window_start and l.occurred_at < k.window_end
      and l.kind <> 'opening' and l.window_start <> k.window_start) as quantity
  from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[]) with ordinality k (customer_id, feature_id, window_start, window_end, n)`,
);

const BALANCES = statement(
  'balances',
  `
  select b.grant_id as "grantId", b.balance::float8 as balance, b.settled_at as "settledAt" from unnest($1::uuid[], $2::uuid[]) as k (customer_id, grant_id)
  cross join lateral (select * from grant_balances b where b.customer_id = k.customer_id and b.grant_id = k.grant_id limit 1) b`,
);

/** `from` is exclusive, so that a full span ago no longer counts. */
const RECENT = statement(
  'recent',
  `
  select k.n::integer as n, (select coalesce(sum(l.quantity), 0)::float8 from usage_ledger l
    where l.customer_id = k.customer_id and l.feature_id = k.feature_id and l.occurred_at > k.since and l.quantity > 0 and l.kind <> 'opening') as quantity
  from unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) with ordinality k (customer_id, feature_id, since, n)`,
);

const RESERVATION = `customer_id as "customerId", id, feature_id as "featureId", window_start as "windowStart", quantity::float8 as quantity, committed::float8 as committed,
  status, expires_at as "expiresAt", created_at as "createdAt", settled_at as "settledAt"`;
const EXPIRED = statement(
  'expired',
  `
  select ${RESERVATION} from usage_reservations
  where status = 'held' and expires_at <= $4 and (customer_id, feature_id, window_start) in (select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[]))`,
);
const RESERVATIONS = statement(
  'reservations',
  `select ${RESERVATION} from usage_reservations where (customer_id, id) in (select * from unnest($1::uuid[], $2::uuid[]))`,
);

const BURNS = statement(
  'burns',
  `
  select customer_id as "customerId", feature_id as "featureId", window_start as "windowStart", burns from usage_ledger
  where burns is not null and (customer_id, feature_id, window_start) in (select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[])) order by id`,
);

const REFERENCES = statement(
  'references',
  `
  select k.customer_id as "customerId", k.reference from unnest($1::uuid[], $2::text[]) as k (customer_id, reference)
  cross join lateral (select from usage_ledger l where l.customer_id = k.customer_id and l.reference = k.reference limit 1) l`,
);

const REPLAYS = statement(
  'replays',
  `
  select i.caller, i.key, encode(i.fingerprint, 'hex') as fingerprint, i.status, i.answer from unnest($1::text[], $2::text[]) as k (caller, key)
  cross join lateral (select * from idempotency_keys i where i.caller = k.caller and i.key = k.key limit 1) i`,
);

const COUNTER_CHANGES = `unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::smallint[], $10::bigint[])`;
const INSERT_COUNTERS = statement(
  'insert counters',
  `
  insert into usage_counters (customer_id, feature_id, window_start, window_name, used, reserved, from_grants, carried, notified, hard_limit, updated_at)
  select *, $11::timestamptz from ${COUNTER_CHANGES}`,
);
const UPDATE_COUNTERS = statement(
  'update counters',
  `
  update usage_counters c set window_name = n.window_name, used = c.used + n.used, reserved = c.reserved + n.reserved, from_grants = c.from_grants + n.from_grants,
    carried = n.carried, notified = n.notified, hard_limit = n.hard_limit, updated_at = $11::timestamptz
  from ${COUNTER_CHANGES} as n (customer_id, feature_id, window_start, window_name, used, reserved, from_grants, carried, notified, hard_limit)
  where c.customer_id = n.customer_id and c.feature_id = n.feature_id and c.window_start = n.window_start`,
);

const INSERT_ENTRIES = statement(
  'insert entries',
  `
  insert into usage_ledger (customer_id, id, feature_id, window_start, quantity, kind, occurred_at, actor, properties, burns, reference, recorded_at)
  select *, $12::timestamptz from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::bigint[], $6::text[], $7::timestamptz[], $8::jsonb[], $9::jsonb[], $10::jsonb[], $11::text[])`,
);

const SAVE_BALANCES = statement(
  'save balances',
  `
  insert into grant_balances as b (customer_id, grant_id, balance, settled_at) select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[])
  on conflict (customer_id, grant_id) do update set balance = excluded.balance, settled_at = excluded.settled_at`,
);

const SAVE_RESERVATIONS = statement(
  'save reservations',
  `
  insert into usage_reservations (customer_id, id, feature_id, window_start, quantity, committed, status, expires_at, created_at, settled_at)
  select "customerId", id, "featureId", "windowStart", quantity, committed, status, "expiresAt", "createdAt", "settledAt"
  from json_to_recordset($1::json) as r ("customerId" uuid, id uuid, "featureId" uuid, "windowStart" timestamptz, quantity bigint, committed bigint, status text,
    "expiresAt" timestamptz, "createdAt" timestamptz, "settledAt" timestamptz)
  on conflict (customer_id, id) do update set committed = excluded.committed, status = excluded.status, expires_at = excluded.expires_at, settled_at = excluded.settled_at`,
);

const INSERT_REPLAYS = statement(
  'insert replays',
  `
  insert into idempotency_keys (caller, key, fingerprint, status, answer, sealed, created_at)
  select caller, key, decode(fingerprint, 'hex'), status, answer, false, $6
  from unnest($1::text[], $2::text[], $3::text[], $4::smallint[], $5::text[]) as r (caller, key, fingerprint, status, answer)`,
);

/** Counters, the ledger that they sum up, grant balances and reservations. What changes them needs the customer's lock. */
@Injectable()
export class UsageRepository {
  constructor(private readonly database: Database) {}

  /**
   * Holds customers until the transaction ends, in one order for everybody.
   * @param free leaves out those that somebody else holds, instead of waiting for them
   * @returns their entitlement versions
   */
  async lock(connection: Connection, customerIds: string[], free: boolean): Promise<Map<string, number>> {
    const rows = await connection.run<{ customerId: string; version: number }>(free ? LOCK_FREE : LOCK_ALL, [
      arrayLiteral(customerIds),
    ]);
    return new Map(rows.map(({ customerId, version }) => [customerId, version]));
  }

  counters(connection: Connection, keys: (CounterKey & { windowName: WindowName })[]): Promise<CounterRow[]> {
    return connection.run<CounterRow>(COUNTERS, columns(keys, 'customerId', 'featureId', 'windowStart', 'windowName'));
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

  /** Units used since an instant, that instant left out. */
  async recent(
    connection: Connection,
    spans: { customerId: string; featureId: string; since: Date }[],
  ): Promise<number[]> {
    return inOrder(spans.length, await connection.run(RECENT, columns(spans, 'customerId', 'featureId', 'since')));
  }

  /** Reservations on these counters that are over, although nobody has written that down yet. */
  expired(connection: Connection, keys: CounterKey[], now: Date): Promise<Reservation[]> {
    return connection.run(EXPIRED, [...columns(keys, 'customerId', 'featureId', 'windowStart'), now]);
  }

  reservations(connection: Connection, ids: { customerId: string; id: string }[]): Promise<Reservation[]> {
    return connection.run(RESERVATIONS, columns(ids, 'customerId', 'id'));
  }

  /** What was burnt in these windows and put back, oldest first. */
  burns(connection: Connection, keys: CounterKey[]): Promise<(CounterKey & { burns: Burn[] })[]> {
    return connection.run(BURNS, columns(keys, 'customerId', 'featureId', 'windowStart'));
  }

  /** Of these ids of callers, those that are counted already. */
  references(
    connection: Connection,
    ids: { customerId: string; reference: string }[],
  ): Promise<{ customerId: string; reference: string }[]> {
    return connection.run(REFERENCES, columns(ids, 'customerId', 'reference'));
  }

  replays(connection: Connection, keys: { caller: string; key: string }[]): Promise<StoredReplay[]> {
    return connection.run(REPLAYS, columns(keys, 'caller', 'key'));
  }

  /** Adds to counters; those that are not there yet are made. */
  saveCounters(connection: Connection, changes: CounterChange[], now: Date): Promise<unknown>[] {
    const names = [
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
    ] as const;
    const made = changes.filter(({ exists }) => !exists);
    const kept = changes.filter(({ exists }) => exists);
    return [
      ...(made.length > 0 ? [connection.run(INSERT_COUNTERS, [...columns(made, ...names), now])] : []),
      ...(kept.length > 0 ? [connection.run(UPDATE_COUNTERS, [...columns(kept, ...names), now])] : []),
    ];
  }

  insertEntries(connection: Connection, entries: LedgerEntry[], now: Date): Promise<unknown> {
    const names = [
      'customerId',
      'id',
      'featureId',
      'windowStart',
      'quantity',
      'kind',
      'occurredAt',
      'actor',
      'properties',
      'burns',
      'reference',
    ] as const;
    return connection.run(INSERT_ENTRIES, [...columns(entries, ...names), now]);
  }

  saveBalances(connection: Connection, balances: GrantBalance[]): Promise<unknown> {
    return connection.run(SAVE_BALANCES, columns(balances, 'customerId', 'grantId', 'balance', 'settledAt'));
  }

  saveReservations(connection: Connection, reservations: Reservation[]): Promise<unknown> {
    return connection.run(SAVE_RESERVATIONS, [JSON.stringify(reservations)]);
  }

  /** Fails on a key that another transaction has used meanwhile. */
  insertReplays(connection: Connection, replays: StoredReplay[], now: Date): Promise<unknown> {
    return connection.run(INSERT_REPLAYS, [
      ...columns(replays, 'caller', 'key', 'fingerprint', 'status', 'answer'),
      now,
    ]);
  }

  async findReservation(id: string): Promise<Reservation | null> {
    const [row] = await this.database.query<Reservation>(
      `select ${RESERVATION} from usage_reservations where id = $1`,
      [id],
    );
    return row ?? null;
  }

  /** Customers with reservations that are over and not yet settled. */
  async customersWithExpired(
    now: Date,
    limit: number,
  ): Promise<{ customerId: string; featureId: string; windowStart: Date }[]> {
    return this.database.query(
      `select distinct customer_id as "customerId", feature_id as "featureId", window_start as "windowStart"
       from (select r.* from usage_reservations r join customers c on c.id = r.customer_id left join test_clocks t on t.id = c.test_clock_id
             where r.status = 'held' and r.expires_at <= coalesce(t.now, $1) order by r.expires_at limit $2) due`,
      [now, limit],
    );
  }

  async nowOnClock(connection: Connection, testClockId: string): Promise<Date> {
    const [row] = await connection.run<{ now: Date }>(NOW_ON_CLOCK, [testClockId]);
    return row!.now;
  }

  /** What a counter told at an earlier instant, from the ledger: what has been recorded since does not count. */
  async usageAt(
    { customerId, featureId, windowStart }: CounterKey,
    at: Date,
  ): Promise<{ used: number; reserved: number; carried: number }> {
    const [row] = await this.database.query<{ used: number; reserved: number; carried: number }>(
      `select
         (select coalesce(sum(quantity), 0)::float8 from usage_ledger where customer_id = $1 and feature_id = $2 and window_start = $3 and recorded_at <= $4) as used,
         (select coalesce(sum(quantity), 0)::float8 from usage_reservations where customer_id = $1 and feature_id = $2 and window_start = $3
            and created_at <= $4 and expires_at > $4 and (settled_at is null or settled_at > $4)) as reserved,
         (select coalesce(max(carried), 0)::float8 from usage_counters where customer_id = $1 and feature_id = $2 and window_start = $3) as carried`,
      [customerId, featureId, windowStart, at],
    );
    return row!;
  }

  /** What had been burnt from each grant by an instant, with the window that it was burnt in. */
  burnsAt(
    customerId: string,
    featureId: string,
    at: Date,
  ): Promise<{ grantId: string; windowStart: Date; recordedAt: Date; quantity: number }[]> {
    return this.database.query(
      `select b ->> 'grantId' as "grantId", window_start as "windowStart", recorded_at as "recordedAt", (b ->> 'quantity')::float8 as quantity
       from usage_ledger, jsonb_array_elements(burns) b where customer_id = $1 and feature_id = $2 and burns is not null and recorded_at <= $3`,
      [customerId, featureId, at],
    );
  }

  /** Ids of customers in their own order. */
  async customerPage(after: string | null, limit: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      'select customer_id as id from entitlement_versions where $1::uuid is null or customer_id > $1 order by customer_id limit $2',
      [after, limit],
    );
    return rows.map(({ id }) => id);
  }

  /** Counters that differ from what ledger and reservations add up to, in one statement: all of one instant. */
  mismatches(customerIds: string[]): Promise<Mismatch[]> {
    return this.database.query<Mismatch>(
      `with ledger as (
         select customer_id, feature_id, window_start, sum(quantity) as used from usage_ledger where customer_id = any($1::uuid[]) group by 1, 2, 3
       ), held as (
         select customer_id, feature_id, window_start, sum(quantity) as reserved from usage_reservations where customer_id = any($1::uuid[]) and status = 'held' group by 1, 2, 3
       ), counter as (
         select * from usage_counters where customer_id = any($1::uuid[])
       ), sums as (
         select customer_id, feature_id, window_start, coalesce(c.used, 0) as used, coalesce(c.reserved, 0) as reserved, coalesce(l.used, 0) as recorded, coalesce(h.reserved, 0) as held
         from counter c full join ledger l using (customer_id, feature_id, window_start) full join held h using (customer_id, feature_id, window_start)
       )
       select s.customer_id as "customerId", c.key as customer, s.feature_id as "featureId", f.key as feature, f.product_id as "productId", s.window_start as "windowStart",
         s.used::float8 as used, s.reserved::float8 as reserved, s.recorded::float8 as recorded, s.held::float8 as held
       from sums s join customers c on c.id = s.customer_id join features f on f.id = s.feature_id
       where s.used <> s.recorded or s.reserved <> s.held order by s.customer_id, s.feature_id, s.window_start`,
      [customerIds],
    );
  }

  /** Holds a customer, as counting does, in the caller's transaction. */
  async lockForRebuild(customerId: string): Promise<void> {
    await this.database.write(LOCK, [[customerId]]);
  }

  /** Makes a counter tell what its ledger and reservations add up to. */
  async setCounter({ customerId, featureId, windowStart, recorded, held }: Mismatch, now: Date): Promise<void> {
    await this.database.write(
      `insert into usage_counters (customer_id, feature_id, window_start, used, reserved, updated_at) values ($1, $2, $3, $4, $5, $6)
       on conflict (customer_id, feature_id, window_start) do update
         set used = excluded.used, reserved = excluded.reserved, from_grants = least(usage_counters.from_grants, excluded.used), hard_limit = null, updated_at = excluded.updated_at`,
      [customerId, featureId, windowStart, recorded, held, now],
    );
  }
}

function inOrder(length: number, rows: { n: number; quantity: number }[]): number[] {
  const quantities = new Array<number>(length).fill(0);
  for (const { n, quantity } of rows) quantities[n - 1] = quantity;
  return quantities;
}

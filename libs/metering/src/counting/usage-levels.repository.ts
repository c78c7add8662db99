import { Injectable } from '@nestjs/common';
import { type ArrayItem, arrayLiteral, columnLiteral, Database } from '@app/platform';
import { NO_ENTITY } from '../domain/entity-meter.js';
import type { CounterKey } from '../domain/ledger.js';

/** The levels to read of one feature of one customer. */
export interface LevelRequest extends Omit<CounterKey, 'windowStart'> {
  /** The first of the cuts: earlier usage is only part of the level there. */
  since: Date;
  /** Windows that end after this are read in any case, others that end after `since` only if they have changed. */
  from: Date;
  /** The last of the cuts. Usage at this instant or later is left out. */
  until: Date;
  /** No window of interest begins before this, except the one that never ends. */
  earliestWindow: Date;
  /** The position of the read before: a window has changed if a later transaction has written its counter. */
  seen: string | null;
  /** Read the levels as they were at this position. Left out: as they are. */
  asOf?: string;
  /** Oldest first, without repetition. */
  cuts: Date[];
}

/** Units counted in a window between two cuts. */
export interface LevelStep {
  /** The number of cuts at or before the usage: step 0 is before the first cut. */
  step: number;
  /** Units less those that grants covered. */
  units: number;
  /** Units that repeat usage of windows of another kind. */
  opening: number;
}

/** One window of a request, with the usage between its cuts. Units that grants covered are left out everywhere. */
export interface WindowLevels {
  /** Index of the request. */
  request: number;
  windowStart: Date;
  /** Exclusive; null: it never ends. */
  windowEnd: Date | null;
  /** Units now, whenever they were used. */
  level: number;
  /** False: it began before the first cut, so that `level` less all steps is the level there. */
  complete: boolean;
  /** True when a transaction after the position of the request has written the counter. */
  changed: boolean;
  /** Without the usage of a window that has no cut inside: `level` is all of it. */
  steps: LevelStep[];
}

/** The value of a counter of the aggregation `latest` at an instant. */
export interface ValueRequest extends CounterKey {
  at: Date;
  /** See `LevelRequest`. */
  asOf?: string;
}

/** How far an instant may be before its window began: clocks differ. Exact for `newestOpenedAt` too. */
const SKEW = `interval '5 minutes'`;

/**
 * The snapshot of a position. Null for one of another database cluster, such as before a backup was restored, because
 * that numbers transactions otherwise: its rows count as changed.
 */
const snapshotOf = (position: string): string =>
  `case when split_part(${position}, '/', 1) = (select system_identifier::text from pg_control_system()) then split_part(${position}, '/', 2)::pg_snapshot end`;

/** True when a transaction that was not visible at position `k.seen` has written the row. Modulo 2^32, as xids are. */
const CHANGED = `(k.seen is null or ((w.xmin::text::bigint - k.seen) & 4294967295) < 2147483648)`;

/**
 * True for a ledger entry that counts as of a position. Coverage of a grant that existed counts from its instant on: a
 * reading subtracts it before it is stored.
 */
const countsAsOf = (position: string, until: string): string =>
  `(${position} is null or pg_visible_in_snapshot((n.next - ((n.next - l.xmin::text::bigint) & 4294967295))::text::xid8, ${position})
    or (l.kind in ('grant_coverage', 'payment') and l.occurred_at < ${until} and exists (select from grants g
      where g.customer_id = l.customer_id and g.id = (l.burns -> 0 ->> 'grantId')::uuid and g.created_at < ${until})))`;
/** The next number of a transaction, of 64 bits. */
const NEXT = `n as (select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next)`;

/** An opening that joined a window with usage repeats units that were used later than the window began. */
const OPENED_LATE = `exists (select from usage_ledger r where r.customer_id = c.customer_id and r.feature_id = c.feature_id and r.occurred_at >= c.window_start - ${SKEW}
  and r.window_start = c.window_start and r.kind <> 'opening' and r.recorded_at < l.recorded_at)`;

const BURNT = `case when l.burns is null then 0 else (select sum((b ->> 'quantity')::bigint) from jsonb_array_elements(l.burns) b) end`;

/**
 * True for a window that began after the first cut and has no cut inside: all of its usage is between the same two, so
 * that its level says how much. Only its openings are read, which occurred at its start.
 */
const UNCUT = `w.window_start >= k.since and w.window_end <= k.until and width_bucket(w.window_start, k.cuts) = width_bucket(w.window_end - interval '1 microsecond', k.cuts)`;

const COUNTERS = (
  condition: string,
): string => `select w.customer_id, w.feature_id, w.window_start, w.window_end, w.used - w.from_grants as level, ${CHANGED} as changed from usage_counters w
        where w.customer_id = k.customer_id and w.feature_id = k.feature_id and ${condition}`;

const AS_OF = countsAsOf('c.as_of', 'c.until');
/** Units of a window that do not count yet. */
const LATER = `select coalesce(sum(l.quantity - ${BURNT}), 0) from usage_ledger l, n where l.customer_id = c.customer_id and l.feature_id = c.feature_id
  and l.window_start = c.window_start and not ${AS_OF}`;

/**
 * One statement: counters and their ledgers are of one instant.
 * @param isAsOf true for levels as of earlier positions, which are for checks: it reads the whole ledger of each window
 */
const levelsSql = (isAsOf: boolean): string => `
  with ${isAsOf ? `${NEXT},` : ''} k as (
    select (n - 1)::integer as request, customer_id, feature_id, since, "from", until, earliest_window, cuts::timestamptz[],
      pg_snapshot_xmin(${snapshotOf('seen')})::text::bigint as seen${isAsOf ? `, ${snapshotOf('as_of')} as as_of` : ''}
    from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[], $7::text[], $8::text[]${isAsOf ? ', $9::text[]' : ''})
      with ordinality k (customer_id, feature_id, since, "from", until, earliest_window, seen, cuts${isAsOf ? ', as_of' : ''}, n)
  ), c as materialized (
    select k.request, k.cuts, k.since, k.until, ${isAsOf ? 'k.as_of, ' : ''}w.*, w.window_start >= k.since as complete, coalesce(${UNCUT}, false) as uncut
    from k cross join lateral (
      ${COUNTERS('w.window_start >= k.earliest_window and w.window_start < k.until')}
      union all
      ${COUNTERS(`w.window_start = 'epoch' and k.earliest_window > 'epoch'`)}
    ) w where w.window_end is null or w.window_end > k."from" or (w.changed and w.window_end > k.since)
  )
  select c.request, c.window_start as "windowStart", c.window_end as "windowEnd", (c.level${isAsOf ? ` - (${LATER})` : ''})::float8 as level, c.complete, c.changed, coalesce(s.steps, '[]') as steps
  from c cross join lateral (
    select json_agg(json_build_object('step', g.step, 'units', g.units, 'opening', g.opening)) as steps from (
      select width_bucket(case when l.kind = 'opening' and ${OPENED_LATE} then l.recorded_at else l.occurred_at end, c.cuts) as step,
        coalesce(sum(l.quantity - ${BURNT}) filter (where l.kind <> 'opening'), 0)::float8 as units,
        coalesce(sum(l.quantity) filter (where l.kind = 'opening'), 0)::float8 as opening
      from usage_ledger l${isAsOf ? ', n' : ''} where not c.uncut and l.customer_id = c.customer_id and l.feature_id = c.feature_id and l.window_start = c.window_start
        and l.occurred_at >= case when c.complete then c.window_start - ${SKEW} else c.since end
        and l.occurred_at < case when c.complete then least(c.window_end, c.until) else 'infinity' end${isAsOf ? ` and ${AS_OF}` : ''}
      group by 1
      union all
      select width_bucket(c.window_start, c.cuts), 0, sum(l.quantity)::float8
      from usage_ledger l${isAsOf ? ', n' : ''} where c.uncut and l.customer_id = c.customer_id and l.feature_id = c.feature_id and l.occurred_at = c.window_start
        and l.window_start = c.window_start and l.kind = 'opening'${isAsOf ? ` and ${AS_OF}` : ''} having count(*) > 0) g) s
  order by c.request, c.window_start`;
const LEVELS = levelsSql(false);
const LEVELS_AS_OF = levelsSql(true);

/** Each entity, and the usage without one, has its newest value. */
const valuesSql = (isAsOf: boolean): string => `
  ${isAsOf ? `with ${NEXT}` : ''} select k.n::integer as n, (select coalesce(sum(v.value), 0)::float8 from usage_entity_counters e cross join lateral (
      select l.value from usage_ledger l${isAsOf ? ', n' : ''} where l.customer_id = k.customer_id and l.feature_id = k.feature_id and l.window_start = k.window_start
        and (l.entity_id = e.entity_id or (l.entity_id is null and e.entity_id = '${NO_ENTITY}'))
        and l.value is not null and l.occurred_at < k.at${isAsOf ? ` and ${countsAsOf(snapshotOf('k.as_of'), 'k.at')}` : ''} order by l.occurred_at desc, l.id desc limit 1) v
    where e.customer_id = k.customer_id and e.feature_id = k.feature_id and e.window_start = k.window_start) as value
  from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[]${isAsOf ? ', $5::text[]' : ''}) with ordinality k (customer_id, feature_id, window_start, at${isAsOf ? ', as_of' : ''}, n) order by k.n`;
const VALUES = valuesSql(false);
const VALUES_AS_OF = valuesSql(true);

/** How much had been used at which instant, from counters and ledger: for what is charged by usage. */
@Injectable()
export class UsageLevelsRepository {
  constructor(private readonly database: Database) {}

  /** The windows of all requests, oldest first within each. A window in which nothing was counted is absent. */
  levels(requests: LevelRequest[]): Promise<WindowLevels[]> {
    if (requests.length === 0) return Promise.resolve([]);
    const column = (read: (request: LevelRequest) => ArrayItem): string => columnLiteral(requests, read);
    const isAsOf = requests.some(({ asOf }) => asOf !== undefined);
    return this.database.query<WindowLevels>(isAsOf ? LEVELS_AS_OF : LEVELS, [
      column(({ customerId }) => customerId),
      column(({ featureId }) => featureId),
      column(({ since }) => since),
      column(({ from }) => from),
      column(({ until }) => until),
      column(({ earliestWindow }) => earliestWindow),
      column(({ seen }) => seen),
      column(({ cuts }) => arrayLiteral(cuts)),
      ...(isAsOf ? [column(({ asOf }) => asOf ?? null)] : []),
    ]);
  }

  /** Values of counters of the aggregation `latest` just before an instant, in the order of the requests. */
  async values(requests: ValueRequest[]): Promise<number[]> {
    if (requests.length === 0) return [];
    const isAsOf = requests.some(({ asOf }) => asOf !== undefined);
    const rows = await this.database.query<{ value: number }>(isAsOf ? VALUES_AS_OF : VALUES, [
      requests.map(({ customerId }) => customerId),
      requests.map(({ featureId }) => featureId),
      requests.map(({ windowStart }) => windowStart),
      requests.map(({ at }) => at),
      ...(isAsOf ? [requests.map(({ asOf }) => asOf ?? null)] : []),
    ]);
    return rows.map(({ value }) => value);
  }

  /**
   * The position up to which transactions are visible to the statements after this one. A later read with it as `seen`
   * finds every counter that another transaction has written since: exact, without a lock and without a margin.
   */
  async position(): Promise<string> {
    const [row] = await this.database.query<{ seen: string }>(
      `select system_identifier || '/' || pg_current_snapshot() as seen from pg_control_system()`,
      [],
    );
    return row!.seen;
  }
}

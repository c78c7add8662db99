import { Injectable } from '@nestjs/common';
import { idBefore } from '@app/kernel';
import { Database } from '@app/platform';
import { ROLLUP_BUCKET_MINUTES, type Span, alignedBuckets } from '../domain/series.js';
import { IS_USAGE, shownSum, type SummedStep, type TotalledStep } from './series-steps.js';

/** A span of one customer's usage of one feature, in steps of a time zone. */
export interface SeriesRequest extends Span {
  customerId: string;
  featureId: string;
  /** Only the usage of this entity; null: all usage. */
  entityId: string | null;
  timezone: string;
}

/** A ledger with a rollup. */
export interface RolledUpLedger {
  customerId: string;
  /** The id of the last entry in the rollup. */
  rolledUpUntil: string;
}

/** The rollup bucket of an entry of `usage_ledger l`. */
const BUCKET = `date_bin('${ROLLUP_BUCKET_MINUTES} minutes', l.occurred_at, 'epoch')`;

/**
 * Ledger entries by bucket. `offset 0` keeps `condition` out of the choice of the index: the planner cannot estimate
 * how many entries follow an id, and would read the whole span instead.
 */
const entriesByBucket = (range: string, condition = 'true'): string =>
  `select ${BUCKET} as began, sum(l.quantity) as quantity, count(*) as records
   from (select * from usage_ledger where customer_id = $1 and ${range} offset 0) l where l.feature_id = $2 and ${IS_USAGE} and ${condition} group by 1`;

/** Buckets by step. The calendar is computed once per bucket, not once per entry. */
const bucketsByStep = (parts: string[]): string =>
  `select date_trunc($5, q.began, $6) as start, ${shownSum('sum(q.quantity)')} as quantity, ${shownSum('sum(sum(q.quantity)) over ()')} as total, sum(q.records)::float8 as records
   from (${parts.join(' union all ')}) q group by 1 order by 1`;

/** The parameters $1 to $6. */
const parametersOf = ({ customerId, featureId, from, to, by, timezone }: SeriesRequest): unknown[] => [
  customerId,
  featureId,
  from,
  to,
  by,
  timezone,
];

const ROLLED_UP_UNTIL = '(select summed_until from long_ledgers where customer_id = $1)';
const FROM_ENTRIES = bucketsByStep([entriesByBucket('feature_id = $2 and occurred_at >= $3 and occurred_at < $4')]);
const FROM_ENTRIES_OF_ENTITY = bucketsByStep([
  entriesByBucket('feature_id = $2 and entity_id = $7 and occurred_at >= $3 and occurred_at < $4'),
]);
const FROM_ROLLUP = bucketsByStep([
  entriesByBucket('feature_id = $2 and occurred_at >= $3 and occurred_at < $7', `l.id <= ${ROLLED_UP_UNTIL}`),
  'select s.began, s.quantity, 0 from long_ledger_sums s where s.customer_id = $1 and s.feature_id = $2 and s.began >= $7 and s.began < $8',
  entriesByBucket('feature_id = $2 and occurred_at >= $8 and occurred_at < $4', `l.id <= ${ROLLED_UP_UNTIL}`),
  entriesByBucket(`id > ${ROLLED_UP_UNTIL} order by id`, 'l.occurred_at >= $3 and l.occurred_at < $4'),
]);

/** The usage series of one customer: from its ledger entries, or from a rollup where the ledger is long. */
@Injectable()
export class UsageRollupsRepository {
  constructor(private readonly database: Database) {}

  /** The steps of a span, from the ledger entries. Steps without usage are absent. */
  readEntries(request: SeriesRequest): Promise<SummedStep[]> {
    return request.entityId === null
      ? this.database.query<SummedStep>(FROM_ENTRIES, parametersOf(request))
      : this.database.query<SummedStep>(FROM_ENTRIES_OF_ENTITY, [...parametersOf(request), request.entityId]);
  }

  /**
   * The steps of a span, from the rollup and the entries after it, read in one snapshot of the database. `records` are
   * the entries that were read.
   */
  readRollup(request: SeriesRequest): Promise<SummedStep[]> {
    const { first, last } = alignedBuckets(request);
    return this.database.query<SummedStep>(FROM_ROLLUP, [...parametersOf(request), first, last]);
  }

  /** The used units of the windows that began in a span, from their counters. Windows without usage are absent. */
  readWindows(
    { customerId, featureId, from, to }: Omit<SeriesRequest, 'by' | 'timezone'>,
    limit: number,
  ): Promise<TotalledStep[]> {
    return this.database.query(
      `select window_start as start, used::float8 as quantity, ${shownSum('sum(used) over ()')} as total from usage_counters
       where customer_id = $1 and feature_id = $2 and window_start >= $3 and window_start < $4 and used > 0 order by window_start limit $5`,
      [customerId, featureId, from, to, limit],
    );
  }

  /** True once the rollup has all of the ledger but its last minutes. */
  async isRolledUp(customerId: string): Promise<boolean> {
    const [ledger] = await this.database.query<{ caught_up: boolean }>(
      'select caught_up from long_ledgers where customer_id = $1',
      [customerId],
    );
    return ledger?.caught_up === true;
  }

  /** Marks a ledger as long: a worker builds its rollup from now on. */
  async markLong(customerId: string): Promise<void> {
    await this.database.write('insert into long_ledgers (customer_id) values ($1) on conflict do nothing', [
      customerId,
    ]);
  }

  /**
   * Locks the rollup that is furthest behind `until`, until the transaction ends. A rollup that has caught up once is
   * due when it is behind `dueBefore`.
   */
  async lockNext({ until, dueBefore }: { until: Date; dueBefore: Date }): Promise<RolledUpLedger | null> {
    const [ledger] = await this.database.write<RolledUpLedger>(
      `select customer_id as "customerId", summed_until as "rolledUpUntil" from long_ledgers
       where summed_until < $1 and (summed_until < $2 or not caught_up) order by summed_until limit 1 for update skip locked`,
      [idBefore(until), idBefore(dueBefore)],
    );
    return ledger ?? null;
  }

  /** Adds the next entries to a rollup, up to `limit`, of those made before `until`. Needs the lock. */
  async addNext(
    { customerId, rolledUpUntil }: RolledUpLedger,
    { until, limit }: { until: Date; limit: number },
  ): Promise<void> {
    await this.database.write(
      `with l as materialized (
         select * from usage_ledger where customer_id = $1 and id > $2 and id < $3 order by id limit $4
       ), added as (
         insert into long_ledger_sums as s (customer_id, feature_id, began, quantity)
         select $1, l.feature_id, ${BUCKET}, sum(l.quantity) from l where ${IS_USAGE} group by 2, 3
         on conflict (customer_id, feature_id, began) do update set quantity = s.quantity + excluded.quantity
       ), seen as (select count(*) = $4 as more from l)
       update long_ledgers set summed_until = case when seen.more then (select id from l order by id desc limit 1) else $3 end, caught_up = caught_up or not seen.more
       from seen where customer_id = $1`,
      [customerId, rolledUpUntil, idBefore(until), limit],
    );
  }
}

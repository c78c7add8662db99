import { Injectable } from '@nestjs/common';
import { idBefore } from '@app/kernel';
import { Database } from '@app/platform';
import { ROLLUP_BUCKET_MINUTES, type Span, alignedBuckets } from '../domain/series.js';
import { type CountedStep, IS_USAGE } from './series-steps.js';

export interface LedgerQuestion extends Span {
  customerId: string;
  featureId: string;
  timezone: string;
}

/** A ledger that is summed up, and the id of the last line that is. */
export interface RolledUpLedger {
  customerId: string;
  summedUntil: string;
}

/** The quarter of an hour in which a line of `usage_ledger l` happened. */
const BUCKET = `date_bin('${ROLLUP_BUCKET_MINUTES} minutes', l.occurred_at, 'epoch')`;

/**
 * What is found, and nothing else, decides which index is read (`offset 0`): a planner that does not know how many lines come after
 * an id would read all of the span instead.
 */
const lines = (found: string, condition = 'true'): string =>
  `select ${BUCKET} as began, sum(l.quantity) as quantity, count(*) as records
   from (select * from usage_ledger where customer_id = $1 and ${found} offset 0) l where l.feature_id = $2 and ${IS_USAGE} and ${condition} group by 1`;

/** The calendar is asked for quarters of an hour, and not for every line. */
const steps = (parts: string[]): string =>
  `select date_trunc($5, q.began, $6) as start, sum(q.quantity)::float8 as quantity, sum(q.records)::float8 as records
   from (${parts.join(' union all ')}) q group by 1 order by 1`;

/** $1 to $6. */
const valuesOf = ({ customerId, featureId, from, to, by, timezone }: LedgerQuestion): unknown[] => [
  customerId,
  featureId,
  from,
  to,
  by,
  timezone,
];

const SUMMED_UNTIL = '(select summed_until from long_ledgers where customer_id = $1)';
const LINE_BY_LINE = steps([lines('feature_id = $2 and occurred_at >= $3 and occurred_at < $4')]);
const FROM_SUMS = steps([
  lines('feature_id = $2 and occurred_at >= $3 and occurred_at < $7', `l.id <= ${SUMMED_UNTIL}`),
  'select s.began, s.quantity, 0 from long_ledger_sums s where s.customer_id = $1 and s.feature_id = $2 and s.began >= $7 and s.began < $8',
  lines('feature_id = $2 and occurred_at >= $8 and occurred_at < $4', `l.id <= ${SUMMED_UNTIL}`),
  lines(`id > ${SUMMED_UNTIL} order by id`, 'l.occurred_at >= $3 and l.occurred_at < $4'),
]);

/** The ledger of one customer over time, as it stands: line by line, or from sums where it is long. */
@Injectable()
export class UsageRollupsRepository {
  constructor(private readonly database: Database) {}

  /** By hour, day or month of the zone; steps without usage are left out. */
  readLines(asked: LedgerQuestion): Promise<CountedStep[]> {
    return this.database.query<CountedStep>(LINE_BY_LINE, valuesOf(asked));
  }

  /** The same, from the sums and the lines after them, all of one moment. `records` are the lines that were read. */
  readSums(asked: LedgerQuestion): Promise<CountedStep[]> {
    const { first, last } = alignedBuckets(asked);
    return this.database.query<CountedStep>(FROM_SUMS, [...valuesOf(asked), first, last]);
  }

  /** True once all but its last minutes are summed up. */
  async isSummedUp(customerId: string): Promise<boolean> {
    const [ledger] = await this.database.query<{ caught_up: boolean }>(
      'select caught_up from long_ledgers where customer_id = $1',
      [customerId],
    );
    return ledger?.caught_up === true;
  }

  /** From now on it is summed up. */
  async markLong(customerId: string): Promise<void> {
    await this.database.write('insert into long_ledgers (customer_id) values ($1) on conflict do nothing', [
      customerId,
    ]);
  }

  /** The one that is furthest behind, not before it is its turn unless it never caught up; nobody else sums it up until this transaction ends. */
  async lockNext({ until, turn }: { until: Date; turn: Date }): Promise<RolledUpLedger | null> {
    const [ledger] = await this.database.write<RolledUpLedger>(
      `select customer_id as "customerId", summed_until as "summedUntil" from long_ledgers
       where summed_until < $1 and (summed_until < $2 or not caught_up) order by summed_until limit 1 for update skip locked`,
      [idBefore(until), idBefore(turn)],
    );
    return ledger ?? null;
  }

  /** Sums up its next lines, as far as all that were made before `until` are there. Needs the lock. */
  async addNext(
    { customerId, summedUntil }: RolledUpLedger,
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
      [customerId, summedUntil, idBefore(until), limit],
    );
  }
}

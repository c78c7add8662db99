import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import type { Span } from '../domain/series.js';
import { type CountedStep, IS_USAGE } from './series-steps.js';

export interface FeatureStep extends CountedStep {
  /** Key. */
  feature: string;
}

export interface SumsSoFar {
  until: Date;
  /** When the database was last seen at work. */
  lookedAt: Date | null;
}

/** What is recorded from one instant up to another one, left out. */
export interface RecordedSpan {
  since: Date;
  until: Date;
}

/** All that was recorded before is in the sums; before there was a product nothing was used. */
const UNTIL = 'coalesce(s.until, (select min(created_at) from products))';

/** The ledger of everybody over time, as it was summed up. */
@Injectable()
export class UsageSeriesRepository {
  constructor(private readonly database: Database) {}

  /** All that was recorded before is there for good. Null before anything was summed up. */
  async summedUntil(): Promise<Date | null> {
    const [sums] = await this.database.query<{ until: Date | null }>('select until from usage_sums');
    return sums!.until;
  }

  /** How far the ledger is summed up; nobody else sums up until this transaction ends. Null when somebody else does, or there is no product yet. */
  async lockSums(): Promise<SumsSoFar | null> {
    const [sums] = await this.database.write<SumsSoFar>(
      `select ${UNTIL} as until, s.looked_at as "lookedAt" from usage_sums s for update of s skip locked`,
    );
    return sums?.until ? sums : null;
  }

  /** Needs the lock. */
  async save({ until, lookedAt }: SumsSoFar): Promise<void> {
    await this.database.write('update usage_sums set until = $1, looked_at = $2', [until, lookedAt]);
  }

  /** Adds what was recorded in a span to the sums of the hours in which it happened. Nobody counts whom time passes for as they wish. */
  async add({ since, until }: RecordedSpan): Promise<void> {
    await this.database.write(
      `insert into usage_by_hour as h (feature_id, hour, quantity, records)
       select l.feature_id, date_trunc('hour', l.occurred_at, 'UTC'), sum(l.quantity), count(*)
       from usage_ledger l join customers c on c.id = l.customer_id
       where l.recorded_at >= $1 and l.recorded_at < $2 and c.test_clock_id is null and ${IS_USAGE} group by 1, 2
       on conflict (feature_id, hour) do update set quantity = h.quantity + excluded.quantity, records = h.records + excluded.records`,
      [since, until],
    );
  }

  /** What was used of the features of a product, or of one of them, with the instant until which it is summed up, of one moment both. */
  async ofProduct({
    productId,
    featureId,
    from,
    to,
    by,
  }: Span & { productId: string; featureId: string | null }): Promise<{ asOf: Date; steps: FeatureStep[] }> {
    const rows = await this.database.query<FeatureStep & { asOf: Date }>(
      `select ${UNTIL} as "asOf", u.* from usage_sums s left join (
         select f.key as feature, date_trunc($5, h.hour, 'UTC') as start, sum(h.quantity)::float8 as quantity, sum(h.records)::float8 as records
         from features f join usage_by_hour h on h.feature_id = f.id
         where f.product_id = $1 and ($2::uuid is null or f.id = $2) and h.hour >= date_trunc('hour', $3::timestamptz, 'UTC') and h.hour < $4 group by 1, 2
       ) u on true order by u.feature, u.start`,
      [productId, featureId, from, to, by],
    );
    return { asOf: rows[0]!.asOf, steps: rows.filter(({ feature }) => feature !== null) };
  }
}

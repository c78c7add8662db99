import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import type { Span } from '../domain/series.js';
import { IS_USAGE, shownSum, type SummedStep } from './series-steps.js';

/** A step of one feature of a product. */
export interface FeatureStep extends SummedStep {
  /** Key of the feature. */
  feature: string;
}

/** How far the rollup of all ledgers has come. */
export interface RollupProgress {
  /** All entries recorded before are in the rollup. */
  until: Date;
  /** When a worker last saw the database respond. */
  respondedAt: Date | null;
}

/** Ledger entries recorded from one instant to another, exclusive. */
export interface RecordedSpan {
  since: Date;
  until: Date;
}

/** All entries recorded before are in the rollup. It begins with the first product: there is no earlier usage. */
const UNTIL = 'coalesce(s.until, (select min(created_at) from products))';

/** The rollup of all ledgers, by feature and hour. */
@Injectable()
export class UsageSeriesRepository {
  constructor(private readonly database: Database) {}

  /** The end of the rollup. All entries recorded before it are committed. Null before the first rollup. */
  async rolledUpUntil(): Promise<Date | null> {
    const [row] = await this.database.query<{ until: Date | null }>('select until from usage_sums');
    return row!.until;
  }

  /**
   * Locks the rollup until the transaction ends, so that only one instance updates it.
   * @returns null when another instance has locked it, or there is no product yet
   */
  async lockProgress(): Promise<RollupProgress | null> {
    const [progress] = await this.database.write<RollupProgress>(
      `select ${UNTIL} as until, s.looked_at as "respondedAt" from usage_sums s for update of s skip locked`,
    );
    return progress?.until ? progress : null;
  }

  /** Needs the lock. */
  async saveProgress({ until, respondedAt }: RollupProgress): Promise<void> {
    await this.database.write('update usage_sums set until = $1, looked_at = $2', [until, respondedAt]);
  }

  /** Sets where the first rollup begins, unless there was one. */
  async begin(at: Date): Promise<void> {
    await this.database.write('update usage_sums set until = $1 where until is null', [at]);
  }

  /** Adds the entries recorded in a span to the hours of their usage, without test clocks. Needs the lock. */
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

  /** The usage of all features of a product, or of one, and the end of the rollup, in one database snapshot. */
  async ofProduct({
    productId,
    featureId,
    from,
    to,
    by,
  }: Span & { productId: string; featureId: string | null }): Promise<{ asOf: Date; steps: FeatureStep[] }> {
    const rows = await this.database.query<FeatureStep & { asOf: Date }>(
      `select ${UNTIL} as "asOf", u.* from usage_sums s left join (
         select f.key as feature, date_trunc($5, h.hour, 'UTC') as start, ${shownSum('sum(h.quantity)')} as quantity,
           ${shownSum('sum(sum(h.quantity)) over (partition by f.key)')} as total, sum(h.records)::float8 as records
         from features f join usage_by_hour h on h.feature_id = f.id
         where f.product_id = $1 and ($2::uuid is null or f.id = $2) and h.hour >= date_trunc('hour', $3::timestamptz, 'UTC') and h.hour < $4 group by 1, 2
       ) u on true order by u.feature, u.start`,
      [productId, featureId, from, to, by],
    );
    return { asOf: rows[0]!.asOf, steps: rows.filter(({ feature }) => feature !== null) };
  }
}

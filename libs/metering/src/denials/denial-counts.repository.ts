import { Injectable } from '@nestjs/common';
import { arrayLiteral, Database } from '@app/platform';

/** Denials of one feature for one reason since the last write. */
export interface NewDenials {
  productId: string;
  feature: string;
  reason: string;
  count: number;
}

/** Denials of one feature for one reason in a step. */
export interface DenialRow {
  /** Start of the step. */
  start: Date;
  feature: string;
  reason: string;
  count: number;
}

/** Denials to read: of one product, and one feature or all. */
export interface DenialQuery {
  productId: string;
  feature: string | null;
  from: Date;
  to: Date;
  by: 'hour' | 'day';
}

/** SQL of `denial_counts`. */
@Injectable()
export class DenialCountsRepository {
  constructor(private readonly database: Database) {}

  /** Adds to the counts of an hour. In a fixed order, so that concurrent processes do not lock each other out. */
  async add(denials: NewDenials[], hour: Date): Promise<void> {
    await this.database.write(
      `insert into denial_counts as c (product_id, hour, feature, reason, count)
       select product, $5, feature, reason, n from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[]) as u (product, feature, reason, n) order by 1, 3, 4
       on conflict (product_id, hour, feature, reason) do update set count = c.count + excluded.count`,
      [
        denials.map(({ productId }) => productId),
        denials.map(({ feature }) => feature),
        denials.map(({ reason }) => reason),
        arrayLiteral(denials.map(({ count }) => count)),
        hour,
      ],
    );
  }

  list({ productId, feature, from, to, by }: DenialQuery): Promise<DenialRow[]> {
    return this.database.query(
      `select date_trunc($5, hour, 'UTC') as start, feature, reason, sum(count)::float8 as count from denial_counts
       where product_id = $1 and hour >= date_trunc('hour', $2::timestamptz, 'UTC') and hour < $3 and ($4::text is null or feature = $4)
       group by 1, 2, 3 order by 1, 2, 3`,
      [productId, from, to, feature, by],
    );
  }

  /** Deletes a batch of counts of hours before a time. @returns the number of rows */
  purge(before: Date): Promise<number> {
    return this.database.deleteBatch('denial_counts', 'product_id, hour, feature, reason', 'hour < $1 order by hour', [
      before,
    ]);
  }
}

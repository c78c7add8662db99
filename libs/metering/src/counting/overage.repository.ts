import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';

/** A closed window of a counter with usage beyond its included units. Counts are units. */
export interface OverageRow {
  windowStart: Date;
  /** Exclusive. */
  windowEnd: Date;
  used: number;
  included: number;
  carriedOver: number;
  fromGrants: number;
}

/** Windows that end after `after`, and until `until`. */
export interface ClosedSpan {
  customerId: string;
  featureId: string;
  after: Date;
  until: Date;
}

/** The usage beyond the limit of windows that have ended. */
@Injectable()
export class OverageRepository {
  constructor(private readonly database: Database) {}

  /** Windows with overage that end in the span, oldest first. */
  closedWindows({ customerId, featureId, after, until }: ClosedSpan, limit: number): Promise<OverageRow[]> {
    return this.database.query<OverageRow>(
      `select window_start as "windowStart", window_end as "windowEnd", used::float8 as used, included::float8 as included, carried::float8 as "carriedOver", from_grants::float8 as "fromGrants"
       from usage_counters where customer_id = $1 and feature_id = $2 and window_start < $4 and window_end > $3 and window_end <= $4
         and used - from_grants - carried > included order by window_start limit $5`,
      [customerId, featureId, after, until, limit],
    );
  }
}

import { Injectable } from '@nestjs/common';
import { type Actor, newId } from '@app/kernel';
import { Database } from '@app/platform';

/** Names one counter: what one customer has used of one feature since the window began. */
export interface CounterKey {
  customerId: string;
  featureId: string;
  windowStart: Date;
}

export interface CounterRow {
  used: number;
  reserved: number;
}

/** Units to be counted. `hardLimit` is what the database itself refuses to go beyond; null when going beyond is allowed. */
export interface UsageEntry extends CounterKey {
  quantity: number;
  hardLimit: number | null;
  at: Date;
  actor: Actor;
  properties: object | null;
}

export type SeriesStep = 'hour' | 'day' | 'month';

export interface SeriesQuery {
  customerId: string;
  featureId: string;
  from: Date;
  to: Date;
  by: SeriesStep;
  timezone: string;
}

const COUNTER = 'select used::float8 as used, reserved::float8 as reserved from usage_counters where customer_id = $1 and feature_id = $2 and window_start = $3';
const EMPTY: CounterRow = { used: 0, reserved: 0 };

/** Counters and the ledger that they sum up. */
@Injectable()
export class UsageRepository {
  constructor(private readonly database: Database) {}

  async findCounter(key: CounterKey): Promise<CounterRow> {
    const [row] = await this.database.query<CounterRow>(COUNTER, [key.customerId, key.featureId, key.windowStart]);
    return row ?? EMPTY;
  }

  /** Reads a counter and holds it until the transaction ends; makes it when it is the first of its window. */
  async lockCounter(key: CounterKey): Promise<CounterRow> {
    const parameters = [key.customerId, key.featureId, key.windowStart];
    const [row] = await this.database.write<CounterRow>(`${COUNTER} for update`, parameters);
    if (row) return row;
    await this.database.write(
      `insert into usage_counters (customer_id, feature_id, window_start, used, reserved, updated_at) values ($1, $2, $3, 0, 0, now()) on conflict do nothing`,
      parameters,
    );
    const [made] = await this.database.write<CounterRow>(`${COUNTER} for update`, parameters);
    return made!;
  }

  /** Adds to a locked counter and writes the ledger, in one statement. */
  async count(entry: UsageEntry): Promise<void> {
    await this.database.write(
      `with counted as (
         update usage_counters set used = used + $4, hard_limit = $5, updated_at = $6 where customer_id = $1 and feature_id = $2 and window_start = $3
       )
       insert into usage_ledger (customer_id, feature_id, window_start, quantity, occurred_at, recorded_at, id, actor, properties)
       values ($1, $2, $3, $4, $6, $6, $7, $8, $9)`,
      [entry.customerId, entry.featureId, entry.windowStart, entry.quantity, entry.hardLimit, entry.at, newId(), entry.actor, entry.properties],
    );
  }

  /** Units used in a span that ends now: `from` is exclusive, so that a full span ago no longer counts. */
  async usedSince(customerId: string, featureId: string, from: Date): Promise<number> {
    const [row] = await this.database.query<{ used: number }>(
      `select coalesce(sum(quantity), 0)::float8 as used from usage_ledger where customer_id = $1 and feature_id = $2 and occurred_at > $3`,
      [customerId, featureId, from],
    );
    return row!.used;
  }

  /** Units used by hour, day or month of the zone; steps without usage are left out. */
  series({ customerId, featureId, from, to, by, timezone }: SeriesQuery): Promise<{ start: Date; quantity: number }[]> {
    return this.database.query(
      `select date_trunc($5, occurred_at, $6) as start, sum(quantity)::float8 as quantity from usage_ledger
       where customer_id = $1 and feature_id = $2 and occurred_at >= $3 and occurred_at < $4 group by 1 order by 1`,
      [customerId, featureId, from, to, by, timezone],
    );
  }
}

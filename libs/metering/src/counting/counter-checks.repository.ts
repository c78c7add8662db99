import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import { LOCK_CUSTOMERS } from './counters.repository.js';

/** A counter that differs from the sum of its ledger and reservations. Counts are units. */
export interface Mismatch {
  customerId: string;
  customer: string;
  testClockId: string | null;
  featureId: string;
  feature: string;
  productId: string;
  windowStart: Date;
  /** Stored in the counter. */
  used: number;
  reserved: number;
  /** The sums of the ledger and of the held reservations. */
  recorded: number;
  held: number;
}

/** Compares counters with their ledgers, and rebuilds them. */
@Injectable()
export class CounterChecksRepository {
  constructor(private readonly database: Database) {}

  /** The next ids of customers, in the order of the ids. */
  async customerPage(after: string | null, limit: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      'select customer_id as id from entitlement_versions where $1::uuid is null or customer_id > $1 order by customer_id limit $2',
      [after, limit],
    );
    return rows.map(({ id }) => id);
  }

  /** Counters that differ from their sums. One statement, so all of it is of one instant. */
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
       select s.customer_id as "customerId", c.key as customer, c.test_clock_id as "testClockId", s.feature_id as "featureId", f.key as feature, f.product_id as "productId", s.window_start as "windowStart",
         s.used::float8 as used, s.reserved::float8 as reserved, s.recorded::float8 as recorded, s.held::float8 as held
       from sums s join customers c on c.id = s.customer_id join features f on f.id = s.feature_id
       where s.used <> s.recorded or s.reserved <> s.held order by s.customer_id, s.feature_id, s.window_start`,
      [customerIds],
    );
  }

  /** Locks a customer, as counting does, until the caller's transaction ends. */
  async lockForRebuild(customerId: string): Promise<void> {
    await this.database.write(LOCK_CUSTOMERS, [[customerId]]);
  }

  /** Sets a counter to the sums of its ledger and reservations. Needs the customer's lock. */
  async setCounter({ customerId, featureId, windowStart, recorded, held }: Mismatch, now: Date): Promise<void> {
    await this.database.write(
      `insert into usage_counters (customer_id, feature_id, window_start, used, reserved, updated_at) values ($1, $2, $3, $4, $5, $6)
       on conflict (customer_id, feature_id, window_start) do update
         set used = excluded.used, reserved = excluded.reserved, from_grants = least(usage_counters.from_grants, excluded.used), hard_limit = null, updated_at = excluded.updated_at`,
      [customerId, featureId, windowStart, recorded, held, now],
    );
  }
}

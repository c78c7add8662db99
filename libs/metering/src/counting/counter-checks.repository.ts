import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import { NO_ENTITY } from '../domain/entity-meter.js';
import { LOCK_CUSTOMERS } from './counters.repository.js';

/** A counter that differs from the sum of its ledger and reservations. Counts are units. */
export interface Mismatch {
  customerId: string;
  customer: string;
  testClockId: string | null;
  featureId: string;
  feature: string;
  productId: string;
  /** The entity whose counter differs; both null: the customer's. */
  entityId: string | null;
  entity: string | null;
  windowStart: Date;
  /** Stored in the counter. */
  used: number;
  reserved: number;
  /** The sums of the ledger and of the held reservations. */
  recorded: number;
  held: number;
  /** The count that the reported values of the entity give; null: the feature counts the sum. */
  reported: number | null;
}

/** Ledger and reservations of entities. An entry without an entity belongs to one if it has a reported value. */
const ENTITY_SUMS = `
  ledger as (
    select customer_id, feature_id, window_start, coalesce(entity_id, '${NO_ENTITY}') as entity_id, sum(quantity) as used
    from usage_ledger where customer_id = any($1::uuid[]) and (entity_id is not null or value is not null) group by 1, 2, 3, 4
  ), held as (
    select customer_id, feature_id, window_start, entity_id, sum(quantity) as reserved
    from usage_reservations where customer_id = any($1::uuid[]) and status = 'held' and entity_id is not null group by 1, 2, 3, 4
  ), counter as (
    select * from usage_entity_counters where customer_id = any($1::uuid[])
  ), sums as (
    select customer_id, feature_id, window_start, entity_id, coalesce(c.used, 0) as used, coalesce(c.reserved, 0) as reserved, coalesce(l.used, 0) as recorded,
      coalesce(h.reserved, 0) as held
    from counter c full join ledger l using (customer_id, feature_id, window_start, entity_id) full join held h using (customer_id, feature_id, window_start, entity_id)
  )`;

/**
 * The counts that reported values give: all newest values, of which one counts (the order of one instant is not
 * stored), or the highest value since the last correction.
 */
const REPORTED_COUNTS = `
  valued as (
    select l.customer_id, l.feature_id, l.window_start, coalesce(l.entity_id, '${NO_ENTITY}') as entity_id, l.id, l.value, l.occurred_at, f.aggregation,
      max(l.occurred_at) over entity as newest, max(case when l.kind = 'correction' then l.id::text end) over entity as corrected
    from usage_ledger l join features f on f.id = l.feature_id where l.customer_id = any($1::uuid[]) and l.value is not null
    window entity as (partition by l.customer_id, l.feature_id, l.window_start, l.entity_id)
  ), reported as (
    select customer_id, feature_id, window_start, entity_id, case aggregation when 'latest' then array_agg(value order by id desc) filter (where occurred_at = newest)
      else array[max(value) filter (where corrected is null or id::text >= corrected)] end as counts
    from valued group by customer_id, feature_id, window_start, entity_id, aggregation
  )`;

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

  /** Counters of customers and of their entities that differ from their sums, or from what was reported. */
  async mismatches(customerIds: string[]): Promise<Mismatch[]> {
    return [...(await this.ofCustomers(customerIds)), ...(await this.ofEntities(customerIds))];
  }

  /** One statement, so all of it is of one instant. */
  private ofCustomers(customerIds: string[]): Promise<Mismatch[]> {
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
         null as "entityId", null as entity, null as reported, s.used::float8 as used, s.reserved::float8 as reserved, s.recorded::float8 as recorded, s.held::float8 as held
       from sums s join customers c on c.id = s.customer_id join features f on f.id = s.feature_id
       where s.used <> s.recorded or s.reserved <> s.held order by s.customer_id, s.feature_id, s.window_start`,
      [customerIds],
    );
  }

  private ofEntities(customerIds: string[]): Promise<Mismatch[]> {
    return this.database.query<Mismatch>(
      `with ${ENTITY_SUMS}, ${REPORTED_COUNTS}
       select s.customer_id as "customerId", c.key as customer, c.test_clock_id as "testClockId", s.feature_id as "featureId", f.key as feature, f.product_id as "productId", s.window_start as "windowStart",
         s.entity_id as "entityId", n.name as entity, r.counts[1]::float8 as reported, s.used::float8 as used, s.reserved::float8 as reserved, s.recorded::float8 as recorded, s.held::float8 as held
       from sums s join customers c on c.id = s.customer_id join features f on f.id = s.feature_id
       left join reported r using (customer_id, feature_id, window_start, entity_id) left join usage_names n on n.customer_id = s.customer_id and n.id = s.entity_id
       where s.used <> s.recorded or s.reserved <> s.held or s.used <> all (r.counts) order by s.customer_id, s.feature_id, s.window_start, s.entity_id`,
      [customerIds],
    );
  }

  /** Locks a customer, as counting does, until the caller's transaction ends. */
  async lockForRebuild(customerId: string): Promise<void> {
    await this.database.write(LOCK_CUSTOMERS, [[customerId]]);
  }

  /** Sets a counter to the sums of its ledger and reservations. Needs the customer's lock. */
  async setCounter(
    { customerId, featureId, windowStart, entityId, recorded, held }: Mismatch,
    now: Date,
  ): Promise<void> {
    if (entityId !== null) {
      await this.database.write(
        `insert into usage_entity_counters (customer_id, feature_id, window_start, entity_id, used, reserved, updated_at) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (customer_id, feature_id, window_start, entity_id) do update
           set used = excluded.used, reserved = excluded.reserved, hard_limit = null, updated_at = excluded.updated_at`,
        [customerId, featureId, windowStart, entityId, recorded, held, now],
      );
      return;
    }
    await this.database.write(
      `insert into usage_counters (customer_id, feature_id, window_start, used, reserved, updated_at) values ($1, $2, $3, $4, $5, $6)
       on conflict (customer_id, feature_id, window_start) do update
         set used = excluded.used, reserved = excluded.reserved, from_grants = least(usage_counters.from_grants, excluded.used), hard_limit = null, updated_at = excluded.updated_at`,
      [customerId, featureId, windowStart, recorded, held, now],
    );
  }
}

import { Injectable } from '@nestjs/common';
import { type Connection, Database } from '@app/platform';
import type { CounterKey } from '../domain/ledger.js';
import type { Reservation } from '../domain/reservation.js';
import { columns, usageStatement } from './batch-statement.js';

const RESERVATION = `customer_id as "customerId", id, feature_id as "featureId", window_start as "windowStart", entity_id as "entityId", quantity::float8 as quantity, committed::float8 as committed,
  status, expires_at as "expiresAt", created_at as "createdAt", settled_at as "closedAt"`;
const EXPIRED = usageStatement(
  'expired',
  `
  select ${RESERVATION} from usage_reservations
  where status = 'held' and expires_at <= $4 and (customer_id, feature_id, window_start) in (select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[]))`,
);
const RESERVATIONS = usageStatement(
  'reservations',
  `select ${RESERVATION} from usage_reservations where (customer_id, id) in (select * from unnest($1::uuid[], $2::uuid[]))`,
);
const SAVE_RESERVATIONS = usageStatement(
  'save reservations',
  `
  insert into usage_reservations (customer_id, id, feature_id, window_start, entity_id, quantity, committed, status, expires_at, created_at, settled_at)
  select "customerId", id, "featureId", "windowStart", "entityId", quantity, committed, status, "expiresAt", "createdAt", "closedAt"
  from json_to_recordset($1::json) as r ("customerId" uuid, id uuid, "featureId" uuid, "windowStart" timestamptz, "entityId" uuid, quantity bigint, committed bigint, status text,
    "expiresAt" timestamptz, "createdAt" timestamptz, "closedAt" timestamptz)
  on conflict (customer_id, id) do update set committed = excluded.committed, status = excluded.status, expires_at = excluded.expires_at, settled_at = excluded.settled_at`,
);

/** Reservations. Every change needs the customer's lock. */
@Injectable()
export class ReservationsRepository {
  constructor(private readonly database: Database) {}

  /** Reservations on these counters that have expired, but are still stored as held. */
  expired(connection: Connection, keys: CounterKey[], now: Date): Promise<Reservation[]> {
    return connection.run(EXPIRED, [...columns(keys, 'customerId', 'featureId', 'windowStart'), now]);
  }

  findByIds(connection: Connection, ids: { customerId: string; id: string }[]): Promise<Reservation[]> {
    return connection.run(RESERVATIONS, columns(ids, 'customerId', 'id'));
  }

  save(connection: Connection, reservations: Reservation[]): Promise<unknown> {
    return connection.run(SAVE_RESERVATIONS, [JSON.stringify(reservations)]);
  }

  async find(id: string): Promise<Reservation | null> {
    const [row] = await this.database.query<Reservation>(
      `select ${RESERVATION} from usage_reservations where id = $1`,
      [id],
    );
    return row ?? null;
  }

  /** Counters with reservations that have expired, but are still stored as held; longest expired first. */
  countersWithExpired(now: Date, limit: number): Promise<CounterKey[]> {
    return this.database.query(
      `select distinct customer_id as "customerId", feature_id as "featureId", window_start as "windowStart"
       from (select r.* from usage_reservations r join customers c on c.id = r.customer_id left join test_clocks t on t.id = c.test_clock_id
             where r.status = 'held' and c.deleted_at is null and r.expires_at <= coalesce(t.now, $1) order by r.expires_at limit $2) due`,
      [now, limit],
    );
  }
}

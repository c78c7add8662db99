import { Injectable } from '@nestjs/common';
import { type Page, type PageRequest, toPage } from '@app/kernel';
import { Database } from '@app/platform';
import { NO_ENTITY } from '../domain/entity-meter.js';
import type { CounterKey } from '../domain/ledger.js';

/** The count of one entity in one window, in units. */
export interface EntityCount {
  /** Id of the entity. */
  id: string;
  /** The name that the caller chose, or the distinct value. */
  entity: string;
  used: number;
  reserved: number;
}

/** The counts of a customer's entities. */
@Injectable()
export class UsageEntitiesRepository {
  constructor(private readonly database: Database) {}

  /** Entities with used or reserved units, first the ones first named. */
  async list(
    { customerId, featureId, windowStart }: CounterKey,
    { limit, after }: PageRequest,
    now: Date,
  ): Promise<Page<EntityCount>> {
    const rows = await this.database.query<EntityCount>(
      `select c.entity_id as id, n.name as entity, c.used::float8 as used, (c.reserved - x.expired)::float8 as reserved
       from usage_entity_counters c join usage_names n on n.customer_id = c.customer_id and n.id = c.entity_id
       cross join lateral (select coalesce(sum(r.quantity), 0) as expired from usage_reservations r where c.reserved > 0 and r.customer_id = c.customer_id
         and r.feature_id = c.feature_id and r.window_start = c.window_start and r.entity_id = c.entity_id and r.status = 'held' and r.expires_at <= $5) x
       where c.customer_id = $1 and c.feature_id = $2 and c.window_start = $3 and c.entity_id > coalesce($4, '${NO_ENTITY}'::uuid) and (c.used > 0 or c.reserved > x.expired)
       order by c.entity_id limit $6`,
      [customerId, featureId, windowStart, after, now, limit + 1],
    );
    return toPage(rows, limit);
  }

  /** The id of an entity. Null: the customer has none of this name. */
  async idOf(customerId: string, name: string): Promise<string | null> {
    const [row] = await this.database.query<{ id: string }>(
      'select id from usage_names where customer_id = $1 and name = $2',
      [customerId, name],
    );
    return row?.id ?? null;
  }
}

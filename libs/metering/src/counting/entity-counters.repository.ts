import { Injectable } from '@nestjs/common';
import { type Connection, Database } from '@app/platform';
import type { EntityRef } from '../domain/entity-meter.js';
import type { CounterKey } from '../domain/ledger.js';
import { columns, usageStatement } from './batch-statement.js';

/** An entity of a counter to read. */
export type EntityRequest = CounterKey & { entity: EntityRef };

/** The counter of an entity. Without a row: zeros. */
export interface EntityCounterRow {
  /** Position of the request, from 1. */
  n: number;
  /** Null: the customer has no entity of this name yet. */
  entityId: string | null;
  exists: boolean;
  used: number;
  reserved: number;
  latestAt: Date | null;
}

/** Changes of an entity's counter by one transaction: added units, and new values of the other columns. */
export interface EntityCounterChange extends CounterKey {
  /** False: the row must be inserted. */
  exists: boolean;
  entityId: string;
  used: number;
  reserved: number;
  latestAt: Date | null;
  /** The limit that the database enforces; null where usage beyond the limit is allowed. */
  hardLimit: number | null;
}

/** Reserved units that an entity no longer reserves. */
export interface EntityRelease extends CounterKey {
  entityId: string;
  reserved: number;
}

const READ = usageStatement(
  'entity counters',
  `
  select k.n::integer as n, coalesce(k.id, e.id) as "entityId", c.used is not null as exists, coalesce(c.used, 0)::float8 as used, coalesce(c.reserved, 0)::float8 as reserved,
    c.latest_at as "latestAt"
  from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::uuid[]) with ordinality k (customer_id, feature_id, window_start, name, id, n)
  left join lateral (select id from usage_names e where e.customer_id = k.customer_id and e.name = k.name limit 1) e on true
  left join lateral (select * from usage_entity_counters c where c.customer_id = k.customer_id and c.feature_id = k.feature_id and c.window_start = k.window_start
    and c.entity_id = coalesce(k.id, e.id) limit 1) c on true`,
);
const INSERT_NAMES = usageStatement(
  'insert names',
  'insert into usage_names (customer_id, id, name) select * from unnest($1::uuid[], $2::uuid[], $3::text[])',
);
const CHANGES = `unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::uuid[], $5::bigint[], $6::bigint[], $7::timestamptz[], $8::bigint[])`;
const INSERT = usageStatement(
  'insert entity counters',
  `
  insert into usage_entity_counters (customer_id, feature_id, window_start, entity_id, used, reserved, latest_at, hard_limit, updated_at)
  select *, $9::timestamptz from ${CHANGES}`,
);
const UPDATE = usageStatement(
  'update entity counters',
  `
  update usage_entity_counters c set used = c.used + n.used, reserved = c.reserved + n.reserved, latest_at = n.latest_at, hard_limit = n.hard_limit, updated_at = $9::timestamptz
  from ${CHANGES} as n (customer_id, feature_id, window_start, entity_id, used, reserved, latest_at, hard_limit)
  where c.customer_id = n.customer_id and c.feature_id = n.feature_id and c.window_start = n.window_start and c.entity_id = n.entity_id`,
);
const CHANGED_COLUMNS = [
  'customerId',
  'featureId',
  'windowStart',
  'entityId',
  'used',
  'reserved',
  'latestAt',
  'hardLimit',
] as const;
const RELEASE = usageStatement(
  'release entity counters',
  `
  update usage_entity_counters c set reserved = c.reserved - n.reserved, updated_at = $6::timestamptz
  from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::uuid[], $5::bigint[]) as n (customer_id, feature_id, window_start, entity_id, reserved)
  where c.customer_id = n.customer_id and c.feature_id = n.feature_id and c.window_start = n.window_start and c.entity_id = n.entity_id`,
);

/** Counters of the entities of customers, and the names of the entities. Every change needs the customer's lock. */
@Injectable()
export class EntityCountersRepository {
  constructor(private readonly database: Database) {}

  /** One row for each request. */
  read(connection: Connection, requests: EntityRequest[]): Promise<EntityCounterRow[]> {
    const keys = requests.map(({ entity, ...key }) => ({
      ...key,
      name: 'name' in entity ? entity.name : null,
      id: 'id' in entity ? entity.id : null,
    }));
    return connection.run(READ, columns(keys, 'customerId', 'featureId', 'windowStart', 'name', 'id'));
  }

  /** Fails on a name that the customer has already. */
  insertNames(connection: Connection, names: { customerId: string; id: string; name: string }[]): Promise<unknown> {
    return connection.run(INSERT_NAMES, columns(names, 'customerId', 'id', 'name'));
  }

  /** Adds to counters, and inserts those that do not exist. */
  save(connection: Connection, changes: EntityCounterChange[], now: Date): Promise<unknown>[] {
    const inserts = changes.filter(({ exists }) => !exists);
    const updates = changes.filter(({ exists }) => exists);
    return [
      ...(inserts.length > 0 ? [connection.run(INSERT, [...columns(inserts, ...CHANGED_COLUMNS), now])] : []),
      ...(updates.length > 0 ? [connection.run(UPDATE, [...columns(updates, ...CHANGED_COLUMNS), now])] : []),
    ];
  }

  /** Takes off units of reservations that have expired. Each counter at most once. */
  release(connection: Connection, releases: EntityRelease[], now: Date): Promise<unknown> {
    const keys = columns(releases, 'customerId', 'featureId', 'windowStart', 'entityId', 'reserved');
    return connection.run(RELEASE, [...keys, now]);
  }

  /** Erases the names of a customer's entities and unique values: each becomes its id. Their counts stay. */
  async eraseNames(customerId: string): Promise<void> {
    await this.database.write('update usage_names set name = id::text where customer_id = $1', [customerId]);
  }
}

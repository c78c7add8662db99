import { Injectable } from '@nestjs/common';
import type { PageRequest } from '@app/kernel';
import { type Connection, Database } from '@app/platform';
import type { Burn } from '../domain/burn-down.js';
import type { CounterKey, LedgerEntry } from '../domain/ledger.js';
import { shownSum } from '../series/series-steps.js';
import { columns, usageStatement } from './batch-statement.js';
import type { OpeningSpan } from './counters.repository.js';

/** The stored answer to a request with an Idempotency-Key. */
export interface StoredReplay {
  caller: string;
  key: string;
  /** Hexadecimal SHA-256 of the request. */
  fingerprint: string;
  status: number;
  answer: string;
}

/** A caller's own id of a usage event, unique per customer. */
export interface EventReference {
  customerId: string;
  reference: string;
}

/** A ledger entry that burnt units of a grant, or returned them (negative). */
export interface GrantBurn {
  /** Id of the ledger entry. */
  id: string;
  /** The kind of the entry. Entries stored as `payment`, the former name, read as `grant_coverage`. */
  kind: string;
  quantity: number;
  /** The window of the usage. */
  windowStart: Date;
  occurredAt: Date;
}

const BURNS = usageStatement(
  'burns',
  `
  select customer_id as "customerId", feature_id as "featureId", window_start as "windowStart", burns from usage_ledger
  where burns is not null and (customer_id, feature_id, window_start) in (select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[])) order by id`,
);

const REFERENCES = usageStatement(
  'references',
  `
  select k.customer_id as "customerId", k.reference from unnest($1::uuid[], $2::text[]) as k (customer_id, reference)
  cross join lateral (select from usage_ledger l where l.customer_id = k.customer_id and l.reference = k.reference limit 1) l`,
);

const REPLAYS = usageStatement(
  'replays',
  `
  select i.caller, i.key, encode(i.fingerprint, 'hex') as fingerprint, i.status, i.answer from unnest($1::text[], $2::text[]) as k (caller, key)
  cross join lateral (select * from idempotency_keys i where i.caller = k.caller and i.key = k.key limit 1) i`,
);

const INSERT_ENTRIES = usageStatement(
  'insert entries',
  `
  insert into usage_ledger (customer_id, id, feature_id, window_start, quantity, kind, occurred_at, actor, properties, burns, reference, entity_id, value, recorded_at)
  select *, $14::timestamptz from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::bigint[], $6::text[], $7::timestamptz[], $8::jsonb[], $9::jsonb[], $10::jsonb[], $11::text[], $12::uuid[], $13::bigint[])`,
);
const ENTRY_COLUMNS = [
  'customerId',
  'id',
  'featureId',
  'windowStart',
  'quantity',
  'kind',
  'occurredAt',
  'actor',
  'properties',
  'burns',
  'reference',
  'entityId',
  'value',
] as const;

/**
 * The usual entries: of one kind and one actor, without the rarer columns. Six arrays less, three of them JSON.
 * @see isPlain
 */
const INSERT_PLAIN_ENTRIES = usageStatement(
  'insert plain entries',
  `
  insert into usage_ledger (customer_id, id, feature_id, window_start, quantity, occurred_at, reference, kind, actor, recorded_at)
  select *, $8::text, $9::jsonb, $10::timestamptz from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::bigint[], $6::timestamptz[], $7::text[])`,
);

const INSERT_REPLAYS = usageStatement(
  'insert replays',
  `
  insert into idempotency_keys (caller, key, fingerprint, status, answer, sealed, created_at)
  select caller, key, decode(fingerprint, 'hex'), status, answer, false, $6
  from unnest($1::text[], $2::text[], $3::text[], $4::smallint[], $5::text[]) as r (caller, key, fingerprint, status, answer)`,
);

/** True for an entry of the kind and actor of `model`, without the rarer columns. */
const isPlain = (entry: LedgerEntry, model: LedgerEntry): boolean =>
  entry.kind === model.kind &&
  entry.actor.id === model.actor.id &&
  entry.actor.kind === model.actor.kind &&
  entry.properties === null &&
  entry.burns === null &&
  entry.entityId === null &&
  entry.value === null;

/** The append-only ledger that counters sum up, and the stored answers to requests. */
@Injectable()
export class LedgerRepository {
  constructor(private readonly database: Database) {}

  /** Units burnt from grants and returned to them in these windows, oldest first. */
  burns(connection: Connection, keys: CounterKey[]): Promise<(CounterKey & { burns: Burn[] })[]> {
    return connection.run(BURNS, columns(keys, 'customerId', 'featureId', 'windowStart'));
  }

  /** @returns those of the references that are counted already */
  references(connection: Connection, references: EventReference[]): Promise<EventReference[]> {
    return connection.run(REFERENCES, columns(references, 'customerId', 'reference'));
  }

  replays(connection: Connection, keys: { caller: string; key: string }[]): Promise<StoredReplay[]> {
    return connection.run(REPLAYS, columns(keys, 'caller', 'key'));
  }

  /** Inserts entries, and sends what most of them have in common once. */
  insertEntries(connection: Connection, entries: LedgerEntry[], now: Date): Promise<unknown>[] {
    const [first] = entries;
    const plain = entries.filter((entry) => isPlain(entry, first!));
    const others = plain.length === entries.length ? [] : entries.filter((entry) => !isPlain(entry, first!));
    return [
      ...(plain.length > 0 ? [this.insertPlainEntries(connection, plain, now)] : []),
      ...(others.length > 0 ? [connection.run(INSERT_ENTRIES, [...columns(others, ...ENTRY_COLUMNS), now])] : []),
    ];
  }

  private insertPlainEntries(connection: Connection, entries: LedgerEntry[], now: Date): Promise<unknown> {
    const { kind, actor } = entries[0]!;
    return connection.run(INSERT_PLAIN_ENTRIES, [
      ...columns(entries, 'customerId', 'id', 'featureId', 'windowStart', 'quantity', 'occurredAt', 'reference'),
      kind,
      actor,
      now,
    ]);
  }

  /** Fails on a key that another transaction has used in the meantime. */
  insertReplays(connection: Connection, replays: StoredReplay[], now: Date): Promise<unknown> {
    return connection.run(INSERT_REPLAYS, [
      ...columns(replays, 'caller', 'key', 'fingerprint', 'status', 'answer'),
      now,
    ]);
  }

  /** The values of a counter at an earlier instant, from the ledger: entries recorded later do not count. */
  async usageAt(
    { customerId, featureId, windowStart }: CounterKey,
    at: Date,
  ): Promise<{ used: number; reserved: number; carried: number }> {
    const [row] = await this.database.query<{ used: number; reserved: number; carried: number }>(
      `select
         (select coalesce(sum(quantity), 0)::float8 from usage_ledger where customer_id = $1 and feature_id = $2 and window_start = $3 and recorded_at <= $4) as used,
         (select coalesce(sum(quantity), 0)::float8 from usage_reservations where customer_id = $1 and feature_id = $2 and window_start = $3
            and created_at <= $4 and expires_at > $4 and (settled_at is null or settled_at > $4)) as reserved,
         (select coalesce(max(carried), 0)::float8 from usage_counters where customer_id = $1 and feature_id = $2 and window_start = $3) as carried`,
      [customerId, featureId, windowStart, at],
    );
    return row!;
  }

  /** The newest window that a first use had opened by an instant, after `since`; null: none. Clocks may differ. */
  async newestOpenedAt(
    { customerId, featureId, windowName, since }: Omit<OpeningSpan, 'until'>,
    at: Date,
  ): Promise<Date | null> {
    const [row] = await this.database.query<{ windowStart: Date }>(
      `select c.window_start as "windowStart" from usage_counters c
       where c.customer_id = $1 and c.feature_id = $2 and c.window_name in ($3, 'none') and c.window_start > $4 and c.window_start <= $5
         and (exists (select from usage_ledger l where l.customer_id = $1 and l.feature_id = $2 and l.occurred_at >= c.window_start - interval '5 minutes'
                and l.window_start = c.window_start and l.recorded_at <= $5)
           or exists (select from usage_reservations r where r.customer_id = $1 and r.feature_id = $2 and r.window_start = c.window_start and r.created_at <= $5))
       order by c.window_start desc limit 1`,
      [customerId, featureId, windowName, since, at],
    );
    return row?.windowStart ?? null;
  }

  /** Units burnt from each grant of these features, less those returned. Grants without burns are absent. */
  burntByGrant(customerId: string, featureIds: string[]): Promise<{ grantId: string; quantity: number }[]> {
    return this.database.query(
      `select b ->> 'grantId' as "grantId", ${shownSum(`sum((b ->> 'quantity')::bigint)`)} as quantity
       from unnest($2::uuid[]) f cross join lateral (select burns from usage_ledger where customer_id = $1 and feature_id = f and burns is not null) l,
         jsonb_array_elements(l.burns) b group by 1`,
      [customerId, featureIds],
    );
  }

  /** The entries that burnt units of a grant or returned them, newest first: up to `limit + 1`. */
  burnsOfGrant(
    { customerId, featureId, grantId }: { customerId: string; featureId: string; grantId: string },
    { after, limit }: PageRequest,
  ): Promise<GrantBurn[]> {
    return this.database.query(
      `select id, case kind when 'payment' then 'grant_coverage' else kind end as kind, window_start as "windowStart", occurred_at as "occurredAt",
         (select sum((b ->> 'quantity')::bigint)::float8 from jsonb_array_elements(burns) b where b ->> 'grantId' = $3) as quantity
       from usage_ledger where customer_id = $1 and feature_id = $2 and burns is not null and burns @> jsonb_build_array(jsonb_build_object('grantId', $3::text))
         and ($4::uuid is null or id < $4) order by id desc limit $5`,
      [customerId, featureId, grantId, after, limit + 1],
    );
  }

  /** The values of an entity's counter at an earlier instant, as `usageAt`. */
  async usageOfEntityAt(
    { customerId, featureId, windowStart }: CounterKey,
    entity: string,
    at: Date,
  ): Promise<{ used: number; reserved: number }> {
    const [row] = await this.database.query<{ used: number; reserved: number }>(
      `with entity as (select id from usage_names where customer_id = $1 and name = $5)
       select
         (select coalesce(sum(quantity), 0)::float8 from usage_ledger where customer_id = $1 and feature_id = $2 and window_start = $3 and recorded_at <= $4
            and entity_id = (select id from entity)) as used,
         (select coalesce(sum(quantity), 0)::float8 from usage_reservations where customer_id = $1 and feature_id = $2 and window_start = $3
            and created_at <= $4 and expires_at > $4 and (settled_at is null or settled_at > $4) and entity_id = (select id from entity)) as reserved`,
      [customerId, featureId, windowStart, at, entity],
    );
    return row!;
  }

  /** Units burnt from each grant until an instant, with the window of the burn. */
  burnsAt(
    customerId: string,
    featureId: string,
    at: Date,
  ): Promise<{ grantId: string; windowStart: Date; recordedAt: Date; quantity: number }[]> {
    return this.database.query(
      `select b ->> 'grantId' as "grantId", window_start as "windowStart", recorded_at as "recordedAt", (b ->> 'quantity')::float8 as quantity
       from usage_ledger, jsonb_array_elements(burns) b where customer_id = $1 and feature_id = $2 and burns is not null and recorded_at <= $3`,
      [customerId, featureId, at],
    );
  }
}

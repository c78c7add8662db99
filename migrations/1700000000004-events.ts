import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Event ids (UUIDv7, RFC 9562) begin with their time: a month is a range of ids, so the id is the partition key. */
const PARTITIONS = [
  `create function uuid_from_time(at timestamptz) returns uuid language sql immutable parallel safe
    return (lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid`,
  // Attached, not created in place: attaching does not block concurrent writes.
  `create function ensure_event_partitions(since timestamptz, until timestamptz) returns integer language plpgsql as $$
  declare
    month timestamp := date_trunc('month', since at time zone 'UTC');
    name text;
    made integer := 0;
  begin
    while month < until at time zone 'UTC' loop
      name := 'events_' || to_char(month, 'YYYY_MM');
      if to_regclass(name) is null then
        execute format('create table %I (like events including defaults including constraints)', name);
        execute format('revoke update, delete, truncate on %I from current_user', name);
        execute format('alter table events attach partition %I for values from (%L) to (%L)', name,
          uuid_from_time(month at time zone 'UTC'), uuid_from_time((month + interval '1 month') at time zone 'UTC'));
        made := made + 1;
      end if;
      month := month + interval '1 month';
    end loop;
    return made;
  end $$`,
];

const EVENTS = [
  `alter table events rename to events_unpartitioned`,
  `alter index events_pkey rename to events_unpartitioned_pkey`,
  `drop index events_by_subject`,
  `create table events (
    id uuid primary key,
    type text not null,
    subject_type text not null,
    subject_id uuid not null,
    sequence bigint not null check (sequence > 0),
    customer_id uuid,
    product_id uuid,
    actor jsonb not null,
    origin jsonb,
    reason text,
    before jsonb,
    after jsonb,
    at timestamptz not null
  ) partition by range (id)`,
  // Default partition: an event of a month without partition is not rejected.
  `create table events_other partition of events default`,
  `select ensure_event_partitions(coalesce(
    (select to_timestamp(('x' || substr(replace(min(id::text), '-', ''), 1, 12))::bit(48)::bigint / 1000.0) from events_unpartitioned), now()), now() + interval '12 months')`,
  `create index events_by_subject on events (subject_id, id)`,
  `insert into events (id, type, subject_type, subject_id, sequence, customer_id, actor, reason, before, after, at)
    select id, type, subject_type, subject_id, row_number() over (partition by subject_id order by id), customer_id, actor, reason, before, after, at from events_unpartitioned`,
  `drop table events_unpartitioned`,
  // Number of events per subject. A writer locks the row until its events are committed.
  `create table event_sequences (subject_id uuid primary key, last bigint not null check (last > 0)) with (fillfactor = 80)`,
  `insert into event_sequences select subject_id, count(*) from events group by subject_id`,
];

/** Indexes of the audit log. Events of the system actor are not in it and not in these indexes. */
const AUDIT = [
  ['events_audited', 'id'],
  ['events_audited_by_actor', `(actor ->> 'id'), id`],
  ['events_audited_by_customer', 'customer_id, id'],
  ['events_audited_by_product', 'product_id, id'],
  ['events_audited_by_type', 'type, id'],
].map(([name, columns]) => `create index ${name} on events (${columns}) where (actor ->> 'kind') <> 'system'`);

/**
 * Append-only: the role of the service has no privilege to update or delete (as owner it could only grant it to itself
 * on purpose), and triggers reject superusers, who need no privilege.
 */
const APPEND_ONLY = [
  `create trigger events_append_only before update or delete on events for each row execute function refuse_change()`,
  ...['events', 'usage_ledger'].flatMap((table) => [
    `create trigger ${table}_not_emptied before truncate on ${table} for each statement execute function refuse_change()`,
    `revoke update, delete, truncate on ${table} from current_user`,
  ]),
  `revoke update, delete, truncate on events_other from current_user`,
];

/**
 * Outbox: one row per committed event until it is published; then the event has a position in the feed. One process at
 * a time assigns positions, so they become visible in order and a reader at a position has missed none before it.
 */
const OUTBOX = [
  `create table event_outbox (event_id uuid primary key)`,
  `create table event_feed (
    position bigint generated always as identity primary key,
    event_id uuid not null unique,
    type text not null,
    customer_id uuid,
    product_ids uuid[] not null,
    body text not null,
    published_at timestamptz not null
  )`,
  `create index event_feed_by_age on event_feed (published_at)`,
];

/** One table of events for audit log, timeline and outbox: partitioned by month, append-only, numbered per subject. */
export class Events1700000000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...PARTITIONS, ...EVENTS, ...AUDIT, ...APPEND_ONLY, ...OUTBOX])
      await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

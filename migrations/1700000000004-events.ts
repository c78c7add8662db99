import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The ids of events (UUIDv7, RFC 9562) begin with their time in milliseconds: so a month is a range of ids, and the key of a partition is the id alone. */
const PARTITIONS = [
  `create function uuid_from_time(at timestamptz) returns uuid language sql immutable parallel safe
    return (lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid`,
  // Attached, not created in place: that does not hold up those who write meanwhile.
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
  // For ids of no month that is there: so that no event is refused.
  `create table events_other partition of events default`,
  `select ensure_event_partitions(coalesce(
    (select to_timestamp(('x' || substr(replace(min(id::text), '-', ''), 1, 12))::bit(48)::bigint / 1000.0) from events_unpartitioned), now()), now() + interval '12 months')`,
  `create index events_by_subject on events (subject_id, id)`,
  `insert into events (id, type, subject_type, subject_id, sequence, customer_id, actor, reason, before, after, at)
    select id, type, subject_type, subject_id, row_number() over (partition by subject_id order by id), customer_id, actor, reason, before, after, at from events_unpartitioned`,
  `drop table events_unpartitioned`,
  // How many events a subject has: whoever takes the next numbers holds the row until its events are there.
  `create table event_sequences (subject_id uuid primary key, last bigint not null check (last > 0)) with (fillfactor = 80)`,
  `insert into event_sequences select subject_id, count(*) from events group by subject_id`,
];

/** What the audit log is asked for. What time does is no part of it, and costs none of these. */
const AUDIT = [
  ['events_audited', 'id'],
  ['events_audited_by_actor', `(actor ->> 'id'), id`],
  ['events_audited_by_customer', 'customer_id, id'],
  ['events_audited_by_product', 'product_id, id'],
  ['events_audited_by_type', 'type, id'],
].map(([name, columns]) => `create index ${name} on events (${columns}) where (actor ->> 'kind') <> 'system'`);

/**
 * Nobody changes what was written down: the service's own role has no such privilege (it owns the tables, and could only give
 * it back to itself on purpose), and for superusers, who need none, triggers refuse.
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
 * From the moment that an event is committed until it is told: a row of the outbox. Then it has a position in the feed. Positions
 * are given by one process at a time, so that they become visible in their order, and whoever has read up to one has missed none.
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

/** One list of what happened: audit log, timeline and outbox; by month, append-only, numbered per subject. */
export class Events1700000000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...PARTITIONS, ...EVENTS, ...AUDIT, ...APPEND_ONLY, ...OUTBOX])
      await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

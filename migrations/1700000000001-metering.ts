import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Counts stay inside what JSON can carry exactly: 2^53 - 1. */
const SAFE = '9007199254740991';

/**
 * One row per customer: the lock for its usage, and a version that grows with each change of its entitlements.
 * Triggers increment the version, so no writer can miss it.
 */
const VERSIONS = [
  `create table entitlement_versions (
    customer_id uuid primary key references customers,
    version bigint not null check (version > 0)
  )`,
  `insert into entitlement_versions select id, 1 from customers`,
  `create function begin_entitlement_version() returns trigger language plpgsql as $$
  begin
    insert into entitlement_versions values (new.id, 1);
    return null;
  end $$`,
  `create trigger customers_begin_version after insert on customers for each row execute function begin_entitlement_version()`,
  `create function next_entitlement_version() returns trigger language plpgsql as $$
  begin
    update entitlement_versions set version = version + 1 where customer_id = coalesce(new.customer_id, old.customer_id);
    perform pg_notify('entitlements_changed', coalesce(new.customer_id, old.customer_id)::text);
    return null;
  end $$`,
  `create function next_version_of_customer() returns trigger language plpgsql as $$
  begin
    update entitlement_versions set version = version + 1 where customer_id = new.id;
    perform pg_notify('entitlements_changed', new.id::text);
    return null;
  end $$`,
  `create trigger customers_next_version after update on customers for each row execute function next_version_of_customer()`,
  // The shard, in Citus terms: a usage transaction never spans two, so tables can be distributed by customer.
  `create function customer_bucket(id uuid) returns integer language sql immutable parallel safe return uuid_hash(id) & 1023`,
];

const ENTITLEMENTS = [
  `create table entitlement_overrides (
    customer_id uuid not null references customers,
    feature_id uuid not null references features,
    terms jsonb not null,
    expires_at timestamptz,
    reason text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (customer_id, feature_id)
  )`,
  `create table grants (
    customer_id uuid not null references customers,
    id uuid not null,
    feature_id uuid not null references features,
    quantity bigint not null check (quantity between 1 and ${SAFE}),
    priority smallint not null check (priority between 0 and 255),
    effective_at timestamptz not null,
    expires_at timestamptz check (expires_at > effective_at),
    recurrence jsonb,
    timezone text not null,
    rollover_min bigint not null check (rollover_min between 0 and ${SAFE}),
    rollover_max bigint check (rollover_max between rollover_min and ${SAFE}),
    reason text,
    voided_at timestamptz,
    created_at timestamptz not null,
    primary key (customer_id, id)
  )`,
  ...['subscriptions', 'entitlement_overrides', 'grants'].map(
    (table) =>
      `create trigger ${table}_next_version after insert or update or delete on ${table} for each row execute function next_entitlement_version()`,
  ),
  `alter table features add column failure_policy text check (failure_policy in ('deny', 'allow', 'last_known'))`,
  `alter table subscriptions add column plan_since timestamptz`,
  `update subscriptions set plan_since = started_at`,
  `alter table subscriptions alter column plan_since set not null`,
];

const USAGE = [
  `alter table usage_counters
    add column window_name text not null default 'none',
    add column from_grants bigint not null default 0 check (from_grants between 0 and ${SAFE}),
    add column carried bigint not null default 0 check (carried between 0 and ${SAFE}),
    add column notified smallint not null default 0`,
  `alter table usage_counters add constraint usage_counters_grants_within_use check (from_grants <= used)`,
  `alter table usage_ledger
    add column kind text not null default 'consume' check (kind in ('consume', 'event', 'commit', 'correction', 'opening', 'payment')),
    add column burns jsonb,
    add column reference text check (length(reference) between 1 and 255)`,
  `alter table usage_ledger drop constraint usage_ledger_quantity_check,
    add constraint usage_ledger_quantity_check check ((quantity <> 0 or kind = 'payment') and quantity between -${SAFE} and ${SAFE})`,
  // No foreign keys: each ledger entry is written with its counter, whose foreign keys cover customer and feature. A
  // second check per entry would be half of the cost of an insert. The checker finds entries without counter.
  `alter table usage_ledger drop constraint usage_ledger_customer_id_fkey, drop constraint usage_ledger_feature_id_fkey`,
  `create unique index usage_ledger_reference on usage_ledger (customer_id, reference) where reference is not null`,
  `create index usage_ledger_burns on usage_ledger (customer_id, feature_id, window_start, id) where burns is not null`,
  `create table grant_balances (
    customer_id uuid not null,
    grant_id uuid not null,
    balance bigint not null check (balance between 0 and ${SAFE}),
    settled_at timestamptz not null,
    primary key (customer_id, grant_id),
    foreign key (customer_id, grant_id) references grants (customer_id, id)
  )`,
  `create table usage_reservations (
    customer_id uuid not null references customers,
    id uuid not null,
    feature_id uuid not null references features,
    window_start timestamptz not null,
    quantity bigint not null check (quantity between 1 and ${SAFE}),
    committed bigint not null default 0 check (committed between 0 and quantity),
    status text not null check (status in ('held', 'committed', 'released', 'expired')),
    expires_at timestamptz not null,
    created_at timestamptz not null,
    settled_at timestamptz check ((settled_at is null) = (status = 'held')),
    primary key (customer_id, id)
  )`,
  `create index usage_reservations_by_id on usage_reservations (id)`,
  `create index usage_reservations_held on usage_reservations (customer_id, feature_id, window_start) where status = 'held'`,
  `create index usage_reservations_due on usage_reservations (expires_at) where status = 'held'`,
];

/** Responses to consume and check are stored unencrypted: they hold no secrets and are written 1000 times/s. */
const REPLAY = [`alter table idempotency_keys add column sealed boolean not null default true`];

export class Metering1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...VERSIONS, ...ENTITLEMENTS, ...USAGE, ...REPLAY]) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

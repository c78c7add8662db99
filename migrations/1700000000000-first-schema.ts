import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Keys chosen by callers: products, features and plans. */
const KEY = `check (key ~ '^[a-z0-9][a-z0-9._-]{0,63}$')`;
const INTERVAL = `in ('hour', 'day', 'week', 'month', 'year')`;
const LIVE = `status in ('trialing', 'active', 'past_due', 'paused', 'canceled')`;
/** Counts and amounts stay inside what JSON can carry exactly: 2^53 - 1. */
const SAFE = '9007199254740991';

const CATALOG = [
  `create table products (
    id uuid primary key,
    key text not null ${KEY},
    name text not null,
    archived_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint products_key_unique unique (key)
  )`,
  `create table features (
    id uuid primary key,
    product_id uuid not null references products,
    key text not null ${KEY},
    name text not null,
    type text not null check (type in ('boolean', 'static', 'metered', 'credit')),
    unit text,
    archived_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint features_key_unique unique (product_id, key)
  )`,
  `create table plans (
    id uuid primary key,
    product_id uuid not null references products,
    key text not null ${KEY},
    status text not null check (status in ('draft', 'published', 'archived')),
    public boolean not null,
    current_version integer,
    revision integer not null check (revision > 0),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint plans_key_unique unique (product_id, key),
    constraint plans_published_has_version check (status <> 'published' or current_version is not null)
  )`,
  `create table plan_versions (
    plan_id uuid not null references plans,
    version integer not null check (version > 0),
    name text not null,
    description text not null,
    trial_days integer not null check (trial_days between 0 and 730),
    published_at timestamptz,
    created_at timestamptz not null,
    primary key (plan_id, version)
  )`,
  `create unique index plan_versions_one_draft on plan_versions (plan_id) where published_at is null`,
  `alter table plans add constraint plans_current_version_exists
    foreign key (id, current_version) references plan_versions (plan_id, version) deferrable initially deferred`,
  `create table plan_prices (
    plan_id uuid not null,
    version integer not null,
    position integer not null,
    interval text not null check (interval ${INTERVAL}),
    interval_count integer not null check (interval_count between 1 and 1000),
    amount bigint not null check (amount between 0 and ${SAFE}),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    region text check (region ~ '^[A-Z]{2}$'),
    device_type text,
    primary key (plan_id, version, position),
    foreign key (plan_id, version) references plan_versions (plan_id, version) on delete cascade,
    constraint plan_prices_unique unique nulls not distinct (plan_id, version, interval, interval_count, currency, region, device_type)
  )`,
  `create table plan_entitlements (
    plan_id uuid not null,
    version integer not null,
    feature_id uuid not null references features,
    position integer not null,
    terms jsonb not null,
    primary key (plan_id, version, feature_id),
    foreign key (plan_id, version) references plan_versions (plan_id, version) on delete cascade
  )`,
  `create table plan_assignments (
    product_id uuid not null references products,
    position integer not null,
    plan_id uuid not null references plans,
    region text,
    device_type text,
    primary key (product_id, position),
    constraint plan_assignments_unique unique nulls not distinct (product_id, region, device_type)
  )`,
  `create function refuse_published_change() returns trigger language plpgsql as $$
  begin
    if exists (select 1 from plan_versions v where v.plan_id = old.plan_id and v.version = old.version and v.published_at is not null)
    then raise exception 'a published plan version never changes' using errcode = 'restrict_violation';
    end if;
    return case tg_op when 'DELETE' then old else new end;
  end $$`,
  ...['plan_versions', 'plan_prices', 'plan_entitlements'].map(
    (table) =>
      `create trigger ${table}_immutable before update or delete on ${table} for each row execute function refuse_published_change()`,
  ),
];

const CUSTOMERS = [
  `create table customers (
    id uuid primary key,
    key text not null check (length(key) between 1 and 128),
    name text,
    email text,
    region text check (region ~ '^[A-Z]{2}$'),
    device_type text,
    timezone text not null,
    currency text check (currency ~ '^[A-Z]{3}$'),
    first_subscription_id uuid not null,
    deleted_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null
  )`,
  `create unique index customers_key_unique on customers (key) where deleted_at is null`,
  `create table subscriptions (
    customer_id uuid not null references customers,
    id uuid not null,
    product_id uuid not null references products,
    plan_id uuid not null,
    plan_version integer not null,
    plan_key text not null,
    plan_name text not null,
    price jsonb not null,
    quantity integer not null check (quantity between 1 and 1000000),
    status text not null check (status in ('trialing', 'active', 'past_due', 'paused', 'canceled', 'expired', 'inactive')),
    timezone text not null,
    anchor timestamptz not null,
    started_at timestamptz not null,
    current_period_start timestamptz not null,
    current_period_end timestamptz not null,
    usage_period_start timestamptz not null,
    trial_end timestamptz,
    auto_renew boolean not null,
    cancel_at_period_end boolean not null,
    canceled_at timestamptz,
    ended_at timestamptz,
    paused_at timestamptz,
    scheduled_change jsonb,
    version integer not null check (version > 0),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (customer_id, id),
    foreign key (plan_id, plan_version) references plan_versions (plan_id, version),
    constraint subscriptions_period_forward check (current_period_start < current_period_end and usage_period_start <= current_period_start),
    constraint subscriptions_ended_when_over check ((ended_at is not null) = (status in ('expired', 'inactive')))
  )`,
  `create index subscriptions_by_id on subscriptions (id)`,
  `create unique index subscriptions_one_live on subscriptions (customer_id, product_id) where ${LIVE}`,
  `create index subscriptions_latest on subscriptions (customer_id, product_id, id desc)`,
  `create index subscriptions_due on subscriptions (current_period_end) where ${LIVE}`,
  `alter table customers add constraint customers_have_a_subscription
    foreign key (id, first_subscription_id) references subscriptions (customer_id, id) deferrable initially deferred`,
];

const PEOPLE = [
  `create table users (
    id uuid primary key,
    customer_id uuid not null unique references customers,
    email text not null,
    canonical_email text not null,
    name text,
    password_hash text not null,
    role text not null check (role in ('user', 'admin')),
    active boolean not null,
    webhook_url text,
    mail_enabled boolean not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint users_email_unique unique (canonical_email)
  )`,
  `create table sessions (
    id uuid primary key,
    user_id uuid not null references users,
    revoked_at timestamptz,
    revoked_reason text,
    expires_at timestamptz not null,
    created_at timestamptz not null
  )`,
  `create index sessions_by_user on sessions (user_id) where revoked_at is null`,
  `create table refresh_tokens (
    hash bytea primary key check (octet_length(hash) = 32),
    session_id uuid not null references sessions on delete cascade,
    rotated_at timestamptz,
    expires_at timestamptz not null,
    created_at timestamptz not null
  )`,
  `create index refresh_tokens_by_session on refresh_tokens (session_id)`,
  `create table signing_keys (
    kid text primary key,
    public_key jsonb not null,
    sealed_private_key bytea not null,
    created_at timestamptz not null
  )`,
  `create table api_keys (
    id uuid primary key,
    public_id text not null unique,
    secret_hash bytea not null check (octet_length(secret_hash) = 32),
    last_four text not null,
    name text not null,
    scopes text[] not null,
    product_id uuid references products,
    owner_user_id uuid not null references users,
    customer_id uuid references customers,
    expires_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz not null
  )`,
  `create index api_keys_by_owner on api_keys (owner_user_id, id desc)`,
];

const USAGE = [
  `create table usage_counters (
    customer_id uuid not null references customers,
    feature_id uuid not null references features,
    window_start timestamptz not null,
    used bigint not null check (used between 0 and ${SAFE}),
    reserved bigint not null check (reserved between 0 and ${SAFE}),
    hard_limit bigint,
    updated_at timestamptz not null,
    primary key (customer_id, feature_id, window_start),
    constraint usage_counters_within_hard_limit check (hard_limit is null or used + reserved <= hard_limit)
  )`,
  `create table usage_ledger (
    customer_id uuid not null references customers,
    id uuid not null,
    feature_id uuid not null references features,
    window_start timestamptz not null,
    quantity bigint not null check (quantity <> 0 and quantity between -${SAFE} and ${SAFE}),
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    actor jsonb not null,
    properties jsonb,
    primary key (customer_id, id)
  )`,
  `create index usage_ledger_by_time on usage_ledger (customer_id, feature_id, occurred_at)`,
];

const RECORDS = [
  `create table events (
    id uuid primary key,
    type text not null,
    subject_type text not null,
    subject_id uuid not null,
    customer_id uuid,
    actor jsonb not null,
    reason text,
    before jsonb,
    after jsonb,
    at timestamptz not null
  )`,
  `create index events_by_subject on events (subject_id, id)`,
  `create function refuse_change() returns trigger language plpgsql as $$
  begin raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation'; end $$`,
  ...['events', 'usage_ledger'].map(
    (table) =>
      `create trigger ${table}_append_only before update or delete on ${table} for each row execute function refuse_change()`,
  ),
  `create table idempotency_keys (
    caller text not null,
    key text not null,
    fingerprint bytea not null check (octet_length(fingerprint) = 32),
    status smallint,
    answer text,
    created_at timestamptz not null,
    primary key (caller, key)
  )`,
  `create index idempotency_keys_by_age on idempotency_keys (created_at)`,
];

export class FirstSchema1700000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...CATALOG, ...CUSTOMERS, ...PEOPLE, ...USAGE, ...RECORDS]) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('The first schema has no way back: restore a backup instead.');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Outgoing deliveries, until they are delivered or given up. Column `lane` is the destination: a webhook endpoint, or
 * the mail server.
 */
const DELIVERIES = [
  `create table deliveries (
    id uuid primary key,
    channel text not null check (channel in ('webhook', 'mail', 'account_mail')),
    lane uuid not null,
    message_id uuid not null,
    type text not null,
    status text not null check (status in ('pending', 'delivered', 'failed')),
    outcome text,
    attempts integer not null default 0 check (attempts >= 0),
    due_at timestamptz,
    log jsonb not null default '[]',
    created_at timestamptz not null,
    settled_at timestamptz,
    constraint deliveries_due_while_pending check ((status = 'pending') = (due_at is not null) and (status = 'pending') = (settled_at is null))
  ) with (fillfactor = 70)`,
  `create unique index deliveries_once on deliveries (message_id, lane)`,
  `create index deliveries_due on deliveries (lane, due_at) where due_at is not null`,
  `create index deliveries_by_lane on deliveries (lane, id)`,
  `create index deliveries_by_end on deliveries (settled_at) where settled_at is not null`,
  // One row per destination with failures.
  `create table delivery_lanes (
    lane uuid primary key,
    failures integer not null check (failures >= 0),
    failing_since timestamptz,
    paused_until timestamptz
  )`,
];

const ENDPOINTS = [
  `create table webhook_endpoints (
    id uuid primary key,
    product_id uuid references products,
    customer_id uuid references customers,
    owner_user_id uuid references users,
    of_profile boolean not null default false,
    url text not null,
    description text,
    types text[] not null,
    secret bytea not null,
    previous_secret bytea,
    previous_secret_until timestamptz,
    enabled boolean not null,
    disabled_reason text check (disabled_reason in ('by_hand', 'gone', 'failing')),
    disabled_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint webhook_endpoints_disabled_for_a_reason check (enabled = (disabled_reason is null) and enabled = (disabled_at is null)),
    constraint webhook_endpoints_of_a_customer check (not of_profile or customer_id is not null)
  )`,
  `create unique index webhook_endpoints_one_of_profile on webhook_endpoints (customer_id) where of_profile`,
  `create index webhook_endpoints_by_customer on webhook_endpoints (customer_id) where customer_id is not null`,
];

const NOTIFICATIONS = [
  `create table notifications (
    user_id uuid not null references users,
    id uuid not null,
    event_id uuid not null,
    type text not null,
    facts jsonb not null,
    read_at timestamptz,
    created_at timestamptz not null,
    primary key (user_id, id)
  )`,
  `create unique index notifications_once on notifications (user_id, event_id)`,
  `create index notifications_unread on notifications (user_id, id) where read_at is null`,
  `create index notifications_by_age on notifications (created_at)`,
  `alter table users
    add column language text not null default 'en' check (language in ('en', 'de')),
    add column muted_mails text[] not null default '{}',
    drop column webhook_url,
    add constraint users_forgotten_when_deleted check (
      case when deleted_at is null then email is not null and canonical_email is not null and password_hash is not null
      else coalesce(email, canonical_email, password_hash, name) is null and not active end)`,
];

/** Account mails become deliveries; pending ones are moved. */
const ACCOUNT_MAILS = [
  `insert into deliveries (id, channel, lane, message_id, type, status, due_at, created_at)
    select gen_random_uuid(), 'account_mail', '00000000-0000-7000-8000-000000000001', id, kind, 'pending', due_at, created_at from account_mails where due_at is not null`,
  `alter table account_mails drop column attempts, drop column due_at`,
];

/** Webhooks, mail and notifications. */
export class Deliveries1700000000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...DELIVERIES, ...ENDPOINTS, ...NOTIFICATIONS, ...ACCOUNT_MAILS])
      await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

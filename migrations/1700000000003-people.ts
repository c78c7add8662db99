import type { MigrationInterface, QueryRunner } from 'typeorm';

const SECRET_HASH = 'bytea not null check (octet_length(hash) = 32)';

/** A deleted account keeps its id, because audit entries refer to it, and no personal data. */
const USERS = [
  `alter table users
    add column email_verified_at timestamptz,
    add column product_id uuid references products,
    add column deleted_at timestamptz,
    alter column email drop not null,
    alter column canonical_email drop not null,
    alter column password_hash drop not null,
    drop constraint users_role_check,
    add constraint users_role_known check (role in ('user', 'support', 'product_admin', 'admin')),
    add constraint users_rule_one_product check ((role = 'product_admin') = (product_id is not null)),
    add constraint users_forgotten_when_deleted check (
      case when deleted_at is null then email is not null and canonical_email is not null and password_hash is not null
      else coalesce(email, canonical_email, password_hash, name, webhook_url) is null and not active end)`,
  `create index customers_by_email on customers (lower(email)) where email is not null and deleted_at is null`,
];

/** Outgoing mail about accounts. Holds no secret: the token is created when the mail is sent. */
const MAIL = [
  `create table account_mails (
    id uuid primary key,
    kind text not null check (kind in ('verify_email', 'reset_password', 'change_email', 'password_changed', 'email_changed')),
    email text not null,
    canonical_email text not null,
    user_id uuid references users,
    attempts integer not null default 0,
    due_at timestamptz,
    created_at timestamptz not null
  )`,
  `create index account_mails_due on account_mails (due_at) where due_at is not null`,
  `create index account_mails_by_address on account_mails (canonical_email, created_at)`,
  `create index account_mails_by_age on account_mails (created_at)`,
  `create table action_tokens (
    hash ${SECRET_HASH} primary key,
    user_id uuid not null references users,
    purpose text not null check (purpose in ('verify_email', 'reset_password')),
    email text not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    created_at timestamptz not null
  )`,
  `create index action_tokens_by_user on action_tokens (user_id)`,
  `create index action_tokens_by_end on action_tokens (expires_at)`,
];

/** Failed logins by account and source, stored as keyed hashes. An empty source means all sources. */
const ATTEMPTS = [
  `create table login_attempts (
    account bytea not null check (octet_length(account) = 32),
    source bytea not null check (octet_length(source) in (0, 32)),
    failures integer not null check (failures >= 0),
    blocked_until timestamptz,
    familiar_until timestamptz,
    updated_at timestamptz not null,
    primary key (account, source)
  )`,
  `create index login_attempts_by_age on login_attempts (updated_at)`,
];

const KEYS = [
  `alter table signing_keys add column signs_from timestamptz`,
  `update signing_keys set signs_from = created_at`,
  `alter table signing_keys alter column signs_from set not null`,
  `alter table api_keys
    add column rate_limit_per_minute integer check (rate_limit_per_minute > 0),
    add column last_used_at timestamptz,
    add column replaced_by uuid references api_keys`,
  `create index api_keys_by_product on api_keys (product_id, id desc) where customer_id is null`,
  `create index sessions_by_end on sessions (expires_at)`,
  `create index refresh_tokens_by_end on refresh_tokens (expires_at)`,
];

/** Verification, password reset and erasure of accounts; roles; key rotation; login backoff. */
export class People1700000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...USERS, ...MAIL, ...ATTEMPTS, ...KEYS]) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

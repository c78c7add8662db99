import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATEMENTS = [
  `create table if not exists oidc_identities (
    issuer text not null check (length(issuer) <= 2000),
    subject text not null check (length(subject) between 1 and 255),
    user_id uuid not null references users,
    created_at timestamptz not null,
    last_login_at timestamptz not null,
    primary key (issuer, subject),
    constraint oidc_identities_one_per_issuer unique (user_id, issuer)
  )`,
  // Each login at the provider returns once: its state is stored when it does.
  `create table if not exists oidc_used_states (
    hash bytea primary key check (octet_length(hash) = 32),
    expires_at timestamptz not null
  )`,
  `create index if not exists oidc_used_states_by_end on oidc_used_states (expires_at)`,
  `alter table sessions add column if not exists single_sign_on boolean not null default false`,
  // Expand: accounts of single sign-on have no password.
  `alter table users
    drop constraint users_forgotten_when_deleted,
    add constraint users_forgotten_when_deleted check (
      case when deleted_at is null then email is not null and canonical_email is not null
      else coalesce(email, canonical_email, password_hash, name) is null and not active end) not valid`,
];

/** Accounts of an OpenID Connect provider. */
export class Oidc1700000000061 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

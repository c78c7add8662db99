import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATEMENTS = [
  `create table if not exists second_factors (
    user_id uuid primary key references users,
    sealed_secret bytea not null,
    confirmed_at timestamptz,
    last_step bigint not null default 0 check (last_step >= 0),
    failures integer not null default 0 check (failures >= 0),
    blocked_until timestamptz
  )`,
  `create table if not exists recovery_codes (
    hash bytea primary key,
    user_id uuid not null references second_factors on delete cascade
  )`,
  `create index if not exists recovery_codes_by_user on recovery_codes (user_id)`,
  // Expand: the mails about second factors.
  `alter table account_mails
    drop constraint account_mails_kind_check,
    add constraint account_mails_kind_check check (kind in ('verify_email', 'reset_password', 'change_email', 'password_changed',
      'email_changed', 'second_factor_enabled', 'second_factor_disabled', 'recovery_code_used')) not valid`,
];

/** Second factors (TOTP) of users. A recovery code is deleted when it is used. */
export class SecondFactors1700000000059 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

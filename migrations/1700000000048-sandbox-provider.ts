import type { MigrationInterface, QueryRunner } from 'typeorm';

const AMOUNT = 'bigint not null check (amount between 1 and 9007199254740991)';

const STATEMENTS = [
  `create table if not exists sandbox_methods (
    id text primary key,
    account text not null,
    return_url text not null,
    behavior text,
    created_at timestamptz not null default now(),
    completed_at timestamptz,
    detached_at timestamptz,
    constraint sandbox_methods_completed check ((behavior is null) = (completed_at is null))
  )`,
  `create table if not exists sandbox_charges (
    id text primary key,
    idempotency_key text not null,
    method text not null references sandbox_methods,
    amount ${AMOUNT},
    currency text not null,
    metadata jsonb not null,
    status text not null check (status in ('pending', 'requires_action', 'succeeded', 'failed')),
    code text,
    hard boolean not null default false,
    disputed boolean not null default false,
    created_at timestamptz not null default now(),
    constraint sandbox_charges_idempotency_key_unique unique (idempotency_key)
  )`,
  `create table if not exists sandbox_refunds (
    id text primary key,
    idempotency_key text not null,
    charge text not null references sandbox_charges,
    amount ${AMOUNT},
    created_at timestamptz not null default now(),
    constraint sandbox_refunds_idempotency_key_unique unique (idempotency_key)
  )`,
  `create index if not exists sandbox_refunds_by_charge on sandbox_refunds (charge)`,
];

/** The state of the sandbox provider: what a real provider keeps on its side. */
export class SandboxProvider1700000000048 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

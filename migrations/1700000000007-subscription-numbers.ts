import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATEMENTS = [
  // How many contracts there are and what they are worth, as counted last; all of it is replaced at once.
  `create table if not exists subscription_numbers (
    product_id uuid not null references products,
    plan_id uuid not null references plans,
    status text not null,
    currency text not null,
    subscriptions bigint not null,
    ending bigint not null,
    started bigint not null,
    canceled bigint not null,
    ended bigint not null,
    paying bigint not null,
    yearly numeric not null,
    primary key (product_id, plan_id, status, currency)
  )`,
  // When that was, and from when on it is done again. One row: who counts holds it.
  `create table if not exists subscription_counts (
    id boolean primary key default true check (id),
    as_of timestamptz,
    next_at timestamptz not null
  )`,
  `insert into subscription_counts (next_at) values ('-infinity') on conflict do nothing`,
];

/** Numbers over all contracts are counted by a job and kept: nobody who asks for them reads a million rows. */
export class SubscriptionNumbers1700000000007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table if exists subscription_counts, subscription_numbers');
  }
}

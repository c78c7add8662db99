import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATEMENTS = [
  // Counts and revenue of subscriptions, as counted last. Each count replaces all rows in one transaction.
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
  // Time of the last and of the next count. One row, locked by the process that counts.
  `create table if not exists subscription_counts (
    id boolean primary key default true check (id),
    as_of timestamptz,
    next_at timestamptz not null
  )`,
  `insert into subscription_counts (next_at) values ('-infinity') on conflict do nothing`,
];

/** Statistics of all subscriptions, counted by a job: a request does not read a million rows. */
export class SubscriptionNumbers1700000000007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table if exists subscription_counts, subscription_numbers');
  }
}

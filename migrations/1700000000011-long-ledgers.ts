import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATEMENTS = [
  // Customers with a ledger too long to be read entry by entry, and the id of the last entry in the rollup.
  `create table if not exists long_ledgers (
    customer_id uuid primary key references customers,
    summed_until uuid not null default '00000000-0000-0000-0000-000000000000',
    caught_up boolean not null default false
  )`,
  // The next customer to roll up.
  `create index if not exists long_ledgers_in_turn on long_ledgers (summed_until)`,
  // Rollup: usage of a feature per 15 min, the smallest difference between time zones.
  `create table if not exists long_ledger_sums (
    customer_id uuid not null references long_ledgers,
    feature_id uuid not null references features,
    began timestamptz not null,
    quantity numeric not null,
    primary key (customer_id, feature_id, began)
  )`,
];

/** Usage rollups of customers with millions of ledger entries, written by a job after the first request for them. */
export class LongLedgers1700000000011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table if exists long_ledger_sums, long_ledgers');
  }
}

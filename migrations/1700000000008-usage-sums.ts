import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATEMENTS = [
  // Rollup: usage of a feature by all customers per UTC hour.
  `create table if not exists usage_by_hour (
    feature_id uuid not null references features,
    hour timestamptz not null,
    quantity numeric not null,
    records bigint not null,
    primary key (feature_id, hour)
  )`,
  // Progress of the rollup, and when the database last responded. One row, locked by the process that rolls up.
  `create table if not exists usage_sums (
    id boolean primary key default true check (id),
    until timestamptz,
    looked_at timestamptz
  )`,
  `insert into usage_sums default values on conflict do nothing`,
];

/** Usage rollups of all customers, written by a job: a request does not read the ledger. */
export class UsageSums1700000000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table if exists usage_sums, usage_by_hour');
  }
}

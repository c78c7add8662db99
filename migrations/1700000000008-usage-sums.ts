import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATEMENTS = [
  // What all customers together used of a feature in an hour of UTC, as far as the ledger is summed up.
  `create table if not exists usage_by_hour (
    feature_id uuid not null references features,
    hour timestamptz not null,
    quantity numeric not null,
    records bigint not null,
    primary key (feature_id, hour)
  )`,
  // How far that is, and when the database was last seen at work. One row: who sums up holds it.
  `create table if not exists usage_sums (
    id boolean primary key default true check (id),
    until timestamptz,
    looked_at timestamptz
  )`,
  `insert into usage_sums default values on conflict do nothing`,
];

/** Usage of all customers is summed up by a job and kept: nobody who asks for it reads the ledger. */
export class UsageSums1700000000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table if exists usage_sums, usage_by_hour');
  }
}

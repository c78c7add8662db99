import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATEMENTS = [
  // Customers whose ledger was found too long to be read line by line, and the id of the last line that is summed up.
  `create table if not exists long_ledgers (
    customer_id uuid primary key references customers,
    summed_until uuid not null default '00000000-0000-0000-0000-000000000000',
    caught_up boolean not null default false
  )`,
  // Whose turn it is.
  `create index if not exists long_ledgers_in_turn on long_ledgers (summed_until)`,
  // What they used of a feature in a quarter of an hour: no zone is apart from another one by less.
  `create table if not exists long_ledger_sums (
    customer_id uuid not null references long_ledgers,
    feature_id uuid not null references features,
    began timestamptz not null,
    quantity numeric not null,
    primary key (customer_id, feature_id, began)
  )`,
];

/** Usage over time of a customer with millions of lines is summed up by a job and kept, once somebody has asked for it. */
export class LongLedgers1700000000011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table if exists long_ledger_sums, long_ledgers');
  }
}

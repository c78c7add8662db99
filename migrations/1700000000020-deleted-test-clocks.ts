import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Test clocks can be deleted. The row stays: the erased customers, whose ledger is append-only, refer to it, and their
 * history is read at its time. The column is nullable: old processes do not know it and show such a clock. The index
 * finds the customers of a clock that are not deleted yet, for its deletion in batches.
 */
export class DeletedTestClocks1700000000020 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set lock_timeout = '200ms'`);
    await runner.query('alter table test_clocks add column if not exists deleted_at timestamptz');
    await runner.query('set lock_timeout = 0');
    await runner.query(
      'create index concurrently if not exists customers_by_test_clock on customers (test_clock_id, id) where test_clock_id is not null and deleted_at is null',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('set lock_timeout = 0');
    await runner.query('drop index concurrently if exists customers_by_test_clock');
    await runner.query('alter table test_clocks drop column if exists deleted_at');
  }
}

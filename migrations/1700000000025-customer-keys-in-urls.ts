import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Refuses the customer keys `.` and `..`, which clients remove from a URL. Not valid: rows from before may have them,
 * and can still be deleted. docs/upgrade.md has the contract step.
 */
export class CustomerKeysInUrls1700000000025 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    await runner.query(
      `alter table customers add constraint customers_key_in_urls check (key not in ('.', '..') or deleted_at is not null) not valid`,
    );
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

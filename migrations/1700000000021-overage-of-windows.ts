import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Counters keep the end of their window, and the included units when usage was last counted before it: the overage of
 * a closed window can be read exactly, also after a change of terms. Null in rows of old processes: not known.
 */
export class OverageOfWindows1700000000021 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    await runner.query(
      'alter table usage_counters add column if not exists included bigint, add column if not exists window_end timestamptz',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table usage_counters drop column if exists included, drop column if exists window_end');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** True: tiers decide about a proration line, and its `unit_amount` says nothing. */
export class TieredPrices1700000000049 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    await runner.query(
      'alter table subscription_lines add column if not exists is_tiered boolean not null default false',
    );
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

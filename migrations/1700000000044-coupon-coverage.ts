import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The start of the last period that a coupon has lowered: changes within that period have its percentage too. */
export class CouponCoverage1700000000044 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    await runner.query('alter table coupon_redemptions add column if not exists covered_period timestamptz');
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

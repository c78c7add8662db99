import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The anchor of usage windows that are counted from the subscription. Null: the anchor of its periods. Old processes
 * leave it out of their writes, and no plan has such windows before this version.
 */
export class UsageAnchors1700000000015 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    await runner.query('alter table subscriptions add column if not exists usage_anchor timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table subscriptions drop column if exists usage_anchor');
  }
}

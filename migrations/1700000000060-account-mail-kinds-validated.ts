import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Validates the wider check of account mails, beside readers and writers. */
export class AccountMailKindsValidated1700000000060 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    await runner.query('alter table account_mails validate constraint account_mails_kind_check');
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

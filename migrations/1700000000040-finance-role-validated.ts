import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Validates the wider check of roles that 1700000000039 has added. The scan runs beside readers and writers. */
export class FinanceRoleValidated1700000000040 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    await runner.query('alter table users validate constraint users_role_known');
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

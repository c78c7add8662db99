import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Validates the wider check of accounts, beside readers and writers. */
export class OidcValidated1700000000062 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    await runner.query('alter table users validate constraint users_forgotten_when_deleted');
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

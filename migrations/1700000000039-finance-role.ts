import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Expand: accounts may have the role `finance`, which reads the money of every customer, refunds and marks paid. */
export class FinanceRole1700000000039 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    await runner.query(
      `alter table users
        drop constraint users_role_known,
        add constraint users_role_known check (role in ('user', 'support', 'finance', 'product_admin', 'admin')) not valid`,
    );
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Portal sessions of one customer, newest first. */
export class PortalSessionsByCustomer1700000000066 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('set lock_timeout = 0');
    await runner.query(
      'create index concurrently if not exists portal_sessions_by_customer on portal_sessions (customer_id, id)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('set lock_timeout = 0');
    await runner.query('drop index concurrently if exists portal_sessions_by_customer');
  }
}

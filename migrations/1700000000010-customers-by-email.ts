import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Customers by e-mail, page by page. With the id in the index the planner does not scan all for the newest. */
export class CustomersByEmail1700000000010 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('set lock_timeout = 0');
    await runner.query(
      'create index concurrently if not exists customers_by_email_in_order on customers (lower(email), id) where email is not null and deleted_at is null',
    );
    await runner.query('drop index concurrently if exists customers_by_email');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('set lock_timeout = 0');
    await runner.query(
      'create index concurrently if not exists customers_by_email on customers (lower(email)) where email is not null and deleted_at is null',
    );
    await runner.query('drop index concurrently if exists customers_by_email_in_order');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Endpoints without owner are read for every batch of events; this index leaves out the endpoints of users. */
export class EndpointsOfProducts1700000000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    await runner.query(
      `-- As many rows as there are endpoints: the index is made in a moment, within the lock_timeout of migrations.
       -- squawk-ignore require-concurrent-index-creation
       create index if not exists webhook_endpoints_of_products on webhook_endpoints (product_id) where customer_id is null`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index if exists webhook_endpoints_of_products');
  }
}

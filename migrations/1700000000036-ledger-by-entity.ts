import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Entries of entities and of reported values: for a series of one entity, and for the check. No other entry pays. */
export class LedgerByEntity1700000000036 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('set lock_timeout = 0');
    await runner.query(
      'create index concurrently if not exists usage_ledger_by_entity on usage_ledger (customer_id, feature_id, entity_id, occurred_at) where entity_id is not null or value is not null',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('set lock_timeout = 0');
    await runner.query('drop index concurrently if exists usage_ledger_by_entity');
  }
}

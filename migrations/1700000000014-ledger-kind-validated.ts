import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Validates the two wider checks of the ledger. Separate from their creation: the scan of the whole ledger runs beside
 * readers and writers, while creation needs an exclusive lock for a moment.
 */
export class LedgerKindValidated1700000000014 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    await runner.query('alter table usage_ledger validate constraint usage_ledger_kind_check');
    await runner.query('alter table usage_ledger validate constraint usage_ledger_quantity_check');
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

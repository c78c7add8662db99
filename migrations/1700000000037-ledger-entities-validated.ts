import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Validates the checks of the ledger that 1700000000018 has added. The scan runs beside readers and writers. */
export class LedgerEntitiesValidated1700000000037 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    await runner.query('alter table usage_ledger validate constraint usage_ledger_quantity_check');
    await runner.query('alter table usage_ledger validate constraint usage_ledger_value_check');
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Counts stay inside what JSON can carry exactly: 2^53 - 1. */
const SAFE = '9007199254740991';

/**
 * Expand: an entry of the ledger may name an entity and keep the reported value. The value of a feature that is not
 * counted by the sum may leave the count as it is, so the quantity of such an entry may be 0.
 */
export class LedgerEntities1700000000018 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    await runner.query(
      `alter table usage_ledger
        add column if not exists entity_id uuid,
        add column if not exists value bigint,
        drop constraint usage_ledger_quantity_check,
        add constraint usage_ledger_quantity_check check ((quantity <> 0 or value is not null or kind in ('payment', 'grant_coverage')) and quantity between -${SAFE} and ${SAFE}) not valid,
        add constraint usage_ledger_value_check check (value between 0 and ${SAFE}) not valid`,
    );
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

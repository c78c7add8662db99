import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Counts stay inside what JSON can carry exactly: 2^53 - 1. */
const SAFE = '9007199254740991';

/**
 * Expand: the ledger accepts the kind `grant_coverage`, which replaces `payment`: units from a grant that cover earlier
 * overage. Both kinds stay valid, because instances of the version before still write `payment`, and because the ledger
 * is append-only: old entries are never rewritten. docs/upgrade.md has the contract step.
 */
export class LedgerKindGrantCoverage1700000000013 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    await runner.query(
      `alter table usage_ledger
        drop constraint usage_ledger_kind_check,
        add constraint usage_ledger_kind_check check (kind in ('consume', 'event', 'commit', 'correction', 'opening', 'payment', 'grant_coverage')) not valid,
        drop constraint usage_ledger_quantity_check,
        add constraint usage_ledger_quantity_check check ((quantity <> 0 or kind in ('payment', 'grant_coverage')) and quantity between -${SAFE} and ${SAFE}) not valid`,
    );
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was recorded lately stands together at the end of the ledger: so little of an index finds it, and a line costs next to nothing more. */
export class LedgerByRecording1700000000009 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('set lock_timeout = 0');
    await runner.query(
      'create index concurrently if not exists usage_ledger_by_recording on usage_ledger using brin (recorded_at) with (autosummarize = on)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('set lock_timeout = 0');
    await runner.query('drop index concurrently if exists usage_ledger_by_recording');
  }
}

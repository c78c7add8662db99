import type { MigrationInterface, QueryRunner } from 'typeorm';

/** BRIN index: recent ledger entries are adjacent on disk, so a small index finds them at little cost per insert. */
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

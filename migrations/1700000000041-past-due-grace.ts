import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Grace after a failed payment. `past_due_since`: when the subscription became past due. `grace_ends_at`: entitlements
 * stay until then. Null, as old processes leave them: no grace, everything is denied immediately. Both have a meaning
 * in the status `past_due` only.
 */
export class PastDueGrace1700000000041 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    await runner.query(
      `alter table subscriptions
         add column if not exists past_due_since timestamptz,
         add column if not exists grace_ends_at timestamptz`,
    );
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Instants and add-ons of subscriptions. `denied_until`: end of the last span in which nothing was allowed.
 * `next_anchor`: anchor from the next period on. `ends_at`: agreed end. Null, as old processes leave them: none.
 * `add_ons`: add-ons by key, with their content as sold.
 */
export class SubscriptionSpans1700000000022 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    await runner.query(
      `alter table subscriptions
         add column if not exists denied_until timestamptz,
         add column if not exists next_anchor timestamptz,
         add column if not exists ends_at timestamptz,
         add column if not exists add_ons jsonb not null default '{}'`,
    );
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Subscriptions that end without renewal, with those that end as agreed. Processes of before use the older index. */
export class SubscriptionsEnding1700000000023 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('set lock_timeout = 0');
    await runner.query(
      `create index concurrently if not exists subscriptions_ending_in_order on subscriptions (product_id, current_period_end, id)
         where status in ('trialing', 'active', 'past_due', 'paused', 'canceled') and test_clock_id is null
           and (cancel_at_period_end or ends_at <= current_period_end or (not auto_renew and prepaid_periods = 0))`,
    );
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

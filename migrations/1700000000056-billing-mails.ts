import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Mails of billing are deliveries. */
export class BillingMails1700000000056 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    await runner.query('alter table deliveries drop constraint deliveries_channel_check');
    await runner.query(
      `alter table deliveries add constraint deliveries_channel_check check (channel in ('webhook', 'mail', 'account_mail', 'billing_mail')) not valid`,
    );
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

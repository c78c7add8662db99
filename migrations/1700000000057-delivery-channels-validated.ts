import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Validates the wider check of deliveries, beside readers and writers. */
export class DeliveryChannelsValidated1700000000057 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    await runner.query('alter table deliveries validate constraint deliveries_channel_check');
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The entity for which units are reserved. Null: for none. */
export class ReservationEntities1700000000019 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    await runner.query('alter table usage_reservations add column if not exists entity_id uuid');
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Add-ons of products. A subscription stores a copy of their content, so they have no versions. */
export class AddOns1700000000024 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    await runner.query(
      `create table if not exists add_ons (
        id uuid primary key,
        product_id uuid not null references products,
        key text not null,
        name text not null,
        description text not null,
        prices jsonb not null check (jsonb_typeof(prices) = 'array'),
        entitlements jsonb not null check (jsonb_typeof(entitlements) = 'array'),
        archived_at timestamptz,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        constraint add_ons_key_unique unique (product_id, key)
      )`,
    );
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

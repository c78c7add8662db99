import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Counts stay inside what JSON can carry exactly: 2^53 - 1. */
const SAFE = '9007199254740991';

const STATEMENTS = [
  // How usage becomes a count. The default is what processes of the version before do.
  `alter table features add column if not exists aggregation text not null default 'sum'`,
  // Names of entities and unique values. Erasure replaces the name by the id; ledger and counters have the id only.
  `create table if not exists usage_names (
    customer_id uuid not null,
    id uuid not null,
    name text not null check (length(name) between 1 and 128),
    primary key (customer_id, id)
  )`,
  `create unique index if not exists usage_names_unique on usage_names (customer_id, name)`,
  // The part of a counter that belongs to one entity. No foreign keys: each row is written with its counter, whose
  // foreign keys cover customer and feature.
  `create table if not exists usage_entity_counters (
    customer_id uuid not null,
    feature_id uuid not null,
    window_start timestamptz not null,
    entity_id uuid not null,
    used bigint not null check (used between 0 and ${SAFE}),
    reserved bigint not null check (reserved between 0 and ${SAFE}),
    latest_at timestamptz,
    hard_limit bigint,
    updated_at timestamptz not null,
    primary key (customer_id, feature_id, window_start, entity_id),
    constraint usage_entity_counters_within_hard_limit check (hard_limit is null or used + reserved <= hard_limit)
  )`,
];

/** A count per entity of a customer, and the aggregation of features. */
export class EntityCounters1700000000017 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

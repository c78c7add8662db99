import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATEMENTS = [
  // One row per hour, feature and reason in which a decision was denied.
  `create table if not exists denial_counts (
    product_id uuid not null references products,
    hour timestamptz not null,
    feature text not null,
    reason text not null,
    count bigint not null check (count > 0),
    primary key (product_id, hour, feature, reason)
  )`,
  `create index if not exists denial_counts_by_hour on denial_counts (hour)`,
  // A row exists while a job fails, or while its last check found differences.
  `create table if not exists job_problems (
    job text not null,
    kind text not null check (kind in ('failing', 'differences')),
    count integer not null check (count > 0),
    since timestamptz not null,
    last_at timestamptz not null,
    detail text,
    primary key (job, kind)
  )`,
];

/** Counts of denied decisions, and problems of jobs that staff must see. */
export class DenialsAndJobs1700000000065 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table if exists denial_counts, job_problems');
  }
}

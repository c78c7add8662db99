import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATEMENTS = [
  `create table if not exists security_events (
    id uuid primary key,
    type text not null,
    subject_type text not null,
    subject_id uuid not null,
    customer_id uuid,
    product_id uuid,
    actor jsonb not null,
    origin jsonb,
    reason text,
    details jsonb not null,
    count bigint not null check (count > 0),
    at timestamptz not null,
    last_at timestamptz not null,
    bucket text not null unique
  )`,
  // One index per filter of the audit log, each in the order of the list.
  ...[
    ['type', 'type, id', ''],
    ['subject', 'subject_id, id', ''],
    ['actor', `(actor ->> 'id'), id`, `where (actor ->> 'id') is not null`],
    ['address', `(origin ->> 'address'), id`, `where (origin ->> 'address') is not null`],
    ['customer', 'customer_id, id', 'where customer_id is not null'],
    ['product', 'product_id, id', 'where product_id is not null'],
  ].map(
    ([name, columns, condition]) =>
      `create index if not exists security_events_by_${name} on security_events (${columns}) ${condition}`,
  ),
];

/**
 * Security events: logins, refusals and blocked addresses, counted per minute. Apart from `events`, because these rows
 * are counted up, deleted after their retention, and changed when personal data is erased; `events` is append-only.
 */
export class SecurityEvents1700000000026 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table if exists security_events');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATEMENTS = [
  // Null: the product has the defaults, and no return URL is allowed.
  `alter table products add column if not exists portal jsonb`,
  // Accesses of one customer to its own pages. One of two creators: while it may create sessions, they are in force.
  `create table if not exists portal_sessions (
    id uuid primary key,
    customer_id uuid not null references customers,
    product_id uuid not null references products,
    created_by_user_id uuid references users,
    created_by_key_id uuid references api_keys,
    return_url text check (length(return_url) <= 2000),
    link_hash bytea not null check (octet_length(link_hash) = 32),
    token_hash bytea check (octet_length(token_hash) = 32),
    opened_at timestamptz,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    created_at timestamptz not null,
    constraint portal_sessions_link_unique unique (link_hash),
    constraint portal_sessions_token_unique unique (token_hash),
    constraint portal_sessions_one_creator check (num_nonnulls(created_by_user_id, created_by_key_id) = 1),
    constraint portal_sessions_token_when_opened check ((token_hash is null) = (opened_at is null)),
    constraint portal_sessions_hour_at_most check (expires_at <= coalesce(opened_at, created_at) + interval '1 hour')
  )`,
  `create index if not exists portal_sessions_by_end on portal_sessions (expires_at)`,
];

/** Portal sessions, and the settings of the portal of a product. */
export class PortalSessions1700000000058 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

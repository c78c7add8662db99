import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATEMENTS = [
  // Subscriptions and changes that wait for the payment of their first invoice.
  `create table if not exists checkouts (
    customer_id uuid not null references customers,
    id uuid not null,
    product_id uuid not null references products,
    test_clock_id uuid references test_clocks,
    subscription_id uuid not null,
    invoice_id uuid not null,
    kind text not null check (kind in ('start', 'change')),
    request jsonb not null,
    status text not null check (status in ('open', 'completed', 'expired', 'failed')),
    billed_sequence bigint check (billed_sequence > 0),
    expires_at timestamptz not null,
    version integer not null check (version > 0),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (customer_id, id),
    foreign key (customer_id, invoice_id) references invoices (customer_id, id),
    constraint checkouts_invoice_unique unique (customer_id, invoice_id),
    constraint checkouts_billed_when_completed check ((status = 'completed') = (billed_sequence is not null))
  )`,
  // Two concurrent ones would both be paid for.
  `create unique index if not exists checkouts_one_open on checkouts (customer_id, product_id) where status = 'open'`,
  `create index if not exists checkouts_by_id on checkouts (id)`,
  `create index if not exists checkouts_billed on checkouts (subscription_id) where billed_sequence is not null`,
  `create index if not exists checkouts_due on checkouts (expires_at) where status = 'open' and test_clock_id is null`,
  `create index if not exists checkouts_on_clocks on checkouts (test_clock_id, expires_at) where status = 'open' and test_clock_id is not null`,
];

/** Checkouts: what starts or changes when its first invoice is paid. */
export class Checkouts1700000000043 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

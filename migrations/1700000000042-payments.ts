import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Amounts are minor units that JSON carries exactly: up to 2^53 - 1. */
const SAFE = '9007199254740991';
const MONEY = `between -${SAFE} and ${SAFE}`;

/**
 * Units beyond the limit that are on an invoice: each unit at most once. No foreign keys and one index: an invoice has
 * many of these rows, and each is written with the row of its span in `usage_periods`, or after it.
 */
const USAGE = [
  `create table if not exists usage_charges (
    customer_id uuid not null,
    subscription_id uuid not null,
    feature_id uuid not null,
    window_start timestamptz not null,
    span_start timestamptz not null,
    revision integer not null check (revision > 0),
    span_end timestamptz not null,
    window_end timestamptz,
    period_end timestamptz not null,
    invoice_id uuid not null,
    units bigint not null check (units ${MONEY}),
    amount bigint not null check (amount ${MONEY}),
    exact numeric,
    plan jsonb not null,
    price jsonb not null,
    primary key (customer_id, subscription_id, feature_id, window_start, span_start, revision),
    constraint usage_charges_span check (span_start < span_end)
  )`,
  // The spans of each subscription whose usage has been judged, one after the other: each span once. `seen` is the
  // position in the transactions of the database up to which usage was visible then.
  `create table if not exists usage_periods (
    customer_id uuid not null references customers,
    subscription_id uuid not null,
    period_start timestamptz not null,
    period_end timestamptz not null,
    invoice_id uuid not null,
    seen text not null,
    created_at timestamptz not null,
    primary key (customer_id, subscription_id, period_end),
    constraint usage_periods_once unique (customer_id, subscription_id, period_start),
    constraint usage_periods_forward check (period_start < period_end)
  )`,
];

const PAYMENTS = [
  `create table if not exists payments (
    customer_id uuid not null references customers,
    id uuid not null,
    product_id uuid not null references products,
    invoice_id uuid not null,
    provider text not null,
    provider_id text,
    payment_method_id uuid,
    attempt integer not null check (attempt > 0),
    amount bigint not null check (amount between 1 and ${SAFE}),
    refunded bigint not null default 0 check (refunded >= 0),
    excess bigint not null default 0 check (excess >= 0),
    currency text not null,
    status text not null check (status in ('pending', 'requires_action', 'succeeded', 'failed', 'refunded', 'partially_refunded')),
    failure_code text,
    hard boolean not null default false,
    action_url text,
    reference text,
    disputed_at timestamptz,
    check_at timestamptz,
    settled_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (customer_id, id),
    foreign key (customer_id, invoice_id) references invoices (customer_id, id),
    constraint payments_attempt_once unique (customer_id, invoice_id, attempt),
    constraint payments_provider_id_unique unique (provider, provider_id),
    constraint payments_never_refund_more check (refunded + excess <= amount)
  )`,
  // One payment of an invoice at a time is under way.
  `create unique index if not exists payments_one_under_way on payments (customer_id, invoice_id) where status in ('pending', 'requires_action')`,
  `create index if not exists payments_by_id on payments (id)`,
  `create index if not exists payments_by_status on payments (status, id) where status <> 'succeeded'`,
  `create index if not exists payments_by_product on payments (product_id, id)`,
  // When a payment succeeded or failed, by the clock of its customer; null while its outcome is not known.
  `create index if not exists payments_settled on payments (product_id, settled_at) include (currency, status, amount, customer_id) where settled_at is not null`,
  `create index if not exists payments_to_check on payments (check_at) where check_at is not null`,
  `create table if not exists refunds (
    customer_id uuid not null references customers,
    id uuid not null,
    payment_id uuid not null,
    credit_note_id uuid,
    invoice_id uuid,
    amount bigint not null check (amount between 1 and ${SAFE}),
    currency text not null,
    status text not null check (status in ('pending', 'succeeded', 'failed')),
    provider_id text,
    failure_code text,
    check_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (customer_id, id),
    foreign key (customer_id, payment_id) references payments (customer_id, id),
    foreign key (customer_id, credit_note_id) references credit_notes (customer_id, id),
    constraint refunds_once unique (customer_id, credit_note_id, payment_id)
  )`,
  // A refund of a negative invoice has no credit note: the invoice is the document.
  `create unique index if not exists refunds_of_invoice_once on refunds (customer_id, invoice_id, payment_id) where invoice_id is not null`,
  `create unique index if not exists refunds_provider_id_once on refunds (customer_id, payment_id, provider_id) where provider_id is not null`,
  `create index if not exists refunds_made on refunds (updated_at) where status = 'succeeded'`,
  `create index if not exists refunds_to_check on refunds (check_at) where check_at is not null`,
  `create table if not exists credit_balances (
    customer_id uuid not null references customers,
    product_id uuid not null references products,
    currency text not null,
    balance bigint not null check (balance between 0 and ${SAFE}),
    primary key (customer_id, product_id, currency)
  )`,
  `create table if not exists credit_balance_entries (
    customer_id uuid not null references customers,
    id uuid not null,
    product_id uuid not null references products,
    currency text not null,
    amount bigint not null check (amount <> 0 and amount ${MONEY}),
    kind text not null check (kind in ('invoice_credit', 'invoice_payment', 'credit_note', 'refund', 'adjustment')),
    invoice_id uuid,
    credit_note_id uuid,
    reason text,
    at timestamptz not null,
    created_at timestamptz not null,
    primary key (customer_id, id)
  )`,
  `create table if not exists payment_events (
    provider text not null,
    event_id text not null,
    type text not null,
    event jsonb not null,
    body text not null,
    received_at timestamptz not null,
    processed_at timestamptz,
    outcome text,
    attempts integer not null default 0,
    retry_at timestamptz,
    primary key (provider, event_id)
  )`,
  // Entries of payment methods that were started: a worker looks whether one is finished, should no event arrive.
  `create table if not exists payment_setups (
    provider text not null,
    provider_id text not null,
    customer_id uuid not null references customers,
    created_at timestamptz not null,
    check_at timestamptz not null,
    primary key (provider, provider_id)
  )`,
  `create index if not exists payment_setups_to_check on payment_setups (check_at)`,
  `create index if not exists payment_events_waiting on payment_events (retry_at) where processed_at is null`,
  `create index if not exists payment_events_processed on payment_events (processed_at) where processed_at is not null`,
];

/**
 * Changes of the recurring revenue of each subscription: their sum up to an instant is the revenue then. An amount is
 * minor units per year times `divisor`, the number of intervals of a period: so it is a whole number.
 */
const REVENUE = [
  `create table if not exists revenue_movements (
    customer_id uuid not null references customers,
    subscription_id uuid not null,
    product_id uuid not null references products,
    test_clock_id uuid references test_clocks,
    sequence bigint not null check (sequence >= 0),
    kind text not null check (kind in ('new', 'expansion', 'contraction', 'churn', 'reactivation')),
    currency text not null,
    divisor integer not null check (divisor > 0),
    amount numeric not null check (amount <> 0 and scale(amount) = 0),
    at timestamptz not null,
    primary key (customer_id, subscription_id, sequence, currency, divisor)
  )`,
  `create index if not exists revenue_movements_by_product on revenue_movements (product_id, at) include (currency, kind, divisor, amount) where test_clock_id is null`,
  `create index if not exists revenue_movements_on_clocks on revenue_movements (test_clock_id, product_id, at) where test_clock_id is not null`,
  // The history that a job reads after billing was switched on.
  `create table if not exists revenue_backfills (
    product_id uuid primary key references products,
    due_at timestamptz not null,
    after_customer_id uuid,
    done_at timestamptz
  )`,
];

/** Charges of usage, payments, refunds, credit balances and recurring revenue. */
export class Payments1700000000042 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    for (const statement of [...USAGE, ...PAYMENTS, ...REVENUE]) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

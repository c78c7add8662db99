import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Amounts are minor units that JSON carries exactly: up to 2^53 - 1. */
const SAFE = '9007199254740991';
const MONEY = `between -${SAFE} and ${SAFE}`;

/** Items that can be sold besides plans and add-ons, and the settings of each product. Null: billing is off. */
const CATALOGUE = [
  `alter table products add column if not exists billing jsonb`,
  `alter table plan_prices add column if not exists tiers jsonb`,
  `create table if not exists coupons (
    id uuid primary key,
    product_id uuid not null references products,
    key text not null,
    content jsonb not null,
    max_redemptions integer check (max_redemptions > 0),
    redemptions integer not null default 0 check (redemptions >= 0),
    archived_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint coupons_key_unique unique (product_id, key),
    constraint coupons_within_redemptions check (redemptions <= max_redemptions)
  )`,
  `create table if not exists tax_rates (
    id uuid primary key,
    product_id uuid not null references products,
    key text not null,
    content jsonb not null,
    archived_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint tax_rates_key_unique unique (product_id, key)
  )`,
];

/** How a customer pays and is addressed. */
const CUSTOMERS = [
  `create table if not exists billing_profiles (
    customer_id uuid primary key references customers,
    profile jsonb not null,
    version integer not null check (version > 0),
    created_at timestamptz not null,
    updated_at timestamptz not null
  )`,
  `create table if not exists payment_accounts (
    customer_id uuid not null references customers,
    provider text not null,
    provider_id text not null,
    delete_at timestamptz,
    deleted_at timestamptz,
    created_at timestamptz not null,
    primary key (customer_id, provider),
    constraint payment_accounts_provider_id_unique unique (provider, provider_id)
  )`,
  // Accounts of deleted customers, which are deleted at their provider.
  `create index if not exists payment_accounts_to_delete on payment_accounts (delete_at) where delete_at is not null`,
  `create table if not exists payment_methods (
    customer_id uuid not null references customers,
    id uuid not null,
    provider text not null,
    provider_id text not null,
    type text not null,
    brand text,
    last4 text,
    expires_month smallint check (expires_month between 1 and 12),
    expires_year smallint,
    is_default boolean not null,
    created_at timestamptz not null,
    detached_at timestamptz,
    expiry_notified_at timestamptz,
    primary key (customer_id, id),
    constraint payment_methods_provider_id_unique unique (provider, provider_id)
  )`,
  `create index if not exists payment_methods_expiring on payment_methods (expires_year, expires_month) where detached_at is null and expiry_notified_at is null`,
  `create unique index if not exists payment_methods_one_default on payment_methods (customer_id) where is_default and detached_at is null`,
];

/** The position of billing in the events of each subscription, and what waits for the next invoice. */
const POSITIONS = [
  `create table if not exists billed_subscriptions (
    customer_id uuid not null references customers,
    subscription_id uuid not null,
    product_id uuid not null references products,
    test_clock_id uuid references test_clocks,
    retry_at timestamptz,
    sequence bigint not null check (sequence >= 0),
    state jsonb,
    due_at timestamptz,
    reread_from timestamptz,
    upcoming_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (customer_id, subscription_id)
  )`,
  `create index if not exists billed_subscriptions_due on billed_subscriptions (due_at) where test_clock_id is null and due_at is not null`,
  `create index if not exists billed_subscriptions_on_clocks on billed_subscriptions (test_clock_id, due_at) where test_clock_id is not null`,
  // The start of a period whose invoice is to be announced: null as soon as it is.
  `create index if not exists billed_subscriptions_upcoming on billed_subscriptions (test_clock_id, upcoming_at) where upcoming_at is not null`,
  `create index if not exists billed_subscriptions_by_subscription on billed_subscriptions (subscription_id)`,
  `create table if not exists pending_invoice_lines (
    customer_id uuid not null references customers,
    id uuid not null,
    subscription_id uuid not null,
    product_id uuid not null references products,
    currency text not null,
    source text not null,
    line jsonb not null,
    occurred_at timestamptz not null,
    invoice_id uuid,
    created_at timestamptz not null,
    primary key (customer_id, id),
    constraint pending_invoice_lines_source_unique unique (customer_id, subscription_id, source)
  )`,
  `create index if not exists pending_invoice_lines_waiting on pending_invoice_lines (customer_id, subscription_id) where invoice_id is null`,
  `create table if not exists coupon_redemptions (
    customer_id uuid not null references customers,
    id uuid not null,
    subscription_id uuid not null,
    product_id uuid not null references products,
    coupon_id uuid not null references coupons,
    coupon jsonb not null,
    position integer not null,
    periods_used integer not null default 0 check (periods_used >= 0),
    redeemed_at timestamptz not null,
    ended_at timestamptz,
    primary key (customer_id, id)
  )`,
  `create unique index if not exists coupon_redemptions_once on coupon_redemptions (customer_id, subscription_id, coupon_id) where ended_at is null`,
];

const INVOICES = [
  // The last number given, per seller and kind of document: locked by the transaction that finalizes.
  `create table if not exists document_numbers (
    product_id uuid not null references products,
    kind text not null check (kind in ('invoice', 'credit_note')),
    last bigint not null check (last > 0),
    verified bigint not null default 0,
    primary key (product_id, kind)
  )`,
  `create table if not exists invoices (
    customer_id uuid not null references customers,
    id uuid not null,
    product_id uuid not null references products,
    subscription_id uuid,
    test_clock_id uuid references test_clocks,
    purpose text not null check (purpose in ('period', 'change', 'usage', 'final', 'manual')),
    billed_at timestamptz not null,
    status text not null check (status in ('draft', 'open', 'paid', 'void', 'uncollectible')),
    serial bigint,
    number text,
    currency text not null,
    lines jsonb not null check (jsonb_typeof(lines) = 'array'),
    discounts jsonb not null check (jsonb_typeof(discounts) = 'array'),
    taxes jsonb not null check (jsonb_typeof(taxes) = 'array'),
    subtotal bigint not null check (subtotal ${MONEY}),
    discount_total bigint not null check (discount_total ${MONEY}),
    tax_total bigint not null check (tax_total ${MONEY}),
    exclusive_tax_total bigint not null check (exclusive_tax_total ${MONEY}),
    total bigint not null check (total ${MONEY}),
    credited bigint not null default 0 check (credited between 0 and ${SAFE}),
    paid bigint not null default 0 check (paid ${MONEY}),
    due bigint not null check (due between 0 and ${SAFE}),
    period_start timestamptz not null,
    period_end timestamptz not null,
    coupon_period timestamptz,
    usage_from timestamptz,
    finalize_at timestamptz,
    issued_at timestamptz,
    due_at timestamptz,
    paid_at timestamptz,
    seller jsonb,
    buyer jsonb,
    collection text not null check (collection in ('charge_automatically', 'send_invoice')),
    attempts integer not null default 0 check (attempts >= 0),
    failed_at timestamptz,
    next_attempt_at timestamptz,
    documented_at timestamptz,
    version integer not null check (version > 0),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (customer_id, id),
    constraint invoices_total_adds_up check (total = subtotal - discount_total + exclusive_tax_total),
    constraint invoices_due_adds_up check (due = case when status in ('draft', 'void') then greatest(total, 0) * (status = 'draft')::int else total - paid - credited end),
    constraint invoices_number_when_finalized check ((status = 'draft') = (number is null) and (status = 'draft') = (serial is null) and (status = 'draft') = (issued_at is null)),
    constraint invoices_paid_owes_nothing check (status <> 'paid' or due = 0),
    constraint invoices_number_unique unique (product_id, number),
    constraint invoices_serial_unique unique (product_id, serial)
  )`,
  // An invoice of (subscription, instant, purpose) exists at most once, also with several workers.
  `create unique index if not exists invoices_once on invoices (customer_id, subscription_id, purpose, billed_at) where status <> 'void' and subscription_id is not null`,
  `create index if not exists invoices_by_id on invoices (id)`,
  // Lists of a status that few invoices have: without it, all that are newer are read.
  `create index if not exists invoices_by_status on invoices (status, id) where status <> 'paid'`,
  `create index if not exists invoices_by_product on invoices (product_id, id)`,
  // With the id: a night's invoices are due at the same instant, and each batch would sort all of them.
  `create index if not exists invoices_to_finalize on invoices (finalize_at, id) where status = 'draft' and finalize_at is not null and test_clock_id is null`,
  `create index if not exists invoices_to_finalize_on_clock on invoices (test_clock_id, finalize_at, id) where status = 'draft' and finalize_at is not null and test_clock_id is not null`,
  `create index if not exists invoices_to_collect on invoices (next_attempt_at, id) where status = 'open' and next_attempt_at is not null and test_clock_id is null`,
  `create index if not exists invoices_to_collect_on_clock on invoices (test_clock_id, next_attempt_at, id) where status = 'open' and next_attempt_at is not null and test_clock_id is not null`,
  // Negative invoices that are refunded instead of kept as credit.
  `create index if not exists invoices_to_repay on invoices (next_attempt_at, id) where status = 'paid' and next_attempt_at is not null`,
  `create index if not exists invoices_outstanding on invoices (product_id, issued_at) include (currency, status, due, test_clock_id) where status in ('open', 'uncollectible')`,
  `create index if not exists invoices_to_document on invoices (id) where documented_at is null and status <> 'draft'`,
  // Only a draft changes. Of a finalized invoice, only its settlement does.
  `create or replace function refuse_change_of_finalized_invoice() returns trigger language plpgsql as $$
    begin
      if tg_op = 'DELETE' then
        if old.status <> 'draft' then raise exception 'invoices: a finalized invoice is never deleted'; end if;
        return old;
      end if;
      if old.status <> 'draft' and
        (to_jsonb(new) - array['status', 'credited', 'paid', 'due', 'paid_at', 'attempts', 'failed_at', 'next_attempt_at', 'documented_at', 'version', 'updated_at']) is distinct from
        (to_jsonb(old) - array['status', 'credited', 'paid', 'due', 'paid_at', 'attempts', 'failed_at', 'next_attempt_at', 'documented_at', 'version', 'updated_at'])
      then raise exception 'invoices: a finalized invoice never changes'; end if;
      if old.status <> new.status and not (old.status, new.status) in
        (('draft', 'open'), ('draft', 'paid'), ('open', 'paid'), ('open', 'void'), ('open', 'uncollectible'), ('uncollectible', 'paid'))
      then raise exception 'invoices: % does not lead to %', old.status, new.status; end if;
      return new;
    end $$`,
  `drop trigger if exists invoices_frozen on invoices`,
  `create trigger invoices_frozen before update or delete on invoices for each row execute function refuse_change_of_finalized_invoice()`,
  `create table if not exists credit_notes (
    customer_id uuid not null references customers,
    id uuid not null,
    product_id uuid not null references products,
    invoice_id uuid not null,
    test_clock_id uuid references test_clocks,
    serial bigint not null,
    number text not null,
    currency text not null,
    lines jsonb not null check (jsonb_typeof(lines) = 'array'),
    taxes jsonb not null check (jsonb_typeof(taxes) = 'array'),
    subtotal bigint not null check (subtotal between 0 and ${SAFE}),
    tax_total bigint not null check (tax_total between 0 and ${SAFE}),
    total bigint not null check (total between 1 and ${SAFE}),
    due_amount bigint not null check (due_amount between 0 and ${SAFE}),
    refund_amount bigint not null check (refund_amount between 0 and ${SAFE}),
    balance_amount bigint not null check (balance_amount between 0 and ${SAFE}),
    reason text not null,
    seller jsonb not null,
    buyer jsonb not null,
    issued_at timestamptz not null,
    documented_at timestamptz,
    created_at timestamptz not null,
    primary key (customer_id, id),
    foreign key (customer_id, invoice_id) references invoices (customer_id, id),
    constraint credit_notes_amounts_add_up check (total = due_amount + refund_amount + balance_amount),
    constraint credit_notes_number_unique unique (product_id, number),
    constraint credit_notes_serial_unique unique (product_id, serial)
  )`,
  `create index if not exists credit_notes_by_id on credit_notes (id)`,
  `create index if not exists credit_notes_by_invoice on credit_notes (customer_id, invoice_id, id)`,
  `create index if not exists credit_notes_to_document on credit_notes (id) where documented_at is null`,
  `create table if not exists invoice_documents (
    customer_id uuid not null references customers,
    document_id uuid not null,
    kind text not null check (kind in ('pdf', 'xml')),
    content bytea not null,
    hash text not null,
    created_at timestamptz not null,
    primary key (customer_id, document_id, kind)
  )`,
];

/** Billing: settings, coupons, tax rates, invoices and credit notes. Payments follow in 1700000000042. */
export class Billing1700000000038 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '200ms'`);
    for (const statement of [...CATALOGUE, ...CUSTOMERS, ...POSITIONS, ...INVOICES]) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

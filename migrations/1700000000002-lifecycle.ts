import type { MigrationInterface, QueryRunner } from 'typeorm';

const LIVE = `status in ('trialing', 'active', 'past_due', 'paused', 'canceled')`;
const UPCOMING = `status = 'inactive' and ended_at is null`;

/** Test clocks change only when advanced and set the time of their customers. Each is for one product, or for all. */
const CLOCKS = [
  `create table test_clocks (
    id uuid primary key,
    product_id uuid references products,
    now timestamptz not null,
    created_at timestamptz not null
  )`,
  `alter table customers add column test_clock_id uuid references test_clocks`,
];

const SUBSCRIPTIONS = [
  `alter table subscriptions
    add column test_clock_id uuid references test_clocks,
    add column prepaid_periods integer not null default 0 check (prepaid_periods between 0 and 1000),
    add column reminded_of timestamptz,
    add column due_at timestamptz,
    alter column current_period_end drop not null,
    drop constraint subscriptions_ended_when_over,
    add constraint subscriptions_ended_when_over check (
      case when ended_at is null then status <> 'expired' else status in ('expired', 'inactive') end),
    add constraint subscriptions_paused_since check ((status = 'paused') = (paused_at is not null))`,
  `update subscriptions set due_at = current_period_end where ${LIVE}`,
  // At most one upcoming subscription: it is not live yet.
  `create unique index subscriptions_one_upcoming on subscriptions (customer_id, product_id) where ${UPCOMING}`,
  `drop index subscriptions_due`,
  // The primary key also finds a customer's newest subscriptions, so a renewal writes one index less.
  `drop index subscriptions_latest`,
  `create index subscriptions_due on subscriptions (due_at) where due_at is not null and test_clock_id is null`,
  `create index subscriptions_due_on_clock on subscriptions (test_clock_id, due_at) where due_at is not null and test_clock_id is not null`,
  // Hash index: lookups by id only. With an ordered index the planner would scan all rows for lists of small products.
  `drop index subscriptions_by_id`,
  `create index subscriptions_by_id on subscriptions using hash (id)`,
  // Each list reads one of these indexes backwards, page by page, without sort or scan.
  `create index subscriptions_live on subscriptions (product_id, id desc) where ${LIVE} and test_clock_id is null`,
  // Without active ones: they are in the index of live ones, so a renewal does not write this index.
  `create index subscriptions_by_status on subscriptions (product_id, status, id desc) where status <> 'active' and test_clock_id is null`,
  `create index subscriptions_by_plan on subscriptions (plan_id, id desc) where ${LIVE}`,
  `create index subscriptions_on_clock on subscriptions (test_clock_id, id desc) where test_clock_id is not null`,
  `create index subscriptions_ending on subscriptions (product_id, current_period_end, id)
    where ${LIVE} and test_clock_id is null and (cancel_at_period_end or (not auto_renew and prepaid_periods = 0))`,
];

/** Due transitions that were applied. The primary key rejects a second attempt. */
const ACTIONS = [
  `create table subscription_actions (
    customer_id uuid not null,
    subscription_id uuid not null,
    period_start timestamptz not null,
    period_end timestamptz not null,
    action text not null check (action in ('start', 'trial_end', 'renewal', 'change', 'expiry', 'reminder')),
    done_at timestamptz not null,
    primary key (customer_id, subscription_id, period_end, period_start, action)
  )`,
  `create table subscription_lines (
    customer_id uuid not null,
    id uuid not null,
    subscription_id uuid not null,
    subscription_version integer not null,
    kind text not null check (kind in ('credit', 'charge')),
    amount bigint not null check (amount > 0),
    currency text not null,
    plan jsonb not null,
    quantity integer not null,
    unit_amount bigint not null,
    period_start timestamptz not null,
    period_end timestamptz not null check (period_end > period_start),
    created_at timestamptz not null,
    primary key (customer_id, id),
    foreign key (customer_id, subscription_id) references subscriptions (customer_id, id)
  )`,
  `create index subscription_lines_of on subscription_lines (subscription_id, id)`,
  `create trigger subscription_lines_append_only before update or delete on subscription_lines for each row execute function refuse_change()`,
];

/** Migrations of all subscriptions of a plan to its newest version. */
const MOVES = [
  `create table plan_moves (
    id uuid primary key,
    plan_id uuid not null,
    version integer not null,
    at_period_end boolean not null,
    actor jsonb not null,
    reason text,
    state text not null check (state in ('running', 'done')),
    reached uuid,
    moved integer not null default 0,
    skipped integer not null default 0,
    total integer not null,
    created_at timestamptz not null,
    finished_at timestamptz check ((finished_at is null) = (state = 'running')),
    foreign key (plan_id, version) references plan_versions (plan_id, version)
  )`,
  `create unique index plan_moves_one_running on plan_moves (plan_id) where state = 'running'`,
];

/**
 * Applying due transitions changes no entitlement, because every reader derives them. A transaction that does nothing
 * else sets a flag, so that the entitlement version stays and caches stay valid.
 */
const SETTLING = [
  `drop trigger subscriptions_next_version on subscriptions`,
  `create trigger subscriptions_next_version after insert or update or delete on subscriptions for each row
    when (current_setting('tollgate.settling', true) is distinct from 'on') execute function next_entitlement_version()`,
];

export class Lifecycle1700000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...CLOCKS, ...SUBSCRIPTIONS, ...ACTIONS, ...MOVES, ...SETTLING])
      await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('There is no way back from this schema: restore a backup instead.');
  }
}

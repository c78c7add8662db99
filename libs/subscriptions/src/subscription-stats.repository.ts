import { Injectable } from '@nestjs/common';
import type { Concern, ScopeFilter } from '@app/kernel';
import { Database, inScope } from '@app/platform';
import { CYCLES_A_YEAR, PAYING_STATUSES } from './domain/revenue.js';
import type { SubscriptionStatus } from './domain/subscription.js';
import { AMOUNT_WITH_ADD_ONS, among, EVER_BEGUN, LIVE, UNRENEWED } from './subscription-row.js';

/** Subscriptions of one plan in one status and currency, without test clocks. */
export interface PlanStats {
  plan: string;
  status: SubscriptionStatus;
  currency: string;
  subscriptions: number;
  /** End without renewal within seven days after the count. */
  ending: number;
  /** Started, canceled and ended within one month before the count. */
  started: number;
  canceled: number;
  ended: number;
  /** Paying subscriptions. */
  paying: number;
  /** Recurring revenue per month and year in minor units, half a unit rounded up; at most 2^53-1. */
  monthly: number;
  yearly: number;
}

/** A range of customers, counted in one statement: after one customer, up to another. */
export interface CustomerRange {
  after: string;
  until: string;
}

/** The instants of a count. */
export interface CountedAt {
  now: Date;
  aMonthBefore: Date;
  aWeekLater: Date;
}

/** A stored row before rounding. */
type CountedPart = Record<string, unknown>;

/** Ids before and after every customer. */
const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
/** Subscriptions per statement. */
const PAGE = 10_000;

const COUNTS = ['subscriptions', 'ending', 'started', 'canceled', 'ended', 'paying'];
const SUMS = [...COUNTS, 'yearly'];
const PAYING = among(PAYING_STATUSES);
const A_YEAR = `(case s.price->>'interval' ${Object.entries(CYCLES_A_YEAR)
  .map(([interval, cycles]) => `when '${interval}' then ${cycles}`)
  .join(' ')} end)`;
/** PostgreSQL's numeric: a yearly amount may have fractions of a minor unit, and millions are summed. */
const WORTH = `${AMOUNT_WITH_ADD_ONS} * ${A_YEAR} / (s.price->>'intervalCount')::numeric`;
/** An amount as it is shown: at most 2^53-1, the largest integer that JSON carries exactly. */
const shown = (amount: string): string => `least(round(${amount}), ${Number.MAX_SAFE_INTEGER})`;

@Injectable()
export class SubscriptionStatsRepository {
  constructor(private readonly database: Database) {}

  /** Locks the count. True when it is due and no other process is counting. */
  async lockForCount(now: Date): Promise<boolean> {
    const rows = await this.database.write(
      'select 1 from subscription_counts where next_at <= $1 for update skip locked',
      [now],
    );
    return rows.length > 0;
  }

  /** Splits all customers into ranges that one statement counts quickly. */
  async *ranges(): AsyncGenerator<CustomerRange> {
    for (let after: string | null = FIRST_ID; after !== null;) {
      const end = await this.lastOfPage(after);
      yield { after, until: end ?? LAST_ID };
      after = end;
    }
  }

  private async lastOfPage(after: string): Promise<string | null> {
    const [row] = await this.database.query<{ id: string }>(
      `select s.customer_id as id from subscriptions s where s.customer_id > $1 order by s.customer_id offset ${PAGE - 1} limit 1`,
      [after],
    );
    return row?.id ?? null;
  }

  /** Counts a range by plan, status and currency; each customer in one snapshot. */
  count({ after, until }: CustomerRange, { now, aMonthBefore, aWeekLater }: CountedAt): Promise<CountedPart[]> {
    return this.database.query(
      `select s.product_id, s.plan_id, s.status, s.price->>'currency' as currency, count(*) as subscriptions,
         count(*) filter (where ${LIVE} and ${UNRENEWED} and s.current_period_end > $3 and s.current_period_end <= $5) as ending,
         count(*) filter (where s.started_at > $4 and s.started_at <= $3) as started,
         count(*) filter (where s.canceled_at > $4) as canceled,
         count(*) filter (where s.ended_at > $4) as ended,
         count(*) filter (where ${PAYING} and ${AMOUNT_WITH_ADD_ONS} > 0) as paying,
         coalesce(sum(${WORTH}) filter (where ${PAYING}), 0) as yearly
       from subscriptions s where s.customer_id > $1 and s.customer_id <= $2 and s.test_clock_id is null and ${EVER_BEGUN} group by 1, 2, 3, 4`,
      [after, until, now, aMonthBefore, aWeekLater],
    );
  }

  /** Replaces the previous count. */
  async replace(parts: CountedPart[], { asOf, next }: { asOf: Date; next: Date }): Promise<void> {
    await this.database.write('delete from subscription_numbers');
    await this.database.write(
      `insert into subscription_numbers (product_id, plan_id, status, currency, ${SUMS.join(', ')})
       select product_id, plan_id, status, currency, ${SUMS.map((sum) => `sum(${sum})`).join(', ')}
       from jsonb_to_recordset($1) as parts (product_id uuid, plan_id uuid, status text, currency text, ${SUMS.map((sum) => `${sum} numeric`).join(', ')}) group by 1, 2, 3, 4`,
      [JSON.stringify(parts)],
    );
    await this.database.write('update subscription_counts set as_of = $1, next_at = $2', [asOf, next]);
  }

  /** Statistics of a product with the instant of the count; null before the first count. */
  async ofProduct(productId: string): Promise<{ asOf: Date | null; plans: PlanStats[] }> {
    const [row] = await this.database.query<{ asOf: Date | null; plans: PlanStats[] }>(
      `select c.as_of as "asOf", (select coalesce(json_agg(json_build_object('plan', p.key, 'status', n.status, 'currency', n.currency, ${COUNTS.map((count) => `'${count}', n.${count}`).join(', ')},
           'monthly', ${shown('n.yearly / 12')}, 'yearly', ${shown('n.yearly')}) order by p.key, n.currency, n.status), '[]')
         from subscription_numbers n join plans p on p.id = n.plan_id where n.product_id = $1) as plans from subscription_counts c`,
      [productId],
    );
    return row!;
  }

  /** Past due subscriptions in real time, by product. */
  pastDue(scope: ScopeFilter): Promise<Concern[]> {
    const values: unknown[] = [];
    return this.database.query(
      `select 'subscriptions_past_due' as kind, s.count, s.since, p.id as "productId" from products p cross join lateral (
         select count(*)::integer as count, min(past_due_since) as since from subscriptions
         where product_id = p.id and status = 'past_due' and status <> 'active' and test_clock_id is null) s
       where s.count > 0 and ${inScope(scope, { product: 'p.id' }, values)} order by p.key`,
      values,
    );
  }

  /** Subscriptions of all products by status. */
  byStatus(): Promise<{ status: SubscriptionStatus; subscriptions: number }[]> {
    return this.database.query(
      'select status, sum(subscriptions)::float8 as subscriptions from subscription_numbers group by status',
    );
  }
}

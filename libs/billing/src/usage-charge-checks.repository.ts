import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';
import type { SubscriptionKey } from './usage-charges.repository.js';

/** A subscription whose charges are checked. */
export interface CheckedSubscription extends SubscriptionKey {
  productId: string;
  /** Of its newest invoice with usage. */
  currency: string;
  /** Charges of periods that ended before are not checked. */
  since: Date;
  /** True when it has ended, and its last usage was judged. */
  final: boolean;
  /** The position at which it was last judged. */
  seen: string;
  /** True while usage waits to be judged again, or its position is of another database cluster. */
  waits: boolean;
  /** True when an invoice with all usage should exist by now. */
  overdue: boolean;
}

/** A finalized invoice whose lines of usage are not what was charged for it. */
export interface ChargedInvoice {
  invoiceId: string;
  subscriptionId: string;
  /** On lines of usage and adjustments. */
  units: number;
  amount: number;
  /** In the charges. */
  chargedUnits: number;
  chargedAmount: number;
}

/** Days after the last judged period: a month, the longest grace, and time for workers that were down. */
const OVERDUE_DAYS = 45;

/** Compares charges of usage with invoices. */
@Injectable()
export class UsageChargeChecksRepository {
  constructor(private readonly database: Database) {}

  /**
   * The next subscriptions with judged usage, in the order of their ids.
   * @param only these; null: all
   */
  page(
    { after, limit }: { after: string | null; limit: number },
    memoryMs: number,
    only: string[] | null = null,
  ): Promise<CheckedSubscription[]> {
    return this.database.query<CheckedSubscription>(
      `select p.customer_id as "customerId", p.subscription_id as "subscriptionId", s.product_id as "productId", coalesce(i.currency, s.price ->> 'currency') as currency,
         coalesce(s.ended_at <= p.period_end, false) as final, p.period_end - $3::float8 * interval '1 millisecond' as since, p.seen,
         b.reread_from is not null or split_part(p.seen, '/', 1) <> (select system_identifier::text from pg_control_system()) as waits,
         b.state is not null and case when coalesce(s.ended_at, s.paused_at) is null
           then p.period_end < coalesce(t.now, now()) - interval '${OVERDUE_DAYS} days' else b.due_at is null end as overdue
       from (select distinct on (subscription_id) * from usage_periods where ($1::uuid is null or subscription_id > $1) and ($4::uuid[] is null or subscription_id = any($4))
         order by subscription_id, period_end desc limit $2) p
       join subscriptions s on s.customer_id = p.customer_id and s.id = p.subscription_id
       left join billed_subscriptions b on b.customer_id = p.customer_id and b.subscription_id = p.subscription_id
       left join test_clocks t on t.id = s.test_clock_id
       left join invoices i on i.customer_id = p.customer_id and i.id = p.invoice_id order by p.subscription_id`,
      [after, limit, memoryMs, only],
    );
  }

  /**
   * A draft whose lines cost nothing is not kept: its units are in the charges only. The charges of a voided invoice
   * sum up to zero.
   */
  invoicesWithOtherLines(subscriptions: SubscriptionKey[]): Promise<ChargedInvoice[]> {
    return this.database.query<ChargedInvoice>(
      `with k as (select * from unnest($1::uuid[], $2::uuid[]) k (customer_id, subscription_id)),
       charged as (
         select c.customer_id, c.subscription_id, c.invoice_id as id, sum(c.units) as units, sum(c.amount) as amount from usage_charges c join k using (customer_id, subscription_id) group by 1, 2, 3
       ), printed as (
         select i.customer_id, i.subscription_id, i.id, sum((l ->> 'quantity')::numeric) as units, sum((l ->> 'amount')::numeric) as amount
         from invoices i join k using (customer_id, subscription_id) cross join lateral jsonb_array_elements(i.lines) l
         where i.status not in ('draft', 'void') and l ->> 'kind' in ('usage', 'adjustment') and l ->> 'feature' is not null group by 1, 2, 3
       )
       select id as "invoiceId", subscription_id as "subscriptionId", coalesce(p.units, 0)::float8 as units, coalesce(p.amount, 0)::float8 as amount, coalesce(c.units, 0)::float8 as "chargedUnits",
         coalesce(c.amount, 0)::float8 as "chargedAmount"
       from charged c full join printed p using (customer_id, subscription_id, id)
       where (coalesce(p.units, 0), coalesce(p.amount, 0)) is distinct from (coalesce(c.units, 0), coalesce(c.amount, 0))
         and (c.amount <> 0 or p.units is not null)`,
      [subscriptions.map(({ customerId }) => customerId), subscriptions.map(({ subscriptionId }) => subscriptionId)],
    );
  }
}

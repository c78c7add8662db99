import { Injectable } from '@nestjs/common';
import { Clock, type Period } from '@app/kernel';
import { type ArrayItem, arrayLiteral, columnLiteral, Database } from '@app/platform';
import { priceKey } from './domain/price-key.js';
import type { SharedRounding, UsageCharge } from './domain/usage-changes.js';

/** Names a subscription. */
export interface SubscriptionKey {
  customerId: string;
  subscriptionId: string;
}

/** A span of a subscription whose usage has been judged. */
export interface UsagePeriod extends SubscriptionKey, Period {
  /** The position in the transactions of the database up to which usage was visible when it was last judged. */
  seen: string;
}

/** Names a feature of a subscription. */
export interface SubscriptionFeature extends SubscriptionKey {
  featureId: string;
}

export type StoredUsageCharge = UsageCharge & SubscriptionFeature;
export type StoredRounding = SharedRounding & SubscriptionFeature;
export type NewUsageCharge = StoredUsageCharge & { invoiceId: string };

const CHARGE = `c.customer_id as "customerId", c.subscription_id as "subscriptionId", c.feature_id as "featureId"`;

/** The present of the customer `n.customer_id`: of its test clock, or real time. */
const presentOr = (real: string): string =>
  `coalesce((select t.now from customers u join test_clocks t on t.id = u.test_clock_id where u.id = n.customer_id), ${real}::timestamptz)`;

/** Which usage was judged and charged. */
@Injectable()
export class UsageChargesRepository {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Locks the positions of subscriptions in one order: one transaction at a time charges their usage. */
  async lock(keys: SubscriptionKey[]): Promise<void> {
    await this.database.query(
      `select b.subscription_id from billed_subscriptions b join unnest($1::uuid[], $2::uuid[]) k (customer_id, subscription_id) using (customer_id, subscription_id)
       order by b.customer_id, b.subscription_id for update of b`,
      columnsOf(keys),
    );
  }

  /** The instants from which usage is judged again, by subscription; absent where none is requested. */
  async rereads(keys: SubscriptionKey[]): Promise<Map<string, Date>> {
    const rows = await this.database.query<{ id: string; from: Date }>(
      `select b.subscription_id as id, b.reread_from as from from billed_subscriptions b
       join unnest($1::uuid[], $2::uuid[]) k (customer_id, subscription_id) using (customer_id, subscription_id) where b.reread_from is not null`,
      columnsOf(keys),
    );
    return new Map(rows.map(({ id, from }) => [id, from]));
  }

  async endRereads(keys: SubscriptionKey[]): Promise<void> {
    if (keys.length === 0) return;
    await this.database.write(
      `update billed_subscriptions b set reread_from = null from unnest($1::uuid[], $2::uuid[]) k (customer_id, subscription_id)
       where b.customer_id = k.customer_id and b.subscription_id = k.subscription_id`,
      columnsOf(keys),
    );
  }

  /** The charges of an invoice, each with the next revision of its span. */
  chargesOfInvoice({ customerId, subscriptionId }: SubscriptionKey, invoiceId: string): Promise<StoredUsageCharge[]> {
    return this.database.query<StoredUsageCharge>(
      `select ${CHARGE}, c.window_start as "windowStart", c.window_end as "windowEnd", c.span_start as start, c.span_end as end, c.period_end as "periodEnd",
         c.plan, c.price, c.units::float8 as units, c.amount::float8 as amount, trim_scale(c.exact)::text as exact,
         ((select max(r.revision) from usage_charges r where (r.customer_id, r.subscription_id, r.feature_id, r.window_start, r.span_start) =
           (c.customer_id, c.subscription_id, c.feature_id, c.window_start, c.span_start))
           + row_number() over (partition by c.feature_id, c.window_start, c.span_start order by c.revision))::integer as revision
       from usage_charges c where c.customer_id = $1 and c.subscription_id = $2 and c.invoice_id = $3`,
      [customerId, subscriptionId, invoiceId],
    );
  }

  /** The judged spans that end after an instant, and in any case the last one; oldest first. */
  periods(keys: (SubscriptionKey & { after: Date })[]): Promise<UsagePeriod[]> {
    return this.database.query<UsagePeriod>(
      `select k.customer_id as "customerId", k.subscription_id as "subscriptionId", p.period_start as start, p.period_end as end, p.seen
       from unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) k (customer_id, subscription_id, after)
       cross join lateral (
         select * from usage_periods p where p.customer_id = k.customer_id and p.subscription_id = k.subscription_id and p.period_end > k.after
         union select * from (select * from usage_periods p where p.customer_id = k.customer_id and p.subscription_id = k.subscription_id order by p.period_end desc limit 1) l
       ) p order by 1, 2, 4`,
      [...columnsOf(keys), keys.map(({ after }) => after)],
    );
  }

  /** The charges of windows: the sum of the revisions of each span, plan version and price. */
  charges(windows: (SubscriptionFeature & { windowStart: Date })[]): Promise<StoredUsageCharge[]> {
    if (windows.length === 0) return Promise.resolve([]);
    return this.database.query<StoredUsageCharge>(
      `select ${CHARGE}, c.window_start as "windowStart", max(c.window_end) as "windowEnd", c.span_start as start, c.span_end as end, c.period_end as "periodEnd",
         c.plan, c.price, sum(c.units)::float8 as units, sum(c.amount)::float8 as amount, trim_scale(sum(c.exact))::text as exact, max(c.revision) as revision
       from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[]) k (customer_id, subscription_id, feature_id, window_start)
       join usage_charges c using (customer_id, subscription_id, feature_id, window_start)
       group by c.customer_id, c.subscription_id, c.feature_id, c.window_start, c.span_start, c.span_end, c.period_end, c.plan, c.price
       order by c.window_start, c.span_start`,
      [...featureColumnsOf(windows), windows.map(({ windowStart }) => windowStart)],
    );
  }

  /** The charges of billing periods by windows that share a rounding: those windows begin in the period. */
  roundings(periods: (SubscriptionFeature & { period: Period })[]): Promise<StoredRounding[]> {
    if (periods.length === 0) return Promise.resolve([]);
    return this.database.query<StoredRounding>(
      `select ${CHARGE}, c.period_end as "periodEnd", c.plan, c.price, sum(c.amount)::float8 as amount, trim_scale(sum(c.exact))::text as exact
       from (select distinct * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::timestamptz[])) k (customer_id, subscription_id, feature_id, period_start, period_end)
       join usage_charges c using (customer_id, subscription_id, feature_id, period_end)
       where c.window_start >= k.period_start and c.window_start < k.period_end and c.exact is not null
       group by c.customer_id, c.subscription_id, c.feature_id, c.period_end, c.plan, c.price`,
      [
        ...featureColumnsOf(periods),
        arrayLiteral(periods.map(({ period }) => period.start)),
        arrayLiteral(periods.map(({ period }) => period.end)),
      ],
    );
  }

  /** Fails for a span that another transaction has judged. */
  async insertPeriods(periods: (UsagePeriod & { invoiceId: string })[]): Promise<void> {
    if (periods.length === 0) return;
    await this.database.write(
      `insert into usage_periods (customer_id, subscription_id, period_start, period_end, invoice_id, seen, created_at)
       select n.*, ${presentOr('$7')} from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::uuid[], $6::text[])
         as n (customer_id, subscription_id, period_start, period_end, invoice_id, seen)`,
      [
        ...columnsOf(periods),
        periods.map(({ start }) => start),
        periods.map(({ end }) => end),
        periods.map(({ invoiceId }) => invoiceId),
        periods.map(({ seen }) => seen),
        this.clock.now(),
      ],
    );
  }

  /** Stores a later position of subscriptions whose last period was judged again, without another one. */
  async saveSeen(keys: SubscriptionKey[], seen: string): Promise<void> {
    if (keys.length === 0) return;
    await this.database.write(
      `update usage_periods p set seen = $3 from unnest($1::uuid[], $2::uuid[]) k (customer_id, subscription_id)
       where p.customer_id = k.customer_id and p.subscription_id = k.subscription_id
         and p.period_end = (select max(l.period_end) from usage_periods l where l.customer_id = k.customer_id and l.subscription_id = k.subscription_id)`,
      [...columnsOf(keys), seen],
    );
  }

  /** Fails for a revision that another transaction has written. Plans and prices repeat: each is sent once. */
  async insertCharges(charges: NewUsageCharge[]): Promise<void> {
    if (charges.length === 0) return;
    const column = (read: (charge: NewUsageCharge) => ArrayItem): string => columnLiteral(charges, read);
    await this.database.write(
      `insert into usage_charges (customer_id, subscription_id, feature_id, window_start, window_end, span_start, span_end, period_end, revision, units, amount, exact, invoice_id, plan, price)
       select customer_id, subscription_id, feature_id, window_start, window_end, span_start, span_end, period_end, revision, units, amount, exact, invoice_id, ($14::jsonb[])[plan], ($16::jsonb[])[price]
       from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::integer[],
         $10::bigint[], $11::bigint[], $12::numeric[], $13::uuid[], $15::integer[], $17::integer[])
         as n (customer_id, subscription_id, feature_id, window_start, window_end, span_start, span_end, period_end, revision, units, amount, exact, invoice_id, plan, price)`,
      [
        ...featureColumnsOf(charges),
        column(({ windowStart }) => windowStart),
        column(({ windowEnd }) => windowEnd),
        column(({ start }) => start),
        column(({ end }) => end),
        column(({ periodEnd }) => periodEnd),
        column(({ revision }) => revision),
        column(({ units }) => units),
        column(({ amount }) => amount),
        column(({ exact }) => exact),
        column(({ invoiceId }) => invoiceId),
        ...distinct(charges.map(({ plan }) => JSON.stringify(plan))),
        ...distinct(charges.map(({ price }) => priceKey(price))),
      ],
    );
  }
}

/** Texts as two parameters: each distinct one once, and the place of each in that array, from 1. */
function distinct(texts: string[]): [string, string] {
  const places = new Map<string, number>();
  const placeOf = (text: string): number => places.get(text) ?? places.set(text, places.size + 1).size;
  const all = arrayLiteral(texts.map(placeOf));
  return [arrayLiteral([...places.keys()]), all];
}

const columnsOf = (keys: SubscriptionKey[]): string[] => [
  columnLiteral(keys, ({ customerId }) => customerId),
  columnLiteral(keys, ({ subscriptionId }) => subscriptionId),
];

const featureColumnsOf = (keys: SubscriptionFeature[]): string[] => [
  ...columnsOf(keys),
  columnLiteral(keys, ({ featureId }) => featureId),
];

import { Injectable } from '@nestjs/common';
import { MAX_AMOUNT } from '@app/kernel';
import { Database } from '@app/platform';

/** Amounts that are due on open invoices, by whole days since they were issued. */
export interface Outstanding {
  days0To30: number;
  days31To60: number;
  days61To90: number;
  over90Days: number;
  total: number;
}

/** Amounts in one currency, in minor units; at most 2^53-1. */
export interface CurrencyMoney {
  currency: string;
  /** Payments that succeeded in the span. */
  collected: number;
  /** Refunds made in the span. */
  refunded: number;
  /** Attempts that failed in the span; an invoice that failed twice counts twice. */
  failed: number;
  outstanding: Outstanding;
  /** The amount that is due on invoices that were marked as uncollectible. */
  uncollectible: number;
}

/** A product in real time (null) or on a test clock, a span, and the present. */
export interface MoneyQuery {
  productId: string;
  testClockId: string | null;
  from: Date;
  to: Date;
  now: Date;
}

type Row = Omit<CurrencyMoney, 'outstanding'> & Outstanding;

const sum = (condition: string): string =>
  `least(coalesce(sum(amount) filter (where ${condition}), 0), ${MAX_AMOUNT})::float8`;
/** Open invoices that were issued at least and less than a number of days before $5. */
const open = (days: number, below = Infinity): string =>
  `kind = 'open' and at <= $5::timestamptz - interval '${days * 24} hours'${below === Infinity ? '' : ` and at > $5::timestamptz - interval '${below * 24} hours'`}`;
const ON_CLOCK =
  'exists (select 1 from customers c where c.id = p.customer_id and c.test_clock_id is not distinct from $4::uuid)';

const MONEY = `
  with parts as (
    select p.currency, case p.status when 'failed' then 'failed' else 'collected' end as kind, p.amount, p.settled_at as at
      from payments p where p.product_id = $1 and p.settled_at >= $2 and p.settled_at < $3 and ${ON_CLOCK}
    union all
    select r.currency, 'refunded', r.amount, r.updated_at from refunds r join payments p on p.customer_id = r.customer_id and p.id = r.payment_id
      where r.status = 'succeeded' and r.updated_at >= $2 and r.updated_at < $3 and p.product_id = $1 and ${ON_CLOCK}
    union all
    select i.currency, i.status, i.due, i.issued_at from invoices i
      where i.product_id = $1 and i.status in ('open', 'uncollectible') and i.test_clock_id is not distinct from $4::uuid)
  select currency, ${sum(`kind = 'collected'`)} as collected, ${sum(`kind = 'refunded'`)} as refunded, ${sum(`kind = 'failed'`)} as failed,
    ${sum(open(-1, 31))} as "days0To30", ${sum(open(31, 61))} as "days31To60", ${sum(open(61, 91))} as "days61To90", ${sum(open(91))} as "over90Days",
    ${sum(`kind = 'open'`)} as total, ${sum(`kind = 'uncollectible'`)} as uncollectible
  from parts where amount > 0 group by currency order by currency`;

/** SQL of the statistics of money. */
@Injectable()
export class MoneyStatsRepository {
  constructor(private readonly database: Database) {}

  /** Money of a product by currency: what moved in the span, and what is due at present. */
  async ofProduct({ productId, from, to, testClockId, now }: MoneyQuery): Promise<CurrencyMoney[]> {
    const rows = await this.database.query<Row>(MONEY, [productId, from, to, testClockId, now]);
    return rows.map(({ currency, collected, refunded, failed, uncollectible, ...outstanding }) => ({
      currency,
      collected,
      refunded,
      failed,
      outstanding,
      uncollectible,
    }));
  }
}

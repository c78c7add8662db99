import { Injectable } from '@nestjs/common';
import { Database } from '@app/platform';

/** A violation of an invariant of billing. */
export interface BillingMismatch {
  /**
   * `invoice_totals`: the amounts of an invoice do not add up. `one_invoice`: a billing instant has two invoices.
   * `gapless_numbers`: a seller skipped a number, or used one twice. `money`: payments, invoices and credit balance of
   * a customer do not agree. `frozen_invoices`: the trigger that keeps finalized invoices is off. `one_charge`: the
   * sandbox has more or other charges than payments. `usage_charges`: units beyond a limit are not on exactly one line,
   * voided invoices aside. `usage_currency`: units are not charged, because their price has another currency than the
   * invoices.
   */
  invariant:
    | 'invoice_totals'
    | 'one_invoice'
    | 'gapless_numbers'
    | 'money'
    | 'frozen_invoices'
    | 'one_charge'
    | 'usage_charges'
    | 'usage_currency';
  /** Id of the customer, product or charge. */
  subject: string;
  detail: string;
}

const sumOf = (list: string): string =>
  `(select coalesce(sum((l ->> 'amount')::numeric), 0) from jsonb_array_elements(i.${list}) l)`;

const INVOICE_TOTALS = `select 'invoice_totals' as invariant, i.id::text as subject,
    format('lines %s, subtotal %s, discounts %s of %s, taxes %s of %s, total %s, paid %s, credited %s, due %s',
      ${sumOf('lines')}, i.subtotal, ${sumOf('discounts')}, i.discount_total, ${sumOf('taxes')}, i.tax_total, i.total, i.paid, i.credited, i.due) as detail
  from invoices i where i.customer_id = any($1::uuid[]) and (
    ${sumOf('lines')} <> i.subtotal or ${sumOf('discounts')} <> i.discount_total or ${sumOf('taxes')} <> i.tax_total
    or i.total <> i.subtotal - i.discount_total + i.exclusive_tax_total
    or (i.status not in ('draft', 'void') and i.due <> i.total - i.paid - i.credited) or i.due < 0
    or i.credited <> (select coalesce(sum(n.total), 0) from credit_notes n where n.customer_id = i.customer_id and n.invoice_id = i.id))`;

const ONE_INVOICE = `select 'one_invoice' as invariant, i.customer_id::text as subject, format('%s invoices %s of %s', count(*), i.purpose, i.billed_at) as detail
  from invoices i where i.customer_id = any($1::uuid[]) and i.subscription_id is not null and i.status <> 'void'
  group by i.customer_id, i.subscription_id, i.purpose, i.billed_at having count(*) > 1`;

/** Requested refunds count as made: their payment and their invoice have changed already. */
const MONEY = `with moved as (
    select p.customer_id, p.currency, p.amount, 0::bigint as held from payments p
      where p.customer_id = any($1::uuid[]) and p.status in ('succeeded', 'partially_refunded', 'refunded')
    union all select r.customer_id, r.currency, -r.amount, 0 from refunds r where r.customer_id = any($1::uuid[]) and r.status <> 'failed'
    union all select i.customer_id, i.currency, 0, i.paid from invoices i where i.customer_id = any($1::uuid[]) and i.status <> 'draft'
    union all select e.customer_id, e.currency, 0, e.amount from credit_balance_entries e where e.customer_id = any($1::uuid[]))
  select 'money' as invariant, customer_id::text as subject, format('received %s %s, accounted for %s', sum(amount), currency, sum(held)) as detail
    from moved group by customer_id, currency having sum(amount) <> sum(held)
  union all
  select 'money', p.customer_id::text, format('payment %s: refunded %s, refunds %s', p.id, p.refunded, coalesce(sum(r.amount), 0))
    from payments p left join refunds r on r.customer_id = p.customer_id and r.payment_id = p.id and r.status <> 'failed'
    where p.customer_id = any($1::uuid[]) group by p.customer_id, p.id, p.refunded having p.refunded <> coalesce(sum(r.amount), 0)
  union all
  select 'money', customer_id::text, format('balance %s %s, entries %s', coalesce(b.balance, 0), currency, coalesce(e.amount, 0))
    from (select * from credit_balances where customer_id = any($1::uuid[])) b
    full join (select customer_id, product_id, currency, sum(amount) as amount from credit_balance_entries where customer_id = any($1::uuid[]) group by 1, 2, 3) e
      using (customer_id, product_id, currency)
    where coalesce(b.balance, 0) <> coalesce(e.amount, 0)`;

/** Numbers are verified once ($1 is true): a unique constraint forbids doubles, and the trigger keeps them. */
const VERIFIED = `case when $1::boolean and k.kind = 'invoice' then coalesce(d.verified, 0) else 0 end`;
const NUMBERS = `select p.id as product_id, k.kind, coalesce(d.last, 0) as last, ${VERIFIED} as verified, n.count, n.max
  from products p cross join (values ('invoice'), ('credit_note')) k (kind) left join document_numbers d on d.product_id = p.id and d.kind = k.kind
  cross join lateral (
    select count(*) as count, max(serial) as max from (
      select i.serial from invoices i where k.kind = 'invoice' and i.product_id = p.id and i.serial > ${VERIFIED}
      union all
      select c.serial from credit_notes c where k.kind = 'credit_note' and c.product_id = p.id) s) n`;
const IS_GAPLESS = 'n.count = n.last - n.verified and coalesce(n.max, n.last) = n.last';
const GAPLESS_NUMBERS = `select 'gapless_numbers' as invariant, product_id::text as subject,
    format('%s: %s numbers after %s up to %s, last given %s', kind, count, verified, max, last) as detail
  from (${NUMBERS}) n where not (${IS_GAPLESS})`;
const REMEMBER_NUMBERS = `update document_numbers d set verified = n.last from (${NUMBERS}) n
  where d.product_id = n.product_id and d.kind = n.kind and d.verified < n.last and ${IS_GAPLESS}`;

const FROZEN_INVOICES = `select 'frozen_invoices' as invariant, 'invoices' as subject, 'The trigger invoices_frozen is not on.' as detail
  where not exists (select 1 from pg_trigger where tgname = 'invoices_frozen' and tgenabled in ('O', 'A') and tgrelid = 'invoices'::regclass)`;

/** Payments that are under way are left out: their outcome may be stored at any moment. */
const ONE_CHARGE = `select 'one_charge' as invariant, c.payment as subject, format('%s charges', count(*)) as detail
    from (select metadata ->> 'payment' as payment from sandbox_charges where metadata ->> 'payment' is not null) c group by 1, 2 having count(*) > 1
  union all
  select 'one_charge', c.id, format('charge %s of %s, payment %s of %s', c.status, c.amount, coalesce(p.status, 'missing'), p.amount)
    from sandbox_charges c left join payments p on p.id = case when pg_input_is_valid(c.metadata ->> 'payment', 'uuid') then (c.metadata ->> 'payment')::uuid end
    where c.metadata ->> 'payment' is not null and coalesce(p.status, '') not in ('pending', 'requires_action')
      and (p.id is null or p.amount <> c.amount or c.idempotency_key <> p.invoice_id || ':' || p.attempt
        or (c.status = 'succeeded') <> (p.status in ('succeeded', 'partially_refunded', 'refunded')))
  union all
  select 'one_charge', p.id::text, 'The payment has no charge.' from payments p
    where p.provider = 'sandbox' and p.status in ('succeeded', 'partially_refunded', 'refunded')
      and not exists (select 1 from sandbox_charges c where c.id = p.provider_id)`;

/** SQL that verifies the invariants of billing. Each statement reads one snapshot. */
@Injectable()
export class BillingChecksRepository {
  constructor(private readonly database: Database) {}

  /** Customers with invoices, in the order of their ids. */
  async customers(after: string | null, limit: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      `select distinct i.customer_id as id from invoices i where ($1::uuid is null or i.customer_id > $1) order by 1 limit $2`,
      [after, limit],
    );
    return rows.map(({ id }) => id);
  }

  async ofCustomers(customerIds: string[]): Promise<BillingMismatch[]> {
    const mismatches: BillingMismatch[] = [];
    for (const statement of [INVOICE_TOTALS, ONE_INVOICE, MONEY])
      mismatches.push(...(await this.database.query<BillingMismatch>(statement, [customerIds])));
    return mismatches;
  }

  /**
   * Numbers of invoices without a gap are remembered, so that the next call counts only those after them. While the
   * trigger is off that keeps them, all are counted.
   */
  async ofAll(): Promise<BillingMismatch[]> {
    const frozen = await this.database.query<BillingMismatch>(FROZEN_INVOICES);
    const isFrozen = frozen.length === 0;
    const gaps = await this.database.query<BillingMismatch>(GAPLESS_NUMBERS, [isFrozen]);
    if (isFrozen) await this.database.transaction(() => this.database.write(REMEMBER_NUMBERS, [isFrozen]));
    return [...frozen, ...gaps, ...(await this.database.query<BillingMismatch>(ONE_CHARGE))];
  }
}

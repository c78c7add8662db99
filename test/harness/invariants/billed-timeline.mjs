/**
 * B-5 in SQL, for subscriptions without trial, add-ons, tiers and agreed periods: the periods that have begun and the
 * prorations of commands are what is on the invoices, void ones too, and on lines that wait.
 */
export const BILLED_OTHERWISE = `with owed as (
    select e.subject_id as id, (e.after -> 'price' ->> 'amount')::bigint * (e.after ->> 'quantity')::bigint as amount
      from events e where e.type in ('subscription.created', 'subscription.started', 'subscription.renewed')
    union all select l.subscription_id, case l.kind when 'credit' then -l.amount else l.amount end from subscription_lines l),
  billed as (
    select i.subscription_id as id, (l ->> 'amount')::bigint as amount from invoices i cross join jsonb_array_elements(i.lines) l
      where l ->> 'kind' in ('subscription', 'proration')
    union all select p.subscription_id, (p.line ->> 'amount')::bigint from pending_invoice_lines p where p.invoice_id is null)
  select b.subscription_id as subscription, (select coalesce(sum(amount), 0)::float8 from owed o where o.id = b.subscription_id) as owed,
    (select coalesce(sum(amount), 0)::float8 from billed x where x.id = b.subscription_id) as billed
  from billed_subscriptions b join products p on p.id = b.product_id and p.billing is not null
  where (select coalesce(sum(amount), 0) from owed o where o.id = b.subscription_id) <> (select coalesce(sum(amount), 0) from billed x where x.id = b.subscription_id)`;

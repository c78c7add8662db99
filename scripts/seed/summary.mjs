/** Counts of the loaded customers by plan and category, read from the database: a scan of the subscriptions. */
export async function summarize(client, product) {
  const { rows: plans } = await client.query(
    `select s.plan_key as name, count(*)::int as customers from subscriptions s join products p on p.id = s.product_id
     where p.key = $1 group by 1 order by 2 desc`,
    [product],
  );
  const {
    rows: [categories],
  } = await client.query(
    `select count(*) filter (where s.ended_at is null and s.current_period_end > now() and s.current_period_end <= now() + interval '7 days')::int as "period ends within 7 days",
       count(*) filter (where s.created_at > now() - interval '7 days')::int as "new within 7 days",
       count(*) filter (where s.status = 'trialing')::int as "in a trial",
       count(*) filter (where s.canceled_at > now() - interval '14 days')::int as "canceled within 14 days",
       count(*) filter (where s.canceled_at > now() - interval '14 days' and s.ended_at is null)::int as "canceled but live until the period ends"
     from subscriptions s join products p on p.id = s.product_id where p.key = $1`,
    [product],
  );
  return {
    plans,
    categories: Object.entries(categories).map(([name, customers]) => ({ name, customers })),
    total: plans.reduce((sum, { customers }) => sum + customers, 0),
  };
}

const WIDTH = 40;

export function summaryText({ plans, categories, total }) {
  const percent = (count) => (total === 0 ? 0 : Math.round((count / total) * 1_000) / 10);
  const row = ({ name, customers }) =>
    `  ${name.padEnd(WIDTH)}${customers.toLocaleString('en').padStart(12)}${`${percent(customers)} %`.padStart(10)}`;
  return [
    'By plan',
    ...plans.map(row),
    'By category',
    ...categories.map(row),
    row({ name: 'All', customers: total }),
  ].join('\n');
}

/** Catalogue and rows of `bench:billing`: customers of one product, each with something to bill. */
export const LINES = 10;
const PRODUCT = 'bench';
const TIERS = [
  { upTo: 10, unitAmount: '10.00' },
  { upTo: 100, unitAmount: '8.00' },
  { upTo: null, unitAmount: '5.00' },
];
const featureKey = (_, index) => `calls-${index}`;
const FEATURES = Array.from({ length: LINES }, featureKey);
const UNITS = 150;

/** @param usage true: the plan has ten metered features with a price of three tiers */
export const catalogue = ({ usage, taxed }) => ({
  product: { key: PRODUCT, name: 'Bench' },
  billing: { provider: 'manual', usageGraceHours: 0 },
  features: usage ? FEATURES.map((key) => ({ key, name: key, type: 'metered' })) : [],
  ...(taxed ? { taxRates: [{ key: 'vat', name: 'VAT', percentage: '19', inclusive: false }] } : {}),
  plans: [
    {
      key: 'plan',
      name: 'Plan',
      prices: [{ interval: 'month', amount: 100, currency: 'USD' }],
      entitlements: usage
        ? FEATURES.map((feature) => ({
            ...{ feature, type: 'metered', limit: 0, window: 'billing_period', overage: 'allow' },
            usagePrice: { model: 'graduated', tiers: TIERS, currency: 'USD' },
          }))
        : [],
    },
  ],
  assignment: [{ plan: 'plan' }],
});

const LINE = {
  ...{ kind: 'usage', description: 'Calls', quantity: UNITS, unitAmount: null, amount: 107_000 },
  service: { start: '2026-01-01T00:00:00.000Z', end: '2026-02-01T00:00:00.000Z' },
  ...{ plan: { key: 'plan', name: 'Plan', version: 1 }, addOn: null, feature: 'calls', discount: 0, taxes: [] },
  tiers: [
    { from: 1, to: 10, quantity: 10, unitAmount: '10.00', amount: '10000' },
    { from: 11, to: 100, quantity: 90, unitAmount: '8.00', amount: '72000' },
    { from: 101, to: 150, quantity: 50, unitAmount: '5.00', amount: '25000' },
  ],
};

/** Copies of the customer `hot`. Triggers and foreign keys are off: the rows are consistent. */
const copies = (count) => [
  'begin',
  'set local session_replication_role = replica',
  `create temporary table copies on commit drop as
     select uuidv7() as id, uuidv7() as subscription_id, uuidv7() as invoice_id, n from generate_series(1, ${count}) n`,
  `insert into customers select r.* from copies k, customers c, jsonb_populate_record(c,
     jsonb_build_object('id', k.id, 'key', 'c' || n, 'first_subscription_id', k.subscription_id)) r where c.key = 'hot'`,
];

/** Each customer has one draft of ten lines that is due. */
export const drafts = (count) => [
  ...copies(count),
  `insert into invoices (customer_id, id, product_id, subscription_id, purpose, billed_at, status, currency, lines, discounts, taxes,
     subtotal, discount_total, tax_total, exclusive_tax_total, total, due, period_start, period_end, finalize_at, collection, version, created_at, updated_at)
   select k.id, k.invoice_id, p.id, k.subscription_id, 'period', now(), 'draft', 'USD', '${JSON.stringify(Array(LINES).fill(LINE))}', '[]', '[]',
     ${LINES * LINE.amount}, 0, 0, 0, ${LINES * LINE.amount}, ${LINES * LINE.amount}, now(), now(), now(), 'charge_automatically', 1, now(), now()
   from copies k, products p where p.key = '${PRODUCT}'`,
  'commit',
];

/** Condition: the subscription `s` is of the product. */
const BILLED = `s.product_id = (select id from products where key = '${PRODUCT}')`;

/** `hot` has begun a month ago, and its period has just ended. Its position has read its first event. */
const AGED = [
  'begin',
  'set local session_replication_role = replica',
  `update subscriptions s set anchor = t, started_at = t, plan_since = t, current_period_start = t, usage_period_start = t, current_period_end = now() - interval '1 minute',
     due_at = now() - interval '1 minute' from (select now() - interval '1 minute' - interval '1 month' as t) t where ${BILLED}`,
  `update events e set at = s.started_at from subscriptions s where e.subject_id = s.id and ${BILLED}`,
  `update billed_subscriptions b set sequence = 1, due_at = now(), state = jsonb_set(jsonb_set(jsonb_set(b.state, '{billedFrom}', to_jsonb(s.started_at)),
     '{facts,currentPeriodStart}', to_jsonb(s.started_at)), '{facts,currentPeriodEnd}', to_jsonb(s.current_period_end)) from subscriptions s where ${BILLED}`,
  'delete from invoices',
  'commit',
];

/** Each customer has a subscription that was renewed, and usage of `entries` ledger entries in each counter. */
const renewals = (count, entries) => [
  ...copies(count),
  `insert into subscriptions select r.* from copies k, subscriptions s, jsonb_populate_record(s, jsonb_build_object('id', k.subscription_id, 'customer_id', k.id)) r where ${BILLED}`,
  `insert into events select r.* from copies k, events e join subscriptions s on s.id = e.subject_id cross join lateral jsonb_populate_record(e, jsonb_build_object('id', uuidv7(), 'subject_id', k.subscription_id, 'customer_id', k.id)) r where ${BILLED} and s.id not in (select subscription_id from copies)
     order by k.n, e.sequence`,
  `insert into billed_subscriptions select r.* from copies k, billed_subscriptions b, jsonb_populate_record(b, jsonb_build_object('subscription_id', k.subscription_id, 'customer_id', k.id)) r`,
  ...(entries > 0
    ? [
        `insert into usage_counters (customer_id, feature_id, window_start, window_end, window_name, used, reserved, updated_at)
           select k.id, f.id, s.started_at, s.started_at + interval '1 month', 'billing_period', ${UNITS}, 0, now() from copies k join subscriptions s on s.id = k.subscription_id, features f`,
        `insert into usage_ledger (customer_id, id, feature_id, window_start, quantity, occurred_at, recorded_at, actor)
           select c.customer_id, uuidv7(), c.feature_id, c.window_start, ${UNITS / entries}, c.window_start + n * interval '1 hour', c.window_start + n * interval '1 hour', '{"kind":"system"}'
           from usage_counters c, generate_series(1, ${entries}) n`,
      ]
    : []),
  `delete from billed_subscriptions b using customers c where c.id = b.customer_id and c.key = 'hot'`,
  'commit',
];

/**
 * Renews the subscription of `hot` once, and copies it.
 * @param client of a superuser
 * @param service with `publish`, `bill` and `renew`, which do what the worker does
 */
export async function fillRenewals({ client, publish, bill, renew }, { count, entries }) {
  await publish();
  await bill();
  for (const statement of AGED) await client.query(statement);
  await renew();
  for (const statement of renewals(count, entries)) await client.query(statement);
}

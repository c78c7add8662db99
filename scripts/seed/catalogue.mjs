const metered = (feature, limit, window, overage = 'deny') => ({ feature, type: 'metered', limit, window, overage });
const plan = (key, name, { interval, amount, trialDays = 0 }, { calls, exports, seats, sso, support }) => ({
  key,
  name,
  trialDays,
  prices: [{ interval, intervalCount: 1, amount, currency: 'USD' }],
  entitlements: [
    calls,
    metered('exports', exports, 'day'),
    metered('seats', seats, 'none'),
    ...(sso ? [{ feature: 'sso', type: 'boolean', value: true }] : []),
    { feature: 'support', type: 'static', value: support },
  ],
});
const calls = (limit, overage) => metered('api_calls', limit, 'billing_period', overage);

/** Plans with the percentage of customers on each. */
const PLANS = [
  [
    50,
    plan(
      'free',
      'Free',
      { interval: 'month', amount: 0 },
      { calls: calls(1_000), exports: 5, seats: 3, sso: false, support: 'community' },
    ),
  ],
  [
    25,
    plan(
      'basic',
      'Basic',
      { interval: 'month', amount: 999 },
      { calls: calls(20_000), exports: 25, seats: 10, sso: false, support: 'email' },
    ),
  ],
  [
    15,
    plan(
      'pro',
      'Pro',
      { interval: 'month', amount: 2_999, trialDays: 14 },
      { calls: calls(200_000), exports: 100, seats: 50, sso: true, support: 'priority' },
    ),
  ],
  [
    7,
    plan(
      'pro-yearly',
      'Pro, by the year',
      { interval: 'year', amount: 29_990, trialDays: 14 },
      { calls: calls(2_400_000), exports: 100, seats: 50, sso: true, support: 'priority' },
    ),
  ],
  [
    3,
    plan(
      'enterprise',
      'Enterprise',
      { interval: 'year', amount: 499_000 },
      { calls: calls(10_000_000, 'allow'), exports: 1_000, seats: null, sso: true, support: 'dedicated' },
    ),
  ],
];

export const documentOf = (product) => ({
  product: { key: product, name: 'Seed' },
  features: [
    { key: 'api_calls', name: 'API calls', type: 'metered', unit: 'call' },
    { key: 'exports', name: 'Exports a day', type: 'metered', unit: 'export' },
    { key: 'seats', name: 'Seats', type: 'metered', unit: 'seat' },
    { key: 'sso', name: 'Single sign-on', type: 'boolean' },
    { key: 'support', name: 'Support', type: 'static' },
  ],
  plans: PLANS.map(([, content]) => content),
  assignment: [{ plan: 'free' }],
});

/**
 * Creates the product through the service's own code, unless it exists already.
 * @throws Error for a product with a different catalogue: applying this one would archive the plans of its owner
 */
export async function ensureCatalogue(catalog, actor, product) {
  const document = documentOf(product);
  const { product: fate, features, plans } = await catalog.apply(document, { dryRun: true, actor });
  const differs = [features, plans].some(
    ({ created, updated, archived }) => created.length + updated.length + archived.length > 0,
  );
  if (fate !== 'created' && differs)
    throw new Error(`Product ${product} exists and has a different catalogue. Choose another key with --product.`);
  if (fate === 'created') await catalog.apply(document, { dryRun: false, actor });
}

/** Published plans with weights, ids, prices and limits. */
export async function readCatalogue(database, product) {
  const { rows: plans } = await database.query(
    `select p.product_id as "productId", p.id as "planId", p.key as "planKey", p.current_version as "planVersion", v.name as "planName", v.trial_days as "trialDays"
     from plans p join products o on o.id = p.product_id join plan_versions v on v.plan_id = p.id and v.version = p.current_version where o.key = $1`,
    [product],
  );
  const { rows: features } = await database.query(
    'select f.id, f.key from features f join products o on o.id = f.product_id where o.key = $1',
    [product],
  );
  const featureIds = Object.fromEntries(features.map(({ key, id }) => [key, id]));
  return PLANS.map(([weight, { key, prices, entitlements }]) => {
    const [{ interval, intervalCount, amount, currency }] = prices;
    const meters = Object.fromEntries(
      entitlements
        .filter(({ type }) => type === 'metered')
        .map(({ feature, limit, overage }) => [feature, { featureId: featureIds[feature], limit, overage }]),
    );
    return [
      weight,
      {
        ...plans.find(({ planKey }) => planKey === key),
        price: Object.freeze({ amount, currency, interval, intervalCount }),
        months: interval === 'year' ? 12 : 1,
        meters,
      },
    ];
  });
}

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { amountOf, type PriceTiers } from '@app/kernel';
import { SubscriptionStats } from '@app/subscriptions';
import { AMOUNT } from '../../libs/subscriptions/src/subscription-row.js';
import { type Call, startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { createApiKey, createCustomerOnTestClock, uniqueName } from '../support/fixtures.js';

const PRODUCT = 'tiers';
/** 1 to 10 at 10.00, 11 to 100 at 8.00, above at 5.00. */
const TIERS = [
  { upTo: 10, unitAmount: 1_000 },
  { upTo: 100, unitAmount: 800 },
  { upTo: null, unitAmount: 500 },
];
const seats = (model: PriceTiers['model'], over: object = {}) => ({
  interval: 'month',
  intervalCount: 1,
  amount: 1_000,
  currency: 'USD',
  tiers: { model, tiers: TIERS },
  ...over,
});
const USAGE_PRICES = {
  per_unit: { model: 'per_unit', unitAmount: '0.00025', currency: 'USD' },
  package: { model: 'package', packageSize: 100, amount: '5.00', currency: 'USD' },
  graduated: {
    model: 'graduated',
    tiers: [
      { upTo: 5, unitAmount: '0', flatAmount: '20.00' },
      { upTo: null, unitAmount: '3.00' },
    ],
    currency: 'USD',
  },
  volume: { model: 'volume', tiers: [{ upTo: null, unitAmount: '0.01' }], currency: 'USD' },
};
const calls = (usagePrice: object, over: object = {}) => ({
  feature: 'calls',
  type: 'metered',
  limit: 1_000,
  window: 'month',
  overage: 'allow',
  usagePrice,
  ...over,
});
const document = (product: string) => ({
  product: { key: product, name: product },
  features: [{ key: 'calls', name: 'Calls', type: 'metered' }],
  plans: [
    ...Object.entries(USAGE_PRICES).map(([key, usagePrice]) => ({
      key,
      name: key,
      prices: [
        seats('graduated'),
        seats('volume', { region: 'DE' }),
        seats('graduated', { interval: 'year', tiers: undefined }),
      ],
      entitlements: [calls(usagePrice)],
    })),
    {
      key: 'volume_seats',
      name: 'Volume seats',
      prices: [seats('volume')],
      entitlements: [{ ...calls({}), usagePrice: undefined, overagePrice: { amount: 1, currency: 'USD' } }],
    },
  ],
  addOns: [
    {
      key: 'more',
      name: 'More',
      prices: [seats('volume')],
      entitlements: [calls(USAGE_PRICES.package, { limit: 500 })],
    },
  ],
  assignment: [{ plan: 'per_unit' }],
});

describe('prices with tiers and of usage', () => {
  let service: TestApp & { database: TestDatabase };
  let call: Call;
  const apply = (body: unknown, query = '') => service.admin('POST', `/v1/catalog/apply${query}`, { body });
  const create = (content: object) =>
    service.admin('POST', '/v1/plans', {
      body: { product: PRODUCT, key: uniqueName('plan'), name: 'Plan', ...content },
    });

  beforeAll(async () => {
    service = await startService();
    ({ call } = await createApiKey(service));
    expect(await apply(document(PRODUCT))).toMatchObject({ status: 200 });
  });
  afterAll(() => service.stop());

  it('a plan is created with them, and has them as they were given', async () => {
    const entitlements = [calls(USAGE_PRICES.graduated)];
    const { status, body } = await create({ prices: [seats('graduated')], entitlements });
    expect(status).toBe(201);
    const stored = { prices: [{ ...seats('graduated'), region: null, deviceType: null }], entitlements };
    expect(body).toMatchObject(stored);
    const { body: read } = await call('GET', `/v1/plans/${body.key}?product=${PRODUCT}`);
    expect(read).toMatchObject(stored);
    expect(read.prices).toEqual(stored.prices);
  });

  it('a price without tiers has no tiers in answers', async () => {
    const { body } = await call('GET', `/v1/plans/per_unit?product=${PRODUCT}`);
    expect(body.prices[2]).toEqual({
      interval: 'year',
      intervalCount: 1,
      amount: 1_000,
      currency: 'USD',
      region: null,
      deviceType: null,
    });
  });

  it.each([
    [{ prices: [seats('graduated', { amount: 999 })] }, 'prices.0.amount'],
    [{ prices: [seats('graduated', { tiers: { model: 'steps', tiers: TIERS } })] }, 'prices.0.tiers.model'],
    [{ prices: [seats('graduated', { tiers: { model: 'volume', tiers: [] } })] }, 'prices.0.tiers.tiers'],
    [{ prices: [seats('graduated', { tiers: [] })] }, 'prices.0.tiers'],
    [
      { prices: [seats('graduated', { tiers: { model: 'volume', tiers: TIERS.slice(0, 2) } })] },
      'prices.0.tiers.tiers.1.upTo',
    ],
    [
      { prices: [seats('graduated', { tiers: { model: 'volume', tiers: [TIERS[0], TIERS[0], TIERS[2]] } })] },
      'prices.0.tiers.tiers.1.upTo',
    ],
    [
      { prices: [seats('graduated', { tiers: { model: 'volume', tiers: [{ ...TIERS[0], upTo: null }, TIERS[2]] } })] },
      'prices.0.tiers.tiers.0.upTo',
    ],
    [
      { prices: [seats('graduated', { tiers: { model: 'volume', tiers: [{ upTo: null, unitAmount: '10.00' }] } })] },
      'prices.0.tiers.tiers.0.unitAmount',
    ],
    [
      { prices: [seats('graduated', { tiers: { model: 'volume', tiers: [{ upTo: null, unitAmount: 1, per: 1 }] } })] },
      'prices.0.tiers.tiers.0.per',
    ],
    [{ entitlements: [calls({ ...USAGE_PRICES.per_unit, model: 'flat' })] }, 'entitlements.0.usagePrice.model'],
    [{ entitlements: [calls({ ...USAGE_PRICES.per_unit, currency: 'XXY' })] }, 'entitlements.0.usagePrice.currency'],
    [{ entitlements: [calls({ ...USAGE_PRICES.per_unit, unitAmount: 0.1 })] }, 'entitlements.0.usagePrice.unitAmount'],
    [
      { entitlements: [calls({ ...USAGE_PRICES.per_unit, unitAmount: '1e3' })] },
      'entitlements.0.usagePrice.unitAmount',
    ],
    [
      { entitlements: [calls({ ...USAGE_PRICES.per_unit, unitAmount: '0.0000000000001' })] },
      'entitlements.0.usagePrice.unitAmount',
    ],
    [{ entitlements: [calls({ ...USAGE_PRICES.package, packageSize: 0 })] }, 'entitlements.0.usagePrice.packageSize'],
    [{ entitlements: [calls({ ...USAGE_PRICES.package, amount: '-5' })] }, 'entitlements.0.usagePrice.amount'],
    [{ entitlements: [calls({ ...USAGE_PRICES.package, unitAmount: '1' })] }, 'entitlements.0.usagePrice.unitAmount'],
    [
      { entitlements: [calls({ ...USAGE_PRICES.volume, tiers: [{ upTo: 1, unitAmount: '1' }] })] },
      'entitlements.0.usagePrice.tiers.0.upTo',
    ],
    [{ entitlements: [calls(USAGE_PRICES.per_unit, { overage: 'deny' })] }, 'entitlements.0.usagePrice'],
    [{ entitlements: [calls(USAGE_PRICES.per_unit, { limit: null })] }, 'entitlements.0.usagePrice'],
    [
      { entitlements: [calls(USAGE_PRICES.per_unit, { overagePrice: { amount: 1, currency: 'USD' } })] },
      'entitlements.0.usagePrice',
    ],
  ])('%j is refused', async (content, field) => {
    const { status, body } = await create(content);
    expect({ status, code: body.code, fields: body.errors?.map((error: any) => error.field) }).toEqual({
      status: 422,
      code: 'invalid_fields',
      fields: [field],
    });
  });

  it('the catalogue document has them, and applying what was exported changes nothing', async () => {
    const { body: exported } = await service.admin('GET', `/v1/catalog?product=${PRODUCT}`);
    const plan = exported.plans.find(({ key }: any) => key === 'graduated');
    expect(plan.entitlements).toEqual([calls(USAGE_PRICES.graduated)]);
    expect(plan.prices[0].tiers).toEqual({ model: 'graduated', tiers: TIERS });
    expect(exported.addOns[0].entitlements[0].usagePrice).toEqual(USAGE_PRICES.package);
    const copy = uniqueName('copy');
    for (const body of [exported, { ...exported, product: { key: copy, name: copy } }]) await apply(body);
    const { body: again } = await apply(exported, '?dryRun=true');
    const keys = expect.arrayContaining(['graduated', 'volume_seats']);
    expect(again).toMatchObject({
      plans: { created: [], updated: [], unchanged: keys },
      addOns: { unchanged: ['more'] },
    });
    const { body: copied } = await service.admin('GET', `/v1/catalog?product=${copy}`);
    expect(copied).toEqual({ ...exported, product: { key: copy, name: copy } });
    const cheaper = { ...TIERS[2], unitAmount: 499 };
    plan.prices[0].tiers.tiers[2] = cheaper;
    expect((await apply(exported, '?dryRun=true')).body.plans.updated).toEqual(['graduated']);
  });

  it('an override has a price of usage by the same rules', async () => {
    const { customer } = await createCustomerOnTestClock(call, PRODUCT, '2027-06-01T00:00:00Z');
    const at = `/v1/customers/${customer}/overrides/calls`;
    const terms = { limit: 5, window: 'month', overage: 'allow', usagePrice: USAGE_PRICES.volume };
    const set = await service.admin('PUT', at, { body: { product: PRODUCT, ...terms } });
    expect(set).toMatchObject({ status: 200, body: { terms } });
    const bad = { ...terms, usagePrice: { ...USAGE_PRICES.volume, tiers: [{ upTo: 1, unitAmount: '1' }] } };
    expect(await service.admin('PUT', at, { body: { product: PRODUCT, ...bad } })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'usagePrice.tiers.0.upTo' }] },
    });
  });

  it('a subscription has a copy of the tiers, and more seats cost what the tiers say', async () => {
    const { id, subscription, command, readSubscription, advanceTo } = await createCustomerOnTestClock(
      call,
      PRODUCT,
      '2027-06-01T00:00:00Z',
      { timezone: 'UTC' },
    );
    expect(subscription.price).toEqual({
      amount: 1_000,
      currency: 'USD',
      interval: 'month',
      intervalCount: 1,
      tiers: { model: 'graduated', tiers: TIERS },
    });
    expect(await command('change', { quantity: 10, when: 'now' })).toMatchObject({ status: 200 });
    await advanceTo('2027-06-16T00:00:00Z');
    // 10 seats are 100.00, 150 are 1,070.00; half of the period is left.
    const lines = [
      { kind: 'credit', amount: 5_000, quantity: 10, unitAmount: null },
      { kind: 'charge', amount: 53_500, quantity: 150, unitAmount: null },
    ];
    expect((await command('preview-change', { quantity: 150, when: 'now' })).body).toMatchObject({
      lines,
      total: { amount: 48_500 },
      nextCharge: { amount: 107_000 },
    });
    expect(await command('change', { quantity: 150, when: 'now' })).toMatchObject({ status: 200 });
    const { body: stored } = await call('GET', `/v1/subscriptions/${id}/lines`);
    expect(stored.data.slice(-2)).toMatchObject(lines);
    const dearer = document(PRODUCT);
    dearer.plans[0]!.prices = [
      seats('graduated', { amount: 2_000, tiers: { model: 'volume', tiers: [{ upTo: null, unitAmount: 2_000 }] } }),
    ];
    expect((await apply(dearer)).body.plans.updated).toEqual(['per_unit']);
    expect((await readSubscription()).price.tiers).toEqual({ model: 'graduated', tiers: TIERS });
    expect((await apply(document(PRODUCT))).body.plans.updated).toEqual(['per_unit']);
  });

  it('more seats by volume may cost less: the direction follows the amount', async () => {
    const { command } = await createCustomerOnTestClock(call, PRODUCT, '2027-06-01T00:00:00Z', {
      plan: 'volume_seats',
    });
    await command('change', { quantity: 10, when: 'now' });
    expect((await command('preview-change', { quantity: 11, when: 'now' })).body).toMatchObject({
      total: { amount: -1_200 },
      nextCharge: { amount: 8_800 },
    });
  });

  it('too large an amount by the tiers is refused', async () => {
    const most = Number.MAX_SAFE_INTEGER;
    const key = uniqueName('large');
    const prices = [
      {
        interval: 'month',
        amount: 0,
        currency: 'USD',
        tiers: {
          model: 'graduated',
          tiers: [
            { upTo: 1, unitAmount: 0 },
            { upTo: null, unitAmount: most },
          ],
        },
      },
    ];
    expect(await create({ key, prices, entitlements: [] })).toMatchObject({ status: 201 });
    await service.admin('POST', `/v1/plans/${key}/publish`, { body: { product: PRODUCT } });
    const { command } = await createCustomerOnTestClock(call, PRODUCT, '2027-06-01T00:00:00Z', { plan: key });
    expect(await command('change', { quantity: 3, when: 'now' })).toMatchObject({
      status: 422,
      body: { code: 'amount_too_large' },
    });
    expect(await command('change', { quantity: 2, when: 'now' })).toMatchObject({ status: 200 });
  });

  it('an add-on on a subscription adds to the limit and leaves the price of usage of the plan', async () => {
    const { id, customer } = await createCustomerOnTestClock(call, PRODUCT, '2027-06-01T00:00:00Z');
    const added = await service.admin('PUT', `/v1/subscriptions/${id}/add-ons/more`, { body: { quantity: 2 } });
    expect(added.status).toBe(200);
    expect(added.body.addOns[0].prices[0].tiers).toEqual({ model: 'volume', tiers: TIERS });
    const { body } = await call('GET', `/v1/customers/${customer}/entitlements?product=${PRODUCT}`);
    expect(body.data).toMatchObject([{ feature: 'calls', limit: 2_000 }]);
  });

  it('the line of a whole period shows the tiers of its seats, that of a part shows none', async () => {
    const product = uniqueName('invoiced');
    await apply({
      product: { key: product, name: product },
      billing: { provider: 'manual', dunning: { finally: 'keep' } },
      features: [],
      plans: [{ key: 'graduated', name: 'Graduated', prices: [seats('graduated')], entitlements: [] }],
      assignment: [{ plan: 'graduated' }],
    });
    const { customer, command, advanceTo } = await createCustomerOnTestClock(call, product, '2027-06-01T00:00:00Z', {
      timezone: 'UTC',
    });
    await advanceTo('2027-06-16T00:00:00Z');
    expect(await command('change', { quantity: 150, when: 'now' })).toMatchObject({ status: 200 });
    await advanceTo('2027-07-02T00:00:00Z');
    const { body } = await call('GET', `/v1/invoices?customer=${customer}&product=${product}`);
    const tier = (from: number, to: number, quantity: number, unitAmount: string, amount: string) => ({
      ...{ from, to, quantity, unitAmount, amount },
    });
    expect(body.data.reverse().map(({ lines }: any) => lines)).toMatchObject([
      [{ amount: 1_000, quantity: 1, unitAmount: null, tiers: [tier(1, 1, 1, '10.00', '1000')] }],
      [
        { amount: -500, quantity: 1, unitAmount: null, tiers: [] },
        { amount: 53_500, quantity: 150, unitAmount: null, tiers: [] },
      ],
      [
        {
          amount: 107_000,
          quantity: 150,
          unitAmount: null,
          tiers: [
            tier(1, 10, 10, '10.00', '10000'),
            tier(11, 100, 90, '8.00', '72000'),
            tier(101, 150, 50, '5.00', '25000'),
          ],
        },
      ],
    ]);
  });

  it('recurring revenue counts the tiers', async () => {
    const product = uniqueName('revenue');
    const free = { model: 'graduated', tiers: [{ upTo: 2, unitAmount: 0 }, TIERS[2]] };
    await apply({
      product: { key: product, name: product },
      features: [],
      plans: [
        { key: 'graduated', name: 'Graduated', prices: [seats('graduated')], entitlements: [] },
        { key: 'volume', name: 'Volume', prices: [seats('volume')], entitlements: [] },
        { key: 'free', name: 'Free', prices: [seats('graduated', { amount: 0, tiers: free })], entitlements: [] },
      ],
      assignment: [{ plan: 'graduated' }],
    });
    const subscribe = async (plan: string, quantity: number): Promise<void> => {
      const { body } = await call('PUT', `/v1/customers/${uniqueName('payer')}`, { body: { product, plan } });
      if (quantity > 1)
        await call('POST', `/v1/subscriptions/${body.subscription.id}/change`, { body: { quantity, when: 'now' } });
    };
    for (const [plan, quantity] of [
      ['graduated', 150],
      ['volume', 11],
      ['free', 2],
      ['free', 3],
    ] as const)
      await subscribe(plan, quantity);
    await service.database.query(`update subscription_counts set next_at = '-infinity'`);
    await service.app.get(SubscriptionStats).recount();
    const { body } = await call('GET', `/v1/stats/revenue?product=${product}`);
    expect(body.currencies).toMatchObject([{ currency: 'USD', monthly: 107_000 + 8_800 + 500, subscriptions: 3 }]);
  });

  it('the database multiplies as amountOf does', async () => {
    const amounts = fc.nat(10 ** 9);
    const tiers = fc
      .array(fc.tuple(fc.integer({ min: 1, max: 100 }), amounts, fc.option(amounts)), { minLength: 1, maxLength: 8 })
      .map((sizes) => {
        let last = 0;
        return sizes.map(([size, unitAmount, flatAmount], index) => ({
          upTo: index === sizes.length - 1 ? null : (last += size),
          unitAmount,
          ...(flatAmount === null ? {} : { flatAmount }),
        }));
      });
    const models = fc.constantFrom<PriceTiers['model']>('graduated', 'volume');
    const prices = fc.record(
      { amount: amounts, tiers: fc.record({ model: models, tiers }) },
      { requiredKeys: ['amount'] },
    );
    const sold = fc.sample(fc.record({ price: prices, quantity: fc.integer({ min: 1, max: 1_000 }) }), 500);
    const rows = await service.database.query<{ amount: string }>(
      `select ${AMOUNT} as amount from rows from (jsonb_to_recordset($1) as (price jsonb, quantity integer)) with ordinality as s (price, quantity, position) order by position`,
      [JSON.stringify(sold)],
    );
    expect(rows.map(({ amount }) => Number(amount))).toEqual(sold.map((one) => amountOf(one)));
  });
});

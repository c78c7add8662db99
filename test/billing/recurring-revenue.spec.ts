import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventPublisher } from '@app/events';
import { SubscriptionStats } from '@app/subscriptions';
import { yearlyRevenue } from '../../libs/billing/src/domain/recurring-revenue.js';
import type { SoldAddOn } from '../../libs/subscriptions/src/domain/subscription.js';
import { AMOUNT_WITH_ADD_ONS } from '../../libs/subscriptions/src/subscription-row.js';
import { type Call, startService, type TestApp } from '../support/app.js';
import { runBilling } from '../support/billing.js';
import type { TestDatabase } from '../support/database.js';
import { createApiKey, uniqueName } from '../support/fixtures.js';

const price = (amount: number, rest: object = {}) => ({ interval: 'month', amount, currency: 'USD', ...rest });
const TIERS = {
  model: 'graduated',
  tiers: [
    { upTo: 2, unitAmount: 700 },
    { upTo: null, unitAmount: 300 },
  ],
};

describe('recurring revenue', () => {
  let service: TestApp & { database: TestDatabase };
  let call: Call;

  beforeAll(async () => {
    service = await startService();
    ({ call } = await createApiKey(service));
  });
  afterAll(() => service.stop());

  it('is the same in both statistics, with add-ons', async () => {
    const product = uniqueName('revenue');
    const addOn = (key: string, prices: object[]) => ({ key, name: key, prices, entitlements: [] });
    const applied = await service.admin('POST', '/v1/catalog/apply', {
      body: {
        product: { key: product, name: product },
        billing: { provider: 'manual' },
        features: [],
        plans: [
          { key: 'free', name: 'Free', prices: [price(0)], entitlements: [] },
          { key: 'paid', name: 'Paid', prices: [price(1_000), price(10_000, { interval: 'year' })], entitlements: [] },
        ],
        addOns: [
          addOn('seats', [price(9_999, { region: 'US' }), price(700, { tiers: TIERS })]),
          addOn('yearly', [price(2_400, { interval: 'year' })]),
          addOn('euro', [price(5_000, { currency: 'EUR' })]),
        ],
        assignment: [{ plan: 'free' }],
      },
    });
    expect([applied.status, applied.body.errors]).toEqual([200, undefined]);
    const subscribe = async (plan: string, interval: string, addOns: Record<string, number>): Promise<void> => {
      const customer = uniqueName('payer');
      await call('PUT', `/v1/customers/${customer}`, { body: { product, plan: 'free' } });
      const { body } = await call('GET', `/v1/customers/${customer}/subscription?product=${product}`);
      if (plan !== 'free')
        await call('POST', `/v1/subscriptions/${body.id}/change`, { body: { plan, interval, when: 'now' } });
      for (const [key, quantity] of Object.entries(addOns))
        expect(await call('PUT', `/v1/subscriptions/${body.id}/add-ons/${key}`, { body: { quantity } })).toMatchObject({
          status: 200,
        });
    };
    await subscribe('free', 'month', { seats: 1 });
    await subscribe('paid', 'month', { seats: 3, yearly: 1, euro: 1 });
    await subscribe('paid', 'year', { yearly: 2, seats: 9 });
    await subscribe('paid', 'month', {});
    while ((await service.app.get(EventPublisher).publish()) > 0);
    await runBilling(service);
    await service.database.query(`update subscription_counts set next_at = '-infinity'`);
    await service.app.get(SubscriptionStats).recount();
    const counted = await call('GET', `/v1/stats/revenue?product=${product}`);
    const moved = await call('GET', `/v1/stats/mrr?product=${product}`);
    const monthly = 700 + (1_000 + 700 * 2 + 300) + (10_000 + 4_800) / 12 + 1_000;
    expect(counted.body.currencies).toMatchObject([
      { currency: 'USD', monthly: Math.round(monthly), subscriptions: 4 },
    ]);
    expect(moved.body.data.at(-1)).toMatchObject({ currency: 'USD', end: Math.round(monthly) });
  });

  it('is computed by the database as by the pure function', async () => {
    const offer = fc.record({
      interval: fc.constantFrom('month', 'year'),
      intervalCount: fc.constantFrom(1, 3),
      amount: fc.nat(10 ** 6),
      currency: fc.constantFrom('USD', 'EUR'),
      region: fc.constantFrom(null, 'US'),
      deviceType: fc.constantFrom(null, 'ios'),
      tiers: fc.option(fc.constant(TIERS), { nil: undefined, freq: 3 }),
    });
    const addOn = fc.record({ quantity: fc.integer({ min: 1, max: 9 }), prices: fc.array(offer, { maxLength: 6 }) });
    const sold = fc.record({
      price: offer.map(({ region: _, deviceType: __, ...sale }) => sale),
      quantity: fc.integer({ min: 1, max: 9 }),
      add_ons: fc.dictionary(fc.constantFrom('one', 'two', 'three'), addOn),
    });
    const rows = fc.sample(sold, 500);
    const amounts = await service.database.query<{ amount: string }>(
      `select ${AMOUNT_WITH_ADD_ONS} as amount from rows from (jsonb_to_recordset($1) as (price jsonb, quantity integer, add_ons jsonb)) with ordinality as s (price, quantity, add_ons, position) order by position`,
      [JSON.stringify(rows)],
    );
    const yearly = rows.map(({ add_ons, ...rest }) =>
      yearlyRevenue({ ...rest, status: 'active', addOns: add_ons as unknown as Record<string, SoldAddOn> } as never),
    );
    const cycles = { month: 12, year: 1 };
    expect(amounts.map(({ amount }, index) => Number(amount) * cycles[rows[index]!.price.interval as 'month'])).toEqual(
      yearly.map((one) => Number(one?.amount ?? 0n)),
    );
    expect(yearly.some((one, index) => one !== null && Object.keys(rows[index]!.add_ons).length > 0)).toBe(true);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BillingRun } from '@app/billing';
import { type Call, ok, startApp, type TestApp } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { createApiKey, inParallel, uniqueName } from '../support/fixtures.js';

const START = '2026-06-01T00:00:00.000Z';
const JULY = '2026-07-01T00:00:00.000Z';
const month = (amount: number) => [{ interval: 'month', amount, currency: 'USD' }];

describe('the notice of an upcoming invoice', () => {
  let database: TestDatabase;
  let instances: TestApp[];
  let service: TestApp;
  let call: Call;

  const newProduct = async (billing: object | null): Promise<string> => {
    const key = uniqueName('product');
    const body = {
      product: { key, name: key },
      features: [{ key: 'calls', name: 'Calls', type: 'metered' }],
      plans: [
        { key: 'free', name: 'Free', prices: month(0), entitlements: [] },
        {
          key: 'paid',
          name: 'Paid',
          prices: month(3_000),
          entitlements: [
            {
              ...{ feature: 'calls', type: 'metered', limit: 10, window: 'billing_period', overage: 'allow' },
              usagePrice: { model: 'per_unit', unitAmount: '1.00', currency: 'USD' },
            },
          ],
        },
        { key: 'trial', name: 'Trial', trialDays: 30, prices: month(3_000), entitlements: [] },
      ],
      addOns: [{ key: 'support', name: 'Support', prices: month(1_000), entitlements: [] }],
      coupons: [{ key: 'half', name: 'Half', percentOff: '50', duration: 'forever' }],
      taxRates: [{ key: 'vat', name: 'VAT', percentage: '19' }],
      assignment: [{ plan: 'free' }],
      ...(billing && { billing: { provider: 'manual', dunning: { finally: 'keep' }, usageGraceHours: 0, ...billing } }),
    };
    await ok(service.admin('POST', '/v1/catalog/apply', { body }));
    return key;
  };
  async function subscribe(product: string, plan: string, rest: object = {}) {
    const clock = (await ok(call('POST', '/v1/test-clocks', { body: { now: START } }))).id;
    const customer = uniqueName('buyer');
    await ok(call('PUT', `/v1/customers/${customer}`, { body: { testClock: clock, product: 'default' } }));
    const { id } = await ok(call('POST', '/v1/subscriptions', { body: { customer, product, plan, ...rest } }));
    return {
      customer,
      id,
      clock,
      advance: (to: string) => ok(call('POST', `/v1/test-clocks/${clock}/advance`, { body: { to } })),
    };
  }
  const noticesOf = (id: string): Promise<{ at: Date; after: any; subject_type: string }[]> =>
    database.query(
      `select at, after, subject_type from events where type = 'invoice.upcoming' and after->>'subscription' = $1 order by id`,
      [id],
    );

  beforeAll(async () => {
    database = await createTestDatabase();
    instances = await Promise.all([startApp({ database }), startApp({ database })]);
    service = instances[0]!;
    ({ call } = await createApiKey(service));
  });
  afterAll(async () => {
    await Promise.all(instances.map((instance) => instance.stop()));
    await database.drop();
  });

  it('is given once per period, seven days before it, with the amounts of the invoice that comes', async () => {
    const product = await newProduct({});
    const { id, customer, advance } = await subscribe(product, 'paid', { quantity: 2, coupon: 'half' });
    await ok(call('PUT', `/v1/subscriptions/${id}/add-ons/support`, { body: { quantity: 3 } }));
    await ok(call('POST', '/v1/usage/consume', { body: { customer, product, feature: 'calls', quantity: 14 } }));
    await advance('2026-06-23T23:59:59.999Z');
    expect(await noticesOf(id)).toEqual([]);
    await advance(JULY);
    const notices = await noticesOf(id);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatchObject({
      at: new Date('2026-06-24T00:00:00.000Z'),
      subject_type: 'upcoming_invoice',
      after: { currency: 'USD', subtotal: 9_400, discountTotal: 4_700, taxTotal: 893, total: 5_593, due: 5_593 },
    });
    const { data } = await ok(call('GET', `/v1/invoices?customer=${customer}`));
    const [invoice] = data.filter(({ billedAt }: any) => billedAt === JULY);
    const { currency, subtotal, discountTotal, taxTotal, total, due, periodStart, periodEnd } = invoice;
    expect(notices[0]!.after).toEqual({
      subscription: id,
      ...{ currency, subtotal, discountTotal, taxTotal, total, due, periodStart, periodEnd },
      lines: invoice.lines.map(({ kind, description, quantity, amount, periodStart: from, periodEnd: to }: any) => ({
        ...{ kind, description, quantity, amount, periodStart: from, periodEnd: to },
      })),
    });
    await advance('2026-08-31T00:00:00.000Z');
    expect((await noticesOf(id)).map(({ after }) => after.periodStart)).toEqual([
      JULY,
      '2026-08-01T00:00:00.000Z',
      '2026-09-01T00:00:00.000Z',
    ]);
  });

  it('has what is left to pay after the credit balance', async () => {
    const { id, advance } = await subscribe(await newProduct({}), 'paid', { quantity: 3 });
    await advance('2026-06-16T00:00:00.000Z');
    await ok(call('POST', `/v1/subscriptions/${id}/change`, { body: { quantity: 1, when: 'now' } }));
    await advance(JULY);
    expect(await noticesOf(id)).toMatchObject([{ after: { total: 3_570, due: 0 } }]);
  });

  it('has the lines that wait for the next invoice', async () => {
    const { id, advance } = await subscribe(await newProduct({ prorationBilling: 'next_invoice' }), 'paid');
    await advance('2026-06-16T00:00:00.000Z');
    await ok(call('POST', `/v1/subscriptions/${id}/change`, { body: { quantity: 3, when: 'now' } }));
    await advance(JULY);
    const [notice] = await noticesOf(id);
    expect(notice!.after.lines.map(({ amount }: any) => amount)).toEqual([9_000, -1_500, 4_500]);
  });

  it('is given before the end of a trial', async () => {
    const { id, advance } = await subscribe(await newProduct({}), 'trial');
    await advance(JULY);
    expect(await noticesOf(id)).toMatchObject([{ at: new Date('2026-06-24T00:00:00.000Z'), after: { total: 3_570 } }]);
  });

  it.each<[string, object | null, string, object, object | null]>([
    ['a free plan', {}, 'free', {}, null],
    ['a subscription that does not renew', {}, 'paid', { autoRenew: false }, null],
    ['a subscription that is set to end', {}, 'paid', {}, { when: 'period_end' }],
    ['a product without billing', null, 'paid', {}, null],
  ])('is not given for %s', async (_, billing, plan, rest, cancel) => {
    const { id, advance } = await subscribe(await newProduct(billing), plan, rest);
    if (cancel) await ok(call('POST', `/v1/subscriptions/${id}/cancel`, { body: cancel }));
    await advance('2026-07-02T00:00:00.000Z');
    expect(await noticesOf(id)).toEqual([]);
  });

  it('is not given when billing is switched off before it is written', async () => {
    const product = await newProduct({});
    const { id, advance } = await subscribe(product, 'paid');
    await ok(call('DELETE', `/v1/products/${product}/billing`));
    await advance('2026-07-02T00:00:00.000Z');
    expect(await noticesOf(id)).toEqual([]);
  });

  it('is written once by workers that run at the same time', async () => {
    const product = await newProduct({});
    const subscribed = await inParallel(20, 5, () => subscribe(product, 'paid'));
    for (const { advance } of subscribed) await advance('2026-06-20T00:00:00.000Z');
    const ids = subscribed.map(({ id }) => id);
    await database.query(
      `update billed_subscriptions set upcoming_at = $2, test_clock_id = null where subscription_id = any($1::uuid[])`,
      [ids, JULY],
    );
    await inParallel(8, 8, (index) => instances[index % 2]!.app.get(BillingRun, { strict: false }).runDue());
    const rows = await database.query<{ n: number }>(
      `select count(*)::int as n from events where type = 'invoice.upcoming' and after->>'subscription' = any($1) group by after->>'subscription'`,
      [ids],
    );
    expect(rows).toEqual(ids.map(() => ({ n: 1 })));
  });
});

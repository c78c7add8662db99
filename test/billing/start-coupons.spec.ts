import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BillingChecker } from '@app/billing';
import { EventPublisher } from '@app/events';
import { type Call, ok, startService, type TestApp } from '../support/app.js';
import { addTestMethod, runBilling } from '../support/billing.js';
import type { TestDatabase } from '../support/database.js';
import { createApiKey, inParallel, registerUser, uniqueName } from '../support/fixtures.js';

const START = '2026-06-01T00:00:00.000Z';
const HALF = { name: 'Half', percentOff: '50' };
const month = (amount: number) => [{ interval: 'month', amount, currency: 'USD' }];

describe('a coupon at the start of a subscription', () => {
  let service: TestApp & { database: TestDatabase };
  let call: Call;
  const product = uniqueName('shop');

  const newCoupon = async (body: object = HALF): Promise<string> => {
    const key = uniqueName('coupon');
    await ok(call('POST', '/v1/coupons', { body: { product, key, ...body } }));
    return key;
  };
  const redemptionsOf = async (coupon: string): Promise<number> =>
    (await ok(call('GET', `/v1/coupons/${coupon}?product=${product}`))).redemptions;
  /** A customer of another product on a test clock at START. */
  async function createBuyer() {
    const clock = (await ok(call('POST', '/v1/test-clocks', { body: { now: START } }))).id;
    const customer = uniqueName('buyer');
    await ok(call('PUT', `/v1/customers/${customer}`, { body: { testClock: clock, product: 'default' } }));
    return {
      customer,
      clock,
      buy: (body: object = {}) =>
        call('POST', '/v1/subscriptions', { body: { customer, product, plan: 'paid', ...body } }),
      live: () => call('GET', `/v1/customers/${customer}/subscription?product=${product}`),
      advance: (to: string) => ok(call('POST', `/v1/test-clocks/${clock}/advance`, { body: { to } })),
      invoices: async (): Promise<any[]> =>
        (await ok(call('GET', `/v1/invoices?customer=${customer}&limit=100`))).data.reverse(),
    };
  }
  const couponsOf = async (subscription: string): Promise<any[]> =>
    (await ok(call('GET', `/v1/subscriptions/${subscription}/coupons`))).data;
  const traces = (coupon: string): Promise<unknown[]> =>
    service.database.query(`select 1 from events where type like 'coupon_redemption.%' and after->>'coupon' = $1`, [
      coupon,
    ]);

  beforeAll(async () => {
    service = await startService();
    ({ call } = await createApiKey(service));
    const body = {
      product: { key: product, name: product },
      billing: { provider: 'sandbox', usageGraceHours: 0, dunning: { finally: 'keep' } },
      features: [],
      plans: [
        { key: 'free', name: 'Free', prices: month(0), entitlements: [] },
        { key: 'paid', name: 'Paid', prices: month(3_000), entitlements: [] },
        { key: 'trial', name: 'Trial', trialDays: 10, prices: month(3_000), entitlements: [] },
      ],
      assignment: [{ plan: 'free' }],
    };
    await ok(service.admin('POST', '/v1/catalog/apply', { body }));
  });
  afterAll(async () => {
    const checker = service.app.get(BillingChecker, { strict: false });
    expect((await checker.checkAll()).mismatches).toEqual([]);
    await service.stop();
  });

  it('lowers the first invoice', async () => {
    const [buyer, coupon] = [await createBuyer(), await newCoupon({ ...HALF, duration: 'repeating', periods: 2 })];
    const { id } = await ok(buyer.buy({ coupon }));
    await buyer.advance('2026-08-01T00:00:00.000Z');
    expect((await buyer.invoices()).map(({ total, billedAt }) => [billedAt, total])).toEqual([
      [START, 1_500],
      ['2026-07-01T00:00:00.000Z', 1_500],
      ['2026-08-01T00:00:00.000Z', 3_000],
    ]);
    expect(await couponsOf(id)).toMatchObject([{ coupon, redeemedAt: START, periodsUsed: 2, position: 1 }]);
    expect(await redemptionsOf(coupon)).toBe(1);
  });

  it('lowers the first invoice in real time', async () => {
    const [customer, coupon] = [uniqueName('buyer'), await newCoupon()];
    await ok(call('PUT', `/v1/customers/${customer}`, { body: { product: 'default' } }));
    await ok(call('POST', '/v1/subscriptions', { body: { customer, product, plan: 'paid', coupon } }));
    while ((await service.app.get(EventPublisher).publish()) > 0);
    await runBilling(service);
    const [invoice] = (await ok(call('GET', `/v1/invoices?customer=${customer}`))).data;
    expect(invoice).toMatchObject({ total: 1_500, discounts: [{ coupon, amount: 1_500 }] });
  });

  it('lowers the first period after a trial, and of a subscription that starts later', async () => {
    const coupon = await newCoupon();
    for (const body of [{ plan: 'trial' }, { startsAt: '2026-06-11T00:00:00.000Z' }]) {
      const buyer = await createBuyer();
      await ok(buyer.buy({ coupon, ...body }));
      await buyer.advance('2026-06-12T00:00:00.000Z');
      expect(await buyer.invoices()).toMatchObject([{ billedAt: '2026-06-11T00:00:00.000Z', total: 1_500 }]);
    }
  });

  it('is given with a new customer, and with its first subscription on a product', async () => {
    const coupon = await newCoupon();
    const body = { product, plan: 'paid', coupon };
    const created = await ok(call('PUT', `/v1/customers/${uniqueName('new')}`, { body }));
    expect(await couponsOf(created.subscription.id)).toMatchObject([{ coupon }]);
    const { customer, clock } = await createBuyer();
    const onClock = await ok(
      call('PUT', `/v1/customers/${uniqueName('new')}`, { body: { ...body, testClock: clock } }),
    );
    expect(await couponsOf(onClock.subscription.id)).toMatchObject([{ coupon, redeemedAt: START }]);
    const updated = await ok(call('PUT', `/v1/customers/${customer}`, { body }));
    expect(await couponsOf(updated.subscription.id)).toMatchObject([{ coupon }]);
    await ok(call('PUT', `/v1/customers/${customer}`, { body }));
    expect(await redemptionsOf(coupon)).toBe(3);
  });

  describe.each([
    ['that is unknown', null, 404, 'coupon_not_found'],
    ['that has expired', { ...HALF, redeemBy: START }, 409, 'coupon_expired'],
    ['for another plan', { ...HALF, plans: ['free'] }, 409, 'coupon_not_for_plan'],
    ['in another currency', { name: 'Euro', amountOff: 100, currency: 'EUR' }, 409, 'coupon_in_other_currency'],
    ['that is used up', { ...HALF, maxRedemptions: 1 }, 409, 'coupon_used_up'],
  ] as const)('%s', (_, body, status, code) => {
    const prepared = async (): Promise<string> => {
      const coupon = body ? await newCoupon(body) : 'nothing';
      if (code === 'coupon_used_up') await ok((await createBuyer()).buy({ coupon }));
      return coupon;
    };

    it('refuses the subscription, and nothing is stored', async () => {
      const [buyer, coupon] = [await createBuyer(), await prepared()];
      const before = await traces(coupon);
      for (const more of [{}, { paymentBehavior: 'pay_first' }])
        expect(await buyer.buy({ coupon, ...more })).toMatchObject({ status, body: { code } });
      expect((await buyer.live()).status).toBe(404);
      await buyer.advance('2026-06-02T00:00:00.000Z');
      expect(await buyer.invoices()).toEqual([]);
      expect(await traces(coupon)).toEqual(before);
      if (body) expect(await redemptionsOf(coupon)).toBe(before.length);
    });

    it('refuses the new customer, who does not exist then', async () => {
      const [{ clock: testClock }, coupon, customer] = [await createBuyer(), await prepared(), uniqueName('new')];
      const put = await call('PUT', `/v1/customers/${customer}`, {
        body: { product, plan: 'paid', coupon, testClock },
      });
      expect(put).toMatchObject({ status, body: { code } });
      expect((await call('GET', `/v1/customers/${customer}`)).status).toBe(404);
    });

    it('refuses the preview', async () => {
      const [{ customer }, coupon] = [await createBuyer(), await prepared()];
      const preview = await call('POST', '/v1/invoices/preview', { body: { customer, product, plan: 'paid', coupon } });
      expect(preview).toMatchObject({ status, body: { code } });
    });
  });

  it('starts one of twenty concurrent subscriptions when it may be redeemed once', async () => {
    const coupon = await newCoupon({ ...HALF, maxRedemptions: 1 });
    const buyers = await inParallel(20, 5, () => createBuyer());
    const answers = await inParallel(20, 20, (index) => buyers[index]!.buy({ coupon }));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 'coupon_used_up')).toHaveLength(19);
    const live = await Promise.all(buyers.map(({ live }) => live()));
    expect(live.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await redemptionsOf(coupon)).toBe(1);
    expect(await traces(coupon)).toHaveLength(1);
  });

  it('is for sellers: a user cannot give itself one', async () => {
    const user = await registerUser(service);
    for (const [path, body] of [
      ['/v1/subscriptions', { product, plan: 'paid' }],
      ['/v1/invoices/preview', { product, plan: 'paid' }],
    ] as const)
      expect(await user.call('POST', path, { body: { ...body, coupon: await newCoupon() } })).toMatchObject({
        status: 403,
        body: { code: 'terms_not_allowed' },
      });
  });

  it('is on the preview of the first invoice', async () => {
    const [buyer, coupon] = [await createBuyer(), await newCoupon({ ...HALF, maxRedemptions: 1 })];
    const body = { customer: buyer.customer, product, plan: 'paid', coupon, quantity: 3 };
    const { invoice } = await ok(call('POST', '/v1/invoices/preview', { body }));
    expect(invoice).toMatchObject({ subtotal: 9_000, discounts: [{ coupon, amount: 4_500 }], total: 4_500 });
    expect(await redemptionsOf(coupon)).toBe(0);
    const { id: subscription } = await ok(buyer.buy({ coupon, quantity: 3 }));
    await buyer.advance('2026-06-02T00:00:00.000Z');
    expect(await buyer.invoices()).toMatchObject([{ total: invoice.total }]);
    expect(await call('POST', '/v1/invoices/preview', { body: { subscription, coupon } })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'coupon' }] },
    });
  });

  describe('that is paid first', () => {
    const once = { ...HALF, maxRedemptions: 1 };

    it('lowers the invoice of the checkout, and no other one', async () => {
      const [buyer, coupon] = [await createBuyer(), await newCoupon(once)];
      await addTestMethod(service, { customer: buyer.customer, product, behavior: 'succeeds' });
      const checkout = await ok(buyer.buy({ coupon, paymentBehavior: 'pay_first' }));
      expect(checkout.invoice).toMatchObject({ total: 1_500, due: 1_500, discounts: [{ coupon }] });
      await buyer.advance('2026-07-01T00:00:00.000Z');
      expect((await buyer.live()).body).toMatchObject({ id: checkout.subscription, status: 'active' });
      expect((await buyer.invoices()).map(({ total }) => total)).toEqual([1_500, 3_000]);
      expect(await couponsOf(checkout.subscription)).toMatchObject([{ coupon, periodsUsed: 1 }]);
      expect(await redemptionsOf(coupon)).toBe(1);
    });

    it('starts immediately with a coupon for the whole', async () => {
      const [buyer, coupon] = [await createBuyer(), await newCoupon({ name: 'All', percentOff: '100' })];
      const checkout = await ok(buyer.buy({ coupon, paymentBehavior: 'pay_first' }));
      expect(checkout).toMatchObject({ status: 'completed', invoice: { total: 0, status: 'paid' } });
      expect((await buyer.live()).status).toBe(200);
    });

    it('is taken back when the checkout expires, and may be redeemed again', async () => {
      const [buyer, coupon] = [await createBuyer(), await newCoupon(once)];
      const checkout = await ok(buyer.buy({ coupon, paymentBehavior: 'pay_first' }));
      expect((await (await createBuyer()).buy({ coupon })).body.code).toBe('coupon_used_up');
      await buyer.advance('2026-06-02T00:00:00.000Z');
      expect(await ok(call('GET', `/v1/checkouts/${checkout.id}`))).toMatchObject({ status: 'expired' });
      expect(await redemptionsOf(coupon)).toBe(0);
      expect((await buyer.buy({ coupon })).status).toBe(201);
      expect(await redemptionsOf(coupon)).toBe(1);
    });
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BillingChecker, BillingRun, type SandboxBehavior } from '@app/billing';
import { type Call, ok, startService, type TestApp } from '../support/app.js';
import { addTestMethod } from '../support/billing.js';
import type { TestDatabase } from '../support/database.js';
import { createApiKey, uniqueName } from '../support/fixtures.js';

const START = '2026-06-01T00:00:00.000Z';
const plan = (key: string, amount: number, trialDays = 0) => ({
  key,
  name: key,
  trialDays,
  prices: [{ interval: 'month', amount, currency: 'USD' }],
  entitlements: [],
});

describe('paying first', () => {
  let service: TestApp & { database: TestDatabase };
  let call: Call;
  const product = uniqueName('shop');

  /** A customer of another product on a test clock at START, with a payment method. */
  async function createBuyer(behavior: SandboxBehavior | null = 'succeeds') {
    const clock = (await ok(call('POST', '/v1/test-clocks', { body: { now: START } }))).id;
    const customer = uniqueName('buyer');
    await ok(call('PUT', `/v1/customers/${customer}`, { body: { testClock: clock, product: 'default' } }));
    const addMethod = (of: SandboxBehavior) => addTestMethod(service, { customer, product, behavior: of });
    if (behavior) await addMethod(behavior);
    return {
      customer,
      addMethod,
      advance: (to: string) => ok(call('POST', `/v1/test-clocks/${clock}/advance`, { body: { to } })),
      settle: () => service.app.get(BillingRun, { strict: false }).settleClock(clock, new Date(START)),
      buy: (body: object = {}) =>
        call('POST', '/v1/subscriptions', {
          body: { customer, product, plan: 'basic', paymentBehavior: 'pay_first', ...body },
        }),
      live: () => call('GET', `/v1/customers/${customer}/subscription?product=${product}`),
      invoices: async (): Promise<any[]> =>
        (await ok(call('GET', `/v1/invoices?customer=${customer}&limit=100`))).data.reverse(),
      balance: async (): Promise<number> =>
        (await ok(call('GET', `/v1/customers/${customer}/credit-balance`))).balances[0]?.balance ?? 0,
    };
  }
  const pay = (invoice: string, body: object = {}) => call('POST', `/v1/invoices/${invoice}/pay`, { body });
  const read = (id: string): Promise<any> => ok(call('GET', `/v1/checkouts/${id}`));
  const eventsOf = async (id: string): Promise<string[]> =>
    (
      await service.database.query<{ type: string }>(
        'select type from events where subject_id = $1 order by sequence',
        [id],
      )
    ).map(({ type }) => type);
  const totals = (invoices: any[]) => invoices.map(({ status, total, due }) => [status, total, due]);

  beforeAll(async () => {
    service = await startService();
    ({ call } = await createApiKey(service));
    const body = {
      product: { key: product, name: product },
      billing: { provider: 'sandbox', usageGraceHours: 0 },
      features: [],
      plans: [plan('basic', 3_000), plan('pro', 9_000), plan('free', 0), plan('trial', 500, 10)],
      assignment: [{ plan: 'free' }],
    };
    await ok(service.admin('POST', '/v1/catalog/apply', { body }));
  });
  afterAll(async () => {
    const checker = service.app.get(BillingChecker, { strict: false });
    expect((await checker.checkAll()).mismatches).toEqual([]);
    await service.stop();
  });

  describe('for a new subscription', () => {
    it('starts when the invoice is paid, and charges it once', async () => {
      const buyer = await createBuyer();
      const { status, body: checkout } = await buyer.buy();
      expect(status).toBe(201);
      expect(checkout).toMatchObject({
        status: 'open',
        payment: null,
        invoice: { status: 'open', total: 3_000, due: 3_000, subscription: checkout.subscription },
        expiresAt: '2026-06-01T23:00:00.000Z',
      });
      expect(await buyer.live()).toMatchObject({ status: 404 });
      await buyer.advance('2026-06-01T01:00:00.000Z');
      expect(await read(checkout.id)).toMatchObject({ status: 'completed', payment: { status: 'succeeded' } });
      expect(await buyer.live()).toMatchObject({
        body: { id: checkout.subscription, status: 'active', currentPeriodEnd: '2026-07-01T00:00:00.000Z' },
      });
      await buyer.advance('2026-06-20T00:00:00.000Z');
      expect(totals(await buyer.invoices())).toEqual([['paid', 3_000, 0]]);
      await buyer.advance('2026-07-02T00:00:00.000Z');
      expect(totals(await buyer.invoices())).toEqual([
        ['paid', 3_000, 0],
        ['paid', 3_000, 0],
      ]);
      expect(await eventsOf(checkout.id)).toEqual(['checkout.created', 'checkout.completed']);
    });

    it('stays open after a declined payment, and starts with the next one', async () => {
      const buyer = await createBuyer('declined');
      const { body: checkout } = await buyer.buy();
      expect((await pay(checkout.invoice.id)).body).toMatchObject({ status: 'failed' });
      expect(await read(checkout.id)).toMatchObject({ status: 'open', payment: { status: 'failed' } });
      await buyer.advance('2026-06-01T05:00:00.000Z');
      expect(await buyer.live()).toMatchObject({ status: 404 });
      const paymentMethod = await buyer.addMethod('succeeds');
      expect((await pay(checkout.invoice.id, { paymentMethod })).body).toMatchObject({ status: 'succeeded' });
      expect(await read(checkout.id)).toMatchObject({ status: 'completed' });
      expect(await buyer.live()).toMatchObject({ body: { startedAt: '2026-06-01T05:00:00.000Z', status: 'active' } });
      await buyer.advance('2026-06-30T00:00:00.000Z');
      expect(totals(await buyer.invoices())).toEqual([['paid', 3_000, 0]]);
    });

    it.each([null, 'requires_action'] as const)('is given up after 23 hours: payment method %s', async (behavior) => {
      const buyer = await createBuyer(behavior);
      const { body: checkout } = await buyer.buy();
      await buyer.advance('2026-06-01T22:59:59.999Z');
      const open = await read(checkout.id);
      expect(open).toMatchObject({ status: 'open', invoice: { status: 'open' } });
      expect(open.payment?.status ?? null).toBe(behavior);
      expect(open.payment?.actionUrl ?? null).toEqual(behavior && expect.any(String));
      await buyer.advance('2026-06-01T23:00:00.000Z');
      expect(await read(checkout.id)).toMatchObject({ status: 'expired', invoice: { status: 'void', due: 0 } });
      expect(await eventsOf(checkout.id)).toEqual(['checkout.created', 'checkout.expired']);
      expect(await pay(checkout.invoice.id)).toMatchObject({ status: 409 });
      expect(await buyer.live()).toMatchObject({ status: 404 });
      expect((await buyer.buy()).status).toBe(201);
    });

    it('starts immediately when nothing is due', async () => {
      for (const key of ['free', 'trial']) {
        const buyer = await createBuyer(null);
        const { status, body } = await buyer.buy({ plan: key });
        expect([status, body.plan?.key]).toEqual([201, key]);
        expect(await buyer.invoices()).toEqual([]);
      }
    });

    it('is refused for a product that is not billed', async () => {
      const buyer = await createBuyer();
      expect(await buyer.buy({ product: 'api', plan: 'free' })).toMatchObject({
        status: 409,
        body: { code: 'billing_off' },
      });
    });

    it('of several concurrent requests makes one checkout', async () => {
      const buyer = await createBuyer();
      const answers = await Promise.all([buyer.buy(), buyer.buy(), buyer.buy()]);
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
      expect(answers.find(({ status }) => status === 409)!.body.code).toBe('checkout_open');
      expect(await buyer.invoices()).toHaveLength(1);
    });

    it('starts once when it is paid several times concurrently', async () => {
      const buyer = await createBuyer();
      const { body: checkout } = await buyer.buy();
      const answers = await Promise.all(Array.from({ length: 4 }, () => pay(checkout.invoice.id)));
      expect(answers.filter(({ body }) => body.status === 'succeeded')).toHaveLength(1);
      expect(await eventsOf(checkout.subscription)).toEqual(['subscription.created']);
      expect(totals(await buyer.invoices())).toEqual([['paid', 3_000, 0]]);
      expect(await buyer.balance()).toBe(0);
    });

    it('either starts or is given up when both happen concurrently, and no money is lost', async () => {
      for (let round = 0; round < 5; round++) {
        const buyer = await createBuyer();
        const { body: checkout } = await buyer.buy();
        await service.database.query('update checkouts set expires_at = $2 where id = $1', [checkout.id, START]);
        const [paid] = await Promise.all([pay(checkout.invoice.id), buyer.settle()]);
        const after = await read(checkout.id);
        const isLive = (await buyer.live()).status === 200;
        expect(isLive).toBe(after.status === 'completed');
        if (after.status === 'expired' && paid.body.status === 'succeeded') expect(await buyer.balance()).toBe(3_000);
        else expect(await buyer.balance()).toBe(0);
      }
    });

    it('moves the money to the credit balance when the subscription cannot start any more', async () => {
      const buyer = await createBuyer();
      const { body: checkout } = await buyer.buy();
      const { status } = await buyer.buy({ plan: 'free', paymentBehavior: 'default' });
      expect(status).toBe(201);
      expect((await pay(checkout.invoice.id)).body).toMatchObject({ status: 'succeeded' });
      expect(await read(checkout.id)).toMatchObject({ status: 'failed', invoice: { status: 'void' } });
      expect(await buyer.balance()).toBe(3_000);
      expect(await eventsOf(checkout.subscription)).toEqual([]);
    });
  });

  describe('for a change', () => {
    /** A buyer whose basic subscription is paid. */
    async function createSubscriber(behavior: SandboxBehavior = 'succeeds') {
      const buyer = await createBuyer(behavior);
      const { id } = await ok(buyer.buy({ paymentBehavior: 'default' }));
      await buyer.advance('2026-06-16T00:00:00.000Z');
      const change = (body: object = {}) =>
        call('POST', `/v1/subscriptions/${id}/change`, {
          body: { plan: 'pro', when: 'now', paymentBehavior: 'pay_first', ...body },
        });
      return { ...buyer, id, change };
    }

    it('changes when the invoice is paid, and charges it once', async () => {
      const { change, live, invoices, advance } = await createSubscriber();
      const { status, body: checkout } = await change();
      expect(status).toBe(200);
      expect(checkout).toMatchObject({ status: 'open', invoice: { purpose: 'change', total: 3_000 } });
      expect(await live()).toMatchObject({ body: { plan: { key: 'basic' } } });
      await advance('2026-06-16T01:00:00.000Z');
      expect(await read(checkout.id)).toMatchObject({ status: 'completed' });
      expect(await live()).toMatchObject({ body: { plan: { key: 'pro' } } });
      await advance('2026-07-02T00:00:00.000Z');
      expect(totals(await invoices())).toEqual([
        ['paid', 3_000, 0],
        ['paid', 3_000, 0],
        ['paid', 9_000, 0],
      ]);
    });

    it('keeps the plan and its access when the payment fails, and is given up after 23 hours', async () => {
      const { change, live, addMethod, advance } = await createSubscriber();
      const paymentMethod = await addMethod('declined');
      const { body: checkout } = await change();
      expect((await pay(checkout.invoice.id, { paymentMethod })).body).toMatchObject({ status: 'failed' });
      expect(await live()).toMatchObject({ body: { plan: { key: 'basic' }, status: 'active', pastDueSince: null } });
      await service.database.query('update invoices set next_attempt_at = null where id = $1', [checkout.invoice.id]);
      await advance('2026-06-16T23:00:00.000Z');
      expect(await read(checkout.id)).toMatchObject({ status: 'expired', invoice: { status: 'void' } });
      expect(await live()).toMatchObject({ body: { plan: { key: 'basic' }, status: 'active' } });
    });

    it('changes immediately when nothing is due, and not at the end of the period', async () => {
      const { change } = await createSubscriber();
      expect(await change({ plan: 'free' })).toMatchObject({ status: 200, body: { plan: { key: 'free' } } });
      expect(await change({ when: 'period_end' })).toMatchObject({
        status: 422,
        body: { errors: [{ field: 'paymentBehavior' }] },
      });
    });

    it('moves the money to the credit balance when the subscription has changed meanwhile', async () => {
      const { change, live, balance } = await createSubscriber();
      const { body: checkout } = await change();
      expect(await change({ plan: undefined, quantity: 2, paymentBehavior: 'default' })).toMatchObject({ status: 200 });
      expect((await pay(checkout.invoice.id)).body).toMatchObject({ status: 'succeeded' });
      expect(await read(checkout.id)).toMatchObject({ status: 'failed', invoice: { status: 'void' } });
      expect(await balance()).toBe(3_000);
      expect(await live()).toMatchObject({ body: { plan: { key: 'basic' }, quantity: 2 } });
    });
  });
});

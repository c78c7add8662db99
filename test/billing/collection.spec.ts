import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BillingChecker, PaymentEvents, Reconciliation, type SandboxBehavior } from '@app/billing';
import { type Call, startService, type TestApp } from '../support/app.js';
import { addTestMethod, runBilling } from '../support/billing.js';
import type { TestDatabase } from '../support/database.js';
import { createApiKey, inParallel, uniqueName } from '../support/fixtures.js';

const START = '2026-06-01T10:00:00.000Z';
const PLANS = [10_000, 3_000, 1_500].map((amount) => ({
  key: `plan-${amount}`,
  name: `${amount}`,
  prices: [{ interval: 'month', amount, currency: 'USD' }],
  entitlements: [],
}));

describe('collecting money', () => {
  let service: TestApp & { database: TestDatabase };
  let call: Call;
  let customer: string;
  let clock: string;

  const ok = async (answer: Promise<{ status: number; body: any }>): Promise<any> => {
    const { status, body } = await answer;
    if (status >= 300) throw new Error(JSON.stringify(body));
    return body;
  };
  const products = new Map<string, string>();
  const productWith = async (settings: object = {}): Promise<string> => {
    const name = JSON.stringify(settings);
    const product = products.get(name) ?? uniqueName('paid');
    if (products.has(name)) return product;
    const body = {
      product: { key: product, name: product },
      billing: { provider: 'sandbox', usageGraceHours: 0, ...settings },
      features: [],
      plans: PLANS,
      assignment: [{ plan: 'plan-10000' }],
    };
    await ok(service.admin('POST', '/v1/catalog/apply', { body }));
    products.set(name, product);
    return product;
  };
  interface Sold {
    product: string;
    subscription: string;
  }
  /** A customer on a test clock whose subscription was just billed. */
  const sell = async (
    behavior: SandboxBehavior | null,
    {
      settings = {},
      plan = 'plan-10000',
      timezone = 'UTC',
    }: { settings?: object; plan?: string; timezone?: string } = {},
  ): Promise<Sold> => {
    const product = await productWith(settings);
    clock = (await ok(call('POST', '/v1/test-clocks', { body: { now: START } }))).id;
    customer = uniqueName('payer');
    await ok(call('PUT', `/v1/customers/${customer}`, { body: { testClock: clock, product: 'default', timezone } }));
    if (behavior) await addTestMethod(service, { customer, product, behavior });
    const { id } = await ok(call('POST', '/v1/subscriptions', { body: { customer, product, plan } }));
    await advance('2026-06-01T10:00:01.000Z');
    return { product, subscription: id };
  };
  const advance = (to: string): Promise<any> => ok(call('POST', `/v1/test-clocks/${clock}/advance`, { body: { to } }));
  const invoices = async (): Promise<any[]> =>
    (await ok(call('GET', `/v1/invoices?customer=${customer}&limit=100`))).data.reverse();
  const payments = async (): Promise<any[]> =>
    (await ok(call('GET', `/v1/payments?customer=${customer}&limit=100`))).data.reverse();
  const balance = async (): Promise<number> =>
    (await ok(call('GET', `/v1/customers/${customer}/credit-balance`))).balances[0]?.balance ?? 0;
  const statusOf = async (subscription: string): Promise<string> =>
    (await ok(call('GET', `/v1/subscriptions/${subscription}`))).status;
  const charges = (): Promise<{ key: string; status: string }[]> =>
    service.database.query(
      `select idempotency_key as key, status from sandbox_charges where metadata->>'customer' = (select id::text from customers where key = $1) order by created_at, idempotency_key`,
      [customer],
    );
  const events = (like: string): Promise<{ type: string; at: Date; after: any }[]> =>
    service.database.query(
      `select type, at, after from events where customer_key = $1 and type like $2 order by at, id`,
      [customer, like],
    );
  const run = (): Promise<void> => runBilling(service);

  beforeAll(async () => {
    service = await startService();
    ({ call } = await createApiKey(service));
  });
  afterAll(async () => {
    const checker = service.app.get(BillingChecker, { strict: false });
    expect((await checker.checkAll()).mismatches).toEqual([]);
    await service.stop();
  });

  it('charges the default payment method when an invoice is finalized', async () => {
    const { subscription } = await sell('succeeds');
    const [invoice] = await invoices();
    expect(invoice).toMatchObject({ status: 'paid', total: 10_000, paid: 10_000, due: 0 });
    expect(await payments()).toMatchObject([
      { invoice: invoice.id, status: 'succeeded', attempt: 1, amount: 10_000, provider: 'sandbox' },
    ]);
    expect(await charges()).toEqual([{ key: `${invoice.id}:1`, status: 'succeeded' }]);
    expect(await statusOf(subscription)).toBe('active');
    expect((await events('%.paid')).concat(await events('payment.succeeded')).map(({ type }) => type)).toEqual([
      'invoice.paid',
      'payment.succeeded',
    ]);
  });

  it('retries on the days after the first failure, then cancels and gives the invoice up', async () => {
    const { subscription } = await sell('declined', { timezone: 'Europe/Berlin' });
    expect(await statusOf(subscription)).toBe('past_due');
    await advance('2026-06-30T00:00:00.000Z');
    expect((await events('payment.failed')).map(({ at }) => at.toISOString())).toEqual([
      '2026-06-01T10:00:00.000Z',
      '2026-06-02T10:00:00.000Z',
      '2026-06-04T10:00:00.000Z',
      '2026-06-06T10:00:00.000Z',
      '2026-06-08T10:00:00.000Z',
    ]);
    expect(await invoices()).toMatchObject([{ status: 'uncollectible', due: 10_000 }]);
    expect(await statusOf(subscription)).toBe('inactive');
    expect((await events('invoice.payment_failed')).map(({ after }) => after.failureCode)).toEqual(
      Array(5).fill('insufficient_funds'),
    );
    expect(await charges()).toHaveLength(5);
  });

  it.each([
    ['pause', 'paused'],
    ['keep', 'past_due'],
  ])('ends dunning with %s', async (end, status) => {
    const { subscription } = await sell('declined', { settings: { dunning: { retryDays: [1], finally: end } } });
    await advance('2026-06-05T00:00:00.000Z');
    expect(await invoices()).toMatchObject([{ status: 'uncollectible' }]);
    expect(await statusOf(subscription)).toBe(status);
  });

  it('never pauses a subscription that is past due by request', async () => {
    const { subscription } = await sell('declined');
    const { status, body } = await call('POST', `/v1/subscriptions/${subscription}/pause`, { body: {} });
    expect([status, body.code, body.allowed.includes('pause')]).toEqual([409, 'transition_not_allowed', false]);
  });

  it('does not charge a method again that was declined permanently, but a new one', async () => {
    const { product, subscription } = await sell('declined_hard');
    await advance('2026-06-03T00:00:00.000Z');
    expect(await charges()).toHaveLength(1);
    expect(await events('invoice.payment_failed')).toHaveLength(2);
    const id = await addTestMethod(service, { customer, product, behavior: 'succeeds' });
    await ok(call('PUT', `/v1/customers/${customer}/payment-methods/${id}/default`, { body: {} }));
    await advance('2026-06-04T12:00:00.000Z');
    expect(await invoices()).toMatchObject([{ status: 'paid' }]);
    expect(await statusOf(subscription)).toBe('active');
  });

  it('fails without a payment method, and the invoice is paid when there is one', async () => {
    const { product, subscription } = await sell(null);
    expect(await events('invoice.payment_failed')).toMatchObject([{ after: { failureCode: 'no_payment_method' } }]);
    expect(await statusOf(subscription)).toBe('past_due');
    const [invoice] = await invoices();
    expect(await call('POST', `/v1/invoices/${invoice.id}/pay`, { body: {} })).toMatchObject({
      status: 409,
      body: { code: 'no_payment_method' },
    });
    await addTestMethod(service, { customer, product, behavior: 'succeeds' });
    const headers = { 'idempotency-key': uniqueName('pay') };
    const paid = await call('POST', `/v1/invoices/${invoice.id}/pay`, { body: {}, headers });
    expect(paid).toMatchObject({ status: 200, body: { status: 'succeeded', refunds: [] } });
    const again = await call('POST', `/v1/invoices/${invoice.id}/pay`, { body: {}, headers });
    expect([again.status, again.body.id, again.headers.get('idempotency-replayed')]).toEqual([
      200,
      paid.body.id,
      'true',
    ]);
    expect(await call('POST', `/v1/invoices/${invoice.id}/pay`, { body: {} })).toMatchObject({
      status: 409,
      body: { code: 'invoice_status_conflict' },
    });
    expect(await statusOf(subscription)).toBe('active');
    expect(await charges()).toHaveLength(1);
  });

  it('waits for a bank transfer until the invoice is overdue, and is marked as paid', async () => {
    const { subscription } = await sell(null, { settings: { provider: 'manual', netDays: 10 } });
    await advance('2026-06-11T09:00:00.000Z');
    expect(await statusOf(subscription)).toBe('active');
    await advance('2026-06-11T11:00:00.000Z');
    expect(await statusOf(subscription)).toBe('past_due');
    expect(await events('invoice.payment_failed')).toMatchObject([{ after: { failureCode: 'overdue' } }]);
    const [{ id }] = await invoices();
    const body = { reference: 'TRX 4711', reason: 'statement' };
    expect(await ok(call('POST', `/v1/invoices/${id}/mark-paid`, { body }))).toMatchObject({
      provider: 'manual',
      reference: 'TRX 4711',
      status: 'succeeded',
      amount: 10_000,
    });
    expect(await statusOf(subscription)).toBe('active');
    expect(await invoices()).toMatchObject([{ status: 'paid', paid: 10_000 }]);
  });

  it('requests that the payer confirms a charge, and gives it up after 23 hours', async () => {
    const { subscription } = await sell('requires_action');
    const [asked] = await events('invoice.payment_action_required');
    expect(asked!.after.actionUrl).toContain('/sandbox/charges/');
    expect(await statusOf(subscription)).toBe('active');
    await advance('2026-06-02T08:59:00.000Z');
    expect(await payments()).toMatchObject([{ status: 'requires_action' }]);
    await advance('2026-06-02T09:00:00.000Z');
    expect(await payments()).toMatchObject([{ status: 'failed', failureCode: 'canceled' }]);
    expect(await statusOf(subscription)).toBe('past_due');
  });

  it('pays when the payer confirms the charge', async () => {
    await sell('requires_action');
    const [{ actionUrl }] = await payments();
    await fetch(`${service.url}${new URL(actionUrl).pathname}`, {
      method: 'POST',
      body: new URLSearchParams({ decision: 'confirm' }),
      redirect: 'manual',
    });
    await run();
    expect(await invoices()).toMatchObject([{ status: 'paid' }]);
  });

  it.each([
    ['an answer is lost', 'times_out'],
    ['a charge succeeds later', 'succeeds_late'],
  ] as const)('charges once when %s', async (_, behavior) => {
    await sell(behavior);
    expect(await invoices()).toMatchObject([{ status: 'paid' }]);
    expect(await payments()).toMatchObject([{ status: 'succeeded', attempt: 1 }]);
    expect(await charges()).toHaveLength(1);
  });

  it('records a dispute', async () => {
    await sell('disputed');
    await run();
    expect(await payments()).toMatchObject([{ status: 'succeeded', disputedAt: expect.any(String) }]);
    expect(await events('payment.disputed')).toHaveLength(1);
  });

  it('pays a later invoice from the credit of a downgrade', async () => {
    const { subscription } = await sell('succeeds');
    await advance('2026-06-16T10:00:00.000Z');
    await ok(call('POST', `/v1/subscriptions/${subscription}/change`, { body: { plan: 'plan-3000', when: 'now' } }));
    await advance('2026-06-16T10:00:01.000Z');
    expect(await balance()).toBe(3_500);
    await advance('2026-07-02T00:00:00.000Z');
    expect(await balance()).toBe(500);
    expect((await invoices()).map(({ total, paid, due }) => [total, paid, due])).toEqual([
      [10_000, 10_000, 0],
      [-3_500, -3_500, 0],
      [3_000, 3_000, 0],
    ]);
    expect(await charges()).toHaveLength(1);
  });

  describe('cancellation with proration on day 10 of 30', () => {
    const cancel = async (settings: object): Promise<void> => {
      const { subscription } = await sell('succeeds', { settings, plan: 'plan-3000' });
      await advance('2026-06-11T10:00:00.000Z');
      await ok(call('POST', `/v1/subscriptions/${subscription}/cancel`, { body: { when: 'now', prorate: true } }));
      await advance('2026-06-11T10:00:01.000Z');
    };

    it('leaves 20.00 as credit', async () => {
      await cancel({});
      expect(await balance()).toBe(2_000);
      expect(await payments()).toMatchObject([{ refunded: 0, status: 'succeeded' }]);
    });

    it('refunds 20.00 when the product says so', async () => {
      await cancel({ cancellationCredit: 'refund' });
      expect(await balance()).toBe(0);
      const [payment] = await payments();
      expect(payment).toMatchObject({ refunded: 2_000, status: 'partially_refunded' });
      expect(await ok(call('GET', `/v1/payments/${payment.id}`))).toMatchObject({
        refunds: [{ amount: 2_000, status: 'succeeded', creditNote: null }],
      });
    });
  });

  describe('refunds', () => {
    const refund = (payment: any, body: object) =>
      service.admin('POST', `/v1/payments/${payment.id}/refund`, { body: { reason: 'outage', ...body } });

    it('are made through a credit note, never more than was paid', async () => {
      await sell('succeeds', { plan: 'plan-1500' });
      const [payment] = await payments();
      const answers = await inParallel(2, 2, () => refund(payment, { amount: 1_000 }));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
      expect(answers.find(({ status }) => status === 409)!.body).toMatchObject({
        code: 'refund_too_large',
        refundable: 500,
      });
      await run();
      expect(await payments()).toMatchObject([{ status: 'partially_refunded', refunded: 1_000 }]);
      expect(await invoices()).toMatchObject([{ status: 'paid', paid: 500, credited: 1_000, due: 0 }]);
      expect((await refund(payment, {})).status).toBe(200);
      await run();
      const { refunds } = await ok(call('GET', `/v1/payments/${payment.id}`));
      expect(refunds).toMatchObject([
        { amount: 1_000, status: 'succeeded' },
        { amount: 500, status: 'succeeded' },
      ]);
      expect((await refund(payment, {})).body.code).toBe('payment_not_refundable');
      expect(await events('payment.refunded')).toHaveLength(2);
    });

    it('go to the credit balance when the provider cannot make them', async () => {
      await sell('succeeds', { plan: 'plan-1500' });
      const [payment] = await payments();
      await service.database.query(`update sandbox_charges set status = 'failed' where id = $1`, [payment.providerId]);
      await refund(payment, { amount: 400 });
      await run();
      expect(await balance()).toBe(400);
      expect(await payments()).toMatchObject([{ status: 'succeeded', refunded: 0 }]);
      expect(await events('payment.refund_failed')).toMatchObject([
        { after: { refundAmount: 400, refundFailureCode: 'charge_not_refundable' } },
      ]);
      await service.database.query(`update sandbox_charges set status = 'succeeded' where id = $1`, [
        payment.providerId,
      ]);
    });

    it('that were made at the provider get a credit note', async () => {
      await sell('succeeds', { plan: 'plan-1500' });
      const [payment] = await payments();
      await service.database.query(
        `insert into sandbox_refunds (id, idempotency_key, charge, amount) values ('by-hand', 'by-hand', $1, 300)`,
        [payment.providerId],
      );
      await service.app.get(Reconciliation, { strict: false }).reconcile(payment.id);
      expect(await payments()).toMatchObject([{ status: 'partially_refunded', refunded: 300 }]);
      expect(await invoices()).toMatchObject([{ credited: 300, paid: 1_200 }]);
    });
  });

  describe('credit notes', () => {
    const credit = async (body: object) => {
      const [{ id }] = await invoices();
      return service.admin('POST', `/v1/invoices/${id}/credit-notes`, { body: { reason: 'outage', ...body } });
    };

    it('lower what is due first, and a paid invoice is credited to the balance or refunded', async () => {
      const { product } = await sell('declined', { plan: 'plan-1500' });
      expect(await ok(credit({ amount: 500, to: 'refund' }))).toMatchObject({
        number: expect.stringMatching(/^CN-\d{4}-\d{6}$/),
        total: 500,
        dueAmount: 500,
        refundAmount: 0,
        balanceAmount: 0,
      });
      const [invoice] = await invoices();
      expect(invoice).toMatchObject({ due: 1_000, credited: 500, status: 'open' });
      const id = await addTestMethod(service, { customer, product, behavior: 'succeeds' });
      await ok(call('POST', `/v1/invoices/${invoice.id}/pay`, { body: { paymentMethod: id } }));
      expect(await ok(credit({ lines: [{ line: 1, amount: 300 }], to: 'balance' }))).toMatchObject({
        balanceAmount: 300,
        lines: [{ line: 1, amount: 300, total: 300 }],
      });
      expect(await balance()).toBe(300);
      const last = await ok(credit({ amount: 700, to: 'refund' }));
      expect(last).toMatchObject({ refundAmount: 700 });
      expect(await credit({ amount: 1, to: 'refund' })).toMatchObject({
        status: 409,
        body: { code: 'credit_too_large', creditable: 0 },
      });
      await run();
      expect(await invoices()).toMatchObject([{ credited: 1_500, paid: 0, due: 0, status: 'paid' }]);
      const listed = await ok(call('GET', `/v1/invoices/${invoice.id}/credit-notes`));
      expect(listed.data.map(({ total }: any) => total)).toEqual([700, 300, 500]);
      expect(await ok(call('GET', `/v1/credit-notes/${last.id}`))).toMatchObject({ id: last.id, invoice: invoice.id });
    });

    it('leave nothing due on an overdue invoice, and its subscription recovers', async () => {
      const { subscription } = await sell('declined');
      expect(await statusOf(subscription)).toBe('past_due');
      await ok(credit({ amount: 10_000, to: 'balance' }));
      expect(await invoices()).toMatchObject([{ status: 'paid', paid: 0, credited: 10_000 }]);
      expect(await statusOf(subscription)).toBe('active');
    });

    it('of an invoice whose tax is below zero are spread over the lines above zero', async () => {
      const { product, subscription } = await sell('succeeds', { plan: 'plan-3000', settings: { netDays: 3 } });
      const appliesTo = { plans: ['plan-3000'] };
      const rate = { key: uniqueName('vat'), name: 'VAT', percentage: '19', product, appliesTo };
      await ok(service.admin('POST', '/v1/tax-rates', { body: rate }));
      await advance('2026-06-16T10:00:00.000Z');
      await ok(call('POST', `/v1/subscriptions/${subscription}/change`, { body: { plan: 'plan-10000', when: 'now' } }));
      await advance('2026-06-16T10:00:01.000Z');
      const { id, total, taxTotal } = (await invoices()).at(-1);
      // Small taxed credit, large charge without tax: 50.00 - 15.00 - 2.85.
      expect([total, taxTotal]).toEqual([3_215, -285]);
      const body = { amount: total, to: 'balance', reason: 'outage' };
      const note = await ok(service.admin('POST', `/v1/invoices/${id}/credit-notes`, { body }));
      expect(note).toMatchObject({ total, taxTotal: 0, subtotal: total });
    });

    it('need either an amount or lines', async () => {
      await sell('succeeds');
      for (const body of [{}, { amount: 1, lines: [{ line: 1, amount: 1 }] }])
        expect(await credit({ to: 'refund', ...body })).toMatchObject({
          status: 422,
          body: { code: 'invalid_fields' },
        });
    });
  });

  it('ends paid when success and failure of two attempts arrive in the opposite order', async () => {
    const { product } = await sell('declined');
    const [invoice] = await invoices();
    const id = await addTestMethod(service, { customer, product, behavior: 'succeeds' });
    await ok(call('POST', `/v1/invoices/${invoice.id}/pay`, { body: { paymentMethod: id } }));
    const [failed, succeeded] = await payments();
    for (const { providerId } of [succeeded, failed])
      await service.database.query(
        `insert into payment_events (provider, event_id, type, event, body, received_at, retry_at)
         values ('sandbox', $1, 'charge.changed', jsonb_build_object('own', true, 'about', jsonb_build_object('kind', 'charge', 'providerId', $2::text)), '{}', now(), now())`,
        [uniqueName('event'), providerId],
      );
    while ((await service.app.get(PaymentEvents, { strict: false }).processDue()) > 0);
    expect(await invoices()).toMatchObject([{ status: 'paid' }]);
    expect((await payments()).map(({ status }) => status)).toEqual(['failed', 'succeeded']);
  });
});

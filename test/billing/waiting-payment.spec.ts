import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BillingChecker, Reconciliation, type SandboxBehavior } from '@app/billing';
import { type ApiResponse, ok, startApp, startService, type TestApp } from '../support/app.js';
import { addTestMethod, runBilling } from '../support/billing.js';
import type { TestDatabase } from '../support/database.js';
import { FakeStripe } from '../support/fake-stripe/server.js';
import { uniqueName } from '../support/fixtures.js';

const AMOUNT = 1_500;
const STEP_MS = 5;
const PLANS = [
  { key: 'free', name: 'Free', prices: [{ interval: 'month', amount: 0, currency: 'USD' }], entitlements: [] },
];

describe('a payment that waits for its payer', () => {
  let service: TestApp & { database: TestDatabase };
  let fake: FakeStripe;
  let customer: string;
  const [product, atStripe] = [uniqueName('waiting'), uniqueName('waiting-stripe')] as const;

  const post = (at: string, body: object, headers?: Record<string, string>): Promise<ApiResponse> =>
    service.admin('POST', at, { body, headers });
  const add = (behavior: SandboxBehavior): Promise<string> => addTestMethod(service, { customer, product, behavior });
  /** An open invoice whose payment waits for its payer. */
  const waiting = async (): Promise<{ id: string; payment: any }> => {
    const lines = [{ description: 'Work', quantity: 1, unitAmount: AMOUNT }];
    const { id } = await ok(post('/v1/invoices', { customer, product, currency: 'USD', lines }));
    await ok(post(`/v1/invoices/${id}/finalize`, {}));
    await runBilling(service);
    const [payment] = await paymentsOf(id);
    expect(payment).toMatchObject({ status: 'requires_action' });
    return { id, payment };
  };
  const read = (id: string): Promise<any> => ok(service.admin('GET', `/v1/invoices/${id}`));
  const paymentsOf = async (id: string): Promise<any[]> =>
    (await ok(service.admin('GET', `/v1/payments?invoice=${id}`))).data.reverse();
  /** The payer confirms the charge on the page of the provider. */
  const confirm = async ({ actionUrl }: { actionUrl: string }): Promise<number> => {
    const body = JSON.stringify({ decision: 'confirm' });
    const headers = { 'content-type': 'application/json' };
    const page = `${service.url}${new URL(actionUrl).pathname}`;
    const response = await fetch(page, { method: 'POST', headers, body, redirect: 'manual' });
    await response.arrayBuffer();
    return response.status;
  };
  const eventsOf = async (invoice: string): Promise<string[]> =>
    (
      await service.database.query<{ type: string }>(
        `select type from events where subject_id = $1 or after ->> 'invoice' = $1::text order by at, id`,
        [invoice],
      )
    ).map(({ type }) => type);

  beforeAll(async () => {
    fake = await FakeStripe.start();
    service = await startService({ environment: fake.environment });
    for (const [key, provider] of [
      [product, 'sandbox'],
      [atStripe, 'stripe'],
    ]) {
      const assignment = [{ plan: 'free' }];
      const body = { product: { key, name: key }, billing: { provider }, features: [], plans: PLANS, assignment };
      await ok(post('/v1/catalog/apply', body));
    }
  });
  beforeEach(async () => {
    customer = uniqueName('payer');
    await service.admin('PUT', `/v1/customers/${customer}`, { body: { product } });
    await add('requires_action');
  });
  afterAll(async () => {
    const checker = service.app.get(BillingChecker, { strict: false });
    expect((await checker.checkAll()).mismatches).toEqual([]);
    await service.stop();
    await fake.stop();
  });

  it.each([
    ['void', 'void'],
    ['mark-uncollectible', 'uncollectible'],
  ])('is canceled at the provider by %s, and cannot be confirmed later', async (command, status) => {
    const { id, payment } = await waiting();
    expect(await ok(post(`/v1/invoices/${id}/${command}`, { reason: 'wrong' }))).toMatchObject({ status });
    expect(await confirm(payment)).toBe(409);
    await service.app.get(Reconciliation, { strict: false }).reconcile(payment.id);
    await runBilling(service);
    expect(await read(id)).toMatchObject({ status, paid: 0, nextAttemptAt: null });
    expect(await paymentsOf(id)).toMatchObject([{ status: 'failed', failureCode: 'canceled' }]);
    expect(await eventsOf(id)).not.toContain('invoice.payment_failed');
  });

  it('is canceled by a bank transfer, and by a payment with another method', async () => {
    const transferred = await waiting();
    await ok(post(`/v1/invoices/${transferred.id}/mark-paid`, { reference: 'TRX 1', reason: 'statement' }));
    const { id } = await waiting();
    const other = await add('succeeds');
    const headers = { 'idempotency-key': uniqueName('pay') };
    const paid = await post(`/v1/invoices/${id}/pay`, { paymentMethod: other }, headers);
    expect(paid.body).toMatchObject({ status: 'succeeded', attempt: 2 });
    for (const invoice of [transferred.id, id]) {
      expect(await read(invoice)).toMatchObject({ status: 'paid', paid: AMOUNT });
      expect((await paymentsOf(invoice)).map(({ status }) => status)).toEqual(['failed', 'succeeded']);
      expect(await eventsOf(invoice)).not.toContain('invoice.payment_failed');
    }
    expect(await confirm(transferred.payment)).toBe(409);
  });

  it('is returned by a repetition of the request that made it, not canceled', async () => {
    const lines = [{ description: 'Work', quantity: 1, unitAmount: AMOUNT }];
    const { id } = await ok(post('/v1/invoices', { customer, product, currency: 'USD', lines }));
    await ok(post(`/v1/invoices/${id}/finalize`, {}));
    const headers = { 'idempotency-key': uniqueName('pay') };
    const answers = [1, 2, 3].map(() => post(`/v1/invoices/${id}/pay`, {}, headers));
    for (const { body } of await Promise.all(answers))
      expect(body).toMatchObject({ attempt: 1, actionUrl: expect.stringContaining('/sandbox/') });
    expect(await paymentsOf(id)).toMatchObject([{ status: 'requires_action' }]);
  });

  it('stays when the command is refused for another reason', async () => {
    const { id, payment } = await waiting();
    await ok(post(`/v1/invoices/${id}/credit-notes`, { amount: 500, to: 'balance', reason: 'outage' }));
    expect((await post(`/v1/invoices/${id}/void`, { reason: 'wrong' })).body.code).toBe('invoice_partly_settled');
    expect(await paymentsOf(id)).toMatchObject([{ status: 'requires_action' }]);
    expect(await confirm(payment)).toBeLessThan(400);
    await runBilling(service);
  });

  it('that its payer has confirmed already wins', async () => {
    const { id, payment } = await waiting();
    expect(await confirm(payment)).toBeLessThan(400);
    // The event of the provider was not processed yet.
    expect(await read(id)).toMatchObject({ status: 'open' });
    expect(await post(`/v1/invoices/${id}/void`, { reason: 'wrong' })).toMatchObject({
      status: 409,
      body: { code: 'invoice_status_conflict', invoiceStatus: 'paid' },
    });
    expect(await read(id)).toMatchObject({ status: 'paid', paid: AMOUNT });
    expect(await paymentsOf(id)).toMatchObject([{ status: 'succeeded' }]);
  });

  it('is collected again when the process dies between the cancelation and the command', async () => {
    const { id } = await waiting();
    // The state after the first of the two transactions.
    const { PaymentsRepository } = await import('@app/billing');
    const { Charges } = await import('../../libs/billing/src/charges.service.js');
    const [stored] = await paymentsOf(id);
    const payment = await service.app.get(PaymentsRepository, { strict: false }).find(stored.id);
    await service.app.get(Charges, { strict: false }).cancel(payment!, { isReplaced: true });
    expect(await read(id)).toMatchObject({ status: 'open', nextAttemptAt: expect.any(String) });
    await service.database.query(`update invoices set next_attempt_at = now() - interval '1 hour' where id = $1`, [id]);
    await runBilling(service);
    expect(await paymentsOf(id)).toMatchObject([{ status: 'failed' }, { status: 'requires_action', attempt: 2 }]);
  });

  it('is not canceled while the provider does not answer', async () => {
    await service.admin('PUT', `/v1/customers/${customer}`, { body: { product: atStripe } });
    const setup = { returnUrl: '/billing', product: atStripe };
    const { url } = await ok(post(`/v1/customers/${customer}/payment-methods/setup`, setup));
    fake.account.completeSession(url.split('/').at(-1), 'authentication_required');
    expect(await FakeStripe.deliver(`${service.url}/v1/payment-webhooks/stripe`, fake.account.events)).toContain(200);
    await runBilling(service);
    const lines = [{ description: 'Work', quantity: 1, unitAmount: AMOUNT }];
    const { id } = await ok(post('/v1/invoices', { customer, product: atStripe, currency: 'USD', lines }));
    await ok(post(`/v1/invoices/${id}/finalize`, {}));
    await runBilling(service);
    // The package repeats a closed connection once.
    for (let attempt = 0; attempt < 2; attempt++) fake.failNext({ on: /\/cancel$/, drop: 'before' });
    expect(await post(`/v1/invoices/${id}/void`, { reason: 'wrong' })).toMatchObject({
      status: 503,
      body: { code: 'provider_unavailable' },
    });
    expect(await read(id)).toMatchObject({ status: 'open' });
    const [payment] = await paymentsOf(id);
    expect(payment).toMatchObject({ status: 'requires_action' });
    expect(await ok(post(`/v1/invoices/${id}/void`, { reason: 'wrong' }))).toMatchObject({ status: 'void' });
    expect(fake.account.intents.get(payment.providerId)).toMatchObject({ status: 'canceled' });
  });

  it('is either confirmed or canceled, with four workers', async () => {
    const workers = [service, ...(await Promise.all([1, 2, 3].map(() => startApp({ database: service.database }))))];
    try {
      for (let round = 0; round < 12; round++) {
        const { id, payment } = await waiting();
        const [confirmed] = await Promise.all([
          // Each round a little later: the payer is first, or last, or in the middle of a cancelation.
          wait(round * STEP_MS).then(() => confirm(payment)),
          ...workers.map(({ admin }, index) =>
            round % 3 === 0 && index === 0
              ? admin('POST', `/v1/invoices/${id}/pay`, { body: {} })
              : admin('POST', `/v1/invoices/${id}/void`, { body: { reason: 'wrong' } }),
          ),
          runBilling(workers[round % 4]!),
        ]);
        await runBilling(service);
        const { status, paid } = await read(id);
        const [first, ...others] = await paymentsOf(id);
        // The outcome at the provider is the outcome here, and no money is without an invoice.
        expect([first.status, confirmed < 400]).toEqual(confirmed < 400 ? ['succeeded', true] : ['failed', false]);
        if (confirmed < 400) expect([status, paid]).toEqual(['paid', AMOUNT]);
        else
          expect([status, others.map(({ status: state }) => state)]).toEqual(
            others.length === 0 ? ['void', []] : [expect.stringMatching(/open|void/), [expect.any(String)]],
          );
      }
    } finally {
      await Promise.all(workers.slice(1).map(({ stop }) => stop()));
    }
  });
});

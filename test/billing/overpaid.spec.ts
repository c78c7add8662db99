import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BillingChecker, Reconciliation } from '@app/billing';
import { type ApiResponse, ok, startApp, startService, type TestApp } from '../support/app.js';
import { addTestMethod, runBilling } from '../support/billing.js';
import type { TestDatabase } from '../support/database.js';
import { uniqueName } from '../support/fixtures.js';

const AMOUNT = 1_500;
const STEP_MS = 5;

describe('money that no invoice needs', () => {
  let service: TestApp & { database: TestDatabase };
  let customer: string;
  const product = uniqueName('overpaid');

  const post = (at: string, body: object): Promise<ApiResponse> => service.admin('POST', at, { body });
  const newInvoice = async (unitAmount = AMOUNT): Promise<any> => {
    const lines = [{ description: 'Work', quantity: 1, unitAmount }];
    const { id } = await ok(post('/v1/invoices', { customer, product, currency: 'USD', lines }));
    return ok(post(`/v1/invoices/${id}/finalize`, {}));
  };
  const read = (id: string): Promise<any> => ok(service.admin('GET', `/v1/invoices/${id}`));
  const payments = async (invoice: string): Promise<any[]> =>
    (await ok(service.admin('GET', `/v1/payments?invoice=${invoice}`))).data.reverse();
  const balance = async (): Promise<number> =>
    (await ok(service.admin('GET', `/v1/customers/${customer}/credit-balance`))).balances[0]?.balance ?? 0;
  const refund = (payment: { id: string }, amount?: number): Promise<ApiResponse> =>
    post(`/v1/payments/${payment.id}/refund`, { reason: 'paid twice', ...(amount && { amount }) });
  /** The provider reports that a charge that it had declined has succeeded after all. */
  const succeedLate = async ({ id, providerId }: { id: string; providerId: string }): Promise<void> => {
    await service.database.query(`update sandbox_charges set status = 'succeeded', code = null where id = $1`, [
      providerId,
    ]);
    await service.app.get(Reconciliation, { strict: false }).reconcile(id);
  };
  /** An invoice that was paid by card and by bank transfer. @returns it, and the payment by card */
  async function paidTwice(): Promise<{ invoice: any; card: any }> {
    const invoice = await newInvoice();
    await runBilling(service);
    await ok(post(`/v1/invoices/${invoice.id}/mark-paid`, { reference: 'TRX 1', reason: 'statement' }));
    const [card] = await payments(invoice.id);
    await succeedLate(card);
    return { invoice, card };
  }
  const useMethod = (behavior: string): Promise<unknown> =>
    service.database.query(
      `update sandbox_methods set behavior = $1 where account = (select 'sandbox_' || id from customers where key = $2)`,
      [behavior, customer],
    );

  beforeAll(async () => {
    service = await startService();
    const plan = { key: 'free', name: 'Free', prices: [{ interval: 'month', amount: 0, currency: 'USD' }] };
    const body = {
      product: { key: product, name: product },
      billing: { provider: 'sandbox' },
      features: [],
      plans: [{ ...plan, entitlements: [] }],
      assignment: [{ plan: 'free' }],
    };
    await ok(post('/v1/catalog/apply', body));
  });
  beforeEach(async () => {
    customer = uniqueName('payer');
    await service.admin('PUT', `/v1/customers/${customer}`, { body: { product } });
    await addTestMethod(service, { customer, product, behavior: 'declined' });
  });
  afterAll(async () => {
    const checker = service.app.get(BillingChecker, { strict: false });
    expect((await checker.checkAll()).mismatches).toEqual([]);
    await service.stop();
  });

  it('is credit, and is paid back from there without a credit note', async () => {
    const { invoice, card } = await paidTwice();
    expect(await balance()).toBe(AMOUNT);
    expect(await payments(invoice.id)).toMatchObject([
      { status: 'succeeded', excess: AMOUNT, refunded: 0 },
      { status: 'succeeded', excess: 0, provider: 'manual' },
    ]);
    expect(await ok(refund(card, 1_000))).toMatchObject({ excess: 500, refunded: 1_000 });
    expect(await ok(refund(card))).toMatchObject({ excess: 0, refunded: AMOUNT, status: 'refunded' });
    await runBilling(service);
    expect(await balance()).toBe(0);
    expect(await read(invoice.id)).toMatchObject({ status: 'paid', paid: AMOUNT, credited: 0 });
    const { refunds } = await ok(service.admin('GET', `/v1/payments/${card.id}`));
    expect(refunds.map(({ status, amount, creditNote }: any) => [status, amount, creditNote])).toEqual([
      ['succeeded', 1_000, null],
      ['succeeded', 500, null],
    ]);
    const events = await service.database.query<{ reason: string; after: any }>(
      `select reason, after from events where type = 'payment.refund_requested' and subject_id = $1 order by id`,
      [card.id],
    );
    expect(events).toMatchObject([
      { reason: 'paid twice', after: { refundAmount: 1_000 } },
      { reason: 'paid twice', after: { refundAmount: 500 } },
    ]);
  });

  it('is not paid back any more when another invoice was paid from the credit', async () => {
    const { card } = await paidTwice();
    const other = await newInvoice(1_200);
    expect(await read(other.id)).toMatchObject({ status: 'paid', paid: 1_200 });
    expect(await refund(card)).toMatchObject({ status: 409, body: { code: 'refund_too_large', refundable: 300 } });
    expect(await ok(refund(card, 300))).toMatchObject({ refunded: 300, excess: 1_200 });
    expect(await balance()).toBe(0);
  });

  it('stays credit when a credit note pays its invoice back', async () => {
    const { invoice, card } = await paidTwice();
    const note = { amount: AMOUNT, to: 'refund', reason: 'outage' };
    expect(await ok(post(`/v1/invoices/${invoice.id}/credit-notes`, note))).toMatchObject({ refundAmount: AMOUNT });
    expect(await payments(invoice.id)).toMatchObject([
      { id: card.id, refunded: 0, excess: AMOUNT },
      { provider: 'manual', refunded: AMOUNT },
    ]);
    expect(await balance()).toBe(AMOUNT);
    await ok(refund(card));
    await runBilling(service);
    expect(await balance()).toBe(0);
  });

  it('is paid back from a void invoice', async () => {
    const invoice = await newInvoice();
    await runBilling(service);
    await ok(post(`/v1/invoices/${invoice.id}/void`, { reason: 'wrong' }));
    const [card] = await payments(invoice.id);
    await succeedLate(card);
    expect(await balance()).toBe(AMOUNT);
    await ok(refund(card));
    await runBilling(service);
    expect(await balance()).toBe(0);
    expect(await read(invoice.id)).toMatchObject({ status: 'void', paid: 0 });
  });

  it('can be paid back again after the provider refused the refund', async () => {
    await useMethod('succeeds');
    const invoice = await newInvoice();
    await runBilling(service);
    const [card] = await payments(invoice.id);
    const setCharge = (status: string): Promise<unknown> =>
      service.database.query('update sandbox_charges set status = $2 where id = $1', [card.providerId, status]);
    await setCharge('failed');
    await ok(refund(card, 400));
    await runBilling(service);
    expect(await payments(invoice.id)).toMatchObject([{ refunded: 0, excess: 400 }]);
    expect(await balance()).toBe(400);
    await setCharge('succeeded');
    // The failed refund left a credit note: only the credit and the rest of the invoice are left.
    expect(await ok(refund(card))).toMatchObject({ refunded: AMOUNT, excess: 0 });
    await runBilling(service);
    expect(await balance()).toBe(0);
    expect(await read(invoice.id)).toMatchObject({ paid: 0, credited: AMOUNT });
  });

  it('is taken from the credit when the provider has paid it back', async () => {
    const { invoice, card } = await paidTwice();
    await service.database.query(
      `insert into sandbox_refunds (id, idempotency_key, charge, amount) values ($1, $1, $2, $3)`,
      [uniqueName('by-hand'), card.providerId, AMOUNT],
    );
    await service.app.get(Reconciliation, { strict: false }).reconcile(card.id);
    expect(await payments(invoice.id)).toMatchObject([{ refunded: AMOUNT, excess: 0 }, { refunded: 0 }]);
    expect(await balance()).toBe(0);
    expect(await read(invoice.id)).toMatchObject({ paid: AMOUNT, credited: 0 });
  });

  it('is paid back or pays an invoice, never both, with four workers', async () => {
    const workers = [service, ...(await Promise.all([1, 2, 3].map(() => startApp({ database: service.database }))))];
    try {
      for (let round = 0; round < 8; round++) {
        const before = await balance();
        const { card } = await paidTwice();
        const lines = [{ description: 'Work', quantity: 1, unitAmount: 1_000 }];
        const drafts = await Promise.all(
          [1, 2].map(() => ok(post('/v1/invoices', { customer, product, currency: 'USD', lines }))),
        );
        const answers = await Promise.all(
          workers.map(async ({ admin }, index) => {
            // Each round the refunds are a little later, so that the invoices are first, last and in between.
            if (index < 2) await wait(round * STEP_MS);
            return index < 2
              ? admin('POST', `/v1/payments/${card.id}/refund`, { body: { amount: 1_000, reason: 'twice' } })
              : admin('POST', `/v1/invoices/${drafts[index - 2].id}/finalize`, { body: {} });
          }),
        );
        const refunded = answers.slice(0, 2).filter(({ status }) => status === 200).length;
        expect(answers.slice(0, 2).flatMap(({ body }) => body.code ?? [])).toEqual(
          Array(2 - refunded).fill('refund_too_large'),
        );
        const paid = answers.slice(2).reduce((sum, { body }) => sum + body.paid, 0);
        expect(refunded).toBeLessThan(2);
        expect(await balance()).toBe(before + AMOUNT - refunded * 1_000 - paid);
        await Promise.all(drafts.map(({ id }) => post(`/v1/invoices/${id}/void`, { reason: 'done' })));
        await runBilling(service);
      }
    } finally {
      await Promise.all(workers.slice(1).map(({ stop }) => stop()));
    }
  });
});

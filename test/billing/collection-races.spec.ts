import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BillingChecker, CollectionService, type Invoice, PaymentEvents, RefundRun } from '@app/billing';
import { expectLog } from '../support/log.js';
import { type ApiResponse, startApp, startService, type TestApp } from '../support/app.js';
import { addTestMethod, makeDue } from '../support/billing.js';
import { idsOf, insertInvoice } from '../support/billing-rows.js';
import type { TestDatabase } from '../support/database.js';
import { uniqueName } from '../support/fixtures.js';

const INVOICES = 12;
const AMOUNT = 1_500;

describe('four concurrent workers', () => {
  let service: TestApp & { database: TestDatabase };
  let workers: TestApp[];
  let customer: string;
  const product = uniqueName('raced');

  /** An open invoice that is due now. */
  const invoice = async (fields: Partial<Invoice> = {}): Promise<string> => {
    const owner = await idsOf(service, customer, product);
    const amounts = { subtotal: AMOUNT, total: AMOUNT, due: AMOUNT, paid: 0, discountTotal: 0, taxTotal: 0 };
    const [line] = (await insertedLines()).slice(0, 1);
    const { id } = await insertInvoice(service, owner, {
      ...amounts,
      exclusiveTaxTotal: 0,
      discounts: [],
      taxes: [],
      lines: [{ ...line!, amount: AMOUNT, discount: 0, taxes: [] }],
      currency: 'USD',
      collection: 'charge_automatically',
      nextAttemptAt: null,
      ...fields,
    });
    return id;
  };
  const insertedLines = async (): Promise<Invoice['lines']> => [
    {
      kind: 'manual',
      description: 'Work',
      quantity: 1,
      unitAmount: null,
      amount: AMOUNT,
      service: { start: new Date(), end: new Date() },
      plan: null,
      addOn: null,
      feature: null,
      tiers: [],
      discount: 0,
      taxes: [],
    },
  ];
  const onAll = <T>(work: (worker: TestApp, index: number) => Promise<T>): Promise<T[]> =>
    Promise.all(workers.map(work));
  const post = (worker: TestApp, at: string, body: object): Promise<ApiResponse> => worker.admin('POST', at, { body });
  const collect = async ({ app }: TestApp): Promise<void> => {
    while ((await app.get(CollectionService, { strict: false }).collectDue()) > 0);
  };
  const chargesOf = (ids: string[]): Promise<{ invoice: string; charges: number }[]> =>
    service.database.query(
      `select metadata ->> 'invoice' as invoice, count(*)::integer as charges from sandbox_charges where metadata ->> 'invoice' = any($1::text[]) group by 1`,
      [ids],
    );
  const read = async (id: string): Promise<any> => (await service.admin('GET', `/v1/invoices/${id}`)).body;
  const paymentOf = async (id: string): Promise<any> =>
    (await service.admin('GET', `/v1/payments?invoice=${id}`)).body.data[0];
  const codes = (answers: ApiResponse[]): string[] =>
    answers.map(({ status, body }) => body.code ?? String(status)).sort();

  beforeAll(async () => {
    service = await startService();
    const { database } = service;
    workers = [service, ...(await Promise.all([1, 2, 3].map(() => startApp({ database }))))];
    const { status } = await service.admin('POST', '/v1/catalog/apply', {
      body: {
        product: { key: product, name: product },
        billing: { provider: 'sandbox' },
        features: [],
        plans: [
          { key: 'free', name: 'Free', prices: [{ interval: 'month', amount: 0, currency: 'USD' }], entitlements: [] },
        ],
        assignment: [{ plan: 'free' }],
      },
    });
    expect(status).toBe(200);
  });
  beforeEach(async () => {
    customer = uniqueName('payer');
    await service.admin('PUT', `/v1/customers/${customer}`, { body: { product } });
    await addTestMethod(service, { customer, product, behavior: 'succeeds' });
  });
  afterAll(async () => {
    // This test gives the invoices its own numbers.
    expectLog(/invariant: gapless_numbers/);
    const { mismatches } = await service.app.get(BillingChecker, { strict: false }).checkAll();
    expect(mismatches.filter(({ invariant }) => invariant !== 'gapless_numbers')).toEqual([]);
    await Promise.all(workers.slice(1).map(({ stop }) => stop()));
    await service.stop();
  });

  it('charge each invoice once', async () => {
    const ids = await Promise.all(
      Array.from({ length: INVOICES }, () => invoice({ nextAttemptAt: new Date(Date.now() - 1_000) })),
    );
    await onAll(async (worker, index) => {
      await Promise.all([
        collect(worker),
        ...(index < 2 ? ids.map((id) => post(worker, `/v1/invoices/${id}/pay`, {})) : []),
        ...(index === 3 ? [worker.app.get(CollectionService, { strict: false }).checkDue()] : []),
      ]);
    });
    expect(await chargesOf(ids)).toEqual(expect.arrayContaining(ids.map((id) => ({ invoice: id, charges: 1 }))));
    expect((await Promise.all(ids.map(read))).map(({ status, paid }) => [status, paid])).toEqual(
      ids.map(() => ['paid', AMOUNT]),
    );
  });

  it('pay an invoice once', async () => {
    const id = await invoice();
    const answers = await onAll((worker) => post(worker, `/v1/invoices/${id}/pay`, {}));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(
      answers.filter(({ body }) => body.code && !/^(payment_under_way|invoice_status_conflict)$/.test(body.code)),
    ).toEqual([]);
    expect(await chargesOf([id])).toEqual([{ invoice: id, charges: 1 }]);
  });

  it('either pay or void an invoice', async () => {
    for (let round = 0; round < 6; round++) {
      const id = await invoice();
      await onAll((worker, index) =>
        index % 2 === round % 2
          ? post(worker, `/v1/invoices/${id}/pay`, {})
          : post(worker, `/v1/invoices/${id}/void`, { reason: 'wrong' }),
      );
      const { status } = await read(id);
      expect([status, (await chargesOf([id])).length]).toEqual(status === 'paid' ? ['paid', 1] : ['void', 0]);
    }
  });

  it('never pay back more than was paid, by refunds and credit notes', async () => {
    for (let round = 0; round < 4; round++) {
      const id = await invoice();
      await post(service, `/v1/invoices/${id}/pay`, {});
      const payment = await paymentOf(id);
      const answers = await onAll((worker, index) =>
        index % 2 === 0
          ? post(worker, `/v1/payments/${payment.id}/refund`, { amount: 1_000, reason: 'x' })
          : post(worker, `/v1/invoices/${id}/credit-notes`, { amount: 1_000, to: 'refund', reason: 'x' }),
      );
      expect(answers.filter(({ status }) => status < 300)).toHaveLength(1);
      expect(codes(answers).filter((code) => /too_large/.test(code))).toHaveLength(3);
      await onAll(async ({ app }) => {
        while ((await app.get(RefundRun, { strict: false }).refundDue()) > 0);
      });
      expect(await paymentOf(id)).toMatchObject({ refunded: 1_000, status: 'partially_refunded' });
      const [row] = await service.database.query<{ refunded: number }>(
        'select sum(amount)::integer as refunded from sandbox_refunds where charge = $1',
        [payment.providerId],
      );
      expect(row!.refunded).toBe(1_000);
    }
  });

  it('keep the payments of an advance of a test clock that fails, and continue it under the same key', async () => {
    const from = '2026-01-01T00:00:00.000Z';
    const clock = (await service.admin('POST', '/v1/test-clocks', { body: { now: from } })).body.id as string;
    customer = uniqueName('clocked');
    await service.admin('PUT', `/v1/customers/${customer}`, { body: { product, testClock: clock } });
    await addTestMethod(service, { customer, product, behavior: 'succeeds' });
    const id = await invoice({ testClockId: clock, nextAttemptAt: new Date(from) });
    const advance = (): Promise<ApiResponse> =>
      service.admin('POST', `/v1/test-clocks/${clock}/advance`, {
        body: { to: '2026-02-01T00:00:00.000Z' },
        headers: { 'idempotency-key': clock },
      });
    await service.database
      .query(`create function refuse_advance() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$;
      create trigger refuse_advance before update on test_clocks for each row execute function refuse_advance()`);
    expectLog(/refused/);
    expect((await advance()).status).toBe(500);
    expect(await chargesOf([id])).toEqual([{ invoice: id, charges: 1 }]);
    expect(await paymentOf(id)).toMatchObject({ status: 'succeeded', attempt: 1 });
    await service.database.query('drop trigger refuse_advance on test_clocks');
    const answers = [await advance(), await advance()];
    expect(answers.map(({ status, body, headers }) => [status, body.now, headers.get('idempotency-replayed')])).toEqual(
      [
        [200, '2026-02-01T00:00:00.000Z', 'true'],
        [200, '2026-02-01T00:00:00.000Z', 'true'],
      ],
    );
    expect(await chargesOf([id])).toEqual([{ invoice: id, charges: 1 }]);
    expect(await read(id)).toMatchObject({ status: 'paid', paid: AMOUNT });
  });

  it('apply an event and a check of the same charge once', async () => {
    const { body: method } = await service.admin('GET', `/v1/customers/${customer}/payment-methods`);
    await service.database.query(
      'update sandbox_methods set behavior = $1 where id = (select provider_id from payment_methods where id = $2)',
      ['succeeds_late', method.data[0].id],
    );
    const id = await invoice();
    await post(service, `/v1/invoices/${id}/pay`, {});
    await makeDue(service, 'payments');
    await makeDue(service, 'payment_events');
    await onAll(async ({ app }, index) => {
      if (index % 2 === 0) await app.get(CollectionService, { strict: false }).checkDue();
      else await app.get(PaymentEvents, { strict: false }).processDue();
    });
    expect(await read(id)).toMatchObject({ status: 'paid', paid: AMOUNT });
    const events = await service.database.query(
      `select 1 from events where type = 'invoice.paid' and subject_id = $1`,
      [id],
    );
    expect(events).toHaveLength(1);
  });
});

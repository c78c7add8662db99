import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Invoice } from '@app/billing';
import { Database } from '@app/platform';
import { newPayment } from '../../libs/billing/src/payment-records.js';
import { PaymentsRepository } from '../../libs/billing/src/payments.repository.js';
import { startService, TestClock, type TestApp } from '../support/app.js';
import { idsOf, insertInvoice } from '../support/billing-rows.js';
import type { TestDatabase } from '../support/database.js';
import { createApiKey, registerUser, type RegisteredUser, uniqueName } from '../support/fixtures.js';

const NOW = '2027-05-31T12:00:00.000Z';
const DAY_MS = 86_400_000;
const daysAgo = (days: number, ms = 0): Date => new Date(new Date(NOW).getTime() - days * DAY_MS + ms);

describe('statistics of money', () => {
  const clock = new TestClock();
  let service: TestApp & { database: TestDatabase };
  let call: RegisteredUser['call'];
  let owner: { customerId: string; productId: string };

  beforeAll(async () => {
    clock.set(NOW);
    service = await startService({ clock });
    ({ call } = await createApiKey(service));
    const { customer } = await registerUser(service);
    owner = await idsOf(service, customer);
  });
  beforeEach(() =>
    service.database.query(
      `set session_replication_role = replica; delete from payments; delete from refunds; delete from invoices; set session_replication_role = origin`,
    ),
  );
  afterAll(() => service.stop());

  const insertOpen = (issuedAt: Date, over: Partial<Invoice> = {}) =>
    insertInvoice(service, owner, { issuedAt, billedAt: issuedAt, ...over });
  /** A payment of an invoice that ends like this, at an instant. */
  const pay = async (
    invoice: Invoice,
    status: 'succeeded' | 'failed' | 'pending',
    at: Date,
    amount = invoice.due,
  ): Promise<void> => {
    const payments = service.app.get(PaymentsRepository, { strict: false });
    const given = { provider: 'sandbox' as const, paymentMethodId: null, checkAt: null, now: at };
    const payment = { ...newPayment(invoice, given), amount, attempt: (attempt += 1) };
    await service.app.get(Database).transaction(async () => {
      await payments.insert(payment);
      if (status !== 'pending') await payments.update({ ...payment, status, updatedAt: at });
    });
  };
  let attempt = 0;
  const read = async (query = ''): Promise<any> => {
    const { status, body } = await call('GET', `/v1/stats/money${query}`);
    expect([status, body.code]).toEqual([200, undefined]);
    return body;
  };

  it('show what is due by age, and what is uncollectible', async () => {
    expect((await read()).data).toEqual([]);
    const { due, currency } = await insertOpen(daysAgo(0));
    for (const at of [
      daysAgo(31, 1),
      daysAgo(31),
      daysAgo(61, 1),
      daysAgo(61),
      daysAgo(91, 1),
      daysAgo(91),
      daysAgo(400),
    ])
      await insertOpen(at);
    await insertOpen(daysAgo(5), { status: 'uncollectible' });
    await insertOpen(daysAgo(5), { status: 'draft', number: null, serial: null, issuedAt: null });
    expect(await read()).toMatchObject({
      asOf: NOW,
      data: [
        {
          currency,
          collected: 0,
          refunded: 0,
          failed: 0,
          outstanding: {
            days0To30: 2 * due,
            days31To60: 2 * due,
            days61To90: 2 * due,
            over90Days: 2 * due,
            total: 8 * due,
          },
          uncollectible: due,
        },
      ],
    });
  });

  it('show payments by the instant of their outcome, in the span', async () => {
    const invoice = await insertOpen(daysAgo(10));
    await pay(invoice, 'failed', daysAgo(9), 100);
    await pay(invoice, 'failed', daysAgo(8), 100);
    await pay(invoice, 'succeeded', daysAgo(7), 100);
    await pay(invoice, 'succeeded', daysAgo(40), 1_000);
    await pay(invoice, 'pending', daysAgo(6), 100);
    expect((await read()).data).toMatchObject([{ collected: 100, failed: 200, refunded: 0 }]);
    const span = (from: Date, to: Date) => `?from=${from.toISOString()}&to=${to.toISOString()}`;
    expect((await read(span(daysAgo(40), daysAgo(39)))).data).toMatchObject([{ collected: 1_000, failed: 0 }]);
    expect((await read(span(daysAgo(39), daysAgo(8)))).data).toMatchObject([{ collected: 0, failed: 100 }]);
    expect(await call('GET', `/v1/stats/money${span(daysAgo(1), daysAgo(2))}`)).toMatchObject({ status: 422 });
  });

  it('count a payment where it succeeded after a reported failure, and a refund does not move it', async () => {
    const invoice = await insertOpen(daysAgo(10));
    await pay(invoice, 'failed', daysAgo(9), 100);
    const payments = service.app.get(PaymentsRepository, { strict: false });
    const failed = (await payments.findLast({ customerId: invoice.customerId, invoiceId: invoice.id }))!;
    const update = (over: object) =>
      service.app.get(Database).transaction(() => payments.update({ ...failed, ...over }));
    await update({ disputedAt: daysAgo(5), updatedAt: daysAgo(5) });
    const day = (ago: number) => `?from=${daysAgo(ago).toISOString()}&to=${daysAgo(ago - 1).toISOString()}`;
    expect((await read(day(9))).data).toMatchObject([{ failed: 100 }]);
    await update({ status: 'succeeded', updatedAt: daysAgo(4) });
    await update({ status: 'partially_refunded', refunded: 40, updatedAt: daysAgo(2) });
    await service.database.query(
      `insert into refunds (customer_id, id, payment_id, invoice_id, amount, currency, status, created_at, updated_at)
       values ($1, gen_random_uuid(), $2, $3, 40, $4, 'succeeded', $5, $5)`,
      [failed.customerId, failed.id, failed.invoiceId, failed.currency, daysAgo(2)],
    );
    expect((await read(day(9))).data).toMatchObject([{ failed: 0 }]);
    expect((await read(day(4))).data).toMatchObject([{ collected: 100, refunded: 0 }]);
    expect((await read(day(2))).data).toMatchObject([{ collected: 0, refunded: 40 }]);
  });

  it('leave out customers on test clocks, unless one is named', async () => {
    const created = await call('POST', '/v1/test-clocks', { body: { now: '2031-01-01T00:00:00Z' } });
    const testClock = created.body.id as string;
    const customer = uniqueName('clocked');
    expect((await call('PUT', `/v1/customers/${customer}`, { body: { testClock } })).status).toBe(201);
    const clocked = await idsOf(service, customer);
    const at = new Date('2030-12-20T00:00:00Z');
    const invoice = await insertInvoice(service, clocked, { issuedAt: at, billedAt: at, testClockId: testClock });
    await pay(invoice, 'succeeded', at, 100);
    expect((await read()).data).toEqual([]);
    expect(await read(`?testClock=${testClock}`)).toMatchObject({
      asOf: '2031-01-01T00:00:00.000Z',
      data: [{ collected: 100, outstanding: { days0To30: invoice.due } }],
    });
  });
});

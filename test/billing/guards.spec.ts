import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Invoice, InvoicesRepository, PaymentsRepository } from '@app/billing';
import { EventPublisher } from '@app/events';
import { newId } from '@app/kernel';
import { Database } from '@app/platform';
import { BilledSubscriptionsRepository } from '../../libs/billing/src/billed-subscriptions.repository.js';
import { CollectionRepository, type DueInvoice } from '../../libs/billing/src/collection.repository.js';
import { DocumentsRepository } from '../../libs/billing/src/documents/documents.repository.js';
import { PaymentEventsRepository } from '../../libs/billing/src/payment-events.repository.js';
import { RefundsRepository } from '../../libs/billing/src/refunds.repository.js';
import { startService, type TestApp } from '../support/app.js';
import {
  idsOf,
  insertCheckout,
  insertCreditNote,
  insertInvoice,
  insertPayment,
  periodDraft,
} from '../support/billing-rows.js';
import type { TestDatabase } from '../support/database.js';
import { uniqueName } from '../support/fixtures.js';
import { withOpenTransaction } from '../support/transactions.js';

const ROWS = 3;
const OTHER = '00000000-0000-7000-8000-00000000000f';
/** A copy of a row with other fields. */
const copyOf = (table: string, fields: object, condition = '1 = 1'): string =>
  `insert into ${table} select (jsonb_populate_record(r, '${JSON.stringify(fields)}')).* from ${table} r where ${condition} limit 1`;

/** Guards of the database behind the locks of the service: each holds when a lock is missing. */
describe('the database', () => {
  let service: TestApp & { database: TestDatabase };
  let owner: { customerId: string; productId: string };
  let invoice: Invoice;
  const product = uniqueName('guarded');
  const repository = <T>(type: abstract new (...given: never[]) => T): T =>
    service.app.get(type as never, { strict: false });
  const customer = async (): Promise<{ customerId: string; productId: string }> => {
    const key = uniqueName('payer');
    const { status } = await service.admin('PUT', `/v1/customers/${key}`, { body: { product } });
    expect(status).toBe(201);
    return idsOf(service, key, product);
  };

  beforeAll(async () => {
    service = await startService();
    const body = {
      product: { key: product, name: product },
      billing: { provider: 'sandbox' },
      features: [{ key: 'calls', name: 'Calls', type: 'metered' }],
      plans: [
        { key: 'paid', name: 'Paid', prices: [{ interval: 'month', amount: 10, currency: 'USD' }], entitlements: [] },
      ],
      assignment: [{ plan: 'paid' }],
    };
    expect((await service.admin('POST', '/v1/catalog/apply', { body })).status).toBe(200);
    owner = await customer();
    const past = { subscriptionId: newId(), purpose: 'period' as const, nextAttemptAt: new Date(0) };
    invoice = await insertInvoice(service, owner, past);
    await insertPayment(service, invoice, { status: 'pending', providerId: null, checkAt: new Date(0) });
    const note = await insertCreditNote(service, invoice);
    const paid = await insertInvoice(service, owner);
    const payment = await insertPayment(service, paid);
    await insertCheckout(service, paid);
    for (let row = 1; row < ROWS; row++) {
      const other = await insertInvoice(service, owner, { nextAttemptAt: new Date(0) });
      await insertPayment(service, other, { status: 'pending', providerId: null, checkAt: new Date(0) });
      await insertCreditNote(service, other);
      await customer();
    }
    const drafts = Array.from({ length: ROWS }, () => periodDraft(owner, new Date(0)));
    await repository(Database).transaction(() => repository(InvoicesRepository).insertMany(drafts));
    await service.database.query(
      `insert into refunds (customer_id, id, payment_id, credit_note_id, invoice_id, amount, currency, status, check_at, created_at, updated_at)
       select $1, gen_random_uuid(), $2, case n when 1 then $3::uuid end, case n when 1 then null else gen_random_uuid() end, 1, 'USD', 'pending', '1970-01-01', now(), now() from generate_series(1, ${ROWS}) n`,
      [owner.customerId, payment.id, note.id],
    );
    await service.database.query(
      `insert into payment_events (provider, event_id, type, event, body, received_at, retry_at) select 'sandbox', 'event ' || n, 'x', '{}', '', now(), '1970-01-01' from generate_series(1, ${ROWS}) n`,
    );
    await service.database.query(`insert into credit_balances values ($1, $2, 'USD', 100)`, [
      owner.customerId,
      owner.productId,
    ]);
    await service.database.query(
      `insert into usage_periods values ($1, $2, '2026-01-01', '2026-02-01', $3, 1, now())`,
      [owner.customerId, invoice.subscriptionId, invoice.id],
    );
    await service.database.query(
      `insert into usage_charges (customer_id, subscription_id, feature_id, window_start, span_start, span_end, period_end, plan, revision, price, units, amount, invoice_id)
       select $1, $2, id, '2026-01-01', '2026-01-01', '2026-02-01', '2026-02-01', '{}', 1, '{}', 1, 1, $3 from features where product_id = $4`,
      [owner.customerId, invoice.subscriptionId, invoice.id, owner.productId],
    );
    while ((await service.app.get(EventPublisher).publish()) > 0);
  });
  afterAll(() => service.stop());

  it.each([
    [
      'a second invoice of a period',
      copyOf(
        'invoices',
        { id: OTHER, serial: 9_001, number: 'N 1' },
        'subscription_id is not null and serial is not null',
      ),
      /invoices_once/,
    ],
    [
      'a number of an invoice twice',
      copyOf('invoices', { id: OTHER, serial: 9_002 }, 'subscription_id is null'),
      /invoices_number_unique/,
    ],
    [
      'a serial of an invoice twice',
      copyOf('invoices', { id: OTHER, number: 'N 2' }, 'subscription_id is null'),
      /invoices_serial_unique/,
    ],
    [
      'a number of a credit note twice',
      copyOf('credit_notes', { id: OTHER, serial: 9_003 }),
      /credit_notes_number_unique/,
    ],
    [
      'a serial of a credit note twice',
      copyOf('credit_notes', { id: OTHER, number: 'N 3' }),
      /credit_notes_serial_unique/,
    ],
    [
      'a second payment under way',
      copyOf('payments', { id: OTHER, attempt: 2 }, `status = 'pending'`),
      /payments_one_under_way/,
    ],
    [
      'an attempt twice',
      copyOf('payments', { id: OTHER, provider_id: 'other' }, `status = 'succeeded'`),
      /payments_attempt_once/,
    ],
    [
      'a charge twice',
      copyOf('payments', { id: OTHER, attempt: 2 }, `status = 'succeeded'`),
      /payments_provider_id_unique/,
    ],
    [
      'a refund above its payment',
      `update payments set refunded = amount + 1 where status = 'succeeded'`,
      /payments_never_refund_more/,
    ],
    [
      'a credit note that is refunded twice',
      copyOf('refunds', { id: OTHER }, 'credit_note_id is not null'),
      /refunds_once/,
    ],
    [
      'an invoice that is paid back twice',
      copyOf('refunds', { id: OTHER }, 'invoice_id is not null'),
      /refunds_of_invoice_once/,
    ],
    ['a balance below zero', 'update credit_balances set balance = -1', /credit_balances_balance_check/],
    ['an inbound event twice', copyOf('payment_events', {}), /payment_events_pkey/],
    ['a second open checkout', copyOf('checkouts', { id: OTHER, invoice_id: OTHER }), /checkouts_one_open/],
    ['a span of usage twice', copyOf('usage_charges', {}), /usage_charges_pkey/],
    ['a period of usage twice', copyOf('usage_periods', { period_end: '2026-03-01' }), /usage_periods_once/],
    [
      'an amount due that is not what is unpaid',
      `update invoices set paid = paid + 1 where status = 'open'`,
      /invoices_due_adds_up/,
    ],
    ['a draft with another total', `update invoices set total = total + 1 where status = 'draft'`, /adds_up/],
    [
      'a finalized invoice that becomes a draft',
      `update invoices set status = 'draft' where status = 'open'`,
      /does not lead to draft|never changes/,
    ],
    ['the deletion of a finalized invoice', `delete from invoices where status = 'open'`, /never deleted/],
    ...[
      'number',
      'serial',
      'lines',
      'discounts',
      'taxes',
      'total',
      'seller',
      'buyer',
      'issued_at',
      'billed_at',
      'currency',
      'period_end',
    ].map((column): [string, string, RegExp] => [
      `a change of ${column} of a finalized invoice`,
      `update invoices i set ${column} = (jsonb_populate_record(i, jsonb_build_object('number', 'X', 'serial', 9004, 'lines', '[{}]'::jsonb, 'discounts', '[{}]'::jsonb, 'taxes', '[{}]'::jsonb, 'total', 1, 'seller', '{}'::jsonb, 'buyer', '{}'::jsonb, 'issued_at', now(), 'billed_at', now(), 'currency', 'XXX', 'period_end', now()))).${column} where status = 'open'`,
      /never changes/,
    ]),
  ])('refuses %s', async (_, sql, reason) => {
    await expect(service.database.query(sql)).rejects.toThrow(reason);
  });

  const now = new Date();
  it.each<[string, string, () => Promise<unknown[]>]>([
    ['drafts', `invoices where status = 'draft'`, () => repository(InvoicesRepository).lockDrafts(now, 100)],
    [
      'positions',
      'billed_subscriptions where due_at <= now()',
      () => repository(BilledSubscriptionsRepository).lockDue(new Date(Date.now() + 60_000), 100),
    ],
    [
      'invoices to print',
      `invoices where documented_at is null and status <> 'draft'`,
      () => repository(DocumentsRepository).lockInvoices(null, 100),
    ],
    [
      'credit notes to print',
      'credit_notes where documented_at is null',
      () => repository(DocumentsRepository).lockCreditNotes(null, 100),
    ],
    [
      'payments to check',
      'payments where check_at is not null',
      () => repository(PaymentsRepository).claimDue(now, now, 100),
    ],
    ['refunds', 'refunds where check_at is not null', () => repository(RefundsRepository).claimDue(now, now, 100)],
    [
      'payment events',
      'payment_events where processed_at is null',
      () => repository(PaymentEventsRepository).claim(now, now, 100),
    ],
    [
      'invoices to collect',
      `invoices where next_attempt_at is not null`,
      async () => {
        const due = await service.database.query<DueInvoice>(
          'select customer_id as "customerId", id from invoices where next_attempt_at is not null',
        );
        const locked = await Promise.all(
          due.map((one) =>
            repository(Database).inSeparateTransaction(() => repository(CollectionRepository).lockIfDue(one, now)),
          ),
        );
        return locked.filter(Boolean);
      },
    ],
  ])('lets a worker pass over %s that another one has locked', async (_, rows, claim) => {
    const [{ count }] = (await service.database.query<{ count: number }>(
      `select count(*)::integer as count from ${rows}`,
    )) as [{ count: number }];
    expect(count).toBeGreaterThanOrEqual(ROWS);
    await withOpenTransaction(service.database, async (other) => {
      await other.query(`select 1 from ${rows} limit 1 for update`);
      expect(await repository(Database).transaction(claim)).toHaveLength(count - 1);
    });
  });
});

import {
  InvoicesRepository,
  type CreditNote,
  type Invoice,
  type Payment,
  PaymentsRepository,
  type PrintedDocument,
} from '@app/billing';
import { newId } from '@app/kernel';
import { Database } from '@app/platform';
import { draftTotals, emptyDraft } from '../../libs/billing/src/domain/draft.js';
import type { TestApp } from './app.js';
import type { TestDatabase } from './database.js';
import { printedDocument } from './printed-documents.js';

type Service = Pick<TestApp, 'app'> & { database: TestDatabase };

/** Ids of a customer and of a product, by their keys. */
export async function idsOf(
  { database }: Service,
  customer: string,
  product = 'default',
): Promise<{ customerId: string; productId: string }> {
  const [row] = await database.query<{ customerId: string; productId: string }>(
    `select (select id from customers where key = $1) as "customerId", (select id from products where key = $2) as "productId"`,
    [customer, product],
  );
  return row!;
}

/** A draft of a period of some subscription over 1.00, due to be finalized at `now`. It is not stored. */
export function periodDraft(owner: { customerId: string; productId: string }, now: Date): Invoice {
  const service = { start: now, end: now };
  const sold = { plan: null, addOn: null, feature: null, tiers: [], discount: 0, taxes: [] };
  const line = { kind: 'manual' as const, description: 'Work', quantity: 1, unitAmount: '1.00', amount: 100 };
  const lines = [{ ...line, service, ...sold }];
  return {
    ...emptyDraft({ id: newId(), now }),
    ...owner,
    subscriptionId: newId(),
    testClockId: null,
    purpose: 'period',
    billedAt: now,
    currency: 'USD',
    lines,
    ...draftTotals(lines),
    period: service,
    usageFrom: null,
    finalizeAt: now,
  };
}

let serial = 0;

/** Stores an invoice as finalization leaves it: open, without documents. */
export async function insertInvoice(
  service: Service,
  owner: { customerId: string; productId: string },
  { printed = {}, ...fields }: Partial<Invoice> & { printed?: Partial<PrintedDocument> } = {},
): Promise<Invoice> {
  const document = printedDocument(printed);
  serial++;
  const invoice: Invoice = {
    ...document,
    ...owner,
    id: newId(),
    subscriptionId: null,
    testClockId: null,
    purpose: 'manual',
    billedAt: document.issuedAt,
    status: 'open',
    serial,
    number: `INV-2026-${String(serial).padStart(6, '0')}`,
    credited: 0,
    period: document.period!,
    couponPeriod: null,
    usageFrom: null,
    finalizeAt: null,
    paidAt: null,
    collection: document.isCharged ? 'charge_automatically' : 'send_invoice',
    attempts: 0,
    failedAt: null,
    nextAttemptAt: null,
    documentedAt: null,
    version: 1,
    createdAt: document.issuedAt,
    updatedAt: document.issuedAt,
    ...fields,
  };
  const [database, invoices] = [Database, InvoicesRepository].map((part) =>
    service.app.get(part as typeof Database, { strict: false }),
  ) as never as [Database, InvoicesRepository];
  await database.transaction(() => invoices.insertMany([invoice]));
  return invoice;
}

/** Stores a credit note over the whole of an invoice, which lowers what is due. */
export async function insertCreditNote(
  { database }: Service,
  invoice: Invoice,
): Promise<Pick<CreditNote, 'id' | 'number'>> {
  const note = { id: newId(), number: `CN-2026-${String(++serial).padStart(6, '0')}` };
  await database.query(
    `insert into credit_notes (customer_id, id, product_id, invoice_id, serial, number, currency, lines, taxes, subtotal, tax_total, total, due_amount, refund_amount, balance_amount, reason, seller, buyer, issued_at, created_at)
     select customer_id, $2, product_id, id, $3, $4, currency, lines, taxes, subtotal, tax_total, total, total, 0, 0, 'The service was down.', seller, buyer, issued_at, created_at from invoices where id = $1`,
    [invoice.id, note.id, serial, note.number],
  );
  return note;
}

/** Stores a payment of all that is due on an invoice. */
export async function insertPayment(
  service: Service,
  { customerId, productId, id: invoiceId, due, currency }: Invoice,
  fields: Partial<Payment> = {},
): Promise<Payment> {
  const now = new Date();
  const payment: Payment = {
    id: newId(),
    customerId,
    productId,
    invoiceId,
    provider: 'sandbox',
    providerId: `charge_${newId()}`,
    paymentMethodId: null,
    attempt: 1,
    amount: due,
    refunded: 0,
    excess: 0,
    currency,
    status: 'succeeded',
    failureCode: null,
    hard: false,
    actionUrl: null,
    reference: null,
    disputedAt: null,
    checkAt: null,
    createdAt: now,
    updatedAt: now,
    ...fields,
  };
  const [database, payments] = [Database, PaymentsRepository].map((part) =>
    service.app.get(part as typeof Database, { strict: false }),
  ) as never as [Database, PaymentsRepository];
  await database.transaction(() => payments.insert(payment));
  return payment;
}

/** Stores an open checkout of an invoice. @returns its id */
export async function insertCheckout({ database }: Service, invoice: Invoice): Promise<string> {
  const id = newId();
  await database.query(
    `insert into checkouts (customer_id, id, product_id, subscription_id, invoice_id, kind, request, status, expires_at, version, created_at, updated_at)
     select customer_id, $2, product_id, gen_random_uuid(), id, 'start', '{}', 'open', issued_at, 1, issued_at, issued_at from invoices where id = $1`,
    [invoice.id, id],
  );
  return id;
}

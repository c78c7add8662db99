import { BillingRun, CollectionService, PaymentEvents, RefundRun, type SandboxBehavior } from '@app/billing';
import type { TestApp } from './app.js';
import type { TestDatabase } from './database.js';

/** Runs the jobs of billing until nothing is due. */
export async function runBilling({ app }: Pick<TestApp, 'app'>): Promise<void> {
  const [billing, collection, refunds, events] = [BillingRun, CollectionService, RefundRun, PaymentEvents].map((part) =>
    app.get(part as typeof BillingRun, { strict: false }),
  ) as never as [BillingRun, CollectionService, RefundRun, PaymentEvents];
  for (let processed = 1; processed > 0;) {
    processed = (await billing.runDue()) ? 1 : 0;
    processed += await collection.collectDue();
    processed += await refunds.refundDue();
    processed += await events.processDue();
  }
}

/** Stores a test method of the sandbox for a customer, as the payer enters it. @returns its id */
export async function addTestMethod(
  service: Pick<TestApp, 'app' | 'admin' | 'url'>,
  { customer, product, behavior }: { customer: string; product: string; behavior: SandboxBehavior },
): Promise<string> {
  const at = `/v1/customers/${customer}/payment-methods`;
  const { status, body } = await service.admin('POST', `${at}/setup`, { body: { product, returnUrl: '/billing' } });
  if (status !== 201) throw new Error(JSON.stringify(body));
  const page = `${service.url}${new URL(body.url).pathname}`;
  await fetch(page, { method: 'POST', body: new URLSearchParams({ behavior }), redirect: 'manual' });
  const events = service.app.get(PaymentEvents, { strict: false });
  while ((await events.processDue()) > 0);
  const [method] = (await service.admin('GET', at)).body.data;
  return method.id;
}

/** The column of each table that says when a worker takes a row. */
const DUE = {
  payment_events: 'retry_at',
  payments: 'check_at',
  payment_setups: 'check_at',
  payment_accounts: 'delete_at',
} as const;

/**
 * Makes the waiting rows of a table due, as when their lease or delay has expired. An hour in the past: the clock of a
 * service follows the database by an estimate, and may be some milliseconds behind its `now()`.
 */
export async function makeDue(
  { database }: { database: Pick<TestDatabase, 'query'> },
  table: keyof typeof DUE,
): Promise<void> {
  const column = DUE[table];
  await database.query(`update ${table} set ${column} = now() - interval '1 hour' where ${column} is not null`);
}

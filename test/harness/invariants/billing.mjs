import * as path from 'node:path';
import { pause } from '../waiting.mjs';
import { BILLED_OTHERWISE } from './billed-timeline.mjs';

const root = path.resolve(import.meta.dirname, '../../..');
const dist = (file) => import(`${root}/dist/${file}`);
const rows = (found) => found.map((row) => JSON.stringify(row));
const REST_MS = 60_000;
const PAGE = 1_000;

/** Work of billing that a worker does now: outcomes, refunds, drafts, events to bill and to process. */
const LEFT = `select (select count(*) from payments where status = 'pending')::int as payments,
  (select count(*) from refunds where status = 'pending')::int as refunds,
  (select count(*) from invoices where status = 'draft' and finalize_at <= now() and test_clock_id is null)::int as drafts,
  (select count(*) from invoices where status = 'open' and next_attempt_at <= now() and test_clock_id is null)::int as collections,
  (select count(*) from billed_subscriptions where due_at <= now() and test_clock_id is null)::int as positions,
  (select count(*) from payment_events where processed_at is null)::int as events,
  (select count(*) from event_outbox)::int as outbox`;
/** The wait for leases of killed workers, and for later attempts, is left out. */
const DUE_NOW = [
  `update payments set check_at = now() where status = 'pending' and check_at > now() + interval '3 seconds'`,
  `update refunds set check_at = now() where status = 'pending' and check_at > now() + interval '3 seconds'`,
  `update payment_events set retry_at = now() where processed_at is null and retry_at > now() + interval '3 seconds'`,
];

/** Waits until the worker has nothing left to do. @returns the rest after a minute, in words */
async function atRest({ db, world }) {
  if (!world.delivering) return [];
  const until = performance.now() + REST_MS;
  for (;;) {
    for (const statement of DUE_NOW) await db.query(statement);
    const [left] = await db.query(LEFT);
    if (Object.values(left).every((count) => count === 0)) return [];
    if (performance.now() > until) return [`billing does not come to rest: ${JSON.stringify(left)}`];
    await pause(200);
  }
}

/** The checks of the nightly job, once per context: each row is one mismatch. */
const checked = new WeakMap();
function mismatches(context) {
  if (!checked.has(context)) checked.set(context, checkAll(context));
  return checked.get(context);
}

async function checkAll({ db }) {
  const { BillingChecksRepository } = await dist('libs/billing/src/billing-checks.repository.js');
  const checks = new BillingChecksRepository({ query: (sql, parameters) => db.query(sql, parameters) });
  const customers = (await db.query('select distinct customer_id as id from invoices')).map(({ id }) => id);
  return [...(await checks.ofAll()), ...(await checks.ofCustomers(customers))];
}

const nightly = (invariant) => async (context) =>
  rows((await mismatches(context)).filter((mismatch) => mismatch.invariant === invariant));

/** The module of billing without its jobs, on the database of the world. */
async function billingOf(world) {
  if (world.billing) return world.billing;
  const [{ Module }, { NestFactory }, { BillingModule, UsageChargesChecker }, { EventsModule }, platform] =
    await Promise.all([
      import('@nestjs/common'),
      import('@nestjs/core'),
      dist('libs/billing/src/index.js'),
      dist('libs/events/src/index.js'),
      dist('libs/platform/src/index.js'),
    ]);
  const config = new platform.Config({ ...world.cluster.environment(), NODE_ENV: 'test' });
  class BillingContext {}
  Module({ imports: [platform.PlatformModule.forRoot(config), EventsModule, BillingModule] })(BillingContext);
  const app = await NestFactory.createApplicationContext(BillingContext, { logger: false });
  world.billing = { checker: app.get(UsageChargesChecker, { strict: false }), close: () => app.close() };
  return world.billing;
}

async function usageCharges({ world }) {
  const { checker } = await billingOf(world);
  const found = [];
  for (let after = null; ;) {
    const page = await checker.usageChargesMismatch({ after, limit: PAGE });
    found.push(...page.mismatches, ...page.invoices);
    if (page.after === null) return rows(found);
    after = page.after;
  }
}

/** B-1 to B-8. Before the first of them the worker comes to rest. */
export const billingInvariants = [
  {
    id: 'B-1',
    title: 'invoices add up',
    check: async (context) => [...(await atRest(context)), ...(await nightly('invoice_totals')(context))],
  },
  { id: 'B-2', title: 'one invoice of a period and purpose', check: nightly('one_invoice') },
  { id: 'B-3', title: 'numbers without gap or double', check: nightly('gapless_numbers') },
  { id: 'B-4', title: 'payments, invoices and balances agree', check: nightly('money') },
  {
    id: 'B-5',
    title: 'billed is what the timeline owes',
    check: async ({ db }) => rows(await db.query(BILLED_OTHERWISE)),
  },
  { id: 'B-6', title: 'each unit beyond the limit is on one line', check: usageCharges },
  { id: 'B-7', title: 'finalized invoices are frozen', check: nightly('frozen_invoices') },
  { id: 'B-8', title: 'one charge per attempt', check: nightly('one_charge') },
];

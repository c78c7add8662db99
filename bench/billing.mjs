import * as fs from 'node:fs';
import { parseArgs } from 'node:util';
import { catalogue, drafts, fillRenewals, LINES } from './billing-fill.mjs';
import { cpuTime } from './cpu-time.mjs';
import { startInProcess } from './in-process.mjs';
import { machine, round, stop } from './support.mjs';

/**
 * `npm run bench:billing`: invoices per second that one worker finalizes, each with ten lines of three tiers, and the
 * latency of previews. The worker runs in this process, so `node --cpu-prof bench/billing.mjs` shows where the time
 * goes.
 *
 * --usage N   the ten lines are computed when an invoice is finalized, from counters with N ledger entries each
 * --renewals  drafts of renewals, with one line
 * --taxed     a tax rate applies to each line
 * --upcoming  with --renewals or --usage: the notices of upcoming invoices that are written, before the invoices
 * --seconds N stops after this time
 */
const { values: options } = parseArgs({
  options: {
    invoices: { type: 'string', default: '100000' },
    previews: { type: 'string', default: '500' },
    usage: { type: 'string', default: '0' },
    seconds: { type: 'string', default: '3600' },
    renewals: { type: 'boolean', default: false },
    taxed: { type: 'boolean', default: false },
    upcoming: { type: 'boolean', default: false },
  },
});
const INVOICES = Number(options.invoices);
const ENTRIES = Number(options.usage);
const FROM_RENEWALS = options.renewals || ENTRIES > 0;
/** Settings that an operator would use for a database of this size. */
const POSTGRES = { shared_buffers: '2GB', max_wal_size: '8GB' };

/** Starts the service, and names what its worker does. */
async function startBilling() {
  const service = await startInProcess(POSTGRES);
  const { app } = service;
  const { BillingService } = await import('../dist/libs/billing/src/billing.service.js');
  const { Finalizer } = await import('../dist/libs/billing/src/finalizer.service.js');
  const { UpcomingInvoices } = await import('../dist/libs/billing/src/upcoming-invoices.service.js');
  const { EventPublisher } = await import('../dist/libs/events/src/index.js');
  const { DueSubscriptionsService } = await import('../dist/libs/subscriptions/src/index.js');
  const get = (type) => app.get(type, { strict: false });
  return {
    ...service,
    publish: () => get(EventPublisher).publish(),
    renew: () => get(DueSubscriptionsService).processDue(),
    bill: () => get(BillingService).runDue(),
    finalize: () => get(Finalizer).runDue(),
    announce: () => get(UpcomingInvoices).runDue(),
  };
}

/** @returns functions that preview the next invoice of a customer with the same lines, and a change */
async function prepare(service) {
  const { call, client } = service;
  await call('POST', '/v1/catalog/apply', catalogue({ usage: ENTRIES > 0, taxed: options.taxed }));
  const { subscription } = await call('PUT', '/v1/customers/hot', { product: 'bench' });
  if (FROM_RENEWALS) await fillRenewals(service, { count: INVOICES, entries: ENTRIES });
  else for (const statement of drafts(INVOICES)) await client.query(statement);
  await client.query('vacuum analyze');
  await client.query('checkpoint');
  const change = `/v1/subscriptions/${subscription.id}/preview-change`;
  return {
    preview: () => call('POST', '/v1/invoices/preview', { subscription: subscription.id }),
    'preview of a change': () => call('POST', change, { quantity: 2, when: 'now' }),
  };
}

/** Private memory of all processes of PostgreSQL in MB: without its shared buffers. */
function privateMemory(pid) {
  const memoryOf = (process) => {
    try {
      const text = fs.readFileSync(`/proc/${process}/status`, 'utf8');
      const [parent, kilobytes] = [/^PPid:\s*(\d+)/m, /^RssAnon:\s*(\d+)/m].map((field) =>
        Number(field.exec(text)?.[1]),
      );
      return process === String(pid) || parent === pid ? kilobytes : 0;
    } catch {
      return 0;
    }
  };
  const processes = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return processes.reduce((sum, process) => sum + memoryOf(process), 0) / 1_024;
}

/** Calls `work` until it returns 0, and prints rate, CPU time and memory of each tenth of the invoices, and of all. */
async function measure(name, service, work) {
  const print = (label, count, { from, own, database }) => {
    const { user, system } = process.cpuUsage(own);
    const times = [user + system, cpuTime(service.pid, { children: true }) - database].map((time) =>
      round(time / count),
    );
    console.log(
      `${label}: ${round(count / ((performance.now() - from) / 1_000))} per second; CPU time each: Node ${times[0]} us, PostgreSQL ${times[1]} us; ` +
        `memory: Node ${round(process.memoryUsage.rss() / 2 ** 20)} MB, PostgreSQL ${round(privateMemory(service.pid))} MB`,
    );
  };
  const now = () => ({
    ...{ from: performance.now(), own: process.cpuUsage() },
    database: cpuTime(service.pid, { children: true }),
  });
  const start = now();
  let [done, part, before] = [0, start, 0];
  const isLate = () => performance.now() - start.from > Number(options.seconds) * 1_000;
  for (let processed; !isLate() && (processed = await work()) > 0;) {
    done += processed;
    if (done - before < INVOICES / 10) continue;
    print(`  ${round(done)}`, done - before, part);
    [part, before] = [now(), done];
  }
  print(`${round(done)} ${name}`, done, start);
  return done;
}

/** Prints the latency of a request that is repeated alone. */
async function measureLatency(name, request) {
  const latencies = [];
  for (let index = 0; index < Number(options.previews); index++) {
    const from = performance.now();
    await request();
    latencies.push(performance.now() - from);
  }
  latencies.sort((one, other) => one - other);
  const percentile = (share) => latencies[Math.floor(latencies.length * share)]?.toFixed(1);
  console.log(`${name}: p50 ${percentile(0.5)} ms, p99 ${percentile(0.99)} ms`);
}

console.log(machine());
const service = await startBilling();
try {
  for (const [name, preview] of Object.entries(await prepare(service))) await measureLatency(name, preview);
  if (FROM_RENEWALS) await measure('drafts of renewals', service, service.bill);
  if (options.upcoming) {
    await service.client.query(
      `insert into event_sequences (subject_id, last) select id, 2 from subscriptions on conflict do nothing`,
    );
    await service.client.query(`update billed_subscriptions set upcoming_at = now() + interval '7 days'`);
    const announced = await measure('notices of upcoming invoices', service, service.announce);
    const { rows } = await service.client.query(
      `select count(*)::int as count from events where type = 'invoice.upcoming'`,
    );
    if (rows[0].count !== announced) throw new Error(`${rows[0].count} of ${announced} notices were written`);
  }
  const done = await measure(
    `invoices of ${FROM_RENEWALS ? (ENTRIES ? LINES + 1 : 1) : LINES} lines`,
    service,
    service.finalize,
  );
  const { rows } = await service.client.query(
    `select count(*)::int as count, min(serial)::int as first, max(serial)::int as last, min(jsonb_array_length(lines)) as lines from invoices where status = 'open'`,
  );
  const { count, first, last, lines } = rows[0];
  if (count !== done || first !== 1 || last !== done) throw new Error(`Numbered ${first} to ${last}: ${count}`);
  if (ENTRIES > 0 && lines !== LINES + 1) throw new Error(`An invoice has ${lines} lines`);
} finally {
  await service.end();
  await stop();
}

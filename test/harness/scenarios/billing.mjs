import { startBilling } from '../billing-load.mjs';
import { pause } from '../waiting.mjs';

const KILLS = 5;
const UNDISTURBED_MS = 1_500;
const COUNTS = `select (select count(*) from invoices where serial is not null)::int as invoices, (select count(*) from credit_notes)::int as notes,
  (select count(*) from payments)::int as payments, (select count(*) from refunds)::int as refunds, (select count(*) from usage_charges)::int as usage`;

/** T-38: the worker and PostgreSQL are killed in turn, while invoices are written, charged and refunded. */
async function killWhileBilling(world) {
  const { random, db, worker } = world;
  const billing = await startBilling(world, { concurrency: 6, restMs: 20 });
  for (let kill = 0; kill < KILLS; kill++) {
    await pause(random.between(UNDISTURBED_MS / 3, UNDISTURBED_MS));
    await worker.kill();
    await worker.start();
    await pause(random.between(UNDISTURBED_MS / 3, UNDISTURBED_MS));
    await db.kill();
    await db.start();
  }
  await pause(UNDISTURBED_MS);
  await billing.end();
  const [counts] = await db.query(COUNTS);
  world.expect(
    'there are invoices, notes, payments, refunds and usage',
    Object.values(counts).every((count) => count > 0),
    counts,
  );
  return { kills: 2 * KILLS, ...world.history.figures(), ...counts, answers: billing.names };
}

export const scenarios = [{ id: 'T-38', title: 'kill -9 while billing', run: killWhileBilling }];

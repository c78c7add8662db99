import { answerInvariants } from './invariants/answers.mjs';
import { billingInvariants } from './invariants/billing.mjs';
import { messageInvariants } from './invariants/messages.mjs';
import { meteringInvariants } from './invariants/metering.mjs';
import { subscriptionInvariants } from './invariants/subscriptions.mjs';

/** All invariants, which must hold after every scenario. */
export const INVARIANTS = [
  ...meteringInvariants,
  ...answerInvariants,
  ...subscriptionInvariants,
  ...messageInvariants,
  ...billingInvariants,
].sort((one, other) => one.id.localeCompare(other.id));

const SHOWN = 3;

/** Enables the rollup of the ledger for all customers, however short their ledgers are. */
const followLedgers = (db) =>
  db.query('insert into long_ledgers (customer_id) select id from customers on conflict do nothing');

/**
 * Checks all invariants.
 * @returns the ids that were checked, and what is wrong, in words
 */
export async function checkInvariants(world) {
  const context = { world, db: world.db, history: world.history, random: world.random };
  const wrong = [];
  for (const { id, title, check } of INVARIANTS) {
    const found = await check(context).catch((error) => [`could not be checked: ${error.message}`]);
    if (found.length > 0)
      wrong.push(`${id} (${title}): ${found.length} violations: ${found.slice(0, SHOWN).join('; ')}`);
  }
  await followLedgers(world.db);
  return { checked: [...new Set(INVARIANTS.map(({ id }) => id))], wrong };
}

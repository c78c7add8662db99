import { performance } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import pg from 'pg';
import { from } from 'pg-copy-streams';
import { addCustomer, keyOf, TABLES } from './rows.mjs';

/** Two batches load concurrently: one writes while the other waits for the deferred checks at its end. */
const CONCURRENT_BATCHES = 2;
/** Customers drawn before the event loop may run the other batch. */
const CUSTOMERS_PER_TURN = 100;
/** Class of the advisory lock that a seeding process holds on a product (any fixed number; the key is the hash). */
const SEEDING_LOCK = 7_046_030;
/** Class of the shared advisory lock that each running batch holds. */
const BATCH_LOCK = 7_046_031;
const LOCK_TIMEOUT = '10s';

/** Asynchronous commit, for this command's sessions only. A batch that a server crash loses is loaded again. */
const SESSION = `set synchronous_commit = off`;

export async function connect(url) {
  const client = new pg.Client({ connectionString: url, application_name: 'tollgate-seed' });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(SESSION);
  return client;
}

/**
 * Locks the product for this connection, and waits for batches of a killed seeder that still run.
 * @throws Error when another process is seeding the product
 */
export async function lockProduct(client, product) {
  await client.query(`set lock_timeout = '${LOCK_TIMEOUT}'`);
  try {
    await client.query('select pg_advisory_lock($1, hashtext($2))', [SEEDING_LOCK, product]);
    await client.query('select pg_advisory_lock($1, hashtext($2)), pg_advisory_unlock($1, hashtext($2))', [
      BATCH_LOCK,
      product,
    ]);
  } catch (error) {
    throw error.code === '55P03' ? new Error(`Another process is seeding ${product}.`) : error;
  }
  await client.query('reset lock_timeout');
}

/** The number of loaded customers. Batches commit in order, so these are the first ones. */
export async function countLoaded(client, product) {
  const { rows } = await client.query(
    `select key from customers where key between $1 and $2 and length(key) = length($1) and deleted_at is null order by key desc limit 1`,
    [keyOf(product, 1), keyOf(product, 9_999_999_999)],
  );
  return rows.length === 0 ? 0 : Number(rows[0].key.slice(product.length + 1));
}

/**
 * Loads the customers after the first `loaded`, one transaction per batch. Batches commit in order, so after a kill at
 * any time the loaded customers are complete and the first ones. When `signal` aborts, running batches are finished.
 */
export async function load(url, { loaded, batch, ...draw }, { report, signal }) {
  const began = performance.now();
  const present = () => draw.now + Math.floor(performance.now() - began);
  let next = loaded;
  let turn = Promise.resolve();
  let failed = false;
  const loadBatches = async () => {
    const client = await connect(url);
    let releaseTurn;
    try {
      while (next < draw.customers && !failed && !signal.aborted) {
        const first = next + 1;
        const last = (next = Math.min(next + batch, draw.customers));
        const before = turn;
        turn = new Promise((resolve) => (releaseTurn = resolve));
        await copyBatch(client, { first, last, ...draw, recordedAt: present() });
        await before;
        if (failed) return;
        await client.query('commit');
        report(last);
        releaseTurn();
      }
    } catch (error) {
      failed = true;
      throw error;
    } finally {
      releaseTurn?.();
      await client.end();
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_BATCHES }, loadBatches));
}

/** Makes the rollup start again from the oldest usage, because the loaded usage was recorded before its position. */
export async function resetRollups(client) {
  await client.query('begin');
  await client.query('select from usage_sums for update');
  await client.query('delete from usage_by_hour');
  await client.query('update usage_sums set until = (select min(recorded_at) from usage_ledger)');
  await client.query('commit');
}

/** Writes a batch and runs the deferred checks, but does not commit. */
async function copyBatch(client, { first, last, ...draw }) {
  const texts = await copyTexts(first, last, draw);
  await client.query('begin');
  // No cache has a customer that is being created, so no version is incremented and no invalidation is sent.
  await client.query(
    `select pg_advisory_xact_lock_shared($1, hashtext($2)), set_config('tollgate.settling', 'on', true)`,
    [BATCH_LOCK, draw.product],
  );
  for (const [table, columns] of Object.entries(TABLES)) await copy(client, table, columns, texts[table]);
  await client.query('set constraints all immediate');
}

/** The rows of a batch in COPY's text format, as chunks by table. */
async function copyTexts(first, last, draw) {
  const texts = byTable();
  for (let begin = first; begin <= last; begin += CUSTOMERS_PER_TURN) {
    const rows = byTable();
    for (let index = begin; index < begin + CUSTOMERS_PER_TURN && index <= last; index++)
      addCustomer(rows, index, draw);
    for (const table in rows)
      if (rows[table].length > 0) texts[table].push(Buffer.from(`${rows[table].join('\n')}\n`, 'latin1'));
    await yieldToEventLoop();
  }
  return texts;
}

const byTable = () => Object.fromEntries(Object.keys(TABLES).map((table) => [table, []]));

const copy = (client, table, columns, texts) =>
  pipeline(Readable.from(texts), client.query(from(`copy ${table} (${columns.join(', ')}) from stdin`)));

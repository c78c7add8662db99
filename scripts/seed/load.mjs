import { performance } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as breath } from 'node:timers/promises';
import pg from 'pg';
import { from } from 'pg-copy-streams';
import { addCustomer, keyOf, TABLES } from './rows.mjs';

/** Two load at once: while one waits for the checks at the end of its batch, the other writes. */
const LANES = 2;
/** Customers that are made in one go, before the other lane has its turn. */
const GO = 100;
/** Any fixed number: whoever holds this advisory lock seeds, with the hash of the product. */
const SEEDING_LOCK = 7_046_030;
/** Another one: held, shared, by each batch that is under way. */
const BATCH_LOCK = 7_046_031;
const LOCK_WAIT = '10s';

/** Only for what this command loads: other writers wait for the disk as before. A batch that a crash of the server takes away is loaded again. */
const SESSION = `set synchronous_commit = off`;

export async function connect(url) {
  const client = new pg.Client({ connectionString: url, application_name: 'tollgate-seed' });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(SESSION);
  return client;
}

/** Holds the product against a second seeder as long as the connection lives, and waits until nothing of a killed one is under way. @throws Error when another one is at work */
export async function holdProduct(client, product) {
  await client.query(`set lock_timeout = '${LOCK_WAIT}'`);
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

/** How many customers are there already: batches commit in their order, so those are the first ones. */
export async function countLoaded(client, product) {
  const { rows } = await client.query(
    `select key from customers where key between $1 and $2 and length(key) = length($1) and deleted_at is null order by key desc limit 1`,
    [keyOf(product, 1), keyOf(product, 9_999_999_999)],
  );
  return rows.length === 0 ? 0 : Number(rows[0].key.slice(product.length + 1));
}

/**
 * Loads the customers after the first `loaded`, batch by batch. A batch is one transaction, and commits after those before it:
 * so, killed at any time, the customers that are there are whole and the first ones. Told to stop, it ends what it has begun.
 */
export async function load(url, { loaded, batch, ...draw }, { tell, signal }) {
  const began = performance.now();
  const present = () => draw.now + Math.floor(performance.now() - began);
  let next = loaded;
  let turn = Promise.resolve();
  let failed = false;
  const lane = async () => {
    const client = await connect(url);
    let pass;
    try {
      while (next < draw.customers && !failed && !signal.aborted) {
        const first = next + 1;
        const last = (next = Math.min(next + batch, draw.customers));
        const before = turn;
        turn = new Promise((resolve) => (pass = resolve));
        await copyBatch(client, { first, last, ...draw, recordedAt: present() });
        await before;
        if (failed) return;
        await client.query('commit');
        tell(last);
        pass();
      }
    } catch (error) {
      failed = true;
      throw error;
    } finally {
      pass?.();
      await client.end();
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** Has all usage summed up once more: what was loaded was recorded long before the sums had come to. */
export async function sumUpAnew(client) {
  await client.query('begin');
  await client.query('select from usage_sums for update');
  await client.query('delete from usage_by_hour');
  await client.query('update usage_sums set until = (select min(recorded_at) from usage_ledger)');
  await client.query('commit');
}

/** Writes a batch and has all that is deferred checked, but does not commit it. */
async function copyBatch(client, { first, last, ...draw }) {
  const texts = await textsOf(first, last, draw);
  await client.query('begin');
  // Nobody can have remembered a customer who is being made: there is no version to count up, and nobody to tell.
  await client.query(
    `select pg_advisory_xact_lock_shared($1, hashtext($2)), set_config('tollgate.settling', 'on', true)`,
    [BATCH_LOCK, draw.product],
  );
  for (const [table, columns] of Object.entries(TABLES)) await copy(client, table, columns, texts[table]);
  await client.query('set constraints all immediate');
}

/** The rows of a batch as COPY reads them, pieces of text by table. */
async function textsOf(first, last, draw) {
  const texts = byTable();
  for (let begin = first; begin <= last; begin += GO) {
    const rows = byTable();
    for (let index = begin; index < begin + GO && index <= last; index++) addCustomer(rows, index, draw);
    for (const table in rows)
      if (rows[table].length > 0) texts[table].push(Buffer.from(`${rows[table].join('\n')}\n`, 'latin1'));
    await breath();
  }
  return texts;
}

const byTable = () => Object.fromEntries(Object.keys(TABLES).map((table) => [table, []]));

const copy = (client, table, columns, texts) =>
  pipeline(Readable.from(texts), client.query(from(`copy ${table} (${columns.join(', ')}) from stdin`)));

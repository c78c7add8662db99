import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { setInterval } from 'node:timers';
import pg from 'pg';

/**
 * A service with its own accounts and database, whose plans are in Tollgate. It writes to two databases that share no
 * transaction and may crash between the two; README.md explains why both become consistent.
 */
const { DATABASE_URL, TOLLGATE_URL, TOLLGATE_KEY, PORT = '4000', RECONCILE_SECONDS = '60' } = process.env;
/** Key prefix of this service's customers; another service may have customers on the same product. */
const PREFIX = 'client-service:';
const TIMEOUT_MS = 5_000;
const PAGE_SIZE = 100;

const database = new pg.Pool({ connectionString: DATABASE_URL, max: 5 });
database.on('error', (error) => console.error(error.message));
await database.query(`create table if not exists accounts (
  id uuid primary key, email text not null unique, name text, region text, device_type text,
  state text not null check (state in ('pending', 'enrolled')), created_at timestamptz not null default now())`);

/** Calls Tollgate. @returns status and body; throws when the outcome is unknown */
async function tollgate(method, path, body) {
  const answer = await fetch(TOLLGATE_URL + path, {
    method,
    signal: globalThis.AbortSignal.timeout(TIMEOUT_MS),
    headers: { authorization: `Bearer ${TOLLGATE_KEY}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  if (answer.status >= 500 || answer.status === 429) throw new Error(`Tollgate answers ${answer.status}`);
  return { status: answer.status, body: text ? JSON.parse(text) : null };
}

/**
 * Registers an account: insert a pending row, create the customer by a key derived from the row, clear the pending
 * state. Every step is safe to repeat, and the pending state marks interrupted registrations.
 */
async function signUp({ email, name = null, region = null, deviceType = null }) {
  const id = randomUUID();
  try {
    await database.query(
      `insert into accounts (id, email, name, region, device_type, state) values ($1, $2, $3, $4, $5, 'pending')`,
      [id, email, name, region, deviceType],
    );
  } catch (error) {
    if (error.code === '23505') return { status: 409, body: { error: 'email_taken' } };
    throw error;
  }
  return enrol({ id, email, name, region, device_type: deviceType });
}

async function enrol({ id, email, name, region, device_type: deviceType }) {
  const { status, body } = await tollgate('PUT', `/v1/customers/${encodeURIComponent(PREFIX + id)}`, {
    email,
    name,
    region,
    deviceType,
  });
  if (status === 200 || status === 201) {
    await database.query(`update accounts set state = 'enrolled' where id = $1`, [id]);
    return { status: 201, body: { id, email, plan: body.subscription.plan.key } };
  }
  // Permanent refusal: no plan matches, or the request is invalid. Neither side keeps a row.
  await database.query(`delete from accounts where id = $1 and state = 'pending'`, [id]);
  return { status: 422, body: { error: body.code } };
}

/** Completes interrupted registrations, then deletes orphans: customers without an account, after a restored backup. */
async function reconcile() {
  const { rows } = await database.query(
    `select * from accounts where state = 'pending' and created_at < now() - interval '1 second' order by id`,
  );
  for (const account of rows) await enrol(account);
  for (let cursor = ''; cursor !== null;) {
    // Customers first, accounts second: an account is always written before its customer.
    const { body: page } = await tollgate(
      'GET',
      `/v1/customers?limit=${PAGE_SIZE}&fields=id,key${cursor && `&cursor=${cursor}`}`,
    );
    const ids = page.data.filter(({ key }) => key.startsWith(PREFIX)).map(({ key }) => key.slice(PREFIX.length));
    const known = await database.query('select id from accounts where id = any($1::uuid[])', [ids]);
    const existing = new Set(known.rows.map(({ id }) => id));
    for (const id of ids)
      if (!existing.has(id)) await tollgate('DELETE', `/v1/customers/${encodeURIComponent(PREFIX + id)}`);
    cursor = page.nextCursor;
  }
}

const routes = {
  'POST /accounts': signUp,
  'GET /accounts': async () => ({
    status: 200,
    body: (await database.query('select id, email, state from accounts order by created_at')).rows,
  }),
};
const server = createServer(async (request, reply) => {
  const route = routes[`${request.method} ${request.url}`];
  const answer = await (async () => {
    if (!route) return { status: 404, body: { error: 'not_found' } };
    let text = '';
    for await (const chunk of request) text += chunk;
    return route(text ? JSON.parse(text) : undefined);
  })().catch((error) => {
    console.error(error.message);
    // The outcome is unknown: the row is pending, and the next reconciliation completes it.
    return { status: 503, body: { error: 'try_again' } };
  });
  reply.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
});

let round = Promise.resolve();
const tick = () =>
  (round = round
    .then(reconcile)
    .catch((error) => console.error(`Reconciliation failed, retrying later: ${error.message}`)));
setInterval(tick, Number(RECONCILE_SECONDS) * 1_000).unref();
await tick();
server.listen(Number(PORT), '127.0.0.1', () =>
  console.log(`Client service on http://127.0.0.1:${server.address().port}`),
);

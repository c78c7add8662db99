import Fastify from 'fastify';
import pg from 'pg';

/** Baseline for consume: one conditional, durable statement per request, with a ledger row, and nothing else. */
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 20 });
await pool.query(`create schema if not exists bench_plain`);
await pool.query(`create table if not exists bench_plain.counters (id integer primary key, used bigint not null)`);
await pool.query(
  `create table if not exists bench_plain.ledger (id bigserial primary key, counter integer not null, quantity bigint not null, at timestamptz not null default now())`,
);
await pool.query(`insert into bench_plain.counters values (1, 0) on conflict do nothing`);
const consume = {
  name: 'consume',
  text: `with counted as (update bench_plain.counters set used = used + $1 where id = 1 and used + $1 <= $2 returning used),
    line as (insert into bench_plain.ledger (counter, quantity) select 1, $1 from counted)
    select used from counted`,
};
const app = Fastify();
const text = { type: 'string' };
const schema = {
  body: {
    type: 'object',
    required: ['customer', 'feature'],
    properties: { customer: text, product: text, feature: text },
  },
};
app.post('/consume', { schema }, async ({ body }) => {
  const { rows } = await pool.query({ ...consume, values: [1, Number.MAX_SAFE_INTEGER] });
  return { allowed: rows.length > 0, customer: body.customer, feature: body.feature, used: Number(rows[0]?.used) };
});
console.log(await app.listen({ port: 0, host: '127.0.0.1' }));
process.on('SIGTERM', () => process.exit(0));

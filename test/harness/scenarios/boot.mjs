import { max, SLOW_MACHINE } from '../waiting.mjs';

const START_MS = 25_000;
const READY_MS = 5_000;
const TOGETHER = 5;
const DATABASE = 'cold_start';

/** T-00: how long the world took to come up; it has done so already. */
async function boot(world) {
  const { startTimes } = world;
  world.expect('up within 25 s', startTimes.totalMs <= START_MS * SLOW_MACHINE, startTimes.totalMs);
  world.expect(
    'each instance ready within 5 s',
    max(startTimes.readyMs) <= READY_MS * SLOW_MACHINE,
    startTimes.readyMs,
  );
  return startTimes;
}

/** T-24: five instances, none of which is the first, on a database without a schema. */
async function coldStart(world) {
  const { cluster, db } = world;
  await db.query(`create database ${DATABASE} owner tollgate`);
  const environment = { NODE_ENV: 'development', DATABASE_URL: db.url({ database: DATABASE }) };
  const instances = Array.from({ length: TOGETHER }, (_, index) =>
    cluster.make('api', `cold-${index + 1}`, environment),
  );
  const ready = await Promise.all(instances.map((instance) => instance.start().catch((error) => error.message)));
  world.expect(
    'all become ready',
    ready.every((ms) => typeof ms === 'number'),
    ready,
  );
  const pool = new (await import('pg')).default.Client({ connectionString: db.superuserUrl(DATABASE) });
  await pool.connect();
  const { rows } = await pool.query('select name, count(*)::int as times from schema_migrations group by name');
  const [{ admins }] = (await pool.query(`select count(*)::int as admins from users where role = 'admin'`)).rows;
  await pool.end();
  world.expect('each migration ran once', rows.length > 0 && rows.every(({ times }) => times === 1), rows);
  world.expect('there is one admin', admins === 1, admins);
  for (const instance of instances) await cluster.dismiss(instance, 'SIGKILL');
  await db.query(`drop database ${DATABASE} with (force)`);
  return { readyMs: ready, migrations: rows.length };
}

export const scenarios = [
  { id: 'T-00', title: 'boot', run: boot },
  { id: 'T-24', title: 'cold start of five on an empty base', run: coldStart },
];

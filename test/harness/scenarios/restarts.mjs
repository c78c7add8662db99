import { spawn } from 'node:child_process';
import * as path from 'node:path';
import pg from 'pg';
import { isEmpty, startLoad } from '../load.mjs';
import { runRepeatedly, max, pause, SLOW_MACHINE, until } from '../waiting.mjs';

/** Draining ends within five seconds after a balancer has noticed it. */
const EXIT_MS = 10_000;
const READER_MS = 2_000;
const LOCK_TIMEOUT_MS = 500;
const MIGRATION = 'HarnessExpand1999999999999';

/** T-22: one after the other, as a deployment does. */
async function rollingRestart(world) {
  const load = await startLoad(world, { concurrency: 16, restMs: 5 });
  await pause(500);
  const exits = [];
  for (const instance of world.instances) {
    const { code, ms } = await instance.end('SIGTERM');
    world.expect(`${instance.name} ends well`, code === 0, code);
    exits.push(ms);
    await instance.start();
    await until('the balancer sees it', () => world.balancer.ready === world.instances.length);
  }
  await pause(500);
  await load.end();
  const { failed, unknown, ok } = world.history.figures();
  world.expect('no request failed', failed + unknown === 0, load.names);
  world.expect('each ends in time', max(exits) <= EXIT_MS, exits);
  return { ok, failed: failed + unknown, exitMs: exits, p99Ms: load.p99, answers: load.names };
}

/** Runs the service's migrations and one more in a separate process. */
function migrateOneMore(world) {
  const script = path.join(import.meta.dirname, '..', 'expand-migration.mjs');
  const child = spawn(process.execPath, [script, MIGRATION], {
    env: { PATH: process.env.PATH, DATABASE_URL: world.db.url() },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (data) => (errors += data));
  return new Promise((resolve) => child.once('exit', (code) => resolve({ code, errors })));
}

/** T-23: a schema change that waits for a reader must not block all other readers behind it. */
async function rollingMigration(world) {
  const load = await startLoad(world);
  const connect = async () => {
    const client = new pg.Client({ connectionString: world.db.superuserUrl('tollgate'), application_name: 'harness' });
    await client.connect();
    return client;
  };
  const [reader, reading] = [await connect(), await connect()];
  const waits = [];
  const stopReading = runRepeatedly(
    1,
    async () => {
      const began = performance.now();
      await reading.query('select from customers limit 1');
      waits.push(performance.now() - began);
    },
    { restMs: 20 },
  );
  await reader.query('begin');
  await reader.query('select from customers limit 1');
  const began = performance.now();
  const migrating = migrateOneMore(world);
  // The reader keeps its transaction open for two seconds after the schema change started to wait for it.
  await until(
    'the change waits',
    async () =>
      (await world.db.value(
        `select count(*)::int from pg_stat_activity where query ilike 'alter table customers%' and wait_event_type = 'Lock'`,
      )) > 0,
    { withinMs: 10_000, everyMs: 10 },
  ).catch(() => world.note('the schema change was never seen waiting for the reader'));
  await pause(READER_MS);
  await reader.query('commit');
  const { code, errors } = await migrating;
  const migrationMs = Math.round(performance.now() - began);
  // Restarts one instance after the other, as a release does; the others continue.
  for (const instance of world.instances.slice(0, 2)) {
    await instance.end('SIGTERM');
    await instance.start();
  }
  await load.end();
  await stopReading();
  const applied = await world.db.value('select count(*)::int from schema_migrations where name = $1', [MIGRATION]);
  await world.db.query('alter table customers drop column if exists harness_note');
  await world.db.query('delete from schema_migrations where name = $1', [MIGRATION]);
  await Promise.all([reader.end(), reading.end()]);
  world.expect('the migration went through', code === 0 && applied === 1, {
    code,
    applied,
    errors: errors.slice(-300),
  });
  world.expect(
    'no read waits longer than the lock timeout',
    max(waits) <= LOCK_TIMEOUT_MS * SLOW_MACHINE,
    Math.round(max(waits)),
  );
  world.expect(
    'no 5xx',
    isEmpty(load.unexpected()) && !Object.keys(load.names).some((name) => name.startsWith('503')),
    load.names,
  );
  return { migrationMs, longestReadMs: Math.round(max(waits)), ...world.history.figures(), answers: load.names };
}

export const scenarios = [
  { id: 'T-22', title: 'rolling restart under load', run: rollingRestart },
  { id: 'T-23', title: 'rolling migration under load', run: rollingMigration },
];

import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import pg from 'pg';
import { outcomeName } from '../client.mjs';
import { PostgresServer } from '../postgres-server.mjs';
import { requests } from '../requests.mjs';
import { inParallel, max, pause, tally, until, untilOrNever } from '../waiting.mjs';

const RECOVERY_MS = 5_000;
const HELD_MS = 4_000;
const MAX_OUTSIDERS = 250;
const DEADLINE_MS = 3_000;
const ROUNDS = 12;
const DISK_MB = 200;
const BLOCK_BYTES = 1_048_576;
const CONSUMES_UNDER_PRESSURE = 60;

/** Takes every connection that an ordinary role can have. */
async function takeAll(url, taken) {
  const before = taken.length;
  while (taken.length - before < MAX_OUTSIDERS) {
    const client = new pg.Client({
      connectionString: url,
      application_name: 'harness',
      connectionTimeoutMillis: 3_000,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch {
      return;
    }
    taken.push(client);
  }
}

/** T-32. */
async function noConnections(world) {
  const who = await world.customer(await world.product({ calls: null }));
  const consume = (client) =>
    client.call('POST', '/v1/usage/consume', {
      body: requests.consume(who, 'calls').body(`full-${world.history.newId('consume')}`),
    });
  const taken = [];
  await takeAll(world.db.url(), taken);
  // The service opens sessions again as fast as they are ended: until it has none left.
  const sessions = () =>
    world.db.value(`select count(*)::int from pg_stat_activity where application_name like 'tollgate%'`);
  let left = Infinity;
  for (let round = 0; round < ROUNDS && left > 0; round++) {
    await world.db.terminateSessions();
    await takeAll(world.db.url(), taken);
    // A session that has just begun has no name yet.
    await pause(200);
    left = await sessions();
  }
  if (left > 0) world.note(`${left} sessions of the service were left`);
  const asked = [];
  const began = performance.now();
  while (performance.now() - began < HELD_MS) {
    asked.push(...(await Promise.all(world.instances.map((instance) => consume(world.clientOf(instance))))));
    await pause(200);
  }
  const ofHealth = async (at) =>
    tally(
      (
        await Promise.all(world.instances.map((instance) => world.clientOf(instance).call('GET', at, { token: null })))
      ).map(({ status }) => status),
    );
  const [live, ready] = [await ofHealth('/health/live'), await ofHealth('/health/ready')];
  await Promise.all(taken.map((client) => client.end().catch(() => undefined)));
  const back = await Promise.all(
    world.instances.map((instance) =>
      untilOrNever('it counts again', async () => (await consume(world.clientOf(instance))).status === 200, {
        withinMs: 20_000,
      }),
    ),
  );
  const names = tally(asked.map(outcomeName));
  world.expect(
    'only 503',
    asked.every(({ status }) => status === 503),
    names,
  );
  world.expect(
    'each answered in time',
    asked.every(({ ms }) => ms <= DEADLINE_MS),
    Math.round(max(asked.map(({ ms }) => ms))),
  );
  world.expect('live is 200', live[200] === world.instances.length, live);
  world.expect('ready is 503', ready[503] === world.instances.length, ready);
  world.expect(
    'recovers within 5 s',
    back.every((ms) => ms >= 0 && ms <= RECOVERY_MS),
    back,
  );
  return {
    taken: taken.length,
    answers: names,
    slowestMs: Math.round(max(asked.map(({ ms }) => ms))),
    live,
    ready,
    recoveryMs: back,
  };
}

function mountSmallDisk(folder) {
  fs.mkdirSync(folder);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m,mode=0755`, 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Writes until there is no room left. */
function fillUp(file) {
  const block = Buffer.alloc(BLOCK_BYTES, 1);
  const at = fs.openSync(file, 'w');
  try {
    for (let size = BLOCK_BYTES; size >= 1;) {
      try {
        if (fs.writeSync(at, block, 0, size) < size) size = Math.floor(size / 2);
      } catch {
        size = Math.floor(size / 2);
      }
    }
  } finally {
    fs.closeSync(at);
  }
}

/** T-33: a separate PostgreSQL on a disk of 200 MB, which is filled. */
async function diskFull(world) {
  const folder = path.join(world.cluster.folder, 'small-disk');
  if (!mountSmallDisk(folder)) return { skipped: 'no tmpfs can be mounted here' };
  const database = new PostgresServer(path.join(folder, 'postgres'), { max_wal_size: '48MB', min_wal_size: '32MB' });
  const unmount = () => execFileSync('umount', ['-l', folder], { stdio: 'ignore' });
  process.once('exit', () => fs.existsSync(path.join(folder, 'postgres')) && (database.killNow(), unmount()));
  try {
    await database.start();
    await world.cluster.migrate(database.url());
    const instance = await world.cluster.start('api', 'small-disk', { database });
    return await fill(world, { database, instance, ballast: path.join(folder, 'ballast') });
  } finally {
    await database.stop().catch(() => database.killNow());
    unmount();
  }
}

async function fill(world, { database, instance, ballast }) {
  const client = world.clientOf(instance, { token: null });
  const { accessToken } = await client.must('POST', '/v1/auth/login', {
    body: { email: 'admin@localhost', password: world.cluster.password },
  });
  const { key } = await client.must('POST', '/v1/api-keys', {
    token: accessToken,
    body: { name: 'disk', scopes: ['catalog:write', 'customers:write', 'usage:write', 'entitlements:read'] },
  });
  const service = client.as(key);
  const [product, customer] = ['disk', 'disk'];
  await service.must('POST', '/v1/catalog/apply', {
    body: {
      product: { key: product, name: product },
      features: [{ key: 'calls', name: 'Calls', type: 'metered' }],
      plans: [
        {
          key: 'plan',
          name: 'Plan',
          prices: [{ interval: 'month', amount: 1, currency: 'USD' }],
          entitlements: [{ feature: 'calls', type: 'metered', limit: null, window: 'billing_period', overage: 'deny' }],
        },
      ],
      assignment: [{ plan: 'plan' }],
    },
  });
  await service.must('PUT', `/v1/customers/${customer}`, { body: { product } });
  const acked = new Set();
  const answers = [];
  let serial = 0;
  const consume = async (properties = {}) => {
    const id = `disk-${++serial}`;
    const answer = await service.call('POST', '/v1/usage/consume', {
      key: id,
      body: { customer, product, feature: 'calls', properties: { op: id, ...properties } },
    });
    if (answer.status === 200) acked.add(id);
    answers.push(answer);
    return answer;
  };
  await inParallel(200, 8, () => consume());
  const before = acked.size;
  fillUp(ballast);
  const from = answers.length;
  // Long lines, so that the room that is left in files is soon used.
  await inParallel(CONSUMES_UNDER_PRESSURE, 4, async (index) => {
    await consume({ filler: `${index}`.repeat(3_000) });
    await pause(50);
  });
  const under = answers.slice(from);
  fs.rmSync(ballast);
  if (!database.isAlive()) {
    world.note('PostgreSQL gave up for want of room for its journal, and was started again');
    await database.start();
  }
  const back = await untilOrNever('it counts again', async () => (await consume()).status === 200, {
    withinMs: 30_000,
    everyMs: 100,
  });
  await until('the database answers', () =>
    database.query('select 1').then(
      () => true,
      () => false,
    ),
  );
  const kept = new Set(
    (await askDirectly(database, `select properties ->> 'op' as op from usage_ledger`)).map(({ op }) => op),
  );
  const lost = [...acked].filter((id) => !kept.has(id));
  const names = tally(under.map(outcomeName));
  world.expect(
    'the disk was full',
    under.some(({ status }) => status !== 200),
    names,
  );
  world.expect(
    'only 503',
    under.every(({ status }) => status === 200 || status === 503),
    names,
  );
  world.expect('nothing acknowledged is lost', lost.length === 0, lost.slice(0, 3));
  world.expect('works again once there is room, without a restart of the service', back >= 0, back);
  await world.cluster.dismiss(instance, 'SIGKILL');
  return { acked: acked.size, before, underPressure: names, lost: lost.length, recoveryMs: back };
}

async function askDirectly(database, sql) {
  const client = new pg.Client({ connectionString: database.superuserUrl('tollgate') });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

export const scenarios = [
  { id: 'T-32', title: 'no connection left', run: noConnections },
  { id: 'T-33', title: 'disk full', run: diskFull },
];

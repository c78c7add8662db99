import { parseArgs } from 'node:util';
import { injectFaults } from './chaos.mjs';
import { checkInvariants } from './invariants.mjs';
import { randomSeed, Random } from './random.mjs';
import { installedRedis, RedisServer } from './redis-server.mjs';
import { watchCounters } from './scenarios/conservation.mjs';
import { tally } from './waiting.mjs';
import { startWorkload } from './workload.mjs';
import { World } from './world.mjs';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    'round-seconds': { type: 'string', default: '45' },
  },
});
const seed = Number(options.seed ?? randomSeed());
const untilMs = performance.now() + Number(options.minutes) * 60_000;
const roundMs = Number(options['round-seconds']) * 1_000;

/** A limit that is never reached. It makes Redis count every request of the clients. */
const KEY_LIMIT = 1_000_000;

const minutes = () => (performance.now() / 60_000).toFixed(1);

/** Runs random operations under random faults, heals, retries unknown outcomes, and checks every invariant. */
async function round(world, number, { proxy, redis, proxied }) {
  world.begin(`soak-${number}`, new Random(seed).fork(`round ${number}`));
  const workload = await startWorkload(world);
  const stopWatching = watchCounters(world);
  const faults = await injectFaults(world, { random: world.random.fork('faults'), proxy, redis, forMs: roundMs });
  await workload.end();
  const watched = await stopWatching();
  const figures = world.history.figures();
  await heal(world, { redis, proxied });
  const left = await world.history.resolve(world.client);
  world.expect('unknown outcomes are known after a retry with the same key', left === 0, left);
  world.expect(
    'counters equal the sums of their ledgers at any time',
    watched.wrong.length === 0,
    watched.wrong.slice(0, 2),
  );
  world.expect('no answer that no fault explains', Object.keys(workload.unexpected).length === 0, workload.unexpected);
  const { wrong } = await checkInvariants(world);
  world.failures.push(...wrong);
  const memory = Object.fromEntries(
    [...world.instances, ...proxied, world.worker].map((one) => [one.name, `${one.memory}MB/${one.openFiles}fd`]),
  );
  console.log(
    `${world.failures.length > 0 ? 'FAILED' : 'ok    '} round ${number} at ${minutes()} min: ${JSON.stringify(figures)} faults ${JSON.stringify(tally(faults))}`,
  );
  console.log(`       answers ${JSON.stringify(workload.names)}\n       memory ${JSON.stringify(memory)}`);
  for (const failure of world.failures) console.log(`       FAILED: ${failure}`);
  return { figures, failed: world.failures.length > 0, operations: world.history.ops.length };
}

/** Starts all processes, thaws them, and removes all proxy faults. Unexpected exits are reported. */
async function heal(world, { redis, proxied }) {
  if (redis) await redis.kill().then(() => redis.start());
  for (const one of proxied) if (!one.running) await one.start();
  await world.heal();
  for (const one of world.cluster.processes)
    for (const crash of one.crashes.splice(0)) world.expect(`${one.name} did not crash`, false, crash);
}

/** Adds a Redis, if one is installed, and two instances behind a proxy in front of the database. */
async function addRedisAndProxy(world) {
  const program = installedRedis();
  const redis = program ? new RedisServer(program) : null;
  await redis?.start();
  if (!redis) console.log('redis-server is not installed: no Redis faults are injected');
  process.once('exit', () => redis?.child.kill('SIGKILL'));
  const { proxy, instances: proxied } = await world.proxied(2, redis ? { REDIS_URL: redis.url } : {});
  for (const instance of proxied) world.balancer.add(instance);
  return { redis, proxy, proxied };
}

async function main() {
  console.log(`seed ${seed}, ${options.minutes} minutes`);
  const world = new World(new Random(seed), { instances: 2, keyLimit: KEY_LIMIT });
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
  process.once('exit', () => world.cluster.killNow());
  const rounds = [];
  try {
    await world.start();
    const extras = await addRedisAndProxy(world);
    while (performance.now() < untilMs) rounds.push(await round(world, rounds.length + 1, extras));
    await extras.redis?.kill();
  } catch (error) {
    console.error(error.stack);
    process.exitCode = 1;
  }
  const failed = rounds.flatMap((one, index) => (one.failed ? [index + 1] : []));
  if (failed.length > 0) process.exitCode = 1;
  const operations = rounds.reduce((total, one) => total + one.operations, 0);
  console.log(
    `seed ${seed}: ${rounds.length} rounds, ${operations} operations, ${failed.length === 0 && !process.exitCode ? 'all invariants held' : `FAILED in rounds ${failed.join(', ')}`}`,
  );
  await world.stop({ keepLogs: Boolean(process.exitCode) });
  if (process.exitCode) console.log(`logs: ${world.cluster.logs}`);
  process.exit();
}

await main();

import { Redis } from 'ioredis';
import { outcomeName } from '../client.mjs';
import { installedRedis, RedisServer } from '../redis-server.mjs';
import { requests } from '../requests.mjs';
import { runRepeatedly, max, pause, percentile, tally } from '../waiting.mjs';

const LIMIT = 400;
const CALM_MS = 1_500;
const FAULT_MS = 3_000;
const DEADLINE_MS = 2_000;
const PER_MINUTE = 1_000_000;
const SMALL_PER_MINUTE = 20;

/** Faults of Redis, with how each begins and ends. */
const faults = (redis, proxy) => ({
  frozen: { begin: () => redis.freeze(), end: () => redis.thaw() },
  flushed: { begin: () => flush(redis), end: () => undefined },
  slow: { begin: () => proxy.setMode('latency', { delayMs: 500 }), end: () => proxy.heal() },
  blackhole: { begin: () => proxy.setMode('blackhole'), end: () => proxy.heal() },
  killed: { begin: () => redis.kill(), end: () => redis.start() },
});

async function flush(redis) {
  const client = new Redis(redis.url);
  await client.flushall();
  client.disconnect();
}

/** T-27: Redis counts requests of keys that have a limit; usage is never counted there. */
async function loseRedis(world) {
  const program = installedRedis();
  if (!program) return { skipped: 'redis-server is not installed' };
  const redis = new RedisServer(program);
  await redis.start();
  process.once('exit', () => redis.child.kill('SIGKILL'));
  try {
    return await injectRedisFaults(world, redis);
  } finally {
    await redis.kill();
  }
}

async function injectRedisFaults(world, redis) {
  const proxy = await world.proxy(redis.port);
  const environment = { REDIS_URL: `redis://127.0.0.1:${proxy.port}` };
  const instances = await Promise.all(
    [1, 2].map((number) => world.cluster.start('api', `redis-${number}`, environment)),
  );
  const logs = instances.map((instance) => instance.logLength);
  const { key } = await world.newKey('counted', { rateLimitPerMinute: PER_MINUTE });
  const product = await world.product({ calls: LIMIT });
  const customers = [];
  for (let number = 0; number < 8; number++) customers.push(await world.customer(product));
  const answers = [];
  const end = runRepeatedly(
    8,
    async (lane) => {
      const client = world.clientOf(instances[lane % 2]).as(key);
      const { answer } = await world.history.run(client, requests.consume(world.random.pick(customers), 'calls'));
      answers.push(answer);
    },
    { restMs: 10 },
  );
  const slowest = {};
  for (const [name, fault] of Object.entries(faults(redis, proxy))) {
    await pause(CALM_MS);
    const from = answers.length;
    await fault.begin();
    await pause(FAULT_MS);
    await fault.end();
    slowest[name] = Math.round(max(answers.slice(from).map(({ ms }) => ms)));
  }
  await end();
  // Resolved here with the key that sent the requests: the invariants use the key of the harness.
  await world.history.resolve(world.clientOf(instances[0]).as(key));
  world.history.ops.forEach((entry) => (entry.text = null));
  world.expect(
    'every request is answered as if nothing was',
    answers.every(({ status }) => status === 200),
    tally(answers.map(outcomeName)),
  );
  world.expect(
    'none waits for Redis',
    Object.values(slowest).every((ms) => ms <= DEADLINE_MS),
    slowest,
  );
  const logged = instances.every((instance, index) => /Redis does not answer/.test(instance.logSince(logs[index])));
  world.expect('the log says that each instance counts on its own', logged);
  const limited = await checkLimitWithoutRedis(world, redis, instances);
  return {
    answers: tally(answers.map(outcomeName)),
    p99Ms: percentile(
      answers.map(({ ms }) => ms),
      99,
    ),
    slowestMs: slowest,
    limitedWithoutRedis: limited,
  };
}

/** Without Redis each instance still enforces the limit of a key on its own. */
async function checkLimitWithoutRedis(world, redis, instances) {
  await redis.kill();
  const { key } = await world.newKey('small', { rateLimitPerMinute: SMALL_PER_MINUTE });
  const client = world.clientOf(instances[0]).as(key);
  const statuses = [];
  for (let call = 0; call < SMALL_PER_MINUTE * 2; call++)
    statuses.push((await client.call('GET', '/v1/customers?limit=1')).status);
  const counts = tally(statuses);
  world.expect(
    'a limit holds without Redis',
    counts[200] === SMALL_PER_MINUTE && counts[429] === SMALL_PER_MINUTE,
    counts,
  );
  await redis.start();
  return counts;
}

export const scenarios = [{ id: 'T-27', title: 'Redis frozen, flushed, slow, killed', run: loseRedis }];

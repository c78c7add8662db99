import { pause } from './waiting.mjs';

/** Faults by name: a relative weight and a function that injects the fault and ends it. `ms` is its duration. */
const FAULTS = {
  'kill an instance': { weight: 3, run: async ({ world, random }) => restart(random.pick(world.instances)) },
  'stop an instance': { weight: 2, run: async ({ world, random }) => restart(random.pick(world.instances), 'SIGTERM') },
  'freeze an instance': { weight: 1, run: async ({ world, random, ms }) => frozen(random.pick(world.instances), ms) },
  'kill the worker': { weight: 1, run: async ({ world }) => restart(world.worker) },
  'kill PostgreSQL': {
    weight: 2,
    run: async ({ world, ms }) => {
      await world.db.kill();
      await pause(ms / 8);
      await world.db.start();
    },
  },
  'restart PostgreSQL': { weight: 1, run: ({ world }) => world.db.restart() },
  'freeze PostgreSQL': { weight: 2, run: ({ world, ms }) => frozen(world.db, ms) },
  'end all sessions': { weight: 2, run: ({ world }) => world.db.terminateSessions() },
  blackhole: { weight: 2, run: (context) => proxied(context, 'blackhole') },
  latency: { weight: 1, run: (context) => proxied(context, 'latency', { delayMs: context.random.between(20, 400) }) },
  resets: { weight: 1, run: (context) => proxied(context, 'reset') },
  'lost commits': {
    weight: 2,
    run: (context) => proxied(context, 'commitloss', { mayLose: () => context.random.chance(0.3) }),
  },
  'Redis killed': {
    weight: 1,
    needs: 'redis',
    run: async ({ redis, ms }) => {
      await redis.kill();
      await pause(ms);
      await redis.start();
    },
  },
  'Redis frozen': { weight: 1, needs: 'redis', run: ({ redis, ms }) => frozen(redis, ms) },
};

const LONGEST_MS = 4_000;
const SHORTEST_MS = 500;
const CALM_MS = 1_500;

async function restart(one, signal = 'SIGKILL') {
  await one.end(signal);
  await one.start();
}

async function frozen(one, ms) {
  one.freeze();
  await pause(ms);
  one.thaw();
}

async function proxied({ proxy, ms }, mode, options) {
  proxy.setMode(mode, options);
  await pause(ms);
  proxy.heal();
}

/**
 * Injects random faults one after the other for `forMs`. @param proxy in front of the database of some instances
 * @returns the names of the injected faults
 */
export async function injectFaults(world, { random, proxy = null, redis = null, forMs }) {
  const there = { proxy, redis };
  const weights = Object.fromEntries(
    Object.entries(FAULTS)
      .filter(([, { needs }]) => !needs || there[needs])
      .map(([name, { weight }]) => [name, weight]),
  );
  const done = [];
  const until = performance.now() + forMs;
  while (performance.now() < until) {
    await pause(random.between(CALM_MS / 3, CALM_MS));
    const name = random.weighted(weights);
    done.push(name);
    await FAULTS[name].run({ world, random, proxy, redis, ms: random.between(SHORTEST_MS, LONGEST_MS) });
  }
  return done;
}

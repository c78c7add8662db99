import { parseArgs } from 'node:util';
import { checkInvariants } from './invariants.mjs';
import { randomSeed, Random } from './random.mjs';
import { printOutcome, printTable } from './report.mjs';
import { EXCLUDED, SCENARIOS } from './scenarios.mjs';
import { World } from './world.mjs';

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string' },
    only: { type: 'string' },
    list: { type: 'boolean' },
    'keep-logs': { type: 'boolean' },
  },
});
const seed = Number(options.seed ?? randomSeed());
const wanted = options.only?.split(',').map((id) => id.trim().toUpperCase());
const chosen = SCENARIOS.filter(({ id }) => !wanted || wanted.includes(id));
const secondsSince = (began) => ((performance.now() - began) / 1_000).toFixed(1);

/** Runs one scenario, heals the world, and checks all invariants. */
async function play(world, { id, title, run }) {
  const began = performance.now();
  world.begin(id, new Random(seed).fork(id));
  const outcome = { id, title, figures: {}, skipped: null, checked: [] };
  try {
    const { skipped = null, ...figures } = (await run(world)) ?? {};
    Object.assign(outcome, { skipped, figures });
  } catch (error) {
    world.expect('the scenario runs to its end', false, error.stack);
  }
  try {
    await world.heal();
    await world.removeExtras();
    if (!outcome.skipped) {
      const left = await world.history.resolve(world.client);
      world.expect('unknown outcomes are known after a retry with the same key', left === 0, left);
      const { checked, wrong } = await checkInvariants(world);
      outcome.checked = checked;
      world.failures.push(...wrong);
    }
  } catch (error) {
    world.expect('the world heals after the scenario', false, error.stack);
  }
  return { ...outcome, seconds: secondsSince(began), failures: world.failures, notes: world.notes };
}

async function main() {
  if (options.list) return SCENARIOS.forEach(({ id, title }) => console.log(`${id}  ${title}`));
  if (chosen.length === 0) throw new Error(`There is no scenario ${options.only}: --list prints all of them.`);
  console.log(`seed ${seed}; not implemented: ${EXCLUDED}`);
  const began = performance.now();
  const world = new World(new Random(seed));
  const stop = (keepLogs) => world.stop({ keepLogs });
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
  process.once('exit', () => world.cluster.killNow());
  const outcomes = [];
  try {
    world.startTimes = await world.start();
    for (const scenario of chosen) {
      const outcome = await play(world, scenario);
      outcomes.push(outcome);
      printOutcome(outcome);
    }
    printTable(outcomes, seed, secondsSince(began));
  } catch (error) {
    console.error(`seed ${seed}: ${error.stack}`);
    process.exitCode = 1;
  }
  if (outcomes.some(({ failures }) => failures.length > 0)) process.exitCode = 1;
  const keepLogs = options['keep-logs'] || process.exitCode === 1;
  await stop(keepLogs);
  if (keepLogs) console.log(`logs: ${world.cluster.logs}`);
  process.exit();
}

await main();

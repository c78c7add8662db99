import { isEmpty, startLoad } from '../load.mjs';
import { max, pause } from '../waiting.mjs';

const INSTANCE_KILLS = 10;
const DATABASE_KILLS = 5;
const RECOVERY_MS = 5_000;
const UNDISTURBED_MS = 1_000;
const DOWN_MS = 300;
/** Fewer kills, where each takes long. */
const LONGEST_MS = 55_000;

/** T-06. */
async function killInstances(world) {
  const load = await startLoad(world);
  const recoveries = [];
  const processor = [];
  const began = performance.now();
  for (let kill = 0; kill < INSTANCE_KILLS && performance.now() - began < LONGEST_MS; kill++) {
    await pause(world.random.between(UNDISTURBED_MS / 2, UNDISTURBED_MS));
    const instance = world.random.pick(world.instances);
    await instance.kill();
    recoveries.push(await instance.start());
    processor.push(instance.processorMs);
  }
  await load.end();
  world.expect('errors only of what was under way', isEmpty(load.unexpected({ resets: true })), load.names);
  // Judged by processor time: the wall-clock time depends on other load on the machine.
  world.expect('an instance is back within 5 s of processor time', max(processor) <= RECOVERY_MS, processor);
  return {
    kills: recoveries.length,
    ...world.history.figures(),
    slowestBackMs: max(recoveries),
    slowestProcessorMs: max(processor),
    answers: load.names,
  };
}

/** T-07. */
async function killDatabase(world) {
  const load = await startLoad(world);
  const restarts = [];
  const recoveries = [];
  for (let kill = 0; kill < DATABASE_KILLS; kill++) {
    await pause(UNDISTURBED_MS + world.random.between(0, UNDISTURBED_MS));
    await world.db.kill();
    await pause(world.random.between(0, DOWN_MS));
    const starting = performance.now();
    await world.db.start();
    const ready = performance.now();
    restarts.push(Math.round(ready - starting));
    for (let waited = 0; waited < 100 && load.firstSuccessAfter(ready) < 0; waited++) await pause(100);
    recoveries.push(load.firstSuccessAfter(ready));
  }
  await load.end();
  world.expect(
    'an answer within 5 s of a database that is back',
    recoveries.every((ms) => ms >= 0 && ms <= RECOVERY_MS),
    recoveries,
  );
  world.expect('only 503', isEmpty(load.unexpected()), load.names);
  return {
    kills: DATABASE_KILLS,
    ...world.history.figures(),
    databaseBackMs: restarts,
    recoveryMs: recoveries,
    answers: load.names,
  };
}

export const scenarios = [
  { id: 'T-06', title: 'kill -9 of instances under load', run: killInstances },
  { id: 'T-07', title: 'kill -9 of all of PostgreSQL', run: killDatabase },
];

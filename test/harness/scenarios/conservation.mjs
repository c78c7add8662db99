import { injectFaults } from '../chaos.mjs';
import { COUNTERS_AND_LEDGER } from '../invariants/metering.mjs';
import { isEmpty } from '../load.mjs';
import { runRepeatedly, tally } from '../waiting.mjs';
import { startWorkload } from '../workload.mjs';

const FAULTS_MS = 32_000;
const CHECK_INTERVAL_MS = 1_000;

/** Checks continuously, not only at the end, that counters equal the sums of their ledgers. */
export function watchCounters(world) {
  const seen = { checks: 0, wrong: [] };
  const stop = runRepeatedly(
    1,
    async () => {
      const rows = await world.db.query(COUNTERS_AND_LEDGER).catch(() => null);
      if (!rows) return;
      seen.checks++;
      seen.wrong.push(...rows.map((row) => JSON.stringify(row)));
    },
    { restMs: CHECK_INTERVAL_MS },
  );
  return async () => {
    await stop();
    return seen;
  };
}

/** T-16: random operations and random faults; unknown outcomes are retried at the end. */
async function conserve(world) {
  const { random } = world;
  // Two of the four instances are behind a proxy, so that a broken database connection affects only some.
  const { proxy, instances } = await world.proxied(2);
  for (const instance of instances) world.balancer.add(instance);
  const workload = await startWorkload(world);
  const stopWatching = watchCounters(world);
  const faults = await injectFaults(world, { random: random.fork('faults'), proxy, forMs: FAULTS_MS });
  await workload.end();
  const { checks, wrong } = await stopWatching();
  for (const instance of instances) world.balancer.remove(instance);
  const figures = world.history.figures();
  world.expect('counters equal the sums of their ledgers at any time', wrong.length === 0, wrong.slice(0, 2));
  world.expect('no answer that no fault explains', isEmpty(workload.unexpected), workload.unexpected);
  return { ...figures, faults: tally(faults), checks, answers: workload.names };
}

export const scenarios = [{ id: 'T-16', title: 'conservation under random faults', run: conserve }];

import { nameOf } from './client.mjs';
import { requests } from './requests.mjs';
import { inParallel, keepDoing, percentile, tally } from './waiting.mjs';

const CUSTOMERS = 40;

/** Names of outcomes that a client of a service in trouble has to expect: it tries again. */
const EXPECTED = /^(200|503|503 .*|balancer (none-ready|ECONNREFUSED))$/;
/** What was under way with a process that died. */
const RESET = /^balancer (ECONNRESET|EPIPE|socket hang up|broken)$/;

/**
 * A steady load of consumes by many customers over the balancer, each with an Idempotency-Key, all of it in the history.
 * It goes on until `end()`; `names` tells how often each kind of answer was given.
 */
export async function startLoad(world, { lanes = 8, restMs = 25, limit = null } = {}) {
  const product = await world.product({ calls: limit });
  const customers = await inParallel(CUSTOMERS, 8, () => world.customer(product));
  const answers = [];
  const started = performance.now();
  const stop = keepDoing(
    lanes,
    async () => {
      const { answer } = await world.history.run(world.client, requests.consume(world.random.pick(customers), 'calls'));
      answers.push({ name: nameOf(answer), at: performance.now() - started, ms: answer.ms, status: answer.status });
    },
    { restMs },
  );
  return {
    customers,
    product,
    answers,
    end: stop,
    get names() {
      return tally(answers.map(({ name }) => name));
    },
    get p99() {
      return percentile(
        answers.filter(({ status }) => status === 200).map(({ ms }) => ms),
        99,
      );
    },
    /** Answers that nobody should have got. @param resets whether processes died, and with them what they were doing */
    unexpected({ resets = false } = {}) {
      return tally(
        answers.map(({ name }) => name).filter((name) => !EXPECTED.test(name) && !(resets && RESET.test(name))),
      );
    },
    /** When somebody was last told yes before, and first after, an instant of `performance.now()`: the gap in milliseconds. */
    firstSuccessAfter(instant) {
      const at = instant - started;
      const found = answers.find(({ status, at: when, ms }) => status === 200 && when - ms >= at);
      return found ? Math.round(found.at - at) : -1;
    },
  };
}

export const isEmpty = (object) => Object.keys(object).length === 0;

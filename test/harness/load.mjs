import { startBilling } from './billing-load.mjs';
import { outcomeName } from './client.mjs';
import { requests } from './requests.mjs';
import { inParallel, runRepeatedly, percentile, tally } from './waiting.mjs';

const CUSTOMERS = 40;

/** Outcomes that a client must expect during a fault; it retries. */
const EXPECTED = /^(200|503|503 .*|balancer (none-ready|ECONNREFUSED))$/;
/** Requests in flight when a process died. */
const RESET = /^balancer (ECONNRESET|EPIPE|socket hang up|broken)$/;

/**
 * A steady load of consumes through the balancer by many customers, each with an Idempotency-Key, all in the history.
 * Beside it runs the load of billing. It runs until `end()`; `names` counts the answers by kind.
 */
export async function startLoad(world, { concurrency = 8, restMs = 25, limit = null } = {}) {
  const product = await world.product({ calls: limit });
  const customers = await inParallel(CUSTOMERS, 8, () => world.customer(product));
  const answers = [];
  const billing = await startBilling(world);
  const started = performance.now();
  const stop = runRepeatedly(
    concurrency,
    async () => {
      const { answer } = await world.history.run(world.client, requests.consume(world.random.pick(customers), 'calls'));
      answers.push({
        name: outcomeName(answer),
        at: performance.now() - started,
        ms: answer.ms,
        status: answer.status,
      });
    },
    { restMs },
  );
  return {
    customers,
    product,
    answers,
    end: () => Promise.all([stop(), billing.end()]),
    get names() {
      return tally(answers.map(({ name }) => name));
    },
    get p99() {
      return percentile(
        answers.filter(({ status }) => status === 200).map(({ ms }) => ms),
        99,
      );
    },
    /** Answers that no fault explains. @param resets whether processes died, with their requests in flight */
    unexpected({ resets = false } = {}) {
      return tally(
        answers.map(({ name }) => name).filter((name) => !EXPECTED.test(name) && !(resets && RESET.test(name))),
      );
    },
    /** Milliseconds from an instant of `performance.now()` to the first success after it; -1: none. */
    firstSuccessAfter(instant) {
      const at = instant - started;
      const found = answers.find(({ status, at: when, ms }) => status === 200 && when - ms >= at);
      return found ? Math.round(found.at - at) : -1;
    },
  };
}

export const isEmpty = (object) => Object.keys(object).length === 0;

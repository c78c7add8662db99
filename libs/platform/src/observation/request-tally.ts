import { AsyncLocalStorage } from 'node:async_hooks';

/** Number and total time of the queries of one request. */
export interface QueryTally {
  queries: number;
  ms: number;
}

const storage = new AsyncLocalStorage<QueryTally>();
let activeCount = 0;

/**
 * Counts the queries of single requests. Tracking slows every request: it is disabled while none is tracked.
 * @example
 * requestTally.run(tally, handle);
 * requestTally.end(); // once, after the response
 */
export const requestTally = {
  /** Runs `work` and counts its queries into `tally`, until `end` is called. */
  run(tally: QueryTally, work: () => void): void {
    activeCount++;
    storage.run(tally, work);
  },

  /** Ends one tracking. */
  end(): void {
    if (--activeCount === 0) storage.disable();
  },

  /** Counts a query of the current request, if it is tracked. */
  count(ms: number): void {
    const tally = activeCount > 0 ? storage.getStore() : undefined;
    if (!tally) return;
    tally.queries++;
    tally.ms += ms;
  },
};

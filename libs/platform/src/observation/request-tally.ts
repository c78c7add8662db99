import { AsyncLocalStorage } from 'node:async_hooks';

/** What one request has asked of the database. */
export interface QueryTally {
  queries: number;
  ms: number;
}

const storage = new AsyncLocalStorage<QueryTally>();
let activeCount = 0;

/** Counts the queries of single requests. Following one costs every other too, so it is switched off while none is followed. */
export const requestTally = {
  /** Counts into `tally` whatever `work` leads to, until it is told to be over. */
  run(tally: QueryTally, work: () => void): void {
    activeCount++;
    storage.run(tally, work);
  },

  end(): void {
    if (--activeCount === 0) storage.disable();
  },

  /** A query of the present request, if it is followed. */
  count(ms: number): void {
    const tally = activeCount > 0 ? storage.getStore() : undefined;
    if (!tally) return;
    tally.queries++;
    tally.ms += ms;
  },
};

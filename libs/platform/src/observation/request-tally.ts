import { AsyncLocalStorage } from 'node:async_hooks';

/** What one request has asked of the database. */
export interface QueryTally {
  queries: number;
  ms: number;
}

/** Counts the queries of single requests. Following a request costs every other one too, so nothing is followed unless somebody asks for it. */
export const requestTally = new AsyncLocalStorage<QueryTally>();

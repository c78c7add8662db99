import { AsyncLocalStorage } from 'node:async_hooks';

const deadlines = new AsyncLocalStorage<number>();

/** Runs a call of an adapter, which has this time for all of its requests together. Milliseconds. */
export const withProviderDeadline = <T>(ms: number, call: () => Promise<T>): Promise<T> =>
  deadlines.run(performance.now() + ms, call);

/** Time that is left to an adapter for its next request, in milliseconds; Infinity outside of a bounded call. */
export const providerTimeLeft = (): number => (deadlines.getStore() ?? Infinity) - performance.now();

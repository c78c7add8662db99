const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * Delay from each attempt to the next, in milliseconds: ten attempts in 75 hours and 35 minutes (Standard Webhooks,
 * "Deliverability and reliability").
 */
export const RETRY_DELAYS_MS = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
] as const;
/** Maximum jitter as a fraction of the delay, so that deliveries that failed together are not retried together. */
export const JITTER = 0.2;
/** A destination that fails for this long has had every attempt of its first message. Milliseconds. */
export const GIVE_UP_AFTER_MS = RETRY_DELAYS_MS.reduce((sum, delay) => sum + delay, 0);

/** After this many failures in a row a destination is unhealthy: it is probed with one delivery at a time. */
export const UNHEALTHY_AFTER = 5;
const MAX_BACKOFF_MS = MINUTE;

/** Delay after attempt number `attempt` (from 1) in ms; null after the last one. `chance`: 0 to 1, for the jitter. */
export function retryDelayMs(attempt: number, chance: number): number | null {
  const delay = RETRY_DELAYS_MS[attempt - 1];
  return delay === undefined ? null : Math.round(delay * (1 + JITTER * chance));
}

/** Exponential backoff of a destination after failures in a row, in ms: 1 s, doubled each time, at most 1 minute. */
export const backoffMs = (failures: number): number =>
  failures < UNHEALTHY_AFTER ? 0 : Math.min(MAX_BACKOFF_MS, SECOND * 2 ** Math.min(failures - UNHEALTHY_AFTER, 16));

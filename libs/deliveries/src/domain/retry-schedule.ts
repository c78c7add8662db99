const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** From each attempt to the next, in milliseconds: ten attempts in 75 hours and 35 minutes (Standard Webhooks, "Deliverability and reliability"). */
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
/** At most so much later, as a part of the delay: what failed together is not tried again together. */
export const JITTER = 0.2;
/** A receiver that has answered nothing well for so long has had all attempts of its first message. */
export const GIVE_UP_AFTER_MS = RETRY_DELAYS_MS.reduce((sum, delay) => sum + delay, 0);

/** So many failures in a row make a lane a sick one: it is only probed, one message at a time. */
export const SICK_AFTER = 5;
const LONGEST_REST_MS = MINUTE;

/** How long to wait after attempt number `attempt`, from 1; null: that was the last one. @param chance from 0 to 1 */
export function retryDelayMs(attempt: number, chance: number): number | null {
  const delay = RETRY_DELAYS_MS[attempt - 1];
  return delay === undefined ? null : Math.round(delay * (1 + JITTER * chance));
}

/** How long a lane rests after so many failures in a row, in milliseconds: a second, then twice as long each time, a minute at most. */
export const restMs = (failures: number): number =>
  failures < SICK_AFTER ? 0 : Math.min(LONGEST_REST_MS, SECOND * 2 ** Math.min(failures - SICK_AFTER, 16));

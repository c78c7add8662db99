export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Times in the table of reliability.md are those of a quiet machine; this one has two cores and others on it. */
export const SLOW_MACHINE = 3;

/** Waits until it is so. @returns how long that took, in milliseconds. @throws Error when it is not in time */
export async function until(what, holds, { withinMs = 20_000, everyMs = 25 } = {}) {
  const began = performance.now();
  for (;;) {
    if (await holds()) return Math.round(performance.now() - began);
    if (performance.now() - began > withinMs) throw new Error(`Not within ${withinMs} ms: ${what}`);
    await pause(everyMs);
  }
}

/** The same, but says -1 instead of throwing. */
export const untilOrNever = (what, holds, options) => until(what, holds, options).catch(() => -1);

/** Runs so many at a time until all have run. */
export async function inParallel(count, concurrency, work) {
  const results = new Array(count);
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < count; index = next++) results[index] = await work(index);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, lane));
  return results;
}

/** Runs `work` in so many lanes, over and over. @returns what ends them, once what is under way is done */
export function keepDoing(concurrency, work, { restMs = 0 } = {}) {
  let going = true;
  const lane = async (number) => {
    while (going) {
      await work(number);
      await pause(restMs);
    }
  };
  const lanes = Promise.all(Array.from({ length: concurrency }, (_, number) => lane(number)));
  return () => {
    going = false;
    return lanes;
  };
}

export const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

export const most = (numbers) => numbers.reduce((largest, number) => Math.max(largest, number), 0);

export function percentile(numbers, percent) {
  if (numbers.length === 0) return 0;
  const sorted = [...numbers].sort((one, other) => one - other);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] * 10) / 10;
}

/** How often each value is there. */
export function tally(values) {
  const counts = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

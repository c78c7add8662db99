export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Factor for durations that were specified for an idle machine: this one has two cores and other load. */
export const SLOW_MACHINE = 3;

/** Polls until the condition holds. @returns the duration in ms. @throws Error after `withinMs` */
export async function until(what, holds, { withinMs = 20_000, everyMs = 25 } = {}) {
  const began = performance.now();
  for (;;) {
    if (await holds()) return Math.round(performance.now() - began);
    if (performance.now() - began > withinMs) throw new Error(`Not within ${withinMs} ms: ${what}`);
    await pause(everyMs);
  }
}

/** Like `until`, but returns -1 instead of throwing. */
export const untilOrNever = (what, holds, options) => until(what, holds, options).catch(() => -1);

/** Runs `work` for 0 to count - 1, up to `concurrency` at a time. @returns the results in order */
export async function inParallel(count, concurrency, work) {
  const results = new Array(count);
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++) results[index] = await work(index);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, worker));
  return results;
}

/** Runs `work` repeatedly in `concurrency` loops. @returns a function that stops them after the current calls */
export function runRepeatedly(concurrency, work, { restMs = 0 } = {}) {
  let going = true;
  const worker = async (number) => {
    while (going) {
      await work(number);
      await pause(restMs);
    }
  };
  const workers = Promise.all(Array.from({ length: concurrency }, (_, number) => worker(number)));
  return () => {
    going = false;
    return workers;
  };
}

export const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

export const max = (numbers) => numbers.reduce((largest, number) => Math.max(largest, number), 0);

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

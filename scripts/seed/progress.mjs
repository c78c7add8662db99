import { performance } from 'node:perf_hooks';

const BAR_WIDTH = 30;
const REPORT_INTERVAL_MS = 5_000;
const seconds = (ms) => `${Math.round(ms / 1_000)} s`;

/**
 * Reports progress: a bar on a terminal, otherwise a line every 5 s.
 * @returns a function that takes the number of customers loaded so far
 */
export function progressReporter(stream, { loaded, customers }) {
  const began = performance.now();
  let reportedAt = began;
  return (loadedNow) => {
    const now = performance.now();
    const rate = (loadedNow - loaded) / ((now - began) / 1_000);
    const status = `${loadedNow.toLocaleString('en')} of ${customers.toLocaleString('en')}, ${Math.round(rate).toLocaleString('en')} a second, ${seconds(((customers - loadedNow) / rate) * 1_000)} left`;
    if (stream.isTTY) {
      const full = Math.round((loadedNow / customers) * BAR_WIDTH);
      stream.write(
        `\r[${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}] ${status}\u001b[K${loadedNow === customers ? '\n' : ''}`,
      );
    } else if (now - reportedAt >= REPORT_INTERVAL_MS || loadedNow === customers) {
      reportedAt = now;
      stream.write(`${status}\n`);
    }
  };
}

import { performance } from 'node:perf_hooks';

const BAR = 30;
const EVERY_MS = 5_000;
const seconds = (ms) => `${Math.round(ms / 1_000)} s`;

/** Tells how far it is: a bar where somebody watches, else a line now and then. @returns takes how many are there, of those that will be */
export function progressTo(stream, { loaded, customers }) {
  const began = performance.now();
  let told = began;
  return (there) => {
    const now = performance.now();
    const rate = (there - loaded) / ((now - began) / 1_000);
    const facts = `${there.toLocaleString('en')} of ${customers.toLocaleString('en')}, ${Math.round(rate).toLocaleString('en')} a second, ${seconds(((customers - there) / rate) * 1_000)} left`;
    if (stream.isTTY) {
      const full = Math.round((there / customers) * BAR);
      stream.write(
        `\r[${'#'.repeat(full)}${'.'.repeat(BAR - full)}] ${facts}\u001b[K${there === customers ? '\n' : ''}`,
      );
    } else if (now - told >= EVERY_MS || there === customers) {
      told = now;
      stream.write(`${facts}\n`);
    }
  };
}

import { createServer } from 'node:net';

/** Below the range that the system draws for outgoing connections: a port stays free while its process is dead. */
const LOWEST = 21_000;
const HIGHEST = 31_000;
const given = new Set();
let next = LOWEST + (process.pid % 90) * 100;

const isFree = (port) =>
  new Promise((resolve) => {
    const probe = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });

export async function freePort() {
  for (;;) {
    next = next >= HIGHEST ? LOWEST : next + 1;
    const port = next;
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

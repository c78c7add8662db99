import { createServer } from 'node:net';

/** Below the range of ports for outgoing connections, so that a port stays free while its process is stopped. */
const MIN_PORT = 21_000;
const MAX_PORT = 31_000;
const given = new Set();
let next = MIN_PORT + (process.pid % 90) * 100;

const isFree = (port) =>
  new Promise((resolve) => {
    const probe = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });

export async function freePort() {
  for (;;) {
    next = next >= MAX_PORT ? MIN_PORT : next + 1;
    const port = next;
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

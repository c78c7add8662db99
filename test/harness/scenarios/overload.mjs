import { fork } from 'node:child_process';
import * as net from 'node:net';
import * as path from 'node:path';
import { requests } from '../requests.mjs';
import { runRepeatedly, max, pause, percentile, sum } from '../waiting.mjs';

const PEAK_SECONDS = 6;
const OVERLOAD_SECONDS = 12;
const MAX_ATTEMPTS = 3;
const TIMES_PEAK = 3;
const GOODPUT_SHARE = 0.8;
const ACCEPTED_MS = 1_000;
const RECOVERY_MS = 5_000;
const MEMORY_MB = 600;
const SLOW = { headers: 200, body: 200, read: 100 };
const CLOSED_MS = 15_000;
/** The server closes slow clients in a scan every two seconds. */
const SCAN_MS = 3_000;
const HEALTHY_FACTOR = 2;
const HEALTHY_FLOOR_MS = 60;
const CUSTOMERS = 64;

/** Runs the load generator in a separate process, so that it measures the service and not its own event loop. */
function generate(job) {
  const child = fork(path.join(import.meta.dirname, '..', 'generator.mjs'), [], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.send(job);
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`the generator ended with ${code}`)));
  });
}

/** T-30: three times as much as one instance can do, whether or not it answers. */
async function overload(world) {
  const product = await world.product({ calls: null });
  const customers = [];
  for (let number = 0; number < CUSTOMERS; number++) customers.push(await world.customer(product));
  const instance = await world.cluster.start('api', 'overloaded');
  const bodies = customers.map((who, index) =>
    JSON.stringify(requests.consume(who, 'calls').body(`load-${world.history.name}-${index}`)).replace(
      /,"properties":\{[^}]*\}/,
      '',
    ),
  );
  const job = { url: instance.url, key: world.key, bodies };
  // A new process is slow at first: the first measurement only warms it up.
  await generate({ ...job, mode: 'closed', seconds: PEAK_SECONDS / 2 });
  const peak = await generate({ ...job, mode: 'closed', seconds: PEAK_SECONDS });
  const memory = [];
  const stopWatching = runRepeatedly(1, async () => memory.push(instance.memory), { restMs: 500 });
  const { over, rate } = await sendTimesPeak(job, Math.round(peak.accepted / PEAK_SECONDS));
  const began = performance.now();
  const client = world.clientOf(instance);
  let recovery = -1;
  while (recovery < 0 && performance.now() - began < RECOVERY_MS * 4) {
    const answer = await client.call('POST', '/v1/usage/consume', { body: JSON.parse(bodies[0]) });
    if (answer.status === 200 && answer.ms < ACCEPTED_MS / 4) recovery = Math.round(performance.now() - began);
  }
  await stopWatching();
  const goodput = Math.round(over.accepted / OVERLOAD_SECONDS);
  world.expect('goodput is at least 80 % of the peak', goodput >= rate * GOODPUT_SHARE, { goodput, rate });
  world.expect('p99 of what is accepted is at most 1 s', over.p99 <= ACCEPTED_MS, over.p99);
  world.expect(
    'the excess is refused with 429 or 503 and Retry-After',
    over.refused > 0 &&
      over.refusedWithoutRetryAfter === 0 &&
      over.otherStatuses === 0 &&
      Object.keys(over.errors).length === 0,
    over,
  );
  world.expect('recovers within 5 s', recovery >= 0 && recovery <= RECOVERY_MS, recovery);
  world.expect(`memory stays below ${MEMORY_MB} MB`, max(memory) <= MEMORY_MB, max(memory));
  return {
    peakPerSecond: rate,
    peakP99Ms: peak.p99,
    offeredPerSecond: Math.round(over.sent / OVERLOAD_SECONDS),
    goodputPerSecond: goodput,
    acceptedP99Ms: over.p99,
    refused: over.refused,
    errors: over.errors,
    notSent: over.notSent,
    recoveryMs: recovery,
    memoryMb: max(memory),
  };
}

/** Sends three times the peak. If all of it is accepted, the peak was measured too low: this rate becomes the peak. */
async function sendTimesPeak(job, measured) {
  let rate = measured;
  for (let attempt = 1; ; attempt++) {
    const over = await generate({ ...job, mode: 'open', seconds: OVERLOAD_SECONDS, rate: rate * TIMES_PEAK });
    const kept = over.accepted === over.sent && over.notSent === 0;
    if (!kept || attempt === MAX_ATTEMPTS) return { over, rate };
    rate = Math.round(over.accepted / OVERLOAD_SECONDS);
  }
}

/** Answers that together are more than the buffers of the system take. */
const PIPELINED = 30;

/** Kinds of slow clients: the first bytes, and what follows, one piece per second. */
const SLOW_CLIENTS = {
  headers: { begin: 'GET /health/live HTTP/1.1\r\nHost: slow\r\n', more: 'X-Slow: 1\r\n' },
  body: {
    begin:
      'POST /v1/usage/consume HTTP/1.1\r\nHost: slow\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{',
    more: ' ',
  },
  // Requests far more than the system's buffers hold, and reads nothing.
  read: { begin: 'GET /openapi.json HTTP/1.1\r\nHost: slow\r\n\r\n'.repeat(PIPELINED), more: null },
};

const DRIP_MS = 1_000;

function openSlow(port, kind) {
  const { begin, more } = SLOW_CLIENTS[kind];
  const opened = performance.now();
  const one = { kind, closedMs: null };
  const socket = net.connect({ port, host: '127.0.0.1' }, () => socket.write(begin));
  one.socket = socket;
  if (more === null) socket.pause();
  else socket.resume();
  const drip = more && setInterval(() => socket.writable && socket.write(more), DRIP_MS);
  socket.on('error', () => undefined);
  socket.on('close', () => {
    one.closedMs ??= Math.round(performance.now() - opened);
    clearInterval(drip);
  });
  return one;
}

/** T-31. */
async function slowClients(world) {
  const who = await world.customer(await world.product({ calls: null }));
  const [instance] = world.instances;
  const measure = async (forMs) => {
    const times = [];
    const statuses = new Set();
    const end = runRepeatedly(
      8,
      async () => {
        const answer = await world
          .clientOf(instance)
          .call('POST', '/v1/check', { body: { customer: who.customer, product: who.product, feature: 'calls' } });
        times.push(answer.ms);
        statuses.add(answer.status || answer.error);
      },
      { restMs: 20 },
    );
    await pause(forMs);
    await end();
    return { p99: percentile(times, 99), statuses: [...statuses] };
  };
  await measure(1_000);
  const baseline = await measure(3_000);
  const slow = Object.entries(SLOW).flatMap(([kind, count]) =>
    Array.from({ length: count }, () => openSlow(instance.port, kind)),
  );
  const healthy = await measure(CLOSED_MS + SCAN_MS);
  // A client that does not read cannot see a close: if it is closed on reading, the server had closed it before.
  for (const { socket } of slow) socket.resume();
  await pause(SCAN_MS);
  const left = Object.fromEntries(
    Object.keys(SLOW).map((kind) => [kind, slow.filter((one) => one.kind === kind && one.closedMs === null).length]),
  );
  const slowest = Object.fromEntries(
    Object.keys(SLOW).map((kind) => [
      kind,
      max(slow.filter((one) => one.kind === kind).map(({ closedMs }) => closedMs ?? 0)),
    ]),
  );
  for (const { socket } of slow) socket.destroy();
  world.expect(
    'healthy clients are answered',
    healthy.statuses.every((status) => status === 200),
    healthy.statuses,
  );
  world.expect(
    'healthy p99 is at most twice as long',
    healthy.p99 <= Math.max(baseline.p99 * HEALTHY_FACTOR, HEALTHY_FLOOR_MS),
    { baseline: baseline.p99, healthy: healthy.p99 },
  );
  for (const [kind, count] of Object.entries(left))
    world.expect(`slow ${kind}: closed within 15 s`, count === 0, `${count} still open`);
  return {
    slow: sum(Object.values(SLOW)),
    baselineP99Ms: baseline.p99,
    healthyP99Ms: healthy.p99,
    closedAfterMs: slowest,
    left,
  };
}

export const scenarios = [
  { id: 'T-30', title: 'three times the peak', run: overload },
  { id: 'T-31', title: 'slow clients', run: slowClients },
];

import { Agent, request } from 'undici';
import { pause, percentile } from './waiting.mjs';

const CONCURRENCY = 64;
const TICK_MS = 5;
/** Max sockets of the generator; above it a request is not sent. Opened first: Node accepts one per event-loop turn. */
const MAX_IN_FLIGHT = 3_000;
const OPENED_PER_BATCH = 250;
const TIMEOUT_MS = 30_000;

const agent = new Agent({
  pipelining: 1,
  headersTimeout: TIMEOUT_MS,
  bodyTimeout: TIMEOUT_MS,
  connect: { timeout: TIMEOUT_MS },
});

/** Sends consumes to one instance: as fast as it answers (`closed`), or at a fixed rate (`open`). */
async function generate({ url, key, bodies, mode, seconds, rate }) {
  const figures = {
    sent: 0,
    accepted: 0,
    refused: 0,
    refusedWithoutRetryAfter: 0,
    otherStatuses: 0,
    errors: {},
    notSent: 0,
  };
  const times = [];
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const one = async () => {
    const began = performance.now();
    const body = bodies[figures.sent++ % bodies.length];
    try {
      const answer = await request(`${url}/v1/usage/consume`, { method: 'POST', headers, body, dispatcher: agent });
      await answer.body.dump();
      note(figures, answer, () => times.push(performance.now() - began));
    } catch (error) {
      const name = error.code ?? error.name;
      figures.errors[name] = (figures.errors[name] ?? 0) + 1;
    }
  };
  if (mode === 'open') await openSockets(url);
  await { closed, open }[mode]({ one, figures, seconds, rate });
  return { ...figures, p50: percentile(times, 50), p99: percentile(times, 99) };
}

function note(figures, { statusCode, headers }, accept) {
  if (statusCode === 200) {
    figures.accepted++;
    return accept();
  }
  if (statusCode !== 429 && statusCode !== 503) return void figures.otherStatuses++;
  figures.refused++;
  if (!headers['retry-after']) figures.refusedWithoutRetryAfter++;
}

async function closed({ one, seconds }) {
  const until = performance.now() + seconds * 1_000;
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      while (performance.now() < until) await one();
    }),
  );
}

/** Opens the sockets in concurrent batches, so that a slow response keeps only its own socket busy. */
async function openSockets(url) {
  for (let opened = 0; opened < MAX_IN_FLIGHT; opened += OPENED_PER_BATCH) {
    const count = Math.min(opened + OPENED_PER_BATCH, MAX_IN_FLIGHT);
    await Promise.all(
      Array.from({ length: count }, () =>
        request(`${url}/health/live`, { dispatcher: agent }).then(
          ({ body }) => body.dump(),
          () => undefined,
        ),
      ),
    );
  }
}

async function open({ one, figures, seconds, rate }) {
  const began = performance.now();
  const under = new Set();
  let due = 0;
  while (performance.now() - began < seconds * 1_000) {
    const wanted = Math.floor(((performance.now() - began) / 1_000) * rate);
    for (; due < wanted; due++) {
      if (under.size >= MAX_IN_FLIGHT) {
        figures.notSent++;
        continue;
      }
      const asked = one().finally(() => under.delete(asked));
      under.add(asked);
    }
    await pause(TICK_MS);
  }
  await Promise.all(under);
}

process.once('message', async (job) => {
  process.send(await generate(job));
  process.exit();
});

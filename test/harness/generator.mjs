import { Agent, request } from 'undici';
import { pause, percentile } from './waiting.mjs';

const LANES = 64;
const TICK_MS = 5;
/** Sockets that a generator of this size may hold: beyond it a request is not sent. They are opened before, because Node takes in one for each turn of its loop. */
const MOST_IN_FLIGHT = 3_000;
const OPENED_AT_ONCE = 250;
const PATIENCE_MS = 30_000;

const agent = new Agent({
  pipelining: 1,
  headersTimeout: PATIENCE_MS,
  bodyTimeout: PATIENCE_MS,
  connect: { timeout: PATIENCE_MS },
});

/** Sends consumes to one instance: in `closed` mode as fast as answers come, in `open` mode at a rate, whatever comes. */
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
    Array.from({ length: LANES }, async () => {
      while (performance.now() < until) await one();
    }),
  );
}

/** All of them at once under way, so that each has a socket of its own: what is slow to answer keeps it. */
async function openSockets(url) {
  for (let opened = 0; opened < MOST_IN_FLIGHT; opened += OPENED_AT_ONCE) {
    const count = Math.min(opened + OPENED_AT_ONCE, MOST_IN_FLIGHT);
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
      if (under.size >= MOST_IN_FLIGHT) {
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

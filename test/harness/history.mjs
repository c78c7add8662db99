import { inParallel } from './waiting.mjs';

const RESOLVE_ROUNDS = 15;
const RESOLVE_CONCURRENCY = 32;

/** The outcome as the client knows it: done, denied, certainly without effect, or unknown. */
export function outcomeOf({ error, status, headers, body }) {
  if (error) return error === 'ECONNREFUSED' ? 'failed' : 'unknown';
  if (headers['x-balancer'])
    return ['none-ready', 'ECONNREFUSED'].includes(headers['x-balancer']) ? 'failed' : 'unknown';
  // A 503 says "try again", not "nothing has happened": a commit may have been under way.
  if (status >= 500) return 'unknown';
  if (status >= 400) return 'failed';
  return body?.allowed === false ? 'denied' : 'ok';
}

/** All requests of clients in a scenario, with their answers. */
export class History {
  constructor(name) {
    this.name = name;
    this.ops = [];
    this.serial = 0;
  }

  newId(op) {
    return `${this.name}-${op}-${++this.serial}`;
  }

  /**
   * Sends a request and stores its outcome. Its Idempotency-Key is its own id, unless `key` is given.
   * @param body or a function of the id @param facts used by checks: customer, quantity, features, reservation
   */
  async run(client, { op, method = 'POST', path, body, id = this.newId(op), key = id, ...facts }) {
    const entry = {
      id,
      key,
      op,
      method,
      path,
      body: typeof body === 'function' ? body(id) : body,
      ...facts,
      invoke: performance.now(),
      complete: null,
      outcome: null,
      answer: null,
      tries: 1,
    };
    const answer = await client.call(method, path, { body: entry.body, key: key ?? undefined });
    this.recordOutcome(entry, answer);
    this.ops.push(entry);
    return { entry, answer };
  }

  recordOutcome(entry, answer) {
    const { status, error, headers, body, text, ms } = answer;
    Object.assign(entry, {
      complete: performance.now(),
      outcome: outcomeOf(answer),
      status,
      code: body?.code ?? null,
      error: error ?? headers['x-balancer'] ?? null,
      ms,
    });
    if (entry.outcome === 'ok' || entry.outcome === 'denied') Object.assign(entry, { answer: body, text });
  }

  /** Retries operations of unknown outcome with the same key. @returns how many are still unknown */
  async resolve(client) {
    for (let round = 0; round < RESOLVE_ROUNDS; round++) {
      const unknown = this.unknown();
      if (unknown.length === 0) return 0;
      await inParallel(unknown.length, RESOLVE_CONCURRENCY, async (index) => {
        const entry = unknown[index];
        entry.tries++;
        this.recordOutcome(entry, await client.call(entry.method, entry.path, { body: entry.body, key: entry.key }));
      });
    }
    return this.unknown().length;
  }

  /** Operations of unknown outcome that have a key and can be retried. */
  unknown() {
    return this.ops.filter(({ outcome, key }) => outcome === 'unknown' && key);
  }

  count(outcome) {
    return this.ops.reduce((total, entry) => total + (entry.outcome === outcome ? 1 : 0), 0);
  }

  /** Figures for the line of a scenario. */
  figures() {
    return {
      ok: this.count('ok'),
      denied: this.count('denied'),
      failed: this.count('failed'),
      unknown: this.count('unknown'),
    };
  }
}

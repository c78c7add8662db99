import { inParallel } from './waiting.mjs';

const RESOLVE_ROUNDS = 15;
const RESOLVE_CONCURRENCY = 32;

/** What the client knows of an operation: done, denied, certainly without effect, or anybody's guess. */
export function outcomeOf({ error, status, headers, body }) {
  if (error) return error === 'ECONNREFUSED' ? 'failed' : 'unknown';
  if (headers['x-balancer'])
    return ['none-ready', 'ECONNREFUSED'].includes(headers['x-balancer']) ? 'failed' : 'unknown';
  // A 503 says "try again", not "nothing has happened": a commit may have been under way.
  if (status >= 500) return 'unknown';
  if (status >= 400) return 'failed';
  return body?.allowed === false ? 'denied' : 'ok';
}

/** Everything that clients asked for in a scenario, and what they were told. */
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
   * Asks, and keeps what came of it. Every operation has an Idempotency-Key, its own id, unless `key` says otherwise.
   * @param body may be made from the id @param facts what checks want to know of it: customer, quantity, features, reservation
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
    this.settle(entry, answer);
    this.ops.push(entry);
    return { entry, answer };
  }

  settle(entry, answer) {
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

  /** Asks again, with the same key, for what nobody knows the outcome of. @returns how many there are left */
  async resolve(client) {
    for (let round = 0; round < RESOLVE_ROUNDS; round++) {
      const unknown = this.unknown();
      if (unknown.length === 0) return 0;
      await inParallel(unknown.length, RESOLVE_CONCURRENCY, async (index) => {
        const entry = unknown[index];
        entry.tries++;
        this.settle(entry, await client.call(entry.method, entry.path, { body: entry.body, key: entry.key }));
      });
    }
    return this.unknown().length;
  }

  /** What has no key cannot be asked for again. */
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

import { Agent, request } from 'undici';
import { pause } from './waiting.mjs';

/** A client gives up after this: far beyond any deadline of the service, so that what hangs is seen as such. */
const PATIENCE_MS = 20_000;
const MOST_REPETITIONS = 5;
const AFTER_503_MS = 400;

function parsed(text, headers) {
  return /[/+]json/.test(headers['content-type'] ?? '') ? JSON.parse(text) : null;
}

/** Speaks JSON to one address. It tries nothing twice, and every call ends in an answer or in `error`. */
export class Client {
  constructor(url, { token = null, connections = 256, patienceMs = PATIENCE_MS } = {}) {
    this.url = url;
    this.token = token;
    this.agent = new Agent({
      connections,
      pipelining: 1,
      headersTimeout: patienceMs,
      bodyTimeout: patienceMs,
      connect: { timeout: 5_000 },
    });
    this.patienceMs = patienceMs;
  }

  as(token) {
    return Object.assign(Object.create(Client.prototype), this, { token });
  }

  /** @param key the Idempotency-Key */
  async call(method, path, { body, key, token = this.token, headers = {} } = {}) {
    const began = performance.now();
    const sent = {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(key ? { 'idempotency-key': key } : {}),
      ...headers,
    };
    try {
      const answer = await request(this.url + path, {
        method,
        headers: sent,
        body: body === undefined ? undefined : JSON.stringify(body),
        dispatcher: this.agent,
        signal: AbortSignal.timeout(this.patienceMs),
      });
      const text = await answer.body.text();
      return {
        status: answer.statusCode,
        headers: answer.headers,
        text,
        body: parsed(text, answer.headers),
        ms: performance.now() - began,
        error: null,
      };
    } catch (error) {
      return {
        status: 0,
        headers: {},
        text: '',
        body: null,
        ms: performance.now() - began,
        error: error.code ?? error.name,
      };
    }
  }

  /** A call that prepares something and is safe to repeat, which it is after a 503. @throws Error with the answer when it does not succeed */
  async must(method, path, options) {
    let answer = await this.call(method, path, options);
    for (let again = 0; again < MOST_REPETITIONS && answer.status === 503; again++) {
      await pause(AFTER_503_MS);
      answer = await this.call(method, path, options);
    }
    if (answer.status < 200 || answer.status > 299)
      throw new Error(`${method} ${path}: ${answer.error ?? answer.status} ${answer.text}`);
    return answer.body;
  }

  /** Opens so many connections. Node takes in one for each turn of its loop: on a busy machine the first storm would measure that. */
  async warm(connections) {
    for (let time = 0; time < 2; time++)
      await Promise.all(Array.from({ length: connections }, () => this.call('GET', '/health/live', { token: null })));
  }

  close() {
    return this.agent.destroy();
  }
}

/** In one word: the status, the balancer's reason, or why there was no answer. */
export const nameOf = ({ status, error, headers, body }) =>
  error ??
  (headers['x-balancer']
    ? `balancer ${headers['x-balancer']}`
    : status >= 400 && body?.code
      ? `${status} ${body.code}`
      : String(status));

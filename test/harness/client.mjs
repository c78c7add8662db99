import { Agent, request } from 'undici';
import { pause } from './waiting.mjs';

/** Timeout of the client: far beyond any deadline of the service, so that a hanging request is detected. */
const TIMEOUT_MS = 20_000;
const MAX_REPETITIONS = 5;
const AFTER_503_MS = 400;

function parsed(text, headers) {
  return /[/+]json/.test(headers['content-type'] ?? '') ? JSON.parse(text) : null;
}

/** A JSON client for one address. It never retries, and every call returns an answer or an `error`. */
export class Client {
  constructor(url, { token = null, connections = 256, timeoutMs = TIMEOUT_MS } = {}) {
    this.url = url;
    this.token = token;
    this.agent = new Agent({
      connections,
      pipelining: 1,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      connect: { timeout: 5_000 },
    });
    this.timeoutMs = timeoutMs;
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
        signal: AbortSignal.timeout(this.timeoutMs),
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

  /** A call that is safe to repeat; retried after a 503. @throws Error with the response when it does not succeed */
  async must(method, path, options) {
    let answer = await this.call(method, path, options);
    for (let again = 0; again < MAX_REPETITIONS && answer.status === 503; again++) {
      await pause(AFTER_503_MS);
      answer = await this.call(method, path, options);
    }
    if (answer.status < 200 || answer.status > 299)
      throw new Error(`${method} ${path}: ${answer.error ?? answer.status} ${answer.text}`);
    return answer.body;
  }

  /** Opens connections before a storm, because Node accepts one per event-loop turn, which the storm would measure. */
  async warm(connections) {
    for (let time = 0; time < 2; time++)
      await Promise.all(Array.from({ length: connections }, () => this.call('GET', '/health/live', { token: null })));
  }

  close() {
    return this.agent.destroy();
  }
}

/** A short name of an outcome: the status and code, the balancer's reason, or the network error. */
export const outcomeName = ({ status, error, headers, body }) =>
  error ??
  (headers['x-balancer']
    ? `balancer ${headers['x-balancer']}`
    : status >= 400 && body?.code
      ? `${status} ${body.code}`
      : String(status));

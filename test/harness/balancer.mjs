import * as http from 'node:http';
import { pause } from './waiting.mjs';

const PROBE_EVERY_MS = 200;
const PROBE_MS = 1_000;
/** Timed-out probes until an instance counts as not ready: on a busy machine one probe may be late. */
const MAX_TIMEOUTS = 2;
/** Longer than any deadline of the service, so that the balancer never times out first. */
const TIMEOUT_MS = 60_000;

/** The hop-by-hop headers of RFC 9110, 7.6.1. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host']);

const withoutHopByHop = (headers) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));

/** Forwards requests to the ready instances in turn. It never retries, so that clients see every failure. */
export class Balancer {
  constructor() {
    this.targets = [];
    this.turn = 0;
    this.agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });
    this.server = http.createServer((request, response) => this.take(request, response));
    this.server.keepAliveTimeout = TIMEOUT_MS;
    this.server.requestTimeout = 0;
  }

  async start() {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    this.probing = true;
  }

  add(instance) {
    const target = { instance, ready: false, timeouts: 0 };
    this.targets.push(target);
    void this.probe(target);
  }

  remove(instance) {
    this.targets = this.targets.filter((target) => target.instance !== instance);
  }

  get ready() {
    return this.targets.filter(({ ready }) => ready).length;
  }

  async probe(target) {
    while (this.probing && this.targets.includes(target)) {
      const isReady = await fetch(`${target.instance.url}/health/ready`, {
        signal: AbortSignal.timeout(PROBE_MS),
        headers: { connection: 'close' },
      }).then(
        async (answer) => (await answer.arrayBuffer()) && answer.status === 200,
        (error) => (error.name === 'TimeoutError' ? null : false),
      );
      target.timeouts = isReady === null ? target.timeouts + 1 : 0;
      target.ready = isReady ?? (target.ready && target.timeouts < MAX_TIMEOUTS);
      await pause(PROBE_EVERY_MS);
    }
  }

  next() {
    for (let tried = 0; tried < this.targets.length; tried++) {
      const target = this.targets[this.turn++ % this.targets.length];
      if (target.ready) return target;
    }
    return null;
  }

  take(request, response) {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => this.pass(request, Buffer.concat(chunks), response));
  }

  pass(request, body, response) {
    const target = this.next();
    if (!target) return void refuse(response, 503, 'none-ready', null);
    const { instance } = target;
    const { method, url: path, headers } = request;
    const upstream = http.request(
      instance.url + path,
      {
        method,
        agent: this.agent,
        headers: { ...withoutHopByHop(headers), 'content-length': body.length },
        timeout: TIMEOUT_MS,
      },
      (answer) => {
        const chunks = [];
        answer.on('data', (chunk) => chunks.push(chunk));
        answer.on('end', () =>
          response
            .writeHead(answer.statusCode, { ...withoutHopByHop(answer.headers), 'x-instance': instance.name })
            .end(Buffer.concat(chunks)),
        );
        answer.on('error', (error) => refuse(response, 502, error.code ?? 'broken', instance));
      },
    );
    upstream.on('timeout', () => upstream.destroy(new Error('timeout')));
    upstream.on('error', (error) => refuse(response, 502, error.code ?? error.message, instance));
    upstream.end(body);
  }

  async stop() {
    this.probing = false;
    this.agent.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** Responses of the balancer itself carry `x-balancer`, which distinguishes them from those of the service. */
function refuse(response, status, why, instance) {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'x-balancer': why, ...(instance && { 'x-instance': instance.name }) }).end();
}

import { createServer } from 'node:http';

/** Ways to answer a message. */
export const MOODS = {
  takes: (request, response) => void response.writeHead(204).end(),
  fails: (request, response) => void response.writeHead(500).end(),
  resets: (request) => void request.socket.resetAndDestroy(),
  dawdles: (request, response) => void setTimeout(() => response.writeHead(204).end(), 200),
  gone: (request, response) => void response.writeHead(410).end(),
};

/** Somebody's server that is told of events; it remembers every message, by the path that it came to. */
export class Receiver {
  constructor() {
    /** Path to message id to `{ bodies, times }`. */
    this.messages = new Map();
    this.moods = new Map();
    this.server = createServer((request, response) => this.take(request, response));
  }

  async start() {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  url(path) {
    return `http://127.0.0.1:${this.server.address().port}${path}`;
  }

  take(request, response) {
    let body = '';
    request.on('error', () => undefined);
    request.on('data', (data) => (body += data));
    request.on('end', () => {
      const at = this.at(request.url);
      const id = request.headers['webhook-id'];
      const message = at.get(id) ?? { bodies: new Set(), times: [] };
      message.bodies.add(body);
      message.times.push(performance.now());
      at.set(id, message);
      (this.moods.get(request.url) ?? (() => MOODS.takes))()(request, response);
    });
  }

  /** The messages that came to a path, by their id. */
  at(path) {
    if (!this.messages.has(path)) this.messages.set(path, new Map());
    return this.messages.get(path);
  }

  /** @param mood is asked for each message */
  be(path, mood) {
    this.moods.set(path, mood);
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

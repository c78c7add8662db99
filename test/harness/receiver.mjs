import { createServer } from 'node:http';

/** Ways to answer a message. */
export const RESPONSES = {
  accepts: (request, response) => void response.writeHead(204).end(),
  fails: (request, response) => void response.writeHead(500).end(),
  resets: (request) => void request.socket.resetAndDestroy(),
  slow: (request, response) => void setTimeout(() => response.writeHead(204).end(), 200),
  gone: (request, response) => void response.writeHead(410).end(),
};

/** A webhook receiver, which stores every message by path. */
export class Receiver {
  constructor() {
    /** Path to message id to `{ bodies, times }`. */
    this.messages = new Map();
    this.responses = new Map();
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
      const messages = this.messagesTo(request.url);
      const id = request.headers['webhook-id'];
      const message = messages.get(id) ?? { bodies: new Set(), times: [] };
      message.bodies.add(body);
      message.times.push(performance.now());
      messages.set(id, message);
      (this.responses.get(request.url) ?? (() => RESPONSES.accepts))()(request, response);
    });
  }

  /** The messages that came to a path, by their id. */
  messagesTo(path) {
    if (!this.messages.has(path)) this.messages.set(path, new Map());
    return this.messages.get(path);
  }

  /** @param chooseResponse called for each message; returns one of RESPONSES */
  respondWith(path, chooseResponse) {
    this.responses.set(path, chooseResponse);
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it came. */
export interface Received {
  path: string;
  id: string;
  headers: Record<string, string>;
  /** The bytes of the body, as text. */
  body: string;
  message: { type: string; timestamp: string; data: any };
  at: number;
}

export type Behaviour = (received: Received, response: ServerResponse, request: IncomingMessage) => void;

export const answering =
  (status: number, headers: Record<string, string> = {}): Behaviour =>
  (_, response) =>
    void response.writeHead(status, headers).end();

/** Somebody's server that is told of events. */
export class Receiver {
  readonly received: Received[] = [];
  /** What it does with a request, by its path; else it takes it. */
  readonly behaviours = new Map<string, Behaviour>();
  connections = 0;
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      let body = '';
      request.on('data', (data) => (body += String(data)));
      request.on('error', () => undefined);
      request.on('end', () => {
        const headers = request.headers as Record<string, string>;
        const received = {
          path: request.url!,
          id: headers['webhook-id']!,
          headers,
          body,
          message: JSON.parse(body),
          at: performance.now(),
        };
        this.received.push(received);
        (this.behaviours.get(request.url!) ?? answering(204))(received, response, request);
      });
    });
    this.server.on('connection', () => this.connections++);
  }

  async start(host = '127.0.0.1'): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, host, resolve));
    return this;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  url(path = '/'): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** In the order of what they tell of; several are on their way at once, and any of them may be there first. */
  at(path: string): Received[] {
    return this.received.filter((one) => one.path === path).sort((one, other) => one.id.localeCompare(other.id));
  }

  stop(): Promise<unknown> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

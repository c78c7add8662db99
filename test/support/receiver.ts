import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A webhook request as it was received. */
export interface ReceivedRequest {
  path: string;
  id: string;
  headers: Record<string, string>;
  /** The raw body as text. */
  body: string;
  message: { type: string; timestamp: string; data: any };
  at: number;
}

export type RequestHandler = (received: ReceivedRequest, response: ServerResponse, request: IncomingMessage) => void;

export const respondWith =
  (status: number, headers: Record<string, string> = {}): RequestHandler =>
  (_, response) =>
    void response.writeHead(status, headers).end();

/** A webhook receiver: a server of a customer to which events are delivered. */
export class Receiver {
  readonly received: ReceivedRequest[] = [];
  /** Handlers by path. Other requests are answered with 204. */
  readonly handlers = new Map<string, RequestHandler>();
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
        (this.handlers.get(request.url!) ?? respondWith(204))(received, response, request);
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

  /** Requests to a path in the order of their events. Deliveries are concurrent and may arrive in any order. */
  requestsTo(path: string): ReceivedRequest[] {
    return this.received.filter((one) => one.path === path).sort((one, other) => one.id.localeCompare(other.id));
  }

  stop(): Promise<unknown> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

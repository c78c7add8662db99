import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Maximum open sockets: more than a process serves well, fewer than its file descriptors. */
const MAX_CONNECTIONS = 10_000;
/** A socket that reads nothing of its response for this long is closed, in milliseconds. */
const UNREAD_MS = 14_000;
const CHECK_INTERVAL_MS = 1_000;

/** Bytes that a socket had read at its last progress, and when that was. */
interface Progress {
  written: number;
  since: number;
}

/**
 * Limits the open sockets and closes stalled ones. At shutdown it also closes sockets that never sent a request: Node
 * would wait for them as if a request were on its way.
 */
export function boundConnections(fastify: FastifyInstance): void {
  const sockets = new Map<Socket, Progress>();
  const { server } = fastify;
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', (socket: Socket) => {
    sockets.set(socket, { written: 0, since: performance.now() });
    // No data listener: it would take the data from the native parser, which costs every request more.
    socket.once('close', () => sockets.delete(socket));
  });
  const timer = setInterval(() => closeStalled(sockets, performance.now()), CHECK_INTERVAL_MS).unref();
  fastify.addHook('preClose', (done) => {
    clearInterval(timer);
    for (const socket of sockets.keys()) if (socket.bytesRead === 0) socket.destroy();
    done();
  });
}

function closeStalled(sockets: Map<Socket, Progress>, now: number): void {
  for (const [socket, seen] of sockets) {
    // Bytes that the operating system accepted count as read.
    const written = socket.bytesWritten - socket.writableLength;
    if (socket.writableLength === 0 || written !== seen.written) Object.assign(seen, { written, since: now });
    else if (now - seen.since >= UNREAD_MS) socket.destroy();
  }
}

import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Sockets at once: more than a process serves well, fewer than it has files. */
const MAX_CONNECTIONS = 10_000;
/** Who takes nothing of an answer for so long is not waited for. Milliseconds. */
const UNREAD_MS = 14_000;
const LOOK_EVERY_MS = 1_000;

/** How much a socket had taken when it last took something. */
interface Progress {
  written: number;
  since: number;
}

/**
 * So many sockets at once. One that takes nothing of what is to be sent is let go; and at the end of the process none is waited for
 * that has never asked anything, as if it were about to.
 */
export function boundConnections(fastify: FastifyInstance): void {
  const sockets = new Map<Socket, Progress>();
  const { server } = fastify;
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', (socket: Socket) => {
    sockets.set(socket, { written: 0, since: performance.now() });
    // Nobody listens for its data: a listener would take it from the parser, which costs every request more.
    socket.once('close', () => sockets.delete(socket));
  });
  const timer = setInterval(() => closeStalled(sockets, performance.now()), LOOK_EVERY_MS).unref();
  fastify.addHook('preClose', (done) => {
    clearInterval(timer);
    for (const socket of sockets.keys()) if (socket.bytesRead === 0) socket.destroy();
    done();
  });
}

function closeStalled(sockets: Map<Socket, Progress>, now: number): void {
  for (const [socket, seen] of sockets) {
    // What the system has taken from us counts as read.
    const written = socket.bytesWritten - socket.writableLength;
    if (socket.writableLength === 0 || written !== seen.written) Object.assign(seen, { written, since: now });
    else if (now - seen.since >= UNREAD_MS) socket.destroy();
  }
}

import { connect, createServer } from 'node:net';

const COMMIT = /commit\0/i;
const COMMITTED = 'COMMIT\0';
const CUT_AFTER_MS = 3;

/** One connection through the proxy, with its state. */
class Link {
  constructor(proxy, down) {
    this.down = down;
    this.committing = false;
    this.up = connect({ port: proxy.targetPort, host: '127.0.0.1' });
    for (const socket of [this.down, this.up]) {
      socket.setNoDelay(true);
      socket.on('error', () => this.end());
      socket.on('close', () => this.end());
    }
    this.down.on('data', (data) => proxy.behaviour.request(this, data, proxy));
    this.up.on('data', (data) => proxy.behaviour.answer(this, data, proxy));
    if (proxy.behaviour.stalls) this.stall();
  }

  /** Both sides see a reset. */
  reset() {
    this.down.resetAndDestroy();
    this.up.resetAndDestroy();
  }

  end() {
    this.down.destroy();
    this.up.destroy();
  }

  /** Pauses both directions, as when packets are lost: data arrives after `resume`. */
  stall() {
    this.down.pause();
    this.up.pause();
  }

  resume() {
    this.down.resume();
    this.up.resume();
  }
}

const write = (socket, data) => !socket.destroyed && socket.write(data);
const forward = (link, data) => write(link.up, data);
const back = (link, data) => write(link.down, data);

/** Handling of requests and answers, by mode. */
const BEHAVIOURS = {
  pass: { request: forward, answer: back },
  latency: {
    request: (link, data, { delayMs }) => setTimeout(() => forward(link, data), delayMs),
    answer: (link, data, { delayMs }) => setTimeout(() => back(link, data), delayMs),
  },
  blackhole: { stalls: true, request: forward, answer: back },
  reset: { resets: true, request: (link) => link.reset(), answer: (link) => link.reset() },
  /** The request arrives, its answer does not. */
  ackloss: { request: forward, answer: (link, data, proxy) => proxy.lose(link) },
  /** The request arrives, but its sender disconnects before the answer. */
  cut: {
    request: (link, data, proxy) => {
      forward(link, data);
      setTimeout(() => proxy.lose(link), CUT_AFTER_MS);
    },
    answer: back,
  },
  /** PostgreSQL commits, but its answer is lost. */
  commitloss: {
    request: (link, data, proxy) => {
      if (!link.committing && COMMIT.test(data.toString('latin1')) && proxy.mayLose())
        Object.assign(link, { committing: true, held: '' });
      forward(link, data);
    },
    answer: (link, data, proxy) => {
      if (!link.committing) return back(link, data);
      // Held back until the server has confirmed the commit.
      link.held += data.toString('latin1');
      if (link.held.includes(COMMITTED)) proxy.lose(link);
    },
  },
};

/** A TCP proxy in front of PostgreSQL, Redis or an instance, which injects faults. */
export class FaultProxy {
  constructor(targetPort) {
    this.targetPort = targetPort;
    this.behaviour = BEHAVIOURS.pass;
    this.delayMs = 0;
    this.links = new Set();
    /** Connections that were cut to lose an answer. */
    this.lost = 0;
    this.mayLose = () => true;
    this.server = createServer((socket) => this.accept(socket));
  }

  async start() {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.port = this.server.address().port;
    return this;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  accept(socket) {
    if (this.behaviour.resets) return void socket.on('error', () => undefined).resetAndDestroy();
    const link = new Link(this, socket);
    this.links.add(link);
    socket.on('close', () => this.links.delete(link));
  }

  /** @param mode a name of the table above @param options delayMs; mayLose: whether the next commit may be lost */
  setMode(mode, { delayMs = 0, mayLose = () => true } = {}) {
    this.behaviour = BEHAVIOURS[mode];
    if (!this.behaviour) throw new Error(`The proxy has no mode ${mode}.`);
    Object.assign(this, { delayMs, mayLose });
    for (const link of this.links) {
      if (this.behaviour.resets) link.reset();
      else if (this.behaviour.stalls) link.stall();
      else link.resume();
    }
  }

  heal() {
    this.setMode('pass');
  }

  lose(link) {
    this.lost++;
    link.reset();
  }

  async stop() {
    for (const link of this.links) link.end();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

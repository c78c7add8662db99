import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { freePort } from './ports.mjs';
import { pause, until } from './waiting.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const SCRIPTS = { api: 'dist/apps/api/src/main.js', worker: 'dist/apps/worker/src/main.js' };
const READY_MS = 60_000;
const PROBE_MS = 500;
const LAST_LINES = 12;
/** proc(5): times are in clock ticks, a hundred a second. */
const TICK_MS = 10;

/** An api or a worker in a child process, with its environment and a log. It keeps its port through restarts. */
export class ServiceProcess {
  constructor({ name, kind, environment, logs }) {
    Object.assign(this, { name, kind, environment });
    this.log = path.join(logs, `${name}.log`);
    this.child = null;
    /** Unexpected exits: `{ code, signal }`. */
    this.crashes = [];
    this.frozen = false;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  get running() {
    return this.child !== null && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** @returns how long it took to be ready, in milliseconds */
  async start({ wait = true } = {}) {
    this.port ??= await freePort();
    const { PATH, HOME } = process.env;
    const output = fs.openSync(this.log, 'a');
    const env = { PATH, HOME, HOST: '127.0.0.1', PORT: String(this.port), ...this.environment };
    const child = spawn(process.execPath, ['--max-semi-space-size=64', SCRIPTS[this.kind]], {
      cwd: root,
      env,
      stdio: ['ignore', output, output],
    });
    fs.closeSync(output);
    this.child = child;
    this.ending = false;
    child.once('exit', (code, signal) => {
      if (this.child === child && !this.ending) this.crashes.push({ code, signal });
    });
    return wait ? this.ready() : 0;
  }

  ready() {
    return until(
      `${this.name} is ready\n${this.lastLines()}`,
      async () => {
        if (!this.running)
          throw new Error(
            `${this.name} ended with ${this.child.exitCode ?? this.child.signalCode}:\n${this.lastLines()}`,
          );
        return this.isReady();
      },
      { withinMs: READY_MS },
    );
  }

  isReady() {
    return this.probe('/health/ready');
  }

  probe(at) {
    return fetch(this.url + at, { signal: AbortSignal.timeout(PROBE_MS) }).then(
      async (answer) => {
        await answer.arrayBuffer();
        return answer.status === 200;
      },
      () => false,
    );
  }

  /** @returns the exit code, or the signal that ended it, and how long that took */
  async end(signal) {
    if (!this.running) return { code: null, ms: 0 };
    this.ending = true;
    const { child } = this;
    const began = performance.now();
    const ended = new Promise((resolve) => child.once('exit', (code, by) => resolve(code ?? by)));
    this.thaw();
    child.kill(signal);
    const code = await ended;
    return { code, ms: Math.round(performance.now() - began) };
  }

  kill() {
    return this.end('SIGKILL');
  }

  freeze() {
    this.child.kill('SIGSTOP');
    this.frozen = true;
  }

  thaw() {
    if (this.frozen) this.child.kill('SIGCONT');
    this.frozen = false;
  }

  killNow() {
    if (!this.running) return;
    this.ending = true;
    this.child.kill('SIGKILL');
  }

  /** Resident memory in MB. */
  get memory() {
    try {
      return Math.round(
        Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${this.child.pid}/status`, 'utf8'))[1]) / 1024,
      );
    } catch {
      return 0;
    }
  }

  /** CPU time used, in milliseconds. Unlike wall-clock time it does not depend on other load on the machine. */
  get processorMs() {
    try {
      const fields = fs.readFileSync(`/proc/${this.child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
      return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
    } catch {
      return 0;
    }
  }

  get openFiles() {
    try {
      return fs.readdirSync(`/proc/${this.child.pid}/fd`).length;
    } catch {
      return 0;
    }
  }

  lastLines() {
    return fs.existsSync(this.log)
      ? fs.readFileSync(this.log, 'utf8').trim().split('\n').slice(-LAST_LINES).join('\n')
      : '';
  }

  /** The log since an earlier moment. @param from an earlier value of `logLength` */
  logSince(from) {
    return fs.readFileSync(this.log, 'utf8').slice(from);
  }

  get logLength() {
    return fs.existsSync(this.log) ? fs.readFileSync(this.log, 'utf8').length : 0;
  }
}

/** Ends them all, at the latest by force. */
export async function endAll(processes, graceMs = 5_000) {
  await Promise.all(
    processes.map(async (one) => {
      await Promise.race([one.end('SIGTERM'), pause(graceMs)]);
      one.killNow();
    }),
  );
}

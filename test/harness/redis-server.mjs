import { execFileSync, spawn } from 'node:child_process';
import { freePort } from './ports.mjs';
import { until } from './waiting.mjs';

const PROGRAMS = ['redis-server', 'valkey-server'];

/** The name of a Redis that is installed here, or null. */
export function installedRedis() {
  return (
    PROGRAMS.find((program) => {
      try {
        execFileSync(program, ['--version'], { stdio: 'ignore' });
        return true;
      } catch {
        return false;
      }
    }) ?? null
  );
}

/** A Redis of the harness's own, as it comes: nothing on disk. It keeps its port. */
export class RedisServer {
  constructor(program) {
    this.program = program;
  }

  async start() {
    this.port ??= await freePort();
    this.child = spawn(
      this.program,
      ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', '/tmp'],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    let output = '';
    this.child.stdout.on('data', (data) => (output += data));
    await until('Redis listens', () => /Ready to accept connections/.test(output));
  }

  get url() {
    return `redis://127.0.0.1:${this.port}`;
  }

  async kill() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGCONT');
    this.child.kill('SIGKILL');
    await ended;
  }

  freeze() {
    this.child.kill('SIGSTOP');
  }

  thaw() {
    this.child.kill('SIGCONT');
  }
}

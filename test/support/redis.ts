import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { freePort } from './free-port.js';

/** A Redis for a test: REDIS_URL, else a redis-server of its own. */
export interface TestRedis {
  url: string;
  /** The process, if it is the test's own: to be killed or frozen. */
  process: ChildProcess | null;
  stop(): Promise<void>;
}

function installed(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Whether tests that need Redis can run; `own`: those that do harm to it. Where nothing may be skipped, its absence is an error. */
export function redisIsThere({ own = false } = {}): boolean {
  const there = (!own && Boolean(process.env['REDIS_URL'])) || installed();
  if (!there && process.env['TESTS_MUST_NOT_SKIP'] === 'on')
    throw new Error('Neither REDIS_URL nor redis-server is there, and no test may be skipped.');
  return there;
}

/** Starts one. `own`: never the one of REDIS_URL, because the test does harm to it. */
export async function startRedis({ own = false } = {}): Promise<TestRedis> {
  const given = process.env['REDIS_URL'];
  if (given && !own) return { url: given, process: null, stop: async () => undefined };
  const port = await freePort();
  const child = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (data) => /Ready to accept connections/.test(String(data)) && resolve());
    child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)));
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    process: child,
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      }),
  };
}

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { freePort } from './free-port.js';
import { recordStderr } from './log.js';

/** A Redis for a test: the one at REDIS_URL, or a redis-server that the test starts. */
export interface TestRedis {
  url: string;
  /** The process, which the test may kill or freeze. Null: the server at REDIS_URL. */
  process: ChildProcess | null;
  stop(): Promise<void>;
}

function isInstalled(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether a test can use Redis. `own`: the test needs a redis-server that it may kill.
 * @throws Error if there is none and TESTS_MUST_NOT_SKIP is on
 */
export function isRedisAvailable({ own = false } = {}): boolean {
  const available = (!own && Boolean(process.env['REDIS_URL'])) || isInstalled();
  if (!available && process.env['TESTS_MUST_NOT_SKIP'] === 'on')
    throw new Error('REDIS_URL is not set, redis-server is not installed, and TESTS_MUST_NOT_SKIP is on.');
  return available;
}

/** Starts a redis-server, or returns the one at REDIS_URL unless `own` is set, because the test will kill it. */
export async function startRedis({ own = false } = {}): Promise<TestRedis> {
  const given = process.env['REDIS_URL'];
  if (given && !own) return { url: given, process: null, stop: async () => undefined };
  const port = await freePort();
  const child = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  recordStderr('redis-server', child);
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

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { recordStderr } from './log.js';

const root = path.resolve(import.meta.dirname, '../..');
/** A warning on standard error fails a test: its stack says where it comes from. */
const TRACE_WARNINGS = { NODE_OPTIONS: '--trace-deprecation' };

/** The built service in a separate process, started as an operator starts it. */
export interface ServiceProcess {
  url: string;
  output: () => string;
  /** Sends a signal and waits for the exit. @returns the exit code, or the signal that ended the process */
  stop(signal: NodeJS.Signals): Promise<number | string>;
}

export const temporaryFolder = (): string => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tollgate-process-'));
  fs.chmodSync(folder, 0o755);
  return folder;
};

/** Starts the service on a data folder and waits until it is ready. */
export async function startProcess(dataDir: string, environment: Record<string, string> = {}): Promise<ServiceProcess> {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, ['scripts/start.mjs'], {
    cwd: root,
    env: {
      PATH,
      HOME,
      ...TRACE_WARNINGS,
      DATA_DIR: dataDir,
      PORT: '0',
      RATE_LIMIT_PER_MINUTE: '0',
      // Without the year of sample data, during which the jobs wait.
      ...(environment['DATABASE_URL'] ? {} : { SAMPLE_DATA: 'catalogues' }),
      REQUEST_DEADLINE_MS: '20000',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (data) => (output += String(data)));
  child.stderr.on('data', (data) => (output += String(data)));
  const url = await waitForUrl(child, () => output, /API +(http:\/\/[^/\s]+)\/v1/);
  recordStderr('service', child);
  return {
    url,
    output: () => output,
    stop: (signal) =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve(child.exitCode ?? child.signalCode!);
        child.once('exit', (code, ended) => resolve(code ?? ended!));
        child.kill(signal);
      }),
  };
}

/** The programs of the build, as an operator starts them. */
export const PROGRAMS = {
  api: 'dist/apps/api/src/main.js',
  worker: 'dist/apps/worker/src/main.js',
  migrate: 'dist/migrations/migrate.js',
};

/** Runs a program that fails at its start. The build must exist. @returns its exit code and everything it printed */
export function runToExit(
  program: keyof typeof PROGRAMS,
  environment: Record<string, string>,
): Promise<{ code: number | null; output: string }> {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [PROGRAMS[program]], {
    cwd: root,
    env: { PATH, HOME, PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += String(data)));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}

/** Starts a worker (jobs, no API) in a separate process. The build must exist. */
export async function startWorker(
  databaseUrl: string,
  environment: Record<string, string> = {},
): Promise<{ pid: number; url: string; end(signal: NodeJS.Signals): Promise<void> }> {
  const { PATH, HOME } = process.env;
  const env = {
    PATH,
    HOME,
    ...TRACE_WARNINGS,
    DATABASE_URL: databaseUrl,
    PORT: '0',
    LOG_LEVEL: 'error',
    ...environment,
  };
  const child = spawn(process.execPath, ['dist/apps/worker/src/main.js'], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (data) => (output += String(data)));
  child.stderr.on('data', (data) => (output += String(data)));
  const url = await waitForUrl(child, () => output, /health on (http:\S+)\/health/);
  recordStderr('worker', child);
  return {
    pid: child.pid!,
    url,
    end: (signal) =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill(signal);
      }),
  };
}

function waitForUrl(child: ChildProcess, output: () => string, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const poll = setInterval(() => {
      const url = pattern.exec(output())?.[1];
      if (!url) return;
      clearInterval(poll);
      resolve(url);
    }, 20);
    child.once('exit', (code) => {
      clearInterval(poll);
      reject(new Error(`ended with ${code}: ${output()}`));
    });
  });
}

/** The process id of the PostgreSQL that runs on a data folder, or null. */
export function postgresPid(dataDir: string): number | null {
  try {
    const pid = Number(fs.readFileSync(path.join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
    process.kill(pid, 0);
    return pid;
  } catch {
    return null;
  }
}

/** Kills a postmaster and all of its backends. */
export function killPostmasterAndBackends(postmaster: number): void {
  const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(postmaster)])
    .toString()
    .trim()
    .split(/\s+/)
    .map(Number);
  for (const pid of [postmaster, ...children]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has already exited.
    }
  }
}

/** Kills a service and its embedded PostgreSQL with SIGKILL, as a power cut would. */
export async function killWithDatabase(service: ServiceProcess, dataDir: string): Promise<void> {
  const database = postgresPid(dataDir)!;
  const ended = service.stop('SIGKILL');
  killPostmasterAndBackends(database);
  await ended;
}

/** The superuser's URL of the embedded PostgreSQL in a data folder. */
export function embeddedUrl(dataDir: string): string {
  const [, , , port] = fs.readFileSync(path.join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n');
  const password = fs.readFileSync(path.join(dataDir, 'postgres', 'superuser.password'), 'utf8');
  return `postgres://postgres:${password}@127.0.0.1:${port}/tollgate`;
}

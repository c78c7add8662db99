import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import * as path from 'node:path';
import { type Launcher, createLauncher } from './launcher.js';

export interface EmbeddedPostgresOptions {
  /** Data folder of the cluster; created when missing. */
  dataDir: string;
  /** Omitted: a free port. */
  port?: number;
  /** Faster, but loses data in a crash: for tests only. */
  volatile?: boolean;
  settings?: Record<string, string>;
}

export interface EmbeddedPostgres {
  /** URL for the service: a role that owns the database and is no superuser, so that revoked privileges have effect. */
  url(database?: string): string;
  /** URL of the superuser, to create databases. */
  superuserUrl(database?: string): string;
  port: number;
  pid: number;
  /** False when another running process started this server; `stop` then leaves it running. */
  owned: boolean;
  stop(): Promise<void>;
}

const SUPERUSER = 'postgres';
/** Name of the role, and of its database. */
const OWNER = 'tollgate';
const OWNER_FILE = 'owner.pid';
const POLL_MS = 25;
const MAX_STOP_POLLS = 800;
const MAX_START_ATTEMPTS = 40;
const VOLATILE = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
};
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  timezone: 'UTC',
  log_timezone: 'UTC',
  max_connections: '200',
};

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Starts a PostgreSQL server on a data folder, or takes over one that a killed process left running there.
 * Several processes may call it for one folder: one of them starts the server, the others connect to it.
 * @throws Error with the server's log when it does not start
 * @example
 * const postgres = await startEmbeddedPostgres({ dataDir: '.data/postgres' });
 * const url = postgres.url();
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = path.resolve(options.dataDir);
  await fs.mkdir(path.dirname(dataDir), { recursive: true });
  const launcher = await createLauncher(dataDir);
  for (let attempt = 1; ; attempt++) {
    const running = await findRunning(dataDir);
    if (running) return attach(dataDir, running);
    try {
      return await start(launcher, dataDir, options);
    } catch (error) {
      if (attempt === MAX_START_ATTEMPTS || !(await isStartedByAnotherProcess(dataDir))) throw error;
      await sleep(POLL_MS * 10);
    }
  }
}

async function start(launcher: Launcher, dataDir: string, options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  if (!(await exists(path.join(dataDir, 'PG_VERSION')))) await initialize(launcher, dataDir, options.volatile ?? false);
  const port = options.port ?? (await freePort());
  const settings = { ...SETTINGS, ...(options.volatile ? VOLATILE : {}), ...options.settings };
  const child = launcher.spawn('postgres', [
    '-D',
    dataDir,
    '-p',
    String(port),
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]);
  await waitUntilReady(child);
  await fs.writeFile(path.join(dataDir, OWNER_FILE), String(process.pid));
  child.unref();
  (child.stderr as unknown as { unref(): void }).unref();
  const running = await findRunning(dataDir);
  return server(dataDir, { pid: running?.pid ?? child.pid!, port }, true);
}

/** Creates the cluster in a temporary folder and renames it, so that an interrupted start leaves no partial cluster. */
async function initialize(launcher: Launcher, dataDir: string, volatile: boolean): Promise<void> {
  const building = `${dataDir}.new-${process.pid}`;
  const password = randomBytes(18).toString('base64url');
  const passwordFile = `${building}.password`;
  const { uid, gid } = launcher.account;
  await fs.mkdir(building, { recursive: true, mode: 0o700 });
  await fs.writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (uid !== undefined) for (const at of [building, passwordFile]) await fs.chown(at, uid, gid!);
  try {
    const flags = [
      '-U',
      SUPERUSER,
      '-A',
      'scram-sha-256',
      '-E',
      'UTF8',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
    ];
    await waitForExit(
      launcher.spawn('initdb', [
        '-D',
        building,
        `--pwfile=${passwordFile}`,
        ...flags,
        ...(volatile ? ['--no-sync'] : []),
      ]),
    );
    await fs.writeFile(path.join(building, 'superuser.password'), password, { mode: 0o600 });
    await createOwner(launcher, building);
    await fs.rename(building, dataDir);
  } finally {
    await fs.rm(passwordFile, { force: true });
    await fs.rm(building, { recursive: true, force: true });
  }
}

/** Creates the role of the service before the server accepts connections (single-user mode: one command per line). */
async function createOwner(launcher: Launcher, dataDir: string): Promise<void> {
  const password = randomBytes(18).toString('base64url');
  const commands = `create role ${OWNER} login password '${password}'\ncreate database ${OWNER} owner ${OWNER}\n`;
  await waitForExit(launcher.spawn('postgres', ['--single', '-D', dataDir, SUPERUSER], commands));
  await fs.writeFile(path.join(dataDir, 'owner.password'), password, { mode: 0o600 });
}

async function attach(dataDir: string, running: { pid: number; port: number }): Promise<EmbeddedPostgres> {
  const owner = Number(await fs.readFile(path.join(dataDir, OWNER_FILE), 'utf8').catch(() => '0'));
  const orphaned = !isAlive(owner);
  if (orphaned) await fs.writeFile(path.join(dataDir, OWNER_FILE), String(process.pid));
  return server(dataDir, running, orphaned);
}

async function server(
  dataDir: string,
  { pid, port }: { pid: number; port: number },
  owned: boolean,
): Promise<EmbeddedPostgres> {
  const password = await fs.readFile(path.join(dataDir, 'superuser.password'), 'utf8');
  // A cluster of an older version has no separate role: the service continues as the superuser.
  const ownPassword = await fs.readFile(path.join(dataDir, 'owner.password'), 'utf8').catch(() => null);
  const superuserUrl = (database = SUPERUSER): string =>
    `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`;
  return {
    pid,
    port,
    owned,
    superuserUrl,
    url:
      ownPassword === null
        ? superuserUrl
        : (database = OWNER) => `postgres://${OWNER}:${ownPassword}@127.0.0.1:${port}/${database}`,
    stop: async () => {
      if (owned) await stopServer(pid, dataDir);
    },
  };
}

/** PostgreSQL's "fast" shutdown: sessions end, and all committed data is on disk. */
async function stopServer(pid: number, dataDir: string): Promise<void> {
  await fs.rm(path.join(dataDir, OWNER_FILE), { force: true });
  signal(pid, 'SIGINT');
  for (let poll = 0; poll < MAX_STOP_POLLS && isAlive(pid); poll++) await sleep(POLL_MS);
}

/** Reads postmaster.pid: line 1 is the process, line 4 the port, line 8 the status. */
async function findRunning(dataDir: string): Promise<{ pid: number; port: number } | null> {
  const lines = (await fs.readFile(path.join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  return isAlive(pid) && lines[7]?.trim() === 'ready' && (await isListening(port)) ? { pid, port } : null;
}

/** True when a server listens: after a crash of the machine, only its file is left. */
function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const finish = (listens: boolean) => {
      socket.destroy();
      resolve(listens);
    };
    socket.once('connect', () => finish(true)).once('error', () => finish(false));
  });
}

/** True when another process starts the server: its cluster exists, or its server is starting. */
async function isStartedByAnotherProcess(dataDir: string): Promise<boolean> {
  const [first] = (await fs.readFile(path.join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  return (
    isAlive(Number(first)) ||
    ((await exists(path.join(dataDir, 'PG_VERSION'))) && (await exists(path.join(dataDir, 'superuser.password'))))
  );
}

function waitForExit(child: ChildProcess): Promise<void> {
  let output = '';
  child.stderr?.on('data', (data) => (output += String(data)));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0
        ? resolve()
        : reject(new Error(`Creating the database under DATA_DIR failed (exit code ${code}): ${output}`)),
    );
  });
}

function waitUntilReady(child: ChildProcess): Promise<void> {
  let log = '';
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (data) => {
      log = (log + String(data)).slice(-8192);
      if (log.includes('ready to accept connections')) resolve();
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The embedded PostgreSQL exited (code ${code}): ${log}`)));
  });
}

function isAlive(pid: number): boolean {
  if (!pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // The process has exited already.
  }
}

const exists = (at: string): Promise<boolean> =>
  fs.access(at).then(
    () => true,
    () => false,
  );

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
      .once('error', reject)
      .listen(0, '127.0.0.1', () => {
        const { port } = probe.address() as { port: number };
        probe.close(() => resolve(port));
      });
  });
}

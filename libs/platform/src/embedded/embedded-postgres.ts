import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import * as path from 'node:path';
import { type Launcher, makeLauncher } from './launcher.js';

export interface EmbeddedPostgresOptions {
  /** Folder of the cluster; made when missing. */
  dataDir: string;
  /** Unset: a free one. */
  port?: number;
  /** Trades durability for speed: for tests only. */
  volatile?: boolean;
  settings?: Record<string, string>;
}

export interface EmbeddedPostgres {
  /** For the service: it owns its database and is no superuser, so that the privileges that it lacks hold for it too. */
  url(database?: string): string;
  /** For whoever makes databases. */
  superuserUrl(database?: string): string;
  port: number;
  pid: number;
  /** False when another living process started this server: then `stop` leaves it running. */
  owned: boolean;
  stop(): Promise<void>;
}

const SUPERUSER = 'postgres';
/** Both the role and its database. */
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
 * Starts a real PostgreSQL on a folder, or takes over the one that a killed process left running there.
 * Several processes may ask for the same folder: one starts the server, the others use it.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = path.resolve(options.dataDir);
  await fs.mkdir(path.dirname(dataDir), { recursive: true });
  const launcher = await makeLauncher(dataDir);
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

/** A cluster is built beside its place and moved there whole, so that a start cut short leaves nothing half made. */
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

/** Before anybody can connect (PostgreSQL, "postgres", single-user mode): each line is a command. */
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
  // A cluster from before the service had a role of its own goes on as it is.
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

/** PostgreSQL's "fast" shutdown: sessions end, everything committed is on disk. */
async function stopServer(pid: number, dataDir: string): Promise<void> {
  await fs.rm(path.join(dataDir, OWNER_FILE), { force: true });
  signal(pid, 'SIGINT');
  for (let poll = 0; poll < MAX_STOP_POLLS && isAlive(pid); poll++) await sleep(POLL_MS);
}

/** What postmaster.pid says (PostgreSQL, "postmaster.pid"): line 1 the process, 4 the port, 8 the status. */
async function findRunning(dataDir: string): Promise<{ pid: number; port: number } | null> {
  const lines = (await fs.readFile(path.join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  return isAlive(pid) && lines[7]?.trim() === 'ready' && (await isListening(port)) ? { pid, port } : null;
}

/** Tells a server from the file that one left behind when the machine went down. */
function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const answer = (listens: boolean) => {
      socket.destroy();
      resolve(listens);
    };
    socket.once('connect', () => answer(true)).once('error', () => answer(false));
  });
}

/** A start that failed because another process was quicker: its cluster is there or its server is coming up. */
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
      code === 0 ? resolve() : reject(new Error(`The cluster could not be made (${code}): ${output}`)),
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
    child.once('exit', (code) => reject(new Error(`The embedded PostgreSQL ended (${code}): ${log}`)));
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
    // It has ended already.
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

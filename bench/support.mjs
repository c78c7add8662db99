import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
/** Temporary files of this run, removed at the end. */
export const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tollgate-bench-'));
fs.chmodSync(folder, 0o755);
/** The value of a command line option, as in `--only TEXT`. */
export const option = (name) =>
  process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined;
/** `--node PATH`: the Node binary that runs the service and the baselines. */
const node = option('--node') ?? process.execPath;
/** Node flags of `npm start` and the container. The baselines run with the same flags. */
const FLAGS = ['--max-semi-space-size=64'];
const children = [];
const databases = [];

/**
 * Starts a script of the checkout `dir` and waits until its output matches `url`.
 * @returns `{ url, pid, inspector, end }`; `inspector` is the WebSocket URL with `inspect: true`
 */
export function start(script, environment, url, { dir = root, inspect = false } = {}) {
  const flags = [...FLAGS, ...(inspect ? ['--inspect=127.0.0.1:0'] : [])];
  const child = spawn(node, [...flags, path.join(dir, script)], {
    cwd: dir,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const end = () => new Promise((resolve) => child.once('exit', resolve) && child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    let output = '';
    let inspector;
    child.stderr.on('data', (data) => {
      inspector ??= /Debugger listening on (ws:\S+)/.exec(data)?.[1];
      if (!/debugger|inspector/i.test(data)) process.stderr.write(data);
    });
    child.stdout.on('data', (data) => {
      output += data;
      const found = url.exec(output)?.[1];
      if (found) resolve({ url: found, pid: child.pid, inspector, end });
    });
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}\n${output}`)));
  });
}

export async function stop() {
  await Promise.all(
    children.map(
      (child) =>
        child.exitCode === null && new Promise((resolve) => child.once('exit', resolve) && child.kill('SIGTERM')),
    ),
  );
  await Promise.all(databases.map((database) => database.stop()));
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}

export async function call(url, method, at, { token, body }) {
  const headers = {
    ...(token ? { authorization: `Bearer ${token}` } : {}),
    ...(body ? { 'content-type': 'application/json' } : {}),
  };
  const answer = await fetch(url + at, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${at}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Starts a new embedded PostgreSQL with these settings, and gives the environment of a service without jobs on it. */
export async function startDatabase(settings = {}) {
  const { startEmbeddedPostgres } = await import('../dist/libs/platform/src/embedded/embedded-postgres.js');
  const dataDir = path.join(folder, `service-${databases.length}`);
  const database = await startEmbeddedPostgres({ dataDir: path.join(dataDir, 'postgres'), settings });
  databases.push(database);
  const environment = {
    DATA_DIR: dataDir,
    DATABASE_URL: database.url(),
    PORT: '0',
    ADMIN_PASSWORD: randomBytes(18).toString('base64url'),
    RATE_LIMIT_PER_MINUTE: '0',
    WORKER: 'off',
    LOG_LEVEL: 'error',
    SAMPLE_DATA: 'off',
  };
  return { environment, pid: database.pid, superuserUrl: database.superuserUrl('tollgate') };
}

/**
 * Starts the service of the checkout `dir`, without jobs, on a new embedded PostgreSQL with these settings.
 * @returns the result of `start`, the password of the admin, and the process and URLs of the database
 */
export async function startService(settings = {}, environment = {}, options = {}) {
  const { environment: own, pid, superuserUrl } = await startDatabase(settings);
  return {
    ...(await start('scripts/start.mjs', { ...own, ...environment }, /API +(http:\/\/[^/\s]+)\/v1/, options)),
    password: own.ADMIN_PASSWORD,
    postgres: pid,
    databaseUrl: own.DATABASE_URL,
    superuserUrl,
    folder: own.DATA_DIR,
  };
}

export async function login(url, password) {
  const { accessToken } = await call(url, 'POST', '/v1/auth/login', { body: { email: 'admin@localhost', password } });
  return accessToken;
}

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
export const round = (value) => Math.round(value).toLocaleString('en');
export const machine = () =>
  `${os.cpus().length} cores, ${os.cpus()[0].model.trim()}, Node ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}, embedded PostgreSQL 18, ${new Date().toISOString().slice(0, 10)}`;

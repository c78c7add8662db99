import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tollgate-bench-'));
fs.chmodSync(folder, 0o755);
/** Node flags of `npm start` and the container. The baselines run with the same flags. */
const FLAGS = ['--max-semi-space-size=64'];
const children = [];
let stopDatabase = async () => undefined;

/** Starts a script and waits until it prints its address. @returns the address; with `ending`, `{ url, end }` */
export function start(script, environment, url, ending = false) {
  const child = spawn(process.execPath, [...FLAGS, path.join(root, script)], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const end = () => new Promise((resolve) => child.once('exit', resolve) && child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (data) => {
      output += data;
      const found = url.exec(output)?.[1];
      if (found) resolve(ending ? { url: found, end } : found);
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
  await stopDatabase();
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

/** Starts the service without jobs on a new embedded PostgreSQL with these settings. */
export async function startService(settings = {}, environment = {}) {
  const { startEmbeddedPostgres } = await import('../dist/libs/platform/src/embedded/embedded-postgres.js');
  const server = await startEmbeddedPostgres({ dataDir: path.join(folder, 'postgres'), settings });
  stopDatabase = () => server.stop();
  const password = randomBytes(18).toString('base64url');
  const own = {
    ...environment,
    DATA_DIR: folder,
    DATABASE_URL: server.url(),
    PORT: '0',
    ADMIN_PASSWORD: password,
    RATE_LIMIT_PER_MINUTE: '0',
    WORKER: 'off',
    LOG_LEVEL: 'error',
    SAMPLE_DATA: 'off',
  };
  return {
    url: await start('scripts/start.mjs', own, /API +(http:\/\/[^/\s]+)\/v1/),
    password,
    databaseUrl: server.url(),
    superuserUrl: server.superuserUrl('tollgate'),
    folder,
  };
}

export async function login(url, password) {
  const { accessToken } = await call(url, 'POST', '/v1/auth/login', { body: { email: 'admin@localhost', password } });
  return accessToken;
}

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
export const round = (value) => Math.round(value).toLocaleString('en');
export const machine = () =>
  `${os.cpus().length} cores, ${os.cpus()[0].model.trim()}, Node ${process.version}, embedded PostgreSQL 18, ${new Date().toISOString().slice(0, 10)}`;

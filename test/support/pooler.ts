import { execFileSync, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { freePort } from './free-port.js';
import { temporaryFolder } from './process.js';

/** PgBouncer in transaction mode in front of a database. */
export interface TestPooler {
  url: string;
  stop(): Promise<void>;
}

/** Whether pgbouncer is installed. @throws Error if it is missing and TESTS_MUST_NOT_SKIP is on */
export function isPoolerAvailable(): boolean {
  try {
    execFileSync('pgbouncer', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    if (process.env['TESTS_MUST_NOT_SKIP'] === 'on')
      throw new Error('pgbouncer is not installed, and TESTS_MUST_NOT_SKIP is on.');
    return false;
  }
}

/** Starts PgBouncer with few server connections, so that each is shared by many clients. */
export async function startPooler(databaseUrl: string, connections = 6): Promise<TestPooler> {
  const { hostname, port, pathname, username, password } = new URL(databaseUrl);
  const listenPort = await freePort();
  const folder = temporaryFolder();
  fs.chmodSync(folder, 0o777);
  const settings = [
    '[databases]',
    `pooled = host=${hostname} port=${port} dbname=${pathname.slice(1)} user=${username} password=${decodeURIComponent(password)}`,
    '[pgbouncer]',
    'pool_mode = transaction',
    'auth_type = any',
    'listen_addr = 127.0.0.1',
    `listen_port = ${listenPort}`,
    'unix_socket_dir =',
    `default_pool_size = ${connections}`,
    'max_client_conn = 500',
  ];
  const file = path.join(folder, 'pgbouncer.ini');
  fs.writeFileSync(file, `${settings.join('\n')}\n`, { mode: 0o644 });
  // PgBouncer refuses to run as root.
  const userFlags = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const child = spawn('pgbouncer', [...userFlags, file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (data) => {
      output += String(data);
      if (/process up/.test(output)) resolve();
    });
    child.once('exit', () => reject(new Error(output)));
  });
  return {
    url: `postgres://${username}@127.0.0.1:${listenPort}/pooled`,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => {
          fs.rmSync(folder, { recursive: true, force: true });
          resolve();
        });
        child.kill('SIGTERM');
      }),
  };
}

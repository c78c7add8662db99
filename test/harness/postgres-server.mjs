import { execFileSync } from 'node:child_process';
import * as path from 'node:path';
import pg from 'pg';
import { freePort } from './ports.mjs';
import { pause } from './waiting.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const START_TRIES = 40;
const DATABASE = 'tollgate';

/** Children of a process, as the system lists them. */
function childrenOf(pid) {
  try {
    return execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)])
      .toString()
      .trim()
      .split(/\s+/)
      .filter(Boolean)
      .map(Number);
  } catch {
    return [];
  }
}

function signal(pids, name) {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It has already exited.
    }
  }
}

/** A durable PostgreSQL with its own folder and port, which can be killed, frozen and started again. */
export class PostgresServer {
  constructor(dataDir, settings = {}) {
    this.dataDir = dataDir;
    this.settings = settings;
    this.frozen = [];
  }

  async start() {
    const { startEmbeddedPostgres } = await import(`${root}/dist/libs/platform/src/embedded/embedded-postgres.js`);
    this.port ??= await freePort();
    for (let attempt = 1; ; attempt++) {
      try {
        this.server = await startEmbeddedPostgres({ dataDir: this.dataDir, port: this.port, settings: this.settings });
        break;
      } catch (error) {
        if (attempt === START_TRIES) throw error;
        // Backends of a killed postmaster may still use its shared memory.
        await pause(100);
      }
    }
    this.pool ??= this.newPool();
  }

  /** The URL with the service's role, which is no superuser. @param through a fault proxy */
  url({ through, database = DATABASE } = {}) {
    return this.at(this.server.url(database), through);
  }

  superuserUrl(database = DATABASE) {
    return this.server.superuserUrl(database);
  }

  at(url, through) {
    return through ? Object.assign(new URL(url), { port: String(through.port) }).href : url;
  }

  newPool() {
    const pool = new pg.Pool({
      connectionString: this.superuserUrl(),
      max: 4,
      application_name: 'harness',
      connectionTimeoutMillis: 5_000,
    });
    pool.on('error', () => undefined);
    pool.on('connect', (client) => client.on('error', () => undefined));
    return pool;
  }

  /** Runs SQL as a superuser. */
  async query(sql, parameters = []) {
    return (await this.pool.query(sql, parameters)).rows;
  }

  async value(sql, parameters = []) {
    const [row] = await this.query(sql, parameters);
    return Object.values(row)[0];
  }

  get processes() {
    return [this.server.pid, ...childrenOf(this.server.pid)];
  }

  isAlive() {
    try {
      process.kill(this.server.pid, 0);
      return true;
    } catch {
      return false;
    }
  }

  /** Kills the postmaster and all backends, as a power cut does. */
  async kill() {
    const pids = this.processes;
    signal(pids, 'SIGKILL');
    while (this.isAlive()) await pause(5);
  }

  /** An orderly restart, which ends all sessions: `pg_ctl restart -m fast`. */
  async restart() {
    await this.server.stop();
    await this.start();
  }

  freeze() {
    this.frozen = this.processes;
    signal(this.frozen, 'SIGSTOP');
  }

  thaw() {
    signal(this.frozen, 'SIGCONT');
    this.frozen = [];
  }

  /** Ends every session of the service, one after the other. */
  async terminateSessions() {
    const rows = await this.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and application_name <> 'harness'`,
    );
    return rows.length;
  }

  async stop() {
    this.thaw();
    await this.pool?.end().catch(() => undefined);
    await this.server?.stop();
  }

  killNow() {
    if (this.server) signal(this.processes, 'SIGKILL');
  }
}

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { PostgresServer } from './postgres-server.mjs';
import { endAll, ServiceProcess } from './service-process.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const MIGRATE_MS = 60_000;

/** One PostgreSQL and any number of service processes on it, each of which can be stopped, killed and frozen. */
export class Cluster {
  constructor() {
    if (!fs.existsSync(path.join(root, 'dist', 'apps', 'api', 'src', 'main.js')))
      throw new Error('dist/ has no build: run "npm run build" first.');
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'harness-'));
    // PostgreSQL runs as another account when root starts it.
    fs.chmodSync(this.folder, 0o755);
    this.logs = path.join(this.folder, 'logs');
    fs.mkdirSync(this.logs);
    this.postgres = new PostgresServer(path.join(this.folder, 'postgres'));
    this.processes = [];
    this.password = randomBytes(18).toString('base64url');
    this.secret = randomBytes(32).toString('base64url');
  }

  /** Production settings, with a migrated schema. @param through a fault proxy in front of the database */
  environment({ through, database, ...own } = {}) {
    return {
      NODE_ENV: 'production',
      DATABASE_URL: (database ?? this.postgres).url({ through }),
      SECRET_KEY: this.secret,
      ADMIN_PASSWORD: this.password,
      DATA_DIR: path.join(this.folder, 'data'),
      RATE_LIMIT_PER_MINUTE: '0',
      WORKER: 'off',
      SAMPLE_DATA: 'off',
      SANDBOX_PAYMENTS: 'on',
      LOG_LEVEL: 'warn',
      WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1',
      ...own,
    };
  }

  /** Brings the schema up to date, as `npm run migrate` does. */
  migrate(url = this.postgres.url()) {
    return promisify(execFile)(process.execPath, ['dist/migrations/migrate.js'], {
      cwd: root,
      env: { PATH: process.env.PATH, DATABASE_URL: url },
      timeout: MIGRATE_MS,
    });
  }

  /** Creates a process without starting it. @param environment values that differ from those of all processes */
  make(kind, name, environment = {}) {
    const made = new ServiceProcess({ name, kind, environment: this.environment(environment), logs: this.logs });
    this.processes.push(made);
    return made;
  }

  async start(kind, name, environment) {
    const made = this.make(kind, name, environment);
    await made.start();
    return made;
  }

  /** Ends a process and removes it from the list. */
  async dismiss(one, signal = 'SIGTERM') {
    await one.end(signal);
    this.processes = this.processes.filter((other) => other !== one);
  }

  async stop({ keepLogs = false } = {}) {
    await endAll(this.processes);
    await this.postgres.stop();
    if (!keepLogs) fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    else
      fs.rmSync(path.join(this.folder, 'postgres'), { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }

  /** Kills all processes immediately, for the exit of this process. */
  killNow() {
    for (const one of this.processes) one.killNow();
    this.postgres.killNow();
  }
}

import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Logger } from '@nestjs/common';
import type { Config } from '@app/platform';
import { ACCOUNTS } from './accounts.js';
import { CUSTOMERS, PORTAL_CUSTOMER, PRODUCT } from './lives.js';
import { DAYS, type Report } from './load-year.js';
import { SimulatedClock } from './simulated-clock.js';
import { readState, type SampleState, writeState } from './sample-state.js';

const PROGRAM = path.join(import.meta.dirname, 'year-process.js');
/** A line of progress for each of these parts of the year. */
const QUARTER = Math.ceil(DAYS / 4);

/**
 * A year of sample data, loaded by a second process while the service answers already. It needs a database without
 * other data, so it is begun only with a new embedded one. An interrupted load continues with the next start.
 */
export class SampleYear {
  /** Resolves when the jobs may run: they would apply immediately all that the load does day by day. */
  readonly released: Promise<void>;
  private readonly logger = new Logger('SampleYear');
  private release: () => void = () => undefined;
  private child: ChildProcess | null = null;

  private constructor(
    private readonly config: Config,
    readonly state: SampleState,
  ) {
    this.released = new Promise((resolve) => (this.release = resolve));
    if (state.state !== 'loading') this.release();
  }

  /** Call it before the start of the database: the sample needs a new one. @returns null without such a sample */
  static of(config: Config): SampleYear | null {
    if (!config.sampleYear) return null;
    const known = readState(config.dataDir);
    if (known) return new SampleYear(config, known);
    if (fs.existsSync(path.join(config.dataDir, 'postgres'))) return null;
    const password = randomBytes(15).toString('base64url');
    const state: SampleState = {
      endsAt: new SimulatedClock().now().toISOString(),
      password,
      apiKey: null,
      day: 0,
      state: 'loading',
    };
    return new SampleYear(config, state);
  }

  /** Stores the begin of the load. Call it after the start of the database, which checks the folder. */
  begin(): void {
    if (!readState(this.config.dataDir)) writeState(this.config.dataDir, this.state);
  }

  /** Loads what is left of the year. @returns false when it failed: the service continues with the loaded part */
  async load(print: (line: string) => void): Promise<boolean> {
    if (this.state.state !== 'loading') return this.state.state === 'loaded';
    const code = await this.run((report) => {
      if ('leftOut' in report) this.logger.debug(`A step of the sample was left out: ${report.leftOut}`);
      else if (report.days % QUARTER === 0) print(`Sample data: ${report.days} of ${DAYS} days`);
    });
    const loaded = code === 0;
    if (!loaded) this.logger.warn('The sample data is incomplete. Delete DATA_DIR to begin again.');
    writeState(this.config.dataDir, { ...readState(this.config.dataDir)!, state: loaded ? 'loaded' : 'failed' });
    this.release();
    return loaded;
  }

  /** The accounts of the sample, and a link to the portal of a customer. @param url of this service */
  async text(url: string): Promise<string> {
    const link = await this.portalLink(url);
    const accounts = Object.values(ACCOUNTS).map(({ role, email }) => `  ${role.padEnd(15)} ${email}`);
    return [
      `Sample data: ${CUSTOMERS} customers of the product ${PRODUCT}, with a year of subscriptions, usage and invoices.`,
      `Accounts, password ${this.state.password}:`,
      ...accounts,
      ...(link ? [`The portal of ${PORTAL_CUSTOMER} (valid once, for 15 minutes):`, `  ${link}`] : []),
      '',
    ].join('\n');
  }

  /** @returns null when the customer or the API key of the sample was deleted */
  private async portalLink(url: string): Promise<string | null> {
    const { apiKey } = readState(this.config.dataDir)!;
    const answer = await fetch(`${url}/v1/portal-sessions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ customer: PORTAL_CUSTOMER, product: PRODUCT }),
    });
    if (!answer.ok) return null;
    const link = (await answer.json()) as { url: string };
    return `${url}/portal${new URL(link.url).hash}`;
  }

  /** Ends the second process; the next start continues. */
  stop(): void {
    this.child?.removeAllListeners('exit').kill('SIGKILL');
  }

  private run(reported: (report: Report) => void): Promise<number | null> {
    const child = fork(PROGRAM, {
      env: {
        ...process.env,
        DATABASE_URL: this.config.requireDatabaseUrl(),
        DATA_DIR: this.config.dataDir,
        RATE_LIMIT_PER_MINUTE: '0',
        REQUIRE_SECOND_FACTOR: 'off',
        PASSWORD_LOGIN: 'on',
        SANDBOX_PAYMENTS: 'on',
        REDIS_URL: '',
        REQUEST_DEADLINE_MS: '600000',
        DATABASE_CONNECTIONS: '8',
        WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1',
        LOG_LEVEL: 'error',
        SIGNING_KEY_DAYS: '365',
        PORT: String(this.config.port),
      },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.child = child;
    child.on('message', reported);
    return new Promise((resolve) => child.once('exit', resolve));
  }
}

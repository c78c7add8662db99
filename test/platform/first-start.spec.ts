import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import { createServer, type Server } from 'node:net';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '../support/free-port.js';
import { createEmptyDatabase, type EmptyDatabase } from '../support/empty-database.js';
import { PROGRAMS, runToExit, type ServiceProcess, startProcess, temporaryFolder } from '../support/process.js';

const PASSWORD = 'correct horse battery staple';
const EVERY = Object.keys(PROGRAMS) as (keyof typeof PROGRAMS)[];
const SERVERS = ['api', 'worker'] as const;

/** The lines that a failed start prints: one, or the first of several. */
interface Failure {
  code: number | null;
  output: string;
}

describe('the first start', () => {
  let database: EmptyDatabase;
  const folders: string[] = [];
  const running: ServiceProcess[] = [];
  const folder = (): string => {
    folders.push(temporaryFolder());
    return folders.at(-1)!;
  };
  const start = async (environment: Record<string, string>): Promise<ServiceProcess> => {
    const service = await startProcess(folder(), { ADMIN_PASSWORD: PASSWORD, ...environment });
    running.push(service);
    return service;
  };
  const urlWith = (changes: Partial<URL>): string => Object.assign(new URL(database.url), changes).href;

  beforeAll(async () => {
    database = await createEmptyDatabase();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((service) => service.stop('SIGTERM')));
  });
  afterAll(async () => {
    await database.drop();
    for (const at of folders) fs.rmSync(at, { recursive: true, force: true });
  });

  /** Each program ends with one line that names the setting, and without a stack or the password. */
  async function expectFailure(
    programs: readonly (keyof typeof PROGRAMS)[],
    environment: Record<string, string>,
    text: RegExp,
  ): Promise<void> {
    const settings = { DATA_DIR: folder(), SECRET_KEY: 'k3y-of-the-tests-0123456789-abcdefghijklmnop', ...environment };
    const failures: Failure[] = await Promise.all(programs.map((program) => runToExit(program, settings)));
    for (const { code, output } of failures) {
      const [line = ''] = output.trim().split('\n').slice(-1);
      expect(line).toMatch(text);
      expect(output).not.toMatch(/\n\s+at |node:internal/);
      const { password } = new URL(environment['DATABASE_URL'] ?? database.url);
      expect(output).not.toContain(password);
      expect(code).toBe(1);
    }
  }

  it('without a server at DATABASE_URL says what to start or to correct', async () => {
    const port = await freePort();
    await expectFailure(
      EVERY,
      { DATABASE_URL: `postgres://tollgate:not-shown@127.0.0.1:${port}/tollgate` },
      new RegExp(`^No PostgreSQL listens on 127.0.0.1:${port}. Start it, or correct host and port in DATABASE_URL.`),
    );
    await expectFailure(
      ['migrate'],
      { DATABASE_URL: `postgres://tollgate:not-shown@localhost:${port}/tollgate` },
      /^No PostgreSQL listens on localhost:\d+. .*\(.*ECONNREFUSED/,
    );
    await expectFailure(
      EVERY,
      { DATABASE_URL: 'postgres://tollgate:not-shown@absent.invalid/tollgate' },
      /^The host of absent.invalid:5432 .*DATABASE_URL/,
    );
  }, 60_000);

  it(
    'with a wrong password names the user and DATABASE_URL',
    () =>
      expectFailure(
        EVERY,
        { DATABASE_URL: urlWith({ password: 'a-wrong-secret' }) },
        /does not accept the password of the user "tollgate". Correct user and password in DATABASE_URL/,
      ),
    60_000,
  );

  it(
    'with a database that does not exist says how to create it',
    () =>
      expectFailure(
        EVERY,
        { DATABASE_URL: urlWith({ pathname: '/not_created' }) },
        /^The database "not_created" does not exist .*create database "not_created" owner "tollgate".*DATABASE_URL/,
      ),
    60_000,
  );

  it('with a user without privileges says who must own the database', async () => {
    const name = new URL(database.url).pathname.slice(1);
    const superuser = new URL(process.env['TEST_SUPERUSER_URL']!);
    const psql = await import('pg').then(({ default: pg }) => new pg.Client({ connectionString: superuser.href }));
    await psql.connect();
    await psql.query(`drop role if exists weak; create role weak login password 'weak-secret'`);
    try {
      await expectFailure(
        EVERY,
        { DATABASE_URL: urlWith({ username: 'weak', password: 'weak-secret' }) },
        new RegExp(`^The user "weak" of DATABASE_URL may not .*alter database "${name}" owner to "weak"`),
      );
    } finally {
      await psql.query('drop role weak');
      await psql.end();
    }
  }, 60_000);

  it('on a PostgreSQL that is too old says which version it needs', async () => {
    const old = await createEmptyDatabase();
    await old.client.query('create schema shadow');
    // The service reads the version with current_setting: a function of this name comes first in the search path.
    await old.client.query(
      `create function shadow.current_setting(name text) returns text language sql as
       $$ select case name when 'server_version_num' then '140011' else pg_catalog.current_setting(name) end $$`,
    );
    const name = new URL(old.url).pathname.slice(1);
    await old.client.query(`alter database ${name} set search_path = shadow, pg_catalog, public`);
    try {
      await expectFailure(
        EVERY,
        { DATABASE_URL: old.url },
        /^DATABASE_URL is PostgreSQL 14; Tollgate needs 15 or newer./,
      );
      await expectFailure(
        ['api'],
        { DATABASE_URL: old.url, NODE_ENV: 'production', SECRET_KEY: 'q8Zr1vXw5uTn3yLk7pMd2sGh9cFb4aJe' },
        /^DATABASE_URL is PostgreSQL 14; Tollgate needs 15 or newer./,
      );
    } finally {
      await old.drop();
    }
  }, 60_000);

  it('on a port in use names the port and PORT', async () => {
    const holder: Server = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as { port: number };
    try {
      await expectFailure(
        SERVERS,
        { DATABASE_URL: database.url, PORT: String(port) },
        new RegExp(`^Port ${port} on 127.0.0.1 is in use by another process. .*set PORT to a free port`),
      );
      await expectFailure(
        SERVERS,
        { DATABASE_URL: database.url, HOST: '192.0.2.1', PORT: String(port) },
        /^192.0.2.1 is no address of this machine. Set HOST/,
      );
    } finally {
      holder.close();
    }
  }, 60_000);

  it('with a DATA_DIR that cannot be written names the folder and the reason', async () => {
    const file = path.join(folder(), 'a-file');
    fs.writeFileSync(file, '');
    // With a SECRET_KEY, only the embedded database uses the folder.
    for (const SECRET_KEY of ['', 'k3y-of-the-tests-0123456789-abcdefghijklmnop'])
      await expectFailure(
        SERVERS,
        { DATA_DIR: file, SECRET_KEY },
        /^DATA_DIR \/.*\/a-file cannot be used: it is not a folder. Set DATA_DIR to a writable folder./,
      );
  }, 60_000);

  it('names variables that resemble a setting, also where the setting is missing', async () => {
    await expectFailure(
      SERVERS,
      { NODE_ENV: 'production', DATABSE_URL: database.url, SECRET_KEY: 'q8Zr1vXw5uTn3yLk7pMd2sGh9cFb4aJe' },
      /^DATABSE_URL is no setting and is ignored. Did you mean DATABASE_URL\?$/,
    );
    const service = await start({ DATABASE_URL: database.url, RATE_LIMIT_PER_MIN: '5', DATABASE_USER: 'me' });
    expect(service.output()).toContain(
      'RATE_LIMIT_PER_MIN is no setting and is ignored. Did you mean RATE_LIMIT_PER_MINUTE?',
    );
    expect(service.output()).not.toContain('DATABASE_USER');
  }, 60_000);

  it('with a wrong REDIS_URL works, and names it in the log', async () => {
    const port = await freePort();
    const service = await start({ DATABASE_URL: database.url, REDIS_URL: `redis://:not-shown@127.0.0.1:${port}` });
    expect(service.output()).toMatch(new RegExp(`Redis \\(REDIS_URL, 127.0.0.1:${port}\\) does not answer`));
    expect(service.output()).not.toContain('not-shown');
  }, 60_000);

  it.each([
    ['an own database without sample data', 'first-try', {}],
    ['an own database with sample data', 'api', { SAMPLE_DATA: 'on' }],
  ])(
    'on %s prints lines that work',
    async (_, product, environment) => {
      const fresh = await createEmptyDatabase();
      try {
        const service = await start({ DATABASE_URL: fresh.url, ADMIN_PASSWORD: '', ...environment });
        const lines = service.output().split('\n');
        const first = lines.findIndex((line) => line.startsWith('Try it'));
        const script = lines.slice(
          first + 1,
          lines.findIndex((line) => line.startsWith('The sixth call')),
        );
        const { stdout } = await promisify(execFile)('bash', ['-e', '-c', script.join('\n')]);
        const allowed = [...stdout.matchAll(/"allowed":(true|false)/g)].map(([, answer]) => answer);
        const five = Array.from({ length: 5 }, () => 'true');
        expect({ allowed, stdout }).toEqual({ allowed: [...five, 'false'], stdout });
        expect(stdout).toContain('"reason":"limit_reached"');
        expect(script.join('\n')).toContain(`"product":"${product}"`);
        await service.stop('SIGTERM');
        running.splice(0);
      } finally {
        await fresh.drop();
      }
    },
    60_000,
  );
});

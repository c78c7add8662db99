import * as os from 'node:os';
import * as path from 'node:path';
import type { Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test, type TestingModule, type TestingModuleBuilder } from '@nestjs/testing';
import type pg from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { Clock } from '@app/kernel';
import { Config, PipelinedDatabase } from '@app/platform';
import { AppModule } from '../../apps/api/src/app.module.js';
import { createAdapter, prepare } from '../../apps/api/src/create-app.js';
import { BootstrapData } from '../../apps/api/src/bootstrap-data.js';
import { WorkerModule } from '../../apps/worker/src/worker.module.js';
import { documentOfBuild, validateLater } from './contract.js';
import { AnswerSchemas } from '../../apps/api/src/http/routes/answer-schemas.js';
import { RouteCompiler } from '../../apps/api/src/http/routes/route-compiler.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { allowLog, TestLog } from './log.js';

export const ADMIN = { email: 'admin@localhost', password: 'correct horse battery staple' };

/** SECRET_KEY of every service in the tests, so that services on one database accept each other's tokens. */
export const SECRET_KEY = 'k3y-of-the-tests-0123456789-abcdefghijklmnop';

/** A clock that changes only when the test sets it. */
export class TestClock extends Clock {
  private at = Date.now();

  now(): Date {
    return new Date(this.at);
  }

  set(at: string | Date): void {
    this.at = new Date(at).getTime();
  }

  advance(ms: number): void {
    this.at += ms;
  }
}

/** Both ways in which a route can run: a service is started for each. */
export const WAYS = [
  { way: 'on compiled routes', compiled: true },
  { way: "in Nest's own way", compiled: false },
];

export interface ApiResponse<T = any> {
  status: number;
  headers: Headers;
  body: T;
}

export interface CallOptions {
  token?: string | null;
  body?: unknown;
  headers?: Record<string, string>;
}

export type Call = (method: string, path: string, options?: CallOptions) => Promise<ApiResponse>;

/** A running service with its own database. */
export interface TestApp {
  app: NestFastifyApplication;
  url: string;
  call: Call;
  /** Calls as the admin. */
  admin: Call;
  adminToken: string;
  stop(): Promise<void>;
}

export interface AppOptions {
  database: TestDatabase;
  clock?: Clock;
  environment?: Record<string, string>;
  /** True: jobs run on their schedule. False (default): the test runs the jobs that it needs. */
  worker?: boolean;
  /** False: routes run in Nest's own way, not compiled. */
  compiled?: boolean;
  /** More modules of the service, for example with a controller of the test. */
  extra?: Type[];
  /** Replaces providers, for example with a broken one to prove that a test can fail. */
  customize?: (module: TestingModuleBuilder) => TestingModuleBuilder;
}

/** So that a busy machine does not fail a test. Deadlines and slow queries have separate tests. */
const FOR_BUSY_MACHINES = { REQUEST_DEADLINE_MS: '20000', SLOW_REQUEST_MS: '600000', SLOW_QUERY_MS: '600000' };
const ENVIRONMENT = {
  ...FOR_BUSY_MACHINES,
  RATE_LIMIT_PER_MINUTE: '0',
  WORKER: 'off',
  SAMPLE_DATA: 'on',
  SECRET_KEY,
  LOG_LEVEL: 'error',
};

export async function startApp({
  database,
  clock,
  environment = {},
  worker = false,
  compiled = true,
  extra = [],
  customize = (module) => module,
}: AppOptions): Promise<TestApp> {
  const config = new Config({
    ...ENVIRONMENT,
    DATABASE_URL: database.url,
    DATA_DIR: path.join(os.tmpdir(), 'tollgate-test-data'),
    ADMIN_PASSWORD: ADMIN.password,
    ...environment,
  });
  // On a busy machine a job starts late, and the scheduler says so.
  if (worker) allowLog(/\[Cron\] Missed execution deadline/);
  let builder = Test.createTestingModule({
    imports: [AppModule.forRoot(config, [...(worker ? [WorkerModule] : []), ...extra])],
  });
  if (clock) builder = builder.overrideProvider(Clock).useValue(clock);
  const module = await customize(builder).compile();
  waitForConnections(module);
  const app = module.createNestApplication<NestFastifyApplication>(createAdapter(config), {
    logger: new TestLog(),
    bodyParser: false,
  });
  try {
    await prepare(app, { compiled });
  } catch (error) {
    await app.close();
    throw error;
  }
  await app.init();
  app.get(RouteCompiler).useSchemas(new AnswerSchemas(documentOfBuild(), true));
  await app.get(BootstrapData).run();
  await app.listen(0, '127.0.0.1');
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  const call = createCall(url);
  const { body } = await call('POST', '/v1/auth/login', { body: ADMIN });
  const adminToken = body.accessToken as string;
  return {
    app,
    url,
    call,
    adminToken,
    admin: (method, at, options = {}) => call(method, at, { token: adminToken, ...options }),
    stop: () => app.close(),
  };
}

/** Lets requests wait for a connection of a pool as long as for their deadline: on a busy machine it comes late. */
function waitForConnections(module: TestingModule): void {
  const { master } = module.get(DataSource, { strict: false }).driver as PostgresDriver;
  for (const pool of [master as pg.Pool, module.get(PipelinedDatabase, { strict: false })['pool']])
    pool.options.connectionTimeoutMillis = Number(FOR_BUSY_MACHINES.REQUEST_DEADLINE_MS);
}

/** The body of an answer that must be a success. @throws Error with the body of any other */
export async function ok(answer: Promise<ApiResponse>): Promise<any> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(JSON.stringify(body));
  return body;
}

/**
 * A function that sends JSON requests to a service. Without a token they are anonymous. Every answer must be in the
 * OpenAPI document.
 */
export function createCall(url: string): Call {
  return async (method, at, { token, body, headers = {} } = {}) => {
    const response = await fetch(url + at, {
      method,
      redirect: 'manual',
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...headers,
      },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const contentType = response.headers.get('content-type');
    // An event stream never ends, so its body is not read.
    const endless = contentType === 'text/event-stream';
    const text = endless ? '' : await response.text();
    if (endless) await response.body?.cancel();
    validateLater({ method, at, status: response.status, contentType, body: endless ? null : text });
    const json = /[/+]json/.test(contentType ?? '');
    return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
  };
}

/** One service and its database for a test file. */
export async function startService(
  options: Omit<AppOptions, 'database'> = {},
): Promise<TestApp & { database: TestDatabase }> {
  const database = await createTestDatabase();
  const service = await startApp({ database, ...options });
  return {
    ...service,
    database,
    stop: async () => {
      await service.stop();
      await database.drop();
    },
  };
}

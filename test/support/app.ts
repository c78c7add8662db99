import * as os from 'node:os';
import * as path from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { Clock } from '@app/kernel';
import { Config } from '@app/platform';
import { AppModule } from '../../apps/api/src/app.module.js';
import { createAdapter, prepare } from '../../apps/api/src/create-app.js';
import { BootstrapData } from '../../apps/api/src/bootstrap-data.js';
import { WorkerModule } from '../../apps/worker/src/worker.module.js';
import { validateLater } from './contract.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { TestLog } from './log.js';

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
  customize = (module) => module,
}: AppOptions): Promise<TestApp> {
  const config = new Config({
    ...ENVIRONMENT,
    DATABASE_URL: database.url,
    DATA_DIR: path.join(os.tmpdir(), 'tollgate-test-data'),
    ADMIN_PASSWORD: ADMIN.password,
    ...environment,
  });
  let builder = Test.createTestingModule({ imports: [AppModule.forRoot(config, worker ? [WorkerModule] : [])] });
  if (clock) builder = builder.overrideProvider(Clock).useValue(clock);
  const module = await customize(builder).compile();
  const app = module.createNestApplication<NestFastifyApplication>(createAdapter(config), {
    logger: new TestLog(),
    bodyParser: false,
  });
  await prepare(app);
  await app.init();
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

/**
 * A function that sends JSON requests to a service. Without a token they are anonymous. Every answer must be in the
 * OpenAPI document.
 */
export function createCall(url: string): Call {
  return async (method, at, { token, body, headers = {} } = {}) => {
    const response = await fetch(url + at, {
      method,
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

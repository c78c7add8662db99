import * as fs from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createCall } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { postgresPid, type ServiceProcess, startProcess, temporaryFolder } from '../support/process.js';

const PASSWORD = 'correct horse battery staple';

/** Starts services on a data folder. The cleanup stops those that still run, and their database. */
class Installation {
  readonly dataDir = temporaryFolder();
  private readonly started: ServiceProcess[] = [];

  async start(environment: Record<string, string> = {}): Promise<ServiceProcess> {
    const service = await startProcess(this.dataDir, { ADMIN_PASSWORD: PASSWORD, ...environment });
    this.started.push(service);
    return service;
  }

  async remove(): Promise<void> {
    await Promise.all(this.started.map((service) => service.stop('SIGTERM')));
    const left = postgresPid(this.dataDir);
    if (left) process.kill(left, 'SIGINT');
    fs.rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

const login = async ({ url }: ServiceProcess): Promise<string> => {
  const { body } = await createCall(url)('POST', '/v1/auth/login', {
    body: { email: 'admin@localhost', password: PASSWORD },
  });
  return body.accessToken;
};

describe('the service as a process, again and again on one data folder', () => {
  let installation: Installation;
  let service: ServiceProcess;
  let token: string;
  const expectDataKept = async (): Promise<void> => {
    // The token is still valid: the signing key and the session were kept too.
    expect((await createCall(service.url)('GET', '/v1/customers/kept', { token })).status).toBe(200);
  };

  beforeAll(async () => {
    installation = new Installation();
    service = await installation.start();
    token = await login(service);
    await createCall(service.url)('PUT', '/v1/customers/kept', { token, body: { product: 'api' } });
  }, 60_000);
  afterAll(() => installation.remove());

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'keeps its data over a stop by %s and stops its database',
    async (signal) => {
      expect(await service.stop(signal)).toBe(0);
      expect(postgresPid(installation.dataDir)).toBeNull();
      service = await installation.start();
      await expectDataKept();
    },
    60_000,
  );

  it('reuses its database after kill -9 with all acknowledged data', async () => {
    expect(await service.stop('SIGKILL')).toBe('SIGKILL');
    const orphan = postgresPid(installation.dataDir);
    expect(orphan).not.toBeNull();
    service = await installation.start();
    expect(postgresPid(installation.dataDir)).toBe(orphan);
    await expectDataKept();
    expect(await service.stop('SIGTERM')).toBe(0);
    expect(postgresPid(installation.dataDir)).toBeNull();
  }, 60_000);

  it('reports not ready when its database is gone, and keeps running', async () => {
    service = await installation.start();
    const call = createCall(service.url);
    process.kill(postgresPid(installation.dataDir)!, 'SIGQUIT');
    const ready = await eventually(
      () => call('GET', '/health/ready'),
      ({ status }) => status === 503,
    );
    expect(ready.body.code).toBe('database_unavailable');
    expect(ready.headers.get('retry-after')).toBeTruthy();
    expect((await call('GET', '/health/live')).status).toBe(200);
    // This process has not read the signing keys yet: a 401 would log the caller out.
    expect((await call('GET', '/v1/customers/absent', { token })).status).toBe(503);
    expect((await call('GET', '/health/live')).status).toBe(200);
  }, 60_000);
});

describe('the service as a process on an empty data folder', () => {
  let installation: Installation;

  beforeEach(() => {
    installation = new Installation();
  });
  afterEach(() => installation.remove());

  it('two processes that start concurrently share one database', async () => {
    const [one, other] = await Promise.all([installation.start(), installation.start()]);
    const token = await login(one);
    await createCall(one.url)('PUT', '/v1/customers/shared', { token, body: { product: 'api' } });
    expect((await createCall(other.url)('GET', '/v1/customers/shared', { token })).status).toBe(200);
  }, 60_000);

  it('prints the drawn password of the first admin once, and the next steps', async () => {
    const first = await installation.start({ ADMIN_PASSWORD: '' });
    const drawn = /password (\S{20})/.exec(first.output())![1]!;
    const { status } = await createCall(first.url)('POST', '/v1/auth/login', {
      body: { email: 'admin@localhost', password: drawn },
    });
    expect(status).toBe(200);
    for (const hint of ['/docs', '/health/ready', '/v1/usage/consume', 'Samples'])
      expect(first.output()).toContain(hint);
    await first.stop('SIGTERM');
    const second = await installation.start({ ADMIN_PASSWORD: '' });
    expect(second.output()).not.toContain(drawn);
  }, 60_000);

  it('refuses to start in production without its own secrets', async () => {
    await expect(installation.start({ NODE_ENV: 'production', ADMIN_PASSWORD: '' })).rejects.toThrow(
      /DATABASE_URL[\s\S]*SECRET_KEY/,
    );
  }, 30_000);
});

import * as fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createCall } from '../support/app.js';
import { postgresPid, type ServiceProcess, startProcess, temporaryFolder } from '../support/process.js';

const PASSWORD = 'correct horse battery staple';

describe('the service as a process', () => {
  let dataDir: string;
  const running: ServiceProcess[] = [];
  const start = async (environment: Record<string, string> = {}): Promise<ServiceProcess> => {
    const service = await startProcess(dataDir, { ADMIN_PASSWORD: PASSWORD, ...environment });
    running.push(service);
    return service;
  };
  const login = async ({ url }: ServiceProcess): Promise<string> => {
    const { body } = await createCall(url)('POST', '/v1/auth/login', {
      body: { email: 'admin@localhost', password: PASSWORD },
    });
    return body.accessToken;
  };

  beforeEach(() => {
    dataDir = temporaryFolder();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((service) => service.stop('SIGTERM')));
    const left = postgresPid(dataDir);
    if (left) process.kill(left, 'SIGINT');
    fs.rmSync(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'keeps its data over a stop by %s and stops its database',
    async (signal) => {
      const first = await start();
      const token = await login(first);
      await createCall(first.url)('PUT', '/v1/customers/kept', { token, body: { product: 'api' } });
      expect(await first.stop(signal)).toBe(0);
      expect(postgresPid(dataDir)).toBeNull();
      const second = await start();
      // The token is still valid: the signing key and the session were kept too.
      expect((await createCall(second.url)('GET', '/v1/customers/kept', { token })).status).toBe(200);
      expect(await second.stop(signal)).toBe(0);
    },
    60_000,
  );

  it('reuses its database after kill -9 with all acknowledged data', async () => {
    const first = await start();
    const token = await login(first);
    await createCall(first.url)('PUT', '/v1/customers/kept', { token, body: { product: 'api' } });
    expect(await first.stop('SIGKILL')).toBe('SIGKILL');
    const orphan = postgresPid(dataDir);
    expect(orphan).not.toBeNull();
    const second = await start();
    expect(postgresPid(dataDir)).toBe(orphan);
    expect((await createCall(second.url)('GET', '/v1/customers/kept', { token })).status).toBe(200);
    expect(await second.stop('SIGTERM')).toBe(0);
    expect(postgresPid(dataDir)).toBeNull();
  }, 60_000);

  it('two processes that start concurrently share one database', async () => {
    const [one, other] = await Promise.all([start(), start()]);
    const token = await login(one);
    await createCall(one.url)('PUT', '/v1/customers/shared', { token, body: { product: 'api' } });
    expect((await createCall(other.url)('GET', '/v1/customers/shared', { token })).status).toBe(200);
  }, 60_000);

  it('reports not ready when its database is gone, and keeps running', async () => {
    const service = await start();
    const call = createCall(service.url);
    const token = await login(service);
    process.kill(postgresPid(dataDir)!, 'SIGQUIT');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await call('GET', '/health/live')).status).toBe(200);
    const ready = await call('GET', '/health/ready');
    expect(ready).toMatchObject({ status: 503, body: { code: 'database_unavailable' } });
    expect(ready.headers.get('retry-after')).toBeTruthy();
    expect((await call('GET', '/v1/customers/absent', { token })).status).toBe(503);
    expect((await call('GET', '/health/live')).status).toBe(200);
  }, 60_000);

  it('prints the drawn password of the first admin once, and the next steps', async () => {
    const first = await start({ ADMIN_PASSWORD: '' });
    const drawn = /password (\S{20})/.exec(first.output())![1]!;
    const { status } = await createCall(first.url)('POST', '/v1/auth/login', {
      body: { email: 'admin@localhost', password: drawn },
    });
    expect(status).toBe(200);
    for (const hint of ['/docs', '/health/ready', '/v1/usage/consume', 'Samples'])
      expect(first.output()).toContain(hint);
    await first.stop('SIGTERM');
    const second = await start({ ADMIN_PASSWORD: '' });
    expect(second.output()).not.toContain(drawn);
  }, 60_000);

  it('refuses to start in production without its own secrets', async () => {
    await expect(start({ NODE_ENV: 'production', ADMIN_PASSWORD: '' })).rejects.toThrow(
      /DATABASE_URL[\s\S]*SECRET_KEY/,
    );
  }, 30_000);
});

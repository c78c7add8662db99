import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADMIN, createCall } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { type ServiceProcess, startProcess, temporaryFolder } from '../support/process.js';
import { eventually } from '../support/eventually.js';

const DRAIN_MS = 1_500;

describe('a process that receives SIGTERM', () => {
  let database: TestDatabase;
  const start = (environment: Record<string, string> = {}): Promise<ServiceProcess> =>
    startProcess(temporaryFolder(), {
      DATABASE_URL: database.url,
      ADMIN_PASSWORD: ADMIN.password,
      WORKER: 'off',
      DRAIN_MS: String(DRAIN_MS),
      ...environment,
    });

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('T-22 reports not ready first and serves until load balancers have noticed', async () => {
    const service = await start();
    const call = createCall(service.url);
    const startedAt = performance.now();
    const ended = service.stop('SIGTERM');
    const ready = await eventually(
      () => call('GET', '/health/ready'),
      ({ status }) => status === 503,
    );
    expect([ready.body.code, ready.headers.get('retry-after')]).toEqual(['stopping', '1']);
    const served = await call('POST', '/v1/auth/login', { body: ADMIN });
    expect([served.status, served.headers.get('connection')]).toEqual([200, 'close']);
    expect((await call('GET', '/health/live')).status).toBe(200);
    expect(await ended).toBe(0);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(DRAIN_MS);
  }, 60_000);

  it('does not wait for a connection that sent no request', async () => {
    const service = await start({ DRAIN_MS: '0' });
    const { hostname, port } = new URL(service.url);
    const silent = connect(Number(port), hostname);
    silent.on('error', () => undefined);
    await new Promise((resolve) => silent.once('connect', resolve));
    const startedAt = performance.now();
    expect(await service.stop('SIGTERM')).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    silent.destroy();
  }, 60_000);

  it('does not wait when it receives a second signal', async () => {
    const service = await start({ DRAIN_MS: '20000' });
    const startedAt = performance.now();
    void service.stop('SIGTERM');
    await eventually(async () => (await createCall(service.url)('GET', '/health/ready')).status === 503);
    expect(await service.stop('SIGTERM')).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(15_000);
  }, 60_000);
});

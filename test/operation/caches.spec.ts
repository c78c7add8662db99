import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Config, Mailer, Metrics } from '@app/platform';
import { ADMIN, type Call, createCall, SECRET_KEY, TestClock } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { uniqueName } from '../support/fixtures.js';
import { type ServiceProcess, startProcess, temporaryFolder } from '../support/process.js';
import { eventually } from '../support/eventually.js';
import { expectLog } from '../support/log.js';
import { isRedisAvailable, startRedis, type TestRedis } from '../support/redis.js';

const withOwnRedis = isRedisAvailable({ own: true }) ? describe : describe.skip;

withOwnRedis('two instances with one Redis', () => {
  let database: TestDatabase;
  let redis: TestRedis;
  let services: ServiceProcess[];
  let calls: Call[];
  let token: string;
  /** Reads of the page cache of one instance by outcome. */
  const reads = async (call: Call, outcome: string): Promise<number> =>
    Number(
      new RegExp(`tollgate_cache_reads_total\\{cache="pages",outcome="${outcome}"\\} (\\d+)`).exec(
        (await call('GET', '/metrics')).body,
      )?.[1] ?? 0,
    );

  beforeAll(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), startRedis({ own: true })]);
    const environment = {
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      ADMIN_PASSWORD: ADMIN.password,
      SECRET_KEY,
      SAMPLE_DATA: 'on',
      WORKER: 'off',
    };
    services = [await startProcess(temporaryFolder(), environment), await startProcess(temporaryFolder(), environment)];
    calls = services.map(({ url }) => createCall(url));
    token = (await calls[0]!('POST', '/v1/auth/login', { body: ADMIN })).body.accessToken as string;
  }, 90_000);
  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop('SIGTERM')));
    await redis.stop();
    await database.drop();
  });

  it('concurrent requests read a shared page once', async () => {
    const page = `/v1/plans?product=news&limit=${7 + Math.floor(Math.random() * 50)}`;
    const hits = await reads(calls[1]!, 'hit');
    const first = await calls[0]!('GET', page);
    const second = await calls[1]!('GET', page);
    expect(second.body).toEqual(first.body);
    expect(await reads(calls[1]!, 'hit')).toBe(hits + 1);
  });

  it('T-21 a change is visible within 2 s with and without Redis', async () => {
    const product = uniqueName('cached');
    await calls[0]!('POST', '/v1/products', { token, body: { key: product, name: product } });
    const listPlans = async (call: Call): Promise<string[]> =>
      (await call('GET', `/v1/plans?product=${product}`)).body.data.map(({ key }: { key: string }) => key);
    const publishPlan = async (key: string): Promise<void> => {
      await calls[1]!('GET', `/v1/plans?product=${product}`);
      const plan = {
        product,
        key,
        name: key,
        prices: [{ interval: 'month', amount: 1, currency: 'USD' }],
        entitlements: [],
      };
      expect((await calls[0]!('POST', '/v1/plans', { token, body: plan })).status).toBe(201);
      expect((await calls[0]!('POST', `/v1/plans/${key}/publish`, { token, body: { product } })).status).toBe(200);
      // 2 s, plus time for the timeout of Redis and for a slow machine.
      await eventually(
        () => listPlans(calls[1]!),
        (keys) => keys.includes(key),
        6_000,
      );
    };
    await publishPlan('with');
    redis.process!.kill('SIGSTOP');
    await publishPlan('without');
    expect((await calls[1]!('GET', '/metrics')).body).toContain('tollgate_circuit_open{dependency="redis"} 1');
    const ready = await calls[1]!('GET', '/health/ready');
    expect([ready.status, ready.body.dependencies]).toEqual([
      200,
      {
        database: expect.objectContaining({ status: 'up' }),
        redis: expect.objectContaining({ status: 'down', latencyMs: null }),
      },
    ]);
    redis.process!.kill('SIGCONT');
    await eventually(
      async () => ((await calls[1]!('GET', '/health/ready')).body.dependencies.redis.status as string) === 'up',
    );
    await eventually(async () => {
      await listPlans(calls[1]!);
      return (await calls[1]!('GET', '/metrics')).body.includes('tollgate_circuit_open{dependency="redis"} 0');
    });
  }, 60_000);
});

describe('a mail server that accepts nothing', () => {
  let server: Server;
  let connections = 0;

  beforeAll(async () => {
    server = createServer((socket) => {
      connections++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => void server.close());

  it('the circuit opens after five failures, and pending mail waits', async () => {
    const config = new Config({
      SMTP_URL: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
      DATA_DIR: temporaryFolder(),
    });
    const metrics = new Metrics();
    const mailer = new Mailer(config, new TestClock(), metrics);
    const outcomes = [];
    expectLog(/Sending a mail failed/);
    for (let n = 0; n < 8; n++)
      outcomes.push(await mailer.attempt(async () => ({ to: 'a@example.com', subject: 's', text: 't' })));
    expect(connections).toBe(5);
    expect(outcomes.slice(0, 5)).toEqual(
      Array.from({ length: 5 }, () => expect.objectContaining({ result: 'retry', why: 'not_taken' })),
    );
    expect(outcomes.slice(5)).toEqual(
      Array.from({ length: 3 }, () => ({ result: 'retry', why: 'not_taken', pauseMs: 10_000 })),
    );
    expect(await metrics.text()).toContain('tollgate_circuit_open{dependency="mail"} 1');
  });
});

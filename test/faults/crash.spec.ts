import * as fs from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type ApiResponse, createCall } from '../support/app.js';
import { inParallel, uniqueName } from '../support/fixtures.js';
import { killWithDatabase, type ServiceProcess, startProcess, temporaryFolder } from '../support/process.js';

const PASSWORD = 'correct horse battery staple';
const ROUNDS = 3;
/** Number of acknowledged requests in each round before all processes are killed. */
const ACKNOWLEDGED = 300;
const WORKERS = 32;
const CALLS = 1_500;

describe('acknowledged requests', () => {
  let dataDir: string;
  let service: ServiceProcess;
  let apiKey: string;
  let customer: string;

  const start = async (): Promise<void> => {
    service = await startProcess(dataDir, { ADMIN_PASSWORD: PASSWORD, LOG_LEVEL: 'error' });
  };
  const consume = async (key: string): Promise<ApiResponse | null> => {
    const body = { customer, product: 'api', feature: 'api_calls' };
    try {
      return await createCall(service.url)('POST', '/v1/usage/consume', {
        token: apiKey,
        body,
        headers: { 'idempotency-key': key },
      });
    } catch {
      // The outcome is unknown.
      return null;
    }
  };
  /** Expects that every key was counted once, and that counters equal the sums of their ledgers. */
  const settle = async (keys: string[]): Promise<void> => {
    const again = await inParallel(keys.length, WORKERS, (index) => consume(keys[index]!));
    expect(again.filter((response) => response?.status !== 200 || !response.body.allowed)).toEqual([]);
    const call = createCall(service.url);
    const { body } = await call('POST', '/v1/check', {
      token: apiKey,
      body: { customer, product: 'api', feature: 'api_calls' },
    });
    expect(body.used).toBe(keys.length);
    const login = await call('POST', '/v1/auth/login', { body: { email: 'admin@localhost', password: PASSWORD } });
    const report = await call('POST', '/v1/usage/verify', { token: login.body.accessToken, body: {} });
    expect(report.body.mismatches).toEqual([]);
  };

  beforeAll(async () => {
    dataDir = temporaryFolder();
    await start();
    const call = createCall(service.url);
    const login = await call('POST', '/v1/auth/login', { body: { email: 'admin@localhost', password: PASSWORD } });
    const key = await call('POST', '/v1/api-keys', {
      token: login.body.accessToken,
      body: { name: 'storm', scopes: ['customers:write', 'entitlements:read', 'usage:write'] },
    });
    apiKey = key.body.key;
  }, 60_000);
  beforeEach(async () => {
    customer = uniqueName('storm');
    const body = { product: 'api', plan: 'overage' };
    await createCall(service.url)('PUT', `/v1/customers/${customer}`, { token: apiKey, body });
  });
  afterAll(async () => {
    await service.stop('SIGTERM');
    fs.rmSync(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  });

  it('survive kill -9 of the service and of PostgreSQL under load; unknown outcomes resolve by key', async () => {
    const keys: string[] = [];
    const acknowledged = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      const until = acknowledged.size + ACKNOWLEDGED;
      let killed = false;
      const killing = (async () => {
        while (acknowledged.size < until) await new Promise((resolve) => setTimeout(resolve, 5));
        await killWithDatabase(service, dataDir);
        killed = true;
      })();
      await inParallel(WORKERS, WORKERS, async (worker) => {
        for (let index = 0; !killed; index++) {
          const key = `round-${round}-${worker}-${index}`;
          keys.push(key);
          const response = await consume(key);
          if (response?.status === 200) acknowledged.add(key);
        }
      });
      await killing;
      await start();
    }
    expect(acknowledged.size).toBeGreaterThanOrEqual(ROUNDS * ACKNOWLEDGED);
    expect(acknowledged.size).toBeLessThan(keys.length);
    const { body } = await createCall(service.url)('POST', '/v1/check', {
      token: apiKey,
      body: { customer, product: 'api', feature: 'api_calls' },
    });
    expect(body.used).toBeGreaterThanOrEqual(acknowledged.size);
    await settle(keys);
  }, 240_000);

  it('survive SIGTERM under load, and requests in flight are answered', async () => {
    const keys = Array.from({ length: CALLS }, (_, index) => `stop-${index}`);
    let answered = 0;
    let stopped: Promise<number | string> | undefined;
    const responses = await inParallel(CALLS, WORKERS, async (index) => {
      const response = await consume(keys[index]!);
      if (++answered === 300) stopped = service.stop('SIGTERM');
      return response;
    });
    expect(await stopped).toBe(0);
    expect(
      responses.filter((response) => response !== null && response.status !== 200 && response.status !== 503),
    ).toEqual([]);
    await start();
    const { body } = await createCall(service.url)('POST', '/v1/check', {
      token: apiKey,
      body: { customer, product: 'api', feature: 'api_calls' },
    });
    // Exactly the acknowledged requests are counted.
    expect(body.used).toBe(responses.filter((response) => response?.status === 200).length);
    await settle(keys);
  }, 120_000);
});

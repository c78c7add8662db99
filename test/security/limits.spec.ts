import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADMIN, type Call, createCall, SECRET_KEY } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { inParallel, registerUser, uniqueName } from '../support/fixtures.js';
import { type ServiceProcess, startProcess, temporaryFolder } from '../support/process.js';
import { isRedisAvailable, startRedis, type TestRedis } from '../support/redis.js';
import { statusesOverLimit } from './http-cases.js';

const LIMIT = 40;
const SETTINGS = {
  ADMIN_PASSWORD: ADMIN.password,
  SECRET_KEY,
  SAMPLE_DATA: 'on',
  LOG_LEVEL: 'warn',
  WORKER: 'off',
  RATE_LIMIT_PER_MINUTE: String(LIMIT),
  AUTH_RATE_LIMIT_PER_MINUTE: '0',
};
const hasOwnRedis = isRedisAvailable({ own: true });
const withRedis = isRedisAvailable() ? describe : describe.skip;

/** A token of the admin, and a new API key with its own rate limit. */
async function credentials(url: string, rateLimitPerMinute: number): Promise<{ token: string; key: string }> {
  const call = createCall(url);
  const token = (await call('POST', '/v1/auth/login', { body: ADMIN })).body.accessToken as string;
  const { body } = await call('POST', '/v1/api-keys', {
    token,
    body: { name: uniqueName('limited'), scopes: ['customers:read'], rateLimitPerMinute },
  });
  return { token, key: body.key as string };
}

describe('limits without Redis', () => {
  let database: TestDatabase;
  const services: ServiceProcess[] = [];
  const start = async (environment: Record<string, string> = {}): Promise<ServiceProcess> => {
    const service = await startProcess(temporaryFolder(), { DATABASE_URL: database.url, ...SETTINGS, ...environment });
    services.push(service);
    return service;
  };

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop('SIGTERM')));
    await database.drop();
  });

  it('S-59 without a trusted proxy the address is that of the socket, not that of a header', async () => {
    const { url } = await start();
    const statuses = await statusesOverLimit(
      url,
      LIMIT,
      (index) =>
        `x-forwarded-for: 203.0.113.${index}\r\nforwarded: for=203.0.113.${index}\r\nx-real-ip: 203.0.113.${index}\r\ntrue-client-ip: 203.0.113.${index}\r\n`,
    );
    expect(statuses.slice(0, LIMIT)).toEqual(Array.from({ length: LIMIT }, () => 200));
    expect(statuses.slice(LIMIT)).toEqual([429, 429, 429]);
  });

  it('S-59 behind a trusted proxy the address is the one that the proxy saw, not a forged one', async () => {
    const { url } = await start({ TRUSTED_PROXIES: '127.0.0.0/8, 10.1.0.0/16' });
    const perAddress = await statusesOverLimit(url, LIMIT, (index) => `x-forwarded-for: 203.0.113.${index}\r\n`);
    expect(new Set(perAddress)).toEqual(new Set([200]));
    // The proxy appends the address of the caller; earlier entries of the list are the caller's and may be forged.
    const spoofed = await statusesOverLimit(
      url,
      LIMIT,
      (index) => `x-forwarded-for: 198.51.100.${index}, 192.0.2.7, 10.1.2.3\r\n`,
    );
    expect(spoofed.slice(LIMIT)).toEqual([429, 429, 429]);
  });

  it('an API key has its own limit, and a key without a limit has none', async () => {
    // The service behind the trusted proxy: it has received no request without X-Forwarded-For.
    const { url } = services.at(-1)!;
    const call = createCall(url);
    const { token, key } = await credentials(url, 5);
    const responses = await inParallel(8, 1, () => call('GET', '/v1/customers', { token: key }));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
    expect(responses[0]!.headers.get('ratelimit-policy')).toBe('"key";q=5;w=60');
    expect(responses[7]!.body.code).toBe('rate_limited');
    const { body } = await call('POST', '/v1/api-keys', { token, body: { name: 'free', scopes: ['customers:read'] } });
    const free = await inParallel(LIMIT + 20, 8, () => call('GET', '/v1/customers', { token: body.key }));
    expect(new Set(free.map(({ status }) => status))).toEqual(new Set([200]));
  });
});

withRedis('limits of four instances with Redis', () => {
  const four = { services: [] as ServiceProcess[], redis: null as unknown as TestRedis, calls: [] as Call[] };
  let database: TestDatabase;

  beforeAll(async () => {
    // The last test stops the server.
    four.redis = await startRedis({ own: hasOwnRedis });
    database = await createTestDatabase();
    const settings = {
      DATABASE_URL: database.url,
      ...SETTINGS,
      REDIS_URL: four.redis.url,
      TRUSTED_PROXIES: '127.0.0.1',
    };
    four.services = await Promise.all(Array.from({ length: 4 }, () => startProcess(temporaryFolder(), settings)));
    four.calls = four.services.map(({ url }) => createCall(url));
  }, 60_000);
  afterAll(async () => {
    await Promise.all(four.services.map((service) => service.stop('SIGTERM')));
    await four.redis.stop();
    await database.drop();
  });

  it('S-58 four instances together allow exactly the limit, and other callers are unaffected', async () => {
    const { token, key } = await credentials(four.services[0]!.url, 25);
    const byUser = await inParallel(LIMIT + 30, 16, (index) => four.calls[index % 4]!('GET', '/v1/plans', { token }));
    // One request created the key.
    expect(byUser.filter(({ status }) => status === 200)).toHaveLength(LIMIT - 1);
    const rejected = byUser.filter(({ status }) => status === 429);
    expect(rejected).toHaveLength(31);
    for (const { headers, body } of rejected) {
      expect(body.code).toBe('rate_limited');
      expect([headers.get('retry-after'), headers.get('ratelimit'), headers.get('ratelimit-policy')]).toEqual([
        expect.stringMatching(/^\d+$/),
        expect.stringMatching(/^"default";r=0;t=\d+$/),
        `"default";q=${LIMIT};w=60`,
      ]);
    }
    const byKey = await inParallel(50, 16, (index) => four.calls[index % 4]!('GET', '/v1/customers', { token: key }));
    expect(byKey.filter(({ status }) => status === 200)).toHaveLength(25);
    // An address that no other test has used in this Redis.
    const from = {
      'x-forwarded-for': `2001:db8:${randomBytes(2).toString('hex')}:${randomBytes(2).toString('hex')}::1`,
    };
    const byAddress = await inParallel(LIMIT + 10, 16, (index) =>
      four.calls[index % 4]!('GET', '/v1/plans', { headers: from }),
    );
    expect(byAddress.filter(({ status }) => status === 200)).toHaveLength(LIMIT);
  });

  (hasOwnRedis ? it : it.skip)(
    'while Redis is frozen or killed, each instance counts on its own',
    async () => {
      const { token } = await registerUser({ call: four.calls[0]! });
      const statuses = async (count: number) =>
        (await inParallel(count, 4, (index) => four.calls[index % 4]!('GET', '/v1/users/me', { token }))).map(
          ({ status }) => status,
        );
      four.redis.process!.kill('SIGSTOP');
      expect((await statuses(12)).filter((status) => status !== 200)).toEqual([]);
      four.redis.process!.kill('SIGCONT');
      await four.redis.stop();
      expect((await statuses(12)).filter((status) => status !== 200)).toEqual([]);
      // Each instance still enforces the limit.
      const own = await inParallel(LIMIT + 20, 4, () => four.calls[0]!('GET', '/v1/users/me', { token }));
      expect(own.filter(({ status }) => status === 429).length).toBeGreaterThan(0);
      expect(four.services[0]!.output()).toMatch(/Redis .*does not answer/);
      for (const service of four.services) expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
    },
    60_000,
  );
});

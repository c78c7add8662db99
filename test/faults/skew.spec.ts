import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADMIN, type Call, createCall, SECRET_KEY } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { type ServiceProcess, startProcess, temporaryFolder } from '../support/process.js';

const SKEW_MS = 300_000;

/** Moves the clock of a process ahead by a fixed time. */
function skewed(ms: number): string {
  const code = `const Real = Date; globalThis.Date = class extends Real { constructor(...a) { a.length ? super(...a) : super(Real.now() + ${ms}); } static now() { return Real.now() + ${ms}; } };`;
  return `--import=data:text/javascript,${encodeURIComponent(code)}`;
}

describe('instances whose clocks differ by ten minutes', () => {
  let database: TestDatabase;
  let processes: ServiceProcess[];
  let ahead: Call;
  let behind: Call;

  beforeAll(async () => {
    database = await createTestDatabase();
    const environment = {
      DATABASE_URL: database.url,
      ADMIN_PASSWORD: ADMIN.password,
      SAMPLE_DATA: 'on',
      SECRET_KEY,
      WORKER: 'off',
    };
    processes = [];
    for (const ms of [SKEW_MS, -SKEW_MS])
      processes.push(await startProcess(temporaryFolder(), { ...environment, NODE_OPTIONS: skewed(ms) }));
    const [one, other] = processes.map(({ url }) => createCall(url)) as [Call, Call];
    // Token times come from the clock of the database, so the instance that is behind accepts it too.
    const { body } = await one('POST', '/v1/auth/login', { body: ADMIN });
    const key = await one('POST', '/v1/api-keys', {
      token: body.accessToken,
      body: { name: 'skew', scopes: ['customers:write', 'usage:write', 'entitlements:read'] },
    });
    const token = key.body.key as string;
    ahead = (method, path, options = {}) => one(method, path, { token, ...options });
    behind = (method, path, options = {}) => other(method, path, { token, ...options });
  }, 90_000);
  afterAll(async () => {
    await Promise.all(processes.map((process) => process.stop('SIGTERM')));
    await database.drop();
  });

  it('use the time of the database', async () => {
    const { body: one } = await ahead('PUT', '/v1/customers/ahead', { body: { product: 'api', plan: 'quota' } });
    const { body: other } = await behind('PUT', '/v1/customers/behind', { body: { product: 'api', plan: 'quota' } });
    const [row] = await database.query<{ now: Date }>('select clock_timestamp() as now');
    for (const { createdAt } of [one, other])
      expect(Math.abs(new Date(createdAt).getTime() - row!.now.getTime())).toBeLessThan(30_000);
  });

  it('agree on reservations and their expiry', async () => {
    const reservation = { customer: 'ahead', product: 'api', feature: 'api_calls', quantity: 3, ttlSeconds: 120 };
    const { body } = await behind('POST', '/v1/usage/reservations', { body: reservation });
    expect(body).toMatchObject({ allowed: true, reserved: 3 });
    const checked = await ahead('POST', '/v1/check', {
      body: { customer: 'ahead', product: 'api', feature: 'api_calls' },
    });
    expect(checked.body).toMatchObject({ reserved: 3, remaining: 97 });
    expect(
      await ahead('POST', `/v1/usage/reservations/${body.reservation.id}/commit`, { body: { quantity: 3 } }),
    ).toMatchObject({ status: 200, body: { used: 3 } });
  });
});

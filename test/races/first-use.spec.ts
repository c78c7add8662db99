import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApp, TestClock, type TestApp } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { applyMeteredProduct, createApiKey, inParallel, uniqueName } from '../support/fixtures.js';

const NOW = Date.parse('2027-03-10T09:00:00.000Z');
const FIVE_HOURS = { window: 'hour', windowCount: 5, windowAnchor: 'first_use' };
const FIVE_HOURS_MS = 5 * 3_600_000;

describe('first uses over two instances whose clocks differ', () => {
  let database: TestDatabase;
  let instances: TestApp[];
  const clocks = [new TestClock(), new TestClock()];
  let token: string;

  const call = (index: number, method: string, path: string, body: object) =>
    instances[index % 2]!.call(method, path, { token, body });
  const setUpCustomer = async (limit: number): Promise<object> => {
    const [product, customer] = [uniqueName('first-use'), uniqueName('c')];
    await applyMeteredProduct(instances[0]!, product, limit, FIVE_HOURS);
    expect((await call(0, 'PUT', `/v1/customers/${customer}`, { product })).status).toBe(201);
    return { customer, product, feature: 'calls' };
  };

  beforeAll(async () => {
    for (const clock of clocks) clock.set(new Date(NOW));
    database = await createTestDatabase();
    instances = [await startApp({ database, clock: clocks[0] }), await startApp({ database, clock: clocks[1] })];
    token = (await createApiKey(instances[0]!)).key;
  }, 60_000);
  afterAll(async () => {
    const { body } = await instances[0]!.admin('POST', '/v1/usage/verify', { body: { limit: 10_000 } });
    await Promise.all(instances.map((instance) => instance.stop()));
    await database.drop();
    expect(body.mismatches).toEqual([]);
  });

  it.each([0, 3, -3])('concurrent first uses open one window and never exceed its limit, %d ms apart', async (skew) => {
    clocks[1]!.set(new Date(NOW + skew));
    for (let round = 0; round < 10; round++) {
      const subject = await setUpCustomer(10);
      const answers = await inParallel(40, 40, (index) => call(index, 'POST', '/v1/usage/consume', subject));
      expect(answers.filter(({ body }) => body.allowed)).toHaveLength(10);
      expect(new Set(answers.map(({ body }) => body.windowStart)).size).toBe(1);
    }
  });

  it('an instance whose clock is behind counts in the window that another one has opened', async () => {
    clocks[1]!.set(new Date(NOW + 2_000));
    const subject = await setUpCustomer(10);
    const opened = {
      windowStart: new Date(NOW + 2_000).toISOString(),
      resetsAt: new Date(NOW + 2_000 + FIVE_HOURS_MS).toISOString(),
    };
    expect((await call(1, 'POST', '/v1/usage/consume', { ...subject, quantity: 9 })).body).toMatchObject(opened);
    expect((await call(0, 'POST', '/v1/usage/consume', subject)).body).toMatchObject({ used: 10, ...opened });
    expect((await call(0, 'POST', '/v1/usage/consume', subject)).body).toMatchObject({ allowed: false, ...opened });
    expect((await call(0, 'POST', '/v1/check', subject)).body).toMatchObject({ used: 10, ...opened });
  });
});

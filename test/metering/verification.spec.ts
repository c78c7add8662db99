import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { UsageChecker, CounterChecksRepository } from '@app/metering';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { inParallel, applyMeteredProduct, createApiKey, uniqueName } from '../support/fixtures.js';

const CUSTOMERS = 40;

describe('verification of counters with long ledgers', () => {
  let service: TestApp & { database: TestDatabase };
  let ids: string[];

  beforeAll(async () => {
    service = await startService();
    const { call } = await createApiKey(service);
    const product = uniqueName('product');
    await applyMeteredProduct(service, product, 1_000);
    await inParallel(CUSTOMERS, 4, async (index) => {
      await call('PUT', `/v1/customers/long${index}`, { body: { product } });
      await call('POST', '/v1/usage/consume', { body: { customer: `long${index}`, product, feature: 'calls' } });
    });
    ids = (
      await service.database.query<{ id: string }>(`select id from customers where key like 'long%' order by id`)
    ).map(({ id }) => id);
    await service.database.query('update usage_counters set used = used + 1 where customer_id = any($1)', [
      [ids[3], ids[20], ids.at(-1)],
    ]);
  });
  afterAll(() => service.stop());

  /** Statements for more than `maxCustomers`, or for one of `slow`, time out. @returns a function that counts calls */
  const timeOutStatements = (maxCustomers: number, slow: string[]): (() => number) => {
    const usage = service.app.get(CounterChecksRepository);
    const sum = usage.mismatches.bind(usage);
    const spy = jest
      .spyOn(usage, 'mismatches')
      .mockImplementation((customers) =>
        customers.length > maxCustomers || customers.some((id) => slow.includes(id))
          ? Promise.reject(Object.assign(new Error('canceling statement due to statement timeout'), { code: '57014' }))
          : sum(customers),
      );
    return () => spy.mock.calls.length;
  };

  it('continues in smaller pages and reports the customers that it could not sum', async () => {
    const countCalls = timeOutStatements(3, [ids[7]!, ids[20]!]);
    const checker = service.app.get(UsageChecker);
    try {
      expect(await checker.checkAll()).toEqual({ wrong: 2, unchecked: [ids[7], ids[20]] });
      expect(countCalls()).toBeLessThan(3 * CUSTOMERS);
    } finally {
      jest.restoreAllMocks();
    }
    expect(await checker.checkAll()).toEqual({ wrong: 3, unchecked: [] });
  });

  it('fails when the database does not respond at all', async () => {
    timeOutStatements(0, []);
    jest
      .spyOn(service.app.get(CounterChecksRepository), 'customerPage')
      .mockRejectedValue(new Error('Connection terminated'));
    try {
      await expect(service.app.get(UsageChecker).checkAll()).rejects.toThrow('Connection terminated');
    } finally {
      jest.restoreAllMocks();
    }
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MeteringService } from '@app/metering';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { uniqueName } from '../support/fixtures.js';

/** Two seconds, and the time of a slow machine. */
const WITHIN_MS = 6_000;

describe('a change by another instance, without a cache invalidation', () => {
  let service: TestApp & { database: TestDatabase };
  const product = uniqueName('fresh');
  beforeAll(async () => {
    service = await startService();
    const prices = [{ interval: 'month', amount: 100, currency: 'USD' }];
    const metered = { type: 'metered', limit: 10, window: 'month', overage: 'deny' };
    const body = {
      product: { key: product, name: product },
      features: [
        { key: 'sso', name: 'SSO', type: 'boolean' },
        { key: 'calls', name: 'Calls', type: 'metered' },
        { key: 'old', name: 'Old', type: 'metered' },
      ],
      plans: [
        {
          key: 'plan',
          name: 'Plan',
          prices,
          entitlements: [
            { feature: 'sso', type: 'boolean', value: true },
            { feature: 'calls', ...metered },
            { feature: 'old', ...metered },
          ],
        },
      ],
      assignment: [{ plan: 'plan' }],
    };
    expect((await service.admin('POST', '/v1/catalog/apply', { body })).status).toBe(200);
  });
  afterAll(() => service.stop());

  const createCustomer = async (): Promise<string> => {
    const customer = uniqueName('customer');
    expect((await service.admin('PUT', `/v1/customers/${customer}`, { body: { product } })).status).toBe(201);
    return customer;
  };
  const check = async (customer: string, feature: string) =>
    (await service.admin('POST', '/v1/check', { body: { customer, product, feature } })).body;
  /** A check without the route, which reads the customer too. */
  const checkInProcess = (customer: { id: string; key: string }, feature: string) =>
    service.app.get(MeteringService).check({ customer, product, feature, quantity: 1 });
  const idOf = async (key: string): Promise<string> =>
    (await service.database.query<{ id: string }>('select id from customers where key = $1', [key]))[0]!.id;
  /** Makes the subscription past due and increases the version, as the triggers do, but notifies no instance. */
  const makePastDue = (customer: string) =>
    service.database.query(`
      begin;
      set local session_replication_role = replica;
      update subscriptions set status = 'past_due' where customer_id = (select id from customers where key = '${customer}');
      update entitlement_versions set version = version + 1 where customer_id = (select id from customers where key = '${customer}');
      commit`);

  it('of a subscription decides switches within two seconds, and meters immediately', async () => {
    const first = await createCustomer();
    for (const feature of ['sso', 'calls']) expect(await check(first, feature)).toMatchObject({ allowed: true });
    await makePastDue(first);
    const denied = { allowed: false, reason: 'past_due' };
    expect(await check(first, 'calls')).toMatchObject(denied);
    expect(await check(first, 'sso')).toMatchObject(denied);
    const other = await createCustomer();
    const customer = { id: await idOf(other), key: other };
    expect(await checkInProcess(customer, 'sso')).toMatchObject({ allowed: true });
    await makePastDue(other);
    const third = { id: await idOf(first), key: first };
    await eventually(
      async () => {
        // Confirms the feature, so that only the age of the snapshot decides.
        await checkInProcess(third, 'sso');
        return checkInProcess(customer, 'sso');
      },
      ({ reason }) => reason === 'past_due',
      WITHIN_MS,
    );
  });

  it('of a feature decides checks and consumes within seconds', async () => {
    const customer = await createCustomer();
    expect(await check(customer, 'old')).toMatchObject({ allowed: true });
    const consume = async () =>
      (await service.admin('POST', '/v1/usage/consume', { body: { customer, product, feature: 'old' } })).body;
    expect(await consume()).toMatchObject({ allowed: true });
    await service.database.query(
      `update features set archived_at = now() where key = 'old' and product_id = (select id from products where key = $1)`,
      [product],
    );
    await eventually(
      () => check(customer, 'old'),
      ({ reason }) => reason === 'feature_disabled',
      WITHIN_MS,
    );
    expect(await consume()).toMatchObject({ allowed: false, reason: 'feature_disabled' });
  });
});

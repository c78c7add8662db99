import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CustomersService } from '@app/customers';
import { Database } from '@app/platform';
import { EnrolmentService, LifecycleService } from '@app/subscriptions';
import { SYSTEM_ACTOR } from '@app/kernel';
import { startApp, type TestApp } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import {
  applyLifecycleProduct,
  createApiKey,
  inParallel,
  type RegisteredUser,
  uniqueName,
} from '../support/fixtures.js';

const PRODUCT = 'sign-up';
const COPIES = 24;

describe('sign-ups on two instances', () => {
  let database: TestDatabase;
  let instances: TestApp[];
  let calls: RegisteredUser['call'][];
  const put = (customer: string, index = 0) =>
    calls[index % 2]!('PUT', `/v1/customers/${customer}`, { body: { product: PRODUCT, plan: 'basic' } });
  const versionOf = async (customerId: string): Promise<number> =>
    Number(
      (
        await database.query<{ version: string }>(
          `select version from entitlement_versions where customer_id = '${customerId}'`,
        )
      )[0]!.version,
    );

  beforeAll(async () => {
    database = await createTestDatabase();
    instances = [await startApp({ database }), await startApp({ database })];
    const { key } = await createApiKey(instances[0]!);
    calls = instances.map(
      (instance) =>
        (method, path, options = {}) =>
          instance.call(method, path, { token: key, ...options }),
    );
    await applyLifecycleProduct(instances[0]!, PRODUCT);
  }, 60_000);
  afterAll(async () => {
    await Promise.all(instances.map((instance) => instance.stop()));
    await database.drop();
  });

  it('concurrent calls with one key create one customer, and the others update it', async () => {
    const customer = uniqueName('raced');
    const answers = await inParallel(COPIES, COPIES, (index) => put(customer, index));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array.from({ length: COPIES - 1 }, () => 200), 201]);
    expect(new Set(answers.map(({ body }) => body.subscription.id)).size).toBe(1);
    const rows = await database.query<{ id: string; subscriptions: string; events: string[] }>(
      `select c.id, (select count(*) from subscriptions s where s.customer_id = c.id) as subscriptions,
         (select array_agg(e.type order by e.id) from events e where e.customer_id = c.id) as events
       from customers c where c.key = '${customer}'`,
    );
    expect(rows).toMatchObject([{ subscriptions: '1', events: ['customer.created', 'subscription.created'] }]);
  });

  it('a refused sign-up writes nothing', async () => {
    const customer = uniqueName('refused');
    const counts = 'select (select count(*) from customers) as customers, (select count(*) from events) as events';
    const before = await database.query(counts);
    const body = { product: PRODUCT, plan: 'basic', timezone: 'Mars/Olympus' };
    expect(await calls[0]!('PUT', `/v1/customers/${customer}`, { body })).toMatchObject({ status: 422 });
    expect(await database.query(counts)).toEqual(before);
  });

  it('a sign-up leaves the versions of other customers in its transaction to their triggers', async () => {
    const { app } = instances[0]!;
    const [transactions, enrolment] = [app.get(Database), app.get(EnrolmentService, { strict: false })];
    const other = (await put(uniqueName('other'))).body;
    const { id } = await app.get(CustomersService, { strict: false }).getByKey(other.key);
    const before = await versionOf(id);
    const newcomer = await transactions.transaction(async () => {
      const enrolled = await enrolment.enrol({
        key: uniqueName('newcomer'),
        profile: {},
        products: [PRODUCT],
        plans: { [PRODUCT]: 'basic' },
        actor: SYSTEM_ACTOR,
      });
      await app.get(LifecycleService, { strict: false }).endAll(id, SYSTEM_ACTOR);
      return enrolled.customer.id;
    });
    expect(await versionOf(id)).toBe(before + 1);
    expect(await versionOf(newcomer)).toBe(1);
  });
});

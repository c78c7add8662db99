import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BillingChecker, CollectionService, Reconciliation, type SandboxBehavior } from '@app/billing';
import { type ApiResponse, ok, startApp, startService, type TestApp } from '../support/app.js';
import { addTestMethod, runBilling } from '../support/billing.js';
import type { TestDatabase } from '../support/database.js';
import { inParallel, uniqueName } from '../support/fixtures.js';

const AMOUNT = 1_500;

describe('another payment method', () => {
  let service: TestApp & { database: TestDatabase };
  let customer: string;
  let product: string;

  const post = (at: string, body: object): Promise<ApiResponse> => service.admin('POST', at, { body });
  const newProduct = async (billing: object): Promise<string> => {
    const key = uniqueName('overdue');
    const plan = { key: 'free', name: 'Free', prices: [{ interval: 'month', amount: 0, currency: 'USD' }] };
    const body = {
      product: { key, name: key },
      billing,
      features: [],
      plans: [{ ...plan, entitlements: [] }],
      assignment: [{ plan: 'free' }],
    };
    await ok(post('/v1/catalog/apply', body));
    return key;
  };
  const add = (behavior: SandboxBehavior): Promise<string> => addTestMethod(service, { customer, product, behavior });
  const makeDefault = (id: string, { admin }: Pick<TestApp, 'admin'> = service): Promise<any> =>
    ok(admin('PUT', `/v1/customers/${customer}/payment-methods/${id}/default`, { body: {} }));
  /** An invoice that was collected once. */
  const collected = async (): Promise<string> => {
    const lines = [{ description: 'Work', quantity: 1, unitAmount: AMOUNT }];
    const { id } = await ok(post('/v1/invoices', { customer, product, currency: 'USD', lines }));
    await ok(post(`/v1/invoices/${id}/finalize`, {}));
    await runBilling(service);
    return id;
  };
  const read = (id: string): Promise<any> => ok(service.admin('GET', `/v1/invoices/${id}`));
  const charges = (invoice: string): Promise<{ key: string; status: string }[]> =>
    service.database.query(
      `select replace(idempotency_key, metadata ->> 'invoice', 'invoice') as key, status from sandbox_charges where metadata ->> 'invoice' = $1 order by idempotency_key`,
      [invoice],
    );

  beforeAll(async () => {
    service = await startService();
    product = await newProduct({ provider: 'sandbox' });
  });
  beforeEach(async () => {
    customer = uniqueName('payer');
    await service.admin('PUT', `/v1/customers/${customer}`, { body: { product } });
  });
  afterAll(async () => {
    const checker = service.app.get(BillingChecker, { strict: false });
    expect((await checker.checkAll()).mismatches).toEqual([]);
    await service.stop();
  });

  it('pays an invoice that was never charged, when it is the first one', async () => {
    const id = await collected();
    expect(await read(id)).toMatchObject({ status: 'open', nextAttemptAt: expect.any(String) });
    await add('succeeds');
    await runBilling(service);
    expect(await read(id)).toMatchObject({ status: 'paid' });
    expect(await charges(id)).toEqual([{ key: 'invoice:1', status: 'succeeded' }]);
  });

  it.each(['declined', 'declined_hard'] as const)(
    'pays an invoice that was %s, when it is the default',
    async (was) => {
      await add(was);
      const id = await collected();
      const { nextAttemptAt } = await read(id);
      const other = await add('succeeds');
      expect(await read(id)).toMatchObject({ nextAttemptAt });
      await makeDefault(other);
      await runBilling(service);
      expect(await read(id)).toMatchObject({ status: 'paid' });
      expect((await charges(id)).map(({ key }) => key)).toEqual(['invoice:1', 'invoice:2']);
    },
  );

  it('pays when the declined default was removed', async () => {
    const declined = await add('declined');
    await add('succeeds');
    const id = await collected();
    await ok(service.admin('DELETE', `/v1/customers/${customer}/payment-methods/${declined}`));
    await runBilling(service);
    expect(await read(id)).toMatchObject({ status: 'paid' });
  });

  it('that is declined too leaves the days of dunning as they are', async () => {
    await add('declined');
    const id = await collected();
    const { nextAttemptAt } = await read(id);
    await makeDefault(await add('declined_hard'));
    await runBilling(service);
    expect(await read(id)).toMatchObject({ status: 'open', attempts: 2, nextAttemptAt });
  });

  it('does not pay an invoice that is sent, nor one of a provider without it', async () => {
    const profile = { name: 'Buyer', collection: 'send_invoice', netDays: 0 };
    await ok(service.admin('PUT', `/v1/customers/${customer}/billing-profile`, { body: profile }));
    const sent = await collected();
    const manual = await newProduct({ provider: 'manual', netDays: 0 });
    const lines = [{ description: 'Work', quantity: 1, unitAmount: AMOUNT }];
    const { id } = await ok(post('/v1/invoices', { customer, product: manual, currency: 'USD', lines }));
    await ok(post(`/v1/invoices/${id}/finalize`, {}));
    await runBilling(service);
    const overdue = 'select 1 from invoices where id = any($1::uuid[]) and failed_at is not null';
    expect(await service.database.query(overdue, [[sent, id]])).toHaveLength(2);
    const before = await Promise.all([sent, id].map(read));
    await add('succeeds');
    await runBilling(service);
    expect(await Promise.all([sent, id].map(read))).toEqual(before);
  });

  it('waits for a payment that is under way, and pays when that one fails', async () => {
    await add('requires_action');
    const id = await collected();
    await makeDefault(await add('succeeds'));
    await runBilling(service);
    expect(await charges(id)).toEqual([{ key: 'invoice:1', status: 'requires_action' }]);
    const [{ id: payment, providerId }] = (await ok(service.admin('GET', `/v1/payments?invoice=${id}`))).data;
    await service.database.query(
      `update sandbox_charges set status = 'failed', code = 'authentication_failed' where id = $1`,
      [providerId],
    );
    await service.app.get(Reconciliation, { strict: false }).reconcile(payment);
    await runBilling(service);
    expect(await charges(id)).toEqual([
      { key: 'invoice:1', status: 'failed' },
      { key: 'invoice:2', status: 'succeeded' },
    ]);
    expect(await read(id)).toMatchObject({ status: 'paid', attempts: 2 });
  });

  it('pays on a test clock when it advances', async () => {
    const clock = await ok(post('/v1/test-clocks', { now: '2026-06-01T10:00:00.000Z' }));
    const advance = (to: string) => ok(post(`/v1/test-clocks/${clock.id}/advance`, { to }));
    customer = uniqueName('payer');
    await ok(service.admin('PUT', `/v1/customers/${customer}`, { body: { product, testClock: clock.id } }));
    const id = await collected();
    await advance('2026-06-01T12:00:00.000Z');
    expect(await read(id)).toMatchObject({ status: 'open', nextAttemptAt: '2026-06-02T10:00:00.000Z' });
    await add('succeeds');
    await advance('2026-06-01T12:00:01.000Z');
    expect(await read(id)).toMatchObject({ status: 'paid', paidAt: '2026-06-01T12:00:00.000Z' });
  });

  it('is charged once per attempt, and never two at a time, while four workers collect and it changes', async () => {
    const workers = [service, ...(await Promise.all([1, 2, 3].map(() => startApp({ database: service.database }))))];
    try {
      const methods = [await add('declined'), await add('declined')];
      const ids = await Promise.all([collected(), collected(), collected()]);
      const before = (await Promise.all(ids.map(read))).map(({ attempts }) => attempts);
      await inParallel(40, 8, async (index) => {
        const worker = workers[index % 4]!;
        if (index % 2 === 0) await makeDefault(methods[(index / 2) % 2]!, worker);
        else await worker.app.get(CollectionService, { strict: false }).collectDue();
      });
      await runBilling(service);
      const after = await Promise.all(ids.map(read));
      for (const [index, { id, attempts }] of after.entries()) {
        expect(attempts).toBeGreaterThan(before[index]);
        const keys = Array.from({ length: attempts }, (_, attempt) => `invoice:${attempt + 1}`);
        expect((await charges(id)).map(({ key }) => key).sort()).toEqual(keys.sort());
      }
    } finally {
      await Promise.all(workers.slice(1).map(({ stop }) => stop()));
    }
  });
});

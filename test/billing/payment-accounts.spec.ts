import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AccountDeletions, PaymentAccounts, PaymentEvents, PaymentSetups, providerTimeLeft } from '@app/billing';
import { ADAPTER_TIMEOUT_MS } from '../../libs/billing/src/domain/provider-times.js';
import { ProviderCalls } from '../../libs/billing/src/provider-calls.js';
import { ok, startApp, startService, type TestApp } from '../support/app.js';
import { makeDue, runBilling } from '../support/billing.js';
import type { TestDatabase } from '../support/database.js';
import type { CardBehavior } from '../support/fake-stripe/objects.js';
import { FakeStripe } from '../support/fake-stripe/server.js';
import { eventually } from '../support/eventually.js';
import { uniqueName } from '../support/fixtures.js';

const SESSIONS = /^GET .*\/sessions\//;
const DELETIONS = /^DELETE .*\/customers\//;

describe('customers at their payment provider', () => {
  let service: TestApp & { database: TestDatabase };
  let fake: FakeStripe;
  let customer: string;
  const product = uniqueName('at-stripe');

  const at = (): string => `/v1/customers/${customer}/payment-methods`;
  /** @returns the id of the checkout session */
  const startSetup = async (): Promise<string> => {
    const body = { returnUrl: '/billing', product };
    const { url } = await ok(service.admin('POST', `${at()}/setup`, { body }));
    return url.split('/').at(-1);
  };
  const methods = async (): Promise<any[]> => (await ok(service.admin('GET', at()))).data;
  const rowOf = async (sql: string): Promise<any> => (await service.database.query(sql, [customer]))[0];
  const setupRow = (): Promise<any> =>
    rowOf(`select s.* from payment_setups s join customers c on c.id = s.customer_id where c.key = $1`);
  const accounts: Record<string, string> = {};
  /** The account row of the customer, also after the customer was deleted. */
  const account = async (): Promise<any> => {
    accounts[customer] ??= (await rowOf('select id from customers where key = $1')).id;
    const rows = await service.database.query('select * from payment_accounts where customer_id = $1', [
      accounts[customer],
    ]);
    return rows[0];
  };
  const check = (app: TestApp = service): Promise<number> => app.app.get(PaymentSetups, { strict: false }).checkDue();
  const deleteDue = (): Promise<number> => service.app.get(AccountDeletions, { strict: false }).deleteDue();
  const addMethod = async (card: CardBehavior): Promise<void> => {
    fake.account.completeSession(await startSetup(), card);
    await makeDue(service, 'payment_setups');
    await check();
  };

  beforeAll(async () => {
    fake = await FakeStripe.start();
    service = await startService({ environment: fake.environment });
    const plan = { key: 'free', name: 'Free', prices: [{ interval: 'month', amount: 0, currency: 'USD' }] };
    const body = {
      product: { key: product, name: product },
      billing: { provider: 'stripe' },
      features: [],
      plans: [{ ...plan, entitlements: [] }],
      assignment: [{ plan: 'free' }],
    };
    await ok(service.admin('POST', '/v1/catalog/apply', { body }));
  });
  beforeEach(async () => {
    customer = uniqueName('payer');
    await ok(service.admin('PUT', `/v1/customers/${customer}`, { body: { product } }));
    await service.database.query('delete from payment_setups');
  });
  afterAll(async () => {
    await service.stop();
    await fake.stop();
  });

  describe('a payment method that was entered', () => {
    it('is stored once without an event, and by events and checks of four workers', async () => {
      const workers = [service, ...(await Promise.all([1, 2, 3].map(() => startAppOn(service.database))))];
      try {
        const session = await startSetup();
        fake.account.events.length = 0;
        fake.account.completeSession(session, 'succeeds');
        await makeDue(service, 'payment_setups');
        expect(await check()).toBe(1);
        expect(await methods()).toMatchObject([{ last4: '4242', isDefault: true }]);
        expect(await setupRow()).toBeUndefined();

        const second = await startSetup();
        fake.account.completeSession(second, 'insufficient_funds');
        await makeDue(service, 'payment_setups');
        await FakeStripe.deliver(`${service.url}/v1/payment-webhooks/stripe`, fake.account.events);
        await Promise.all(
          workers.map(async (worker, index) => {
            if (index % 2 === 0) await check(worker);
            else await worker.app.get(PaymentEvents, { strict: false }).processDue();
          }),
        );
        expect(await methods()).toHaveLength(2);
        const added = await service.database.query(
          `select 1 from events where type = 'payment_method.added' and customer_key = $1`,
          [customer],
        );
        expect(added).toHaveLength(2);
      } finally {
        await Promise.all(workers.slice(1).map(({ stop }) => stop()));
      }
    });

    it('is waited for while its page is open, and given up a day later', async () => {
      await startSetup();
      expect(await check()).toBe(0);
      await makeDue(service, 'payment_setups');
      expect(await check()).toBe(1);
      const { check_at: next } = await setupRow();
      expect(next.getTime()).toBeGreaterThan(Date.now());
      await service.database.query(`update payment_setups set created_at = now() - interval '26 hours'`);
      await makeDue(service, 'payment_setups');
      await check();
      expect(await setupRow()).toBeUndefined();
      expect(await methods()).toEqual([]);
    });

    it('is stored later when the provider did not answer', async () => {
      fake.account.completeSession(await startSetup(), 'succeeds');
      // The package repeats a read once.
      for (let read = 0; read < 2; read++) fake.failNext({ on: SESSIONS, status: 500 });
      await makeDue(service, 'payment_setups');
      await check();
      expect(await methods()).toEqual([]);
      await makeDue(service, 'payment_setups');
      await check();
      expect(await methods()).toHaveLength(1);
    });
  });

  describe('a customer that is deleted', () => {
    const remove = (): Promise<any> => ok(service.admin('DELETE', `/v1/customers/${customer}`));

    it('is deleted at the provider by a worker, also after a failure, once', async () => {
      await addMethod('succeeds');
      const { provider_id: id } = await account();
      await remove();
      expect(fake.account.hasCustomer(id)).toBe(true);
      fake.failNext({ on: DELETIONS, status: 500 });
      expect(await deleteDue()).toBe(1);
      expect(await account()).toMatchObject({ deleted_at: null });
      expect(await deleteDue()).toBe(0);
      await makeDue(service, 'payment_accounts');
      expect(await deleteDue()).toBe(1);
      expect(fake.account.hasCustomer(id)).toBe(false);
      expect(await account()).toMatchObject({ delete_at: null, deleted_at: expect.any(Date) });
      expect(await deleteDue()).toBe(0);
      expect(fake.calls.filter(({ method }) => method === 'DELETE')).toHaveLength(2);
    });

    it('is deleted at the provider after its last payment has ended', async () => {
      await addMethod('authentication_required');
      const { provider_id: id } = await account();
      const lines = [{ description: 'Work', quantity: 1, unitAmount: 1_500 }];
      const body = { customer, product, currency: 'USD', lines };
      const invoice = await ok(service.admin('POST', '/v1/invoices', { body }));
      await ok(service.admin('POST', `/v1/invoices/${invoice.id}/finalize`, { body: {} }));
      await runBilling(service);
      await remove();
      expect(await deleteDue()).toBe(0);
      await ok(service.admin('POST', `/v1/invoices/${invoice.id}/void`, { body: { reason: 'deleted' } }));
      expect(await deleteDue()).toBe(1);
      expect(fake.account.hasCustomer(id)).toBe(false);
    });

    it('is deleted at the provider when it was being created there', async () => {
      const held = fake.hold(/^POST \/v1\/customers$/);
      const [row] = await service.database.query<{ id: string }>('select id from customers where key = $1', [customer]);
      const ensured = service.app
        .get(PaymentAccounts, { strict: false })
        .ensure({ id: row!.id, key: customer, email: null }, 'stripe');
      await eventually(() => held.arrived > 0);
      await account();
      await remove();
      held.release();
      const id = await ensured;
      expect(await deleteDue()).toBe(1);
      expect(fake.account.hasCustomer(id)).toBe(false);
    });
  });

  it('are called with a deadline for all requests of the adapter together', async () => {
    const calls = service.app.get(ProviderCalls, { strict: false });
    const left = await calls.call('stripe', async () => providerTimeLeft());
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(ADAPTER_TIMEOUT_MS);
    expect(providerTimeLeft()).toBe(Infinity);
  });

  const startAppOn = (database: TestDatabase): Promise<TestApp> =>
    startApp({ database, environment: fake.environment });
});

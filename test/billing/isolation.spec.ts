import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EventPublisher } from '@app/events';
import { MAX_AMOUNT } from '@app/kernel';
import { Metrics } from '@app/platform';
import { type Call, startService, TestClock, type TestApp } from '../support/app.js';
import { runBilling } from '../support/billing.js';
import type { TestDatabase } from '../support/database.js';
import { createApiKey, createCustomerOnTestClock, uniqueName } from '../support/fixtures.js';
import { expectLog } from '../support/log.js';

const price = (amount: number) => [{ interval: 'month', amount, currency: 'USD' }];
const MINUTE_MS = 60_000;

describe('an object that cannot be billed', () => {
  const clock = new TestClock();
  let service: TestApp & { database: TestDatabase };
  let call: Call;
  let product: string;

  beforeAll(async () => {
    service = await startService({ clock });
    ({ call } = await createApiKey(service));
  });
  afterAll(() => service.stop());
  beforeEach(async () => {
    product = uniqueName('isolated');
    const body = {
      product: { key: product, name: product },
      billing: { provider: 'manual' },
      features: [],
      plans: [
        { key: 'usual', name: 'Usual', prices: price(1_000), entitlements: [] },
        { key: 'largest', name: 'Largest', prices: price(MAX_AMOUNT), entitlements: [] },
      ],
      assignment: [{ plan: 'usual' }],
      taxRates: [{ key: 'vat', name: 'VAT', percentage: '19' }],
    };
    expect((await call('POST', '/v1/catalog/apply', { body })).status).toBe(200);
  });

  const subscribe = async (plan = 'usual'): Promise<{ customer: string; subscription: string }> => {
    const customer = uniqueName('customer');
    const { body } = await call('PUT', `/v1/customers/${customer}`, { body: { product, plan } });
    return { customer, subscription: body.subscription.id };
  };
  const publishAndBill = async (): Promise<void> => {
    while ((await service.app.get(EventPublisher).publish()) > 0);
    await runBilling(service);
  };
  const invoicesOf = async (customer: string): Promise<{ status: string; number: string | null }[]> =>
    (await call('GET', `/v1/invoices?customer=${customer}&product=${product}`)).body.data;
  const failures = async (job: string): Promise<number> => {
    const { values } = await service.app.get(Metrics, { strict: false }).jobFailures.get();
    return values.find(({ labels }) => labels['job'] === job)?.value ?? 0;
  };

  it('a draft stays one, is counted and tried again later, and the drafts beside it are finalized without a gap', async () => {
    const [first, tooLarge, last] = [await subscribe(), await subscribe('largest'), await subscribe()];
    const before = await failures('finalize invoices');
    expectLog(/Job "finalize invoices" cannot process an object; will retry/);
    await publishAndBill();
    expect(await failures('finalize invoices')).toBe(before + 1);
    expect(await invoicesOf(tooLarge.customer)).toMatchObject([{ status: 'draft', number: null }]);
    expect(await invoicesOf(first.customer)).toMatchObject([{ status: 'open' }]);
    expect(await invoicesOf(last.customer)).toMatchObject([{ status: 'open' }]);

    expect((await call('DELETE', `/v1/tax-rates/vat?product=${product}`)).status).toBe(204);
    clock.advance(14 * MINUTE_MS);
    await publishAndBill();
    expect(await invoicesOf(tooLarge.customer)).toMatchObject([{ status: 'draft' }]);
    clock.advance(2 * MINUTE_MS);
    await publishAndBill();
    expect(await invoicesOf(tooLarge.customer)).toMatchObject([{ status: 'open' }]);
    const { body } = await call('GET', `/v1/invoices?product=${product}`);
    expect(body.data.map(({ number }: { number: string }) => number.slice(-6)).sort()).toEqual([
      '000001',
      '000002',
      '000003',
    ]);
  });

  it('a subscription keeps its unread events, and the subscriptions beside it are billed', async () => {
    const [first, stuck, last] = [await subscribe(), await subscribe(), await subscribe()];
    await service.database.query(`
      create function refuse_draft() returns trigger language plpgsql as $$ begin raise exception 'seeded fault'; end $$;
      create trigger refuse_draft before insert on invoices for each row when (new.subscription_id = '${stuck.subscription}') execute function refuse_draft()`);
    expectLog(/Job "bill subscriptions" cannot process an object; will retry/);
    await publishAndBill();
    expect(await invoicesOf(first.customer)).toHaveLength(1);
    expect(await invoicesOf(last.customer)).toHaveLength(1);
    expect(await invoicesOf(stuck.customer)).toEqual([]);

    await service.database.query('drop trigger refuse_draft on invoices; drop function refuse_draft()');
    clock.advance(10 * MINUTE_MS);
    const change = { plan: 'usual', quantity: 3, when: 'now' };
    expect((await call('POST', `/v1/subscriptions/${stuck.subscription}/change`, { body: change })).status).toBe(200);
    await publishAndBill();
    expect(await invoicesOf(stuck.customer)).toEqual([]);
    clock.advance(6 * MINUTE_MS);
    await publishAndBill();
    expect(await invoicesOf(stuck.customer)).toMatchObject([{ purpose: 'change' }, { purpose: 'period' }]);
  });

  it('a draft of a test clock does not stop the clock, and is tried again on the next day', async () => {
    const { customer, advanceTo } = await createCustomerOnTestClock(call, product, '2027-01-10T09:00:00Z', {
      plan: 'largest',
    });
    expectLog(/Job "finalize invoices" cannot process an object; will retry/);
    await advanceTo('2027-01-10T12:00:00Z');
    expect(await invoicesOf(customer)).toMatchObject([{ status: 'draft' }]);
    expect((await call('DELETE', `/v1/tax-rates/vat?product=${product}`)).status).toBe(204);
    await advanceTo('2027-01-12T12:00:00Z');
    expect(await invoicesOf(customer)).toMatchObject([{ status: 'open' }]);
  });
});

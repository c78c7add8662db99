import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BillingRun } from '@app/billing';
import { EventPublisher } from '@app/events';
import { SubscriptionStats, DueSubscriptionsService } from '@app/subscriptions';
import { RevenueRepository } from '../../libs/billing/src/revenue.repository.js';
import { startService, TestClock, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import {
  applyLifecycleProduct,
  createApiKey,
  createCustomerOnTestClock,
  type RegisteredUser,
  uniqueName,
} from '../support/fixtures.js';

const JANUARY = '2027-01-10T09:00:00.000Z';
const NOTHING = { new: 0, expansion: 0, contraction: 0, churn: 0, reactivation: 0 };

describe('recurring revenue by month', () => {
  const clock = new TestClock();
  let service: TestApp & { database: TestDatabase };
  let call: RegisteredUser['call'];

  const publish = async (): Promise<void> => {
    while ((await service.app.get(EventPublisher).publish()) > 0);
  };
  /** Reads the histories of products that were switched on. */
  const backfill = async (): Promise<void> => {
    await publish();
    clock.advance(5_000);
    while (await service.app.get(BillingRun).runDue());
  };
  const switchBilling = async (product: string, on: boolean): Promise<void> => {
    const path = `/v1/products/${product}/billing`;
    const { status } = await (on
      ? call('PUT', path, { body: { dunning: { finally: 'keep' } } })
      : call('DELETE', path));
    expect([200, 204]).toContain(status);
  };
  const newProduct = async (on = true): Promise<string> => {
    const product = uniqueName('mrr');
    await applyLifecycleProduct(service, product);
    if (on) await switchBilling(product, true).then(backfill);
    return product;
  };
  const subscribe = async (
    product: string,
    plan = 'basic',
    body: object = {},
  ): Promise<{ id: string; customer: string }> => {
    const customer = uniqueName('customer');
    const { status, body: answer } = await call('PUT', `/v1/customers/${customer}`, {
      body: { product, plan, ...body },
    });
    expect(status).toBe(201);
    return { id: answer.subscription.id, customer };
  };
  const command = async (id: string, name: string, body: object = {}): Promise<void> => {
    const { status, body: answer } = await call('POST', `/v1/subscriptions/${id}/${name}`, { body });
    expect([status, answer.code]).toEqual([200, undefined]);
  };
  const at = async (instant: string): Promise<void> => {
    clock.set(instant);
    while ((await service.app.get(DueSubscriptionsService).processDue()) > 0);
  };
  /** Publishes what happened, and reads the months. */
  const read = async (product: string, query = ''): Promise<any> => {
    await publish();
    const { status, body } = await call('GET', `/v1/stats/mrr?product=${product}${query}`);
    expect([status, body.code]).toEqual([200, undefined]);
    for (const row of body.data)
      expect(row.start + row.new + row.expansion + row.contraction + row.churn + row.reactivation).toBe(row.end);
    return body;
  };
  const SPAN = '&from=2027-01-01T00:00:00Z&to=2027-05-01T00:00:00Z';

  beforeAll(async () => {
    clock.set(JANUARY);
    service = await startService({ clock });
    ({ call } = await createApiKey(service));
  });
  afterAll(() => service.stop());

  it('shows every movement in its month, and agrees with the count of subscriptions', async () => {
    const product = await newProduct();
    const first = await subscribe(product);
    const second = await subscribe(product, 'yearly');
    await at('2027-02-20T00:00:00.000Z');
    await command(first.id, 'change', { plan: 'pro', when: 'now' });
    await command(second.id, 'pause');
    const third = await subscribe(product, 'basic');
    await at('2027-03-05T00:00:00.000Z');
    await command(second.id, 'unpause');
    await command(first.id, 'change', { quantity: 3, when: 'now' });
    await command(first.id, 'record-payment', { outcome: 'failed' });
    await command(third.id, 'cancel', { when: 'period_end' });
    await at('2027-04-02T00:00:00.000Z');
    await command(first.id, 'change', { quantity: 1, when: 'now' });
    const { data, complete, from, to } = await read(product, SPAN);
    expect([complete, from, to]).toEqual([true, '2027-01-01T00:00:00.000Z', '2027-05-01T00:00:00.000Z']);
    const usd = { currency: 'USD' };
    expect(data).toEqual([
      { ...usd, month: '2027-01', ...NOTHING, start: 0, new: 1_833, end: 1_833 },
      { ...usd, month: '2027-02', ...NOTHING, start: 1_833, new: 1_000, expansion: 2_000, churn: -833, end: 4_000 },
      {
        ...usd,
        month: '2027-03',
        ...NOTHING,
        start: 4_000,
        expansion: 6_000,
        churn: -1_000,
        reactivation: 833,
        end: 9_833,
      },
      { ...usd, month: '2027-04', ...NOTHING, start: 9_833, contraction: -6_000, end: 3_833 },
    ]);
    clock.advance(60_000);
    expect(await service.app.get(SubscriptionStats).recount()).toBe(true);
    const { body } = await call('GET', `/v1/stats/revenue?product=${product}`);
    expect(body.currencies).toMatchObject([{ currency: 'USD', monthly: 3_833 }]);
  });

  it('includes events from before billing was switched on, and those of a time in which it was off', async () => {
    clock.set(JANUARY);
    const product = await newProduct(false);
    const first = await subscribe(product);
    expect(await call('GET', `/v1/stats/mrr?product=${product}`)).toMatchObject({
      status: 404,
      body: { code: 'billing_off' },
    });
    await at('2027-02-10T00:00:00.000Z');
    await command(first.id, 'change', { quantity: 2, when: 'now' });
    await publish();
    await switchBilling(product, true);
    await command(first.id, 'change', { quantity: 3, when: 'now' });
    expect(await read(product, SPAN)).toMatchObject({ complete: false });
    await backfill();
    const expected = [
      { month: '2027-01', new: 1_000, end: 1_000 },
      { month: '2027-02', start: 1_000, expansion: 2_000, end: 3_000 },
      { month: '2027-03', end: 3_000 },
      { month: '2027-04', end: 3_000 },
    ];
    expect(await read(product, SPAN)).toMatchObject({ complete: true, data: expected });
    await switchBilling(product, false);
    await at('2027-03-12T00:00:00.000Z');
    await command(first.id, 'cancel', { when: 'now' });
    await publish();
    await switchBilling(product, true);
    await backfill();
    expect((await read(product, SPAN)).data).toMatchObject([
      ...expected.slice(0, 2),
      { month: '2027-03', start: 3_000, churn: -3_000, end: 0 },
      { month: '2027-04', start: 0, end: 0 },
    ]);
  });

  it('counts each event once, also when it is read again and by two workers concurrently', async () => {
    clock.set(JANUARY);
    const product = await newProduct();
    const customers = await Promise.all(Array.from({ length: 5 }, () => subscribe(product)));
    await publish();
    const revenue = service.app.get(RevenueRepository);
    const [{ id }] = (await service.database.query<{ id: string }>('select id from products where key = $1', [
      product,
    ])) as [{ id: string }];
    for (let round = 0; round < 2; round++) {
      await service.database.query(
        'update revenue_backfills set done_at = null, after_customer_id = null, due_at = $2 where product_id = $1',
        [id, JANUARY],
      );
      await Promise.all([1, 2].map(() => service.app.get(BillingRun).runDue()));
    }
    expect(await revenue.isBackfilling(id)).toBe(false);
    expect((await read(product, SPAN)).data[0]).toMatchObject({ new: 1_000 * customers.length });
    const [{ movements }] = (await service.database.query<{ movements: string }>(
      'select count(*) as movements from revenue_movements where product_id = $1',
      [id],
    )) as [{ movements: string }];
    expect(Number(movements)).toBe(customers.length);
  });

  it('of customers on a test clock is shown for that clock only', async () => {
    const product = await newProduct();
    const {
      clock: testClock,
      command: run,
      advanceTo,
    } = await createCustomerOnTestClock(call, product, '2029-01-31T10:00:00Z');
    await advanceTo('2029-03-01T00:00:00Z');
    await run('cancel', { when: 'now' });
    expect((await read(product)).data).toEqual([]);
    const { data, to } = await read(product, `&testClock=${testClock}`);
    expect(to).toBe('2029-04-01T00:00:00.000Z');
    expect(data.slice(-3)).toMatchObject([
      { month: '2029-01', new: 1_000 },
      { month: '2029-02', start: 1_000, end: 1_000 },
      { month: '2029-03', churn: -1_000, end: 0 },
    ]);
    expect(
      await call('GET', `/v1/stats/mrr?product=${product}&testClock=01998a4e-8000-7000-8000-000000000004`),
    ).toMatchObject({ status: 404, body: { code: 'test_clock_not_found' } });
  });

  it('includes add-ons', async () => {
    clock.set(JANUARY);
    const product = await newProduct();
    const add = await call('POST', '/v1/add-ons', {
      body: {
        product,
        key: 'seats',
        name: 'Seats',
        prices: [{ interval: 'month', amount: 250, currency: 'USD' }],
        entitlements: [],
      },
    });
    expect(add.status).toBe(201);
    const { id } = await subscribe(product);
    expect((await call('PUT', `/v1/subscriptions/${id}/add-ons/seats`, { body: { quantity: 2 } })).status).toBe(200);
    expect((await read(product, SPAN)).data[0]).toMatchObject({ new: 1_000, expansion: 500, end: 1_500 });
    expect((await call('DELETE', `/v1/subscriptions/${id}/add-ons/seats`)).status).toBe(200);
    expect((await read(product, SPAN)).data[0]).toMatchObject({
      new: 1_000,
      expansion: 500,
      contraction: -500,
      end: 1_000,
    });
  });
});

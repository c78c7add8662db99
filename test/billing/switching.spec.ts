import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EventPublisher } from '@app/events';
import { type Call, ok, startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { createApiKey, uniqueName } from '../support/fixtures.js';

const month = (amount: number) => [{ interval: 'month', amount, currency: 'USD' }];
const CALLS = {
  ...{ feature: 'calls', type: 'metered', limit: 10, window: 'billing_period', overage: 'allow' },
  usagePrice: { model: 'per_unit', unitAmount: '1.00', currency: 'USD' },
};
const at = (day: string): string => `2026-${day}T00:00:00.000Z`;

describe('billing that is switched', () => {
  let service: TestApp & { database: TestDatabase };
  let call: Call;
  let product: string;
  let buyer: { id: string; customer: string; clock: string };

  /** Events of the time before are published then, as they are within a second. */
  const publish = async (): Promise<void> => {
    while ((await service.app.get(EventPublisher).publish()) > 0);
  };
  const switchOn = async (rest: object = {}): Promise<void> => {
    await publish();
    const body = { provider: 'manual', netDays: 365, usageGraceHours: 0, ...rest };
    await ok(call('PUT', `/v1/products/${product}/billing`, { body }));
  };
  const switchOff = async (): Promise<void> => {
    await publish();
    await ok(call('DELETE', `/v1/products/${product}/billing`));
  };
  const advance = (day: string) =>
    ok(call('POST', `/v1/test-clocks/${buyer.clock}/advance`, { body: { to: at(day) } }));
  const change = (body: object) =>
    ok(call('POST', `/v1/subscriptions/${buyer.id}/change`, { body: { when: 'now', ...body } }));
  const use = (quantity: number) =>
    ok(call('POST', '/v1/usage/consume', { body: { customer: buyer.customer, product, feature: 'calls', quantity } }));
  const invoices = async (): Promise<any[]> =>
    (await ok(call('GET', `/v1/invoices?customer=${buyer.customer}&product=${product}`))).data
      .reverse()
      .map(({ billedAt, status, purpose, lines }: any) => [
        billedAt,
        status,
        purpose,
        lines.map(({ amount }: { amount: number }) => amount),
      ]);
  const preview = () => call('POST', '/v1/invoices/preview', { body: { subscription: buyer.id } });
  const previewChange = () =>
    ok(call('POST', `/v1/subscriptions/${buyer.id}/preview-change`, { body: { plan: 'large', when: 'now' } }));

  beforeAll(async () => {
    service = await startService();
    ({ call } = await createApiKey(service));
  });
  afterAll(() => service.stop());

  beforeEach(async () => {
    product = uniqueName('switched');
    const body = {
      product: { key: product, name: product },
      features: [{ key: 'calls', name: 'Calls', type: 'metered' }],
      plans: [
        { key: 'small', name: 'Small', prices: month(3_000), entitlements: [CALLS] },
        { key: 'large', name: 'Large', prices: month(9_000), entitlements: [CALLS] },
      ],
      assignment: [{ plan: 'small' }],
    };
    await ok(service.admin('POST', '/v1/catalog/apply', { body }));
    const { id: clock } = await ok(call('POST', '/v1/test-clocks', { body: { now: at('06-01') } }));
    const customer = uniqueName('buyer');
    const { subscription } = await ok(
      call('PUT', `/v1/customers/${customer}`, { body: { testClock: clock, product, plan: 'small' } }),
    );
    buyer = { id: subscription.id, customer, clock };
  });

  it('on in the middle of a period charges from the next period on; usage before is never charged', async () => {
    await use(50);
    await advance('06-11');
    await switchOn();
    await use(50);
    await advance('07-01');
    expect(await invoices()).toEqual([[at('07-01'), 'open', 'period', [3_000]]]);
    await use(14);
    await advance('08-01');
    expect((await invoices()).slice(1)).toEqual([[at('08-01'), 'open', 'period', [3_000, 400]]]);
  });

  it('on in the middle of a period charges the difference of a change in it', async () => {
    await advance('06-11');
    await switchOn();
    await advance('06-16');
    await change({ plan: 'large' });
    await advance('06-17');
    expect(await invoices()).toEqual([[at('06-16'), 'open', 'change', [-1_500, 4_500]]]);
  });

  it('off charges nothing, and on again charges from the next event on', async () => {
    await switchOn();
    await advance('07-01');
    await switchOff();
    await use(20);
    await advance('07-16');
    await change({ plan: 'large' });
    await advance('08-16');
    expect(await invoices()).toEqual([[at('07-01'), 'open', 'period', [3_000]]]);
    await switchOn();
    await use(30);
    await advance('10-01');
    expect((await invoices()).slice(1)).toEqual([
      [at('09-01'), 'open', 'period', [9_000]],
      [at('10-01'), 'open', 'period', [9_000]],
    ]);
  });

  it('off and on again within a period, without an event in between, charges as if it had stayed on', async () => {
    await switchOn();
    await advance('07-01');
    await advance('07-10');
    await switchOff();
    await switchOn();
    await advance('08-01');
    expect((await invoices()).map(([when, , , lines]) => [when, lines])).toEqual([
      [at('07-01'), [3_000]],
      [at('08-01'), [3_000]],
    ]);
  });

  it('off lets a draft wait until it is on', async () => {
    await switchOn({ usageGraceHours: 48 });
    await advance('07-01');
    await use(12);
    await advance('08-01');
    expect((await invoices()).at(-1)).toEqual([at('08-01'), 'draft', 'period', [3_000]]);
    await switchOff();
    await advance('08-10');
    expect((await invoices()).at(-1)).toEqual([at('08-01'), 'draft', 'period', [3_000]]);
    await switchOn();
    await advance('08-11');
    expect((await invoices()).at(-1)).toEqual([at('08-01'), 'open', 'period', [3_000, 200]]);
  });

  it('off has no previews of invoices', async () => {
    expect(await preview()).toMatchObject({ status: 409, body: { code: 'billing_off' } });
    expect((await previewChange()).invoice).toBeNull();
    await switchOn();
    expect(await preview()).toMatchObject({ status: 200, body: { invoice: { billedAt: at('07-01'), total: 3_000 } } });
    expect((await previewChange()).invoice).toMatchObject({
      billedAt: at('06-01'),
      lines: [{ amount: -3_000 }, { amount: 9_000 }],
    });
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PaymentEvents } from '@app/billing';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import type { CardBehavior, FakeEvent } from '../support/fake-stripe/objects.js';
import { FakeStripe } from '../support/fake-stripe/server.js';
import { uniqueName } from '../support/fixtures.js';
import { expectLog } from '../support/log.js';

const STARTED = '2026-03-01T09:00:00.000Z';
const SOON = '2026-03-01T09:10:00.000Z';
const NEXT_DAY = '2026-03-02T10:00:00.000Z';

describe('invoices that are collected through Stripe', () => {
  let service: TestApp & { database: TestDatabase };
  let fake: FakeStripe;
  const product = uniqueName('billed');

  const ok = async (answer: Promise<{ status: number; body: any }>): Promise<any> => {
    const { status, body } = await answer;
    if (status >= 300) throw new Error(JSON.stringify(body));
    return body;
  };
  /** Sends events to the service, and processes them. */
  async function deliver(events: FakeEvent[]): Promise<void> {
    expect(new Set(await FakeStripe.deliver(`${service.url}/v1/payment-webhooks/stripe`, events))).toEqual(
      new Set([200]),
    );
    const worker = service.app.get(PaymentEvents, { strict: false });
    while ((await worker.processDue()) > 0);
  }

  /** A customer with a card. */
  async function payer(card: CardBehavior) {
    const clock = (await ok(service.admin('POST', '/v1/test-clocks', { body: { now: STARTED } }))).id;
    const customer = uniqueName('payer');
    await ok(service.admin('PUT', `/v1/customers/${customer}`, { body: { testClock: clock } }));
    const addCard = async (behavior: CardBehavior): Promise<void> => {
      const body = { returnUrl: '/', product };
      const { url } = await ok(service.admin('POST', `/v1/customers/${customer}/payment-methods/setup`, { body }));
      const seen = fake.account.events.length;
      fake.account.completeSession(url.split('/').at(-1), behavior);
      await deliver(fake.account.events.slice(seen));
    };
    await addCard(card);
    const at = `/v1/customers/${customer}/payment-methods`;
    return {
      customer,
      addCard,
      subscribe: () => ok(service.admin('POST', '/v1/subscriptions', { body: { customer, product, plan: 'pro' } })),
      advance: (to: string) => ok(service.admin('POST', `/v1/test-clocks/${clock}/advance`, { body: { to } })),
      makeLatestDefault: async () => {
        const [latest] = (await ok(service.admin('GET', at))).data;
        await ok(service.admin('PUT', `${at}/${latest.id}/default`, { body: {} }));
      },
      invoice: async () =>
        (await ok(service.admin('GET', `/v1/invoices?customer=${customer}&product=${product}`))).data[0],
      payments: () =>
        service.database.query<{
          status: string;
          failure_code: string;
          provider_id: string;
          action_url: string;
          disputed_at: Date;
        }>('select p.* from payments p join customers c on c.id = p.customer_id where c.key = $1 order by attempt', [
          customer,
        ]),
    };
  }
  const intentsOf = async ({ payments }: Awaited<ReturnType<typeof payer>>): Promise<string[]> => {
    const ids = (await payments()).map(({ provider_id }) => provider_id);
    return [...fake.account.intents.keys()].filter((id) => ids.includes(id));
  };

  beforeAll(async () => {
    fake = await FakeStripe.start();
    service = await startService({ environment: fake.environment });
    await ok(
      service.admin('POST', '/v1/catalog/apply', {
        body: {
          product: { key: product, name: product },
          billing: { provider: 'stripe', seller: { name: 'Seller' } },
          features: [],
          plans: [
            {
              key: 'free',
              name: 'Free',
              prices: [{ interval: 'month', amount: 0, currency: 'USD' }],
              entitlements: [],
            },
            {
              key: 'pro',
              name: 'Pro',
              prices: [{ interval: 'month', amount: 2_999, currency: 'USD' }],
              entitlements: [],
            },
          ],
          assignment: [{ plan: 'free' }],
        },
      }),
    );
  });
  afterAll(async () => {
    await service.stop();
    await fake.stop();
  });

  it('are paid by the card of the customer, and stay paid when every event arrives twice', async () => {
    const ann = await payer('succeeds');
    const seen = fake.account.events.length;
    await ann.subscribe();
    await ann.advance(SOON);
    expect(await ann.invoice()).toMatchObject({ status: 'paid', paid: 2_999, due: 0 });
    const emitted = fake.account.events.slice(seen);
    await deliver([...emitted, ...emitted.toReversed()]);
    expect(await ann.invoice()).toMatchObject({ status: 'paid', paid: 2_999, due: 0 });
    expect(await ann.payments()).toEqual([expect.objectContaining({ status: 'succeeded' })]);
  });

  it('lost answer, one charge: the payment is found at the provider', async () => {
    const ann = await payer('succeeds');
    const before = fake.account.intents.size;
    for (let attempt = 0; attempt < 2; attempt++) fake.failNext({ on: /^POST .*\/payment_intents$/, drop: 'after' });
    await ann.subscribe();
    await ann.advance(SOON);
    expect(await ann.invoice()).toMatchObject({ status: 'paid' });
    expect(fake.account.intents.size).toBe(before + 1);
  });

  it('are paid, although the events of two attempts arrive in the opposite order', async () => {
    const ann = await payer('insufficient_funds');
    const seen = fake.account.events.length;
    await ann.subscribe();
    await ann.advance(SOON);
    expect(await ann.invoice()).toMatchObject({ status: 'open', due: 2_999 });
    await ann.addCard('succeeds');
    await ann.makeLatestDefault();
    await ann.advance(NEXT_DAY);
    await deliver(fake.account.events.slice(seen).toReversed());
    expect(await ann.invoice()).toMatchObject({ status: 'paid', paid: 2_999 });
    expect((await ann.payments()).map(({ status }) => status)).toEqual(['failed', 'succeeded']);
    expect(await intentsOf(ann)).toHaveLength(2);
  });

  it('wait for the confirmation of the payer, and are paid when its event arrives', async () => {
    const ann = await payer('authentication_required');
    await ann.subscribe();
    await ann.advance(SOON);
    const [payment] = await ann.payments();
    expect(payment).toMatchObject({
      status: 'requires_action',
      action_url: expect.stringContaining('hooks.stripe.com'),
    });
    const seen = fake.account.events.length;
    fake.account.decide(payment!.provider_id, true);
    await deliver(fake.account.events.slice(seen));
    expect(await ann.invoice()).toMatchObject({ status: 'paid' });
  });

  it('stay paid when the payer disputes the payment, which is marked', async () => {
    const ann = await payer('disputed');
    const seen = fake.account.events.length;
    await ann.subscribe();
    await ann.advance(SOON);
    await deliver(fake.account.events.slice(seen).toReversed());
    expect(await ann.payments()).toEqual([
      expect.objectContaining({ status: 'succeeded', disputed_at: expect.any(Date) }),
    ]);
  });

  it('are not paid by a charge of another system that names them', async () => {
    const ann = await payer('insufficient_funds');
    await ann.subscribe();
    await ann.advance(SOON);
    const [payment] = await service.database.query<{ id: string; invoice_id: string }>(
      'select p.id, p.invoice_id from payments p join customers c on c.id = p.customer_id where c.key = $1',
      [ann.customer],
    );
    const stranger = fake.account.createCustomer({});
    const session = fake.account.createSession({ mode: 'setup', currency: 'usd', customer: stranger.id });
    const method = fake.account.completeSession(session.id, 'succeeds');
    const seen = fake.account.events.length;
    fake.account.createIntent({
      amount: '50',
      currency: 'usd',
      customer: stranger.id,
      payment_method: method.id,
      confirm: 'true',
      metadata: { payment: payment!.id, invoice: payment!.invoice_id },
    });
    expectLog(/Payment event is unknown/);
    await deliver(fake.account.events.slice(seen));
    expect(await ann.invoice()).toMatchObject({ status: 'open', paid: 0, due: 2_999 });
  });
});

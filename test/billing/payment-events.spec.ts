import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PaymentEvents, SandboxSignature } from '@app/billing';
import { Metrics } from '@app/platform';
import { startService, type TestApp } from '../support/app.js';
import { makeDue } from '../support/billing.js';
import type { TestDatabase } from '../support/database.js';
import { event as fakeEvent, type FakeEvent } from '../support/fake-stripe/objects.js';
import { FakeStripe } from '../support/fake-stripe/server.js';
import { uniqueName } from '../support/fixtures.js';
import { eventually } from '../support/eventually.js';
import { expectLog } from '../support/log.js';

const PRODUCT = 'api';
const RETURN_URL = '/billing';

describe('inbound events of payment providers', () => {
  let service: TestApp & { database: TestDatabase };
  let fake: FakeStripe;
  let events: PaymentEvents;
  let customer: string;

  const endpoint = (): string => `${service.url}/v1/payment-webhooks/stripe`;
  const deliver = (given: FakeEvent[]): Promise<number[]> => FakeStripe.deliver(endpoint(), given);
  const process = async (): Promise<void> => {
    while ((await events.processDue()) > 0);
  };
  const deliverAndProcess = async (given: FakeEvent[]): Promise<void> => {
    const statuses = await deliver(given);
    expect(new Set(statuses)).toEqual(new Set(given.length === 0 ? [] : [200]));
    await process();
  };
  const methods = async (): Promise<any[]> =>
    (await service.admin('GET', `/v1/customers/${customer}/payment-methods`)).body.data;
  const recorded = (type: string): Promise<{ id: string }[]> =>
    service.database.query('select id from events where type = $1 and customer_key = $2', [type, customer]);
  const stored = async ({ id }: FakeEvent): Promise<any> =>
    (await service.database.query('select * from payment_events where event_id = $1', [id]))[0];
  const counted = async (outcome: string): Promise<number> => {
    const { values } = await service.app.get(Metrics, { strict: false }).paymentEvents.get();
    return values.find(({ labels }) => labels['outcome'] === outcome)?.value ?? 0;
  };
  /** Starts a setup for the customer. @returns the id of the checkout session */
  async function startSetup(): Promise<string> {
    const body = { returnUrl: RETURN_URL, product: PRODUCT };
    const started = await service.admin('POST', `/v1/customers/${customer}/payment-methods/setup`, { body });
    expect(started.status).toBe(201);
    return started.body.url.split('/').at(-1);
  }

  beforeAll(async () => {
    fake = await FakeStripe.start();
    service = await startService({ environment: fake.environment });
    events = service.app.get(PaymentEvents, { strict: false });
    const billing = { provider: 'stripe', seller: { name: 'Seller' } };
    expect((await service.admin('PUT', `/v1/products/${PRODUCT}/billing`, { body: billing })).status).toBe(200);
  });
  afterAll(async () => {
    await service.stop();
    await fake.stop();
  });
  beforeEach(async () => {
    customer = uniqueName('payer');
    await service.admin('PUT', `/v1/customers/${customer}`, { body: { product: PRODUCT } });
    fake.account.events.length = 0;
  });

  it('store the payment method that a payer entered, once, in any order and any number of times', async () => {
    const session = await startSetup();
    fake.account.completeSession(session, 'succeeds');
    const emitted = [...fake.account.events];
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...emitted, ...emitted], { minLength: emitted.length }), async (given) => {
        await deliverAndProcess(given);
      }),
      { numRuns: 4 },
    );
    await deliverAndProcess(emitted);
    expect(await methods()).toEqual([
      expect.objectContaining({ provider: 'stripe', type: 'card', brand: 'visa', last4: '4242', isDefault: true }),
    ]);
    expect(await recorded('payment_method.added')).toHaveLength(1);
  });

  it.each(['detached last', 'detached first'])('leave a detached method detached: %s', async (order) => {
    const session = await startSetup();
    const method = fake.account.completeSession(session, 'succeeds');
    fake.account.detachMethod(method.id);
    const emitted = [...fake.account.events];
    await deliverAndProcess(order === 'detached last' ? emitted : emitted.reverse());
    expect(await methods()).toEqual([]);
  });

  it('renew a card that its network renewed, and remove one that was detached at the provider', async () => {
    const method = fake.account.completeSession(await startSetup(), 'succeeds');
    await deliverAndProcess(fake.account.events);
    fake.account.renewMethod(method.id, 2_101);
    await deliverAndProcess(fake.account.events.slice(-1));
    expect(await methods()).toEqual([expect.objectContaining({ expiresYear: 2_101 })]);
    fake.account.detachMethod(method.id);
    await deliverAndProcess(fake.account.events.slice(-1));
    expect(await methods()).toEqual([]);
    expect(await recorded('payment_method.removed')).toHaveLength(1);
  });

  it('of another mode or account change nothing and raise an alert', async () => {
    const before = await counted('foreign');
    fake.account.completeSession(await startSetup(), 'succeeds');
    const [attached] = fake.account.events;
    expectLog(/Payment event is foreign/);
    await deliverAndProcess([
      { ...attached!, id: 'evt_of_live_mode', livemode: true },
      { ...attached!, id: 'evt_of_another_account', account: 'acct_other' },
    ]);
    expect(await methods()).toEqual([]);
    expect(await counted('foreign')).toBe(before + 2);
  });

  it('of an object that this service does not know change nothing and raise an alert', async () => {
    const before = await counted('unknown');
    const stranger = fake.account.createCustomer({});
    const session = fake.account.createSession({ mode: 'setup', currency: 'usd', customer: stranger.id });
    const method = fake.account.completeSession(session.id, 'succeeds');
    fake.account.createIntent({
      amount: '500',
      currency: 'usd',
      customer: stranger.id,
      payment_method: method.id,
      confirm: 'true',
    });
    const emitted = fake.account.events.filter(({ type }) =>
      ['payment_method.attached', 'checkout.session.completed', 'payment_intent.succeeded'].includes(type),
    );
    expectLog(/Payment event is unknown/);
    await deliverAndProcess([
      ...emitted,
      fakeEvent('payment_intent.succeeded', { object: 'payment_intent', id: 'pi_none' }),
    ]);
    expect(await counted('unknown')).toBe(before + 4);
    expect(await service.database.query(`select 1 from payments`)).toEqual([]);
  });

  it('of an unknown type are kept and counted', async () => {
    const unknown = fakeEvent('invoice.paid', { object: 'invoice', id: 'in_1' });
    const before = await counted('ignored');
    await deliverAndProcess([unknown]);
    expect(await stored(unknown)).toMatchObject({ outcome: 'ignored', body: JSON.stringify(unknown) });
    expect(await counted('ignored')).toBe(before + 1);
  });

  it('wait while the provider does not answer, and are processed later', async () => {
    fake.account.completeSession(await startSetup(), 'succeeds');
    const completed = fake.account.events.at(-1)!;
    // The package repeats a read once.
    for (let read = 0; read < 2; read++) fake.failNext({ on: /^GET .*\/sessions\//, status: 500 });
    await deliverAndProcess([completed]);
    expect(await methods()).toEqual([]);
    const waiting = await stored(completed);
    expect(waiting).toMatchObject({ processed_at: null, attempts: 1 });
    expect(waiting.retry_at.getTime()).toBeGreaterThan(Date.now());
    await makeDue(service, 'payment_events');
    await process();
    expect(await stored(completed)).toMatchObject({ outcome: 'applied', attempts: 2 });
    expect(await methods()).toHaveLength(1);
  });

  it('are given up after the last attempt, with an error in the log', async () => {
    fake.account.completeSession(await startSetup(), 'succeeds');
    const completed = fake.account.events.at(-1)!;
    await deliver([completed]);
    await service.database.query('update payment_events set attempts = 11 where event_id = $1', [completed.id]);
    for (let read = 0; read < 2; read++) fake.failNext({ on: /^GET .*\/sessions\//, status: 500 });
    expectLog(/Payment event failed for the last time/);
    await process();
    expect(await stored(completed)).toMatchObject({ outcome: 'failed', attempts: 12 });
  });

  it('whose worker died are processed by another one when their lease has expired', async () => {
    fake.account.completeSession(await startSetup(), 'succeeds');
    const completed = fake.account.events.at(-1)!;
    await deliver([completed]);
    // The row that a worker leaves behind that was killed after it had leased the event.
    const lease = `update payment_events set attempts = 1, retry_at = now() + interval '2 minutes' where event_id = $1`;
    await service.database.query(lease, [completed.id]);
    await process();
    expect(await methods()).toEqual([]);
    await makeDue(service, 'payment_events');
    await process();
    expect(await methods()).toHaveLength(1);
  });

  it('are answered while the provider still holds its response', async () => {
    const held = fake.hold(/^GET .*payment_methods/, 2);
    const [first, second] = [1, 2].map(() =>
      fakeEvent('payment_method.attached', { object: 'payment_method', id: 'pm_none' }),
    ) as [FakeEvent, FakeEvent];
    // An answer that waited for the provider would never arrive.
    expect(await deliver([first])).toEqual([200]);
    const processing = process();
    await eventually(() => held.arrived > 0);
    expect(await deliver([second])).toEqual([200]);
    expect(await stored(first)).toMatchObject({ processed_at: null });
    expectLog(/Payment event is unknown/);
    held.release();
    await processing;
    await process();
    expect([await stored(first), await stored(second)]).toMatchObject([{ outcome: 'unknown' }, { outcome: 'unknown' }]);
  });

  it('are deleted 30 days after they were processed', async () => {
    await service.database.query(
      `insert into payment_events (provider, event_id, type, event, body, received_at, processed_at, outcome) values
       ('stripe', 'evt_old', 'x', '{}', '{}', now(), now() - interval '31 days', 'ignored'),
       ('stripe', 'evt_kept', 'x', '{}', '{}', now(), now() - interval '29 days', 'ignored')`,
    );
    expect(await events.purge()).toBe(1);
    expect(await service.database.query(`select event_id from payment_events where event_id like 'evt_old'`)).toEqual(
      [],
    );
  });

  it('are refused for a provider that is not configured or sends none', async () => {
    for (const provider of ['manual', 'nobody'])
      expect(await service.call('POST', `/v1/payment-webhooks/${provider}`, { body: {} })).toMatchObject({
        status: 404,
        body: { code: 'payment_provider_not_found' },
      });
  });

  it('keep text that the database cannot store out of it, and are accepted', async () => {
    const signature = service.app.get(SandboxSignature, { strict: false });
    const body = '{"id":"evt_nul","type":"x","note":"a\\u0000b"}';
    const headers = { 'content-type': 'application/json', 'sandbox-signature': signature.sign(body) };
    const response = await fetch(`${service.url}/v1/payment-webhooks/sandbox`, { method: 'POST', headers, body });
    expect(response.status).toBe(200);
  });
});

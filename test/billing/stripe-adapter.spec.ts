import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChargeRequest, type ProviderEvent, ProviderUnavailable, withProviderDeadline } from '@app/billing';
import type { CardBehavior } from '../support/fake-stripe/objects.js';
import { event as fakeEvent } from '../support/fake-stripe/objects.js';
import { wrongParameters } from '../support/fake-stripe/parameters.js';
import { FakeStripe, STRIPE_SECRET_KEY } from '../support/fake-stripe/server.js';
import { fakeStripeBench, newCustomer } from './provider-benches.js';

const CHARGES = /^POST .*\/payment_intents$/;

describe('the adapter of Stripe', () => {
  let bench: Awaited<ReturnType<typeof fakeStripeBench>>;
  beforeAll(async () => {
    bench = await fakeStripeBench();
  });
  afterAll(() => bench.stop());

  async function requestFor(card: CardBehavior, given: Partial<ChargeRequest> = {}): Promise<ChargeRequest> {
    const customer = newCustomer();
    const account = await bench.provider.ensureAccount(customer);
    const setup = { account, customerId: customer.id, currency: 'USD', returnUrl: 'http://localhost:3000/' };
    const { providerId } = await bench.provider.startSetup(setup);
    const method = bench.fake.account.completeSession(providerId, card).id;
    const metadata = { invoice: randomUUID(), payment: randomUUID(), customer: customer.id };
    const idempotencyKey = `${metadata.invoice}:1`;
    const description = 'INV-2026-000001';
    return { idempotencyKey, amount: 1_999, currency: 'USD', account, method, description, metadata, ...given };
  }

  const intentsOf = ({ metadata }: ChargeRequest) =>
    [...bench.fake.account.intents.values()].filter((one) => one.metadata['payment'] === metadata.payment);

  it('gives up all requests of a call at its deadline, while Stripe still holds one', async () => {
    const request = await requestFor('authentication_required');
    const held = bench.fake.hold(/confirm$/);
    await expect(withProviderDeadline(1_000, () => bench.provider.charge(request))).rejects.toThrow(
      ProviderUnavailable,
    );
    expect(held.arrived).toBe(1);
    await expect(withProviderDeadline(0, () => bench.provider.getCharge('pi_any'))).rejects.toThrow(
      ProviderUnavailable,
    );
    held.release();
  });

  it('charges off session, with the idempotency key of the attempt, and with the ids of this service', async () => {
    const request = await requestFor('succeeds');
    await bench.provider.charge(request);
    const { path, idempotencyKey } = bench.fake.calls.at(-1)!;
    expect({ path, idempotencyKey }).toEqual({
      path: '/v1/payment_intents',
      idempotencyKey: request.idempotencyKey,
    });
    expect(intentsOf(request)).toEqual([
      expect.objectContaining({
        amount: 1_999,
        currency: 'usd',
        customer: request.account,
        description: 'INV-2026-000001',
        metadata: { ...request.metadata, key: request.idempotencyKey },
      }),
    ]);
  });

  it.each([
    ['JPY', 500, 500],
    ['ISK', 70, 7_000],
    ['KWD', 1_990, 1_990],
    ['MGA', 5_000, 50],
  ])('counts %s %d as %d', async (currency, amount, expected) => {
    const request = await requestFor('succeeds', { currency, amount });
    const { providerId } = await bench.provider.charge(request);
    expect(intentsOf(request)).toEqual([expect.objectContaining({ amount: expected })]);
    expect(await bench.provider.getCharge(providerId!)).toMatchObject({ amount, currency });
  });

  it('sends nothing for an amount that Stripe cannot charge exactly', async () => {
    const request = await requestFor('succeeds', { currency: 'KWD', amount: 1_995 });
    expect(await bench.provider.charge(request)).toEqual({
      status: 'failed',
      providerId: null,
      code: 'amount_not_chargeable',
      hard: true,
    });
    expect(intentsOf(request)).toEqual([]);
  });

  it.each([
    ['insufficient_funds', { code: 'insufficient_funds', hard: false }],
    ['stolen_card', { code: 'stolen_card', hard: true }],
    // The code says nothing, but the network advises against another attempt.
    ['do_not_try_again', { code: 'generic_decline', hard: true }],
  ] as [CardBehavior, object][])('maps the decline %s', async (card, expected) => {
    const outcome = await bench.provider.charge(await requestFor(card));
    expect(outcome).toMatchObject({ status: 'failed', providerId: expect.stringMatching(/^pi_/), ...expected });
  });

  it('maps a refused amount to a failure that is never retried', async () => {
    const outcome = await bench.provider.charge(await requestFor('succeeds', { amount: 20 }));
    expect(outcome).toEqual({ status: 'failed', providerId: null, code: 'amount_too_small', hard: true });
  });

  it('returns the page to confirm the same payment intent, when the bank requires it', async () => {
    const request = await requestFor('authentication_required');
    const outcome = await bench.provider.charge(request);
    expect(outcome).toMatchObject({
      status: 'requires_action',
      actionUrl: expect.stringContaining('hooks.stripe.com'),
    });
    const [intent, ...others] = intentsOf(request);
    expect(others).toEqual([]);
    expect(intent!.next_action!.redirect_to_url!.return_url).toBe('http://localhost:3000');
  });

  it('shows no failure before the payer can confirm: an event may be processed in between', async () => {
    const request = await requestFor('authentication_required');
    bench.fake.failNext({ on: /confirm$/, delayMs: 400 });
    const outcome = bench.provider.charge(request);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect((await bench.provider.findCharge({ providerId: null, request }))!.outcome.status).toBe('pending');
    expect((await outcome).status).toBe('requires_action');
  });

  it('shows a failure when the request for a confirmation was lost', async () => {
    const request = await requestFor('authentication_required');
    bench.fake.failNext({ on: /confirm$/, status: 500 });
    await expect(bench.provider.charge(request)).rejects.toThrow(ProviderUnavailable);
    const [intent] = intentsOf(request);
    intent!.created -= 121;
    expect((await bench.provider.findCharge({ providerId: null, request }))!.outcome).toMatchObject({
      status: 'failed',
      code: 'authentication_required',
      hard: false,
    });
  });

  it.each([
    ['429', { status: 429 } as const],
    ['500', { status: 500 } as const],
  ])('reports %s as an unknown outcome, and charges once when it is repeated', async (_, fault) => {
    const request = await requestFor('succeeds');
    bench.fake.failNext({ on: CHARGES, ...fault });
    await expect(bench.provider.charge(request)).rejects.toThrow(ProviderUnavailable);
    expect(await bench.provider.charge(request)).toMatchObject({ status: 'succeeded' });
    expect(intentsOf(request)).toHaveLength(1);
  });

  it('reports a request as unknown that arrives while the same one is under way', async () => {
    const request = await requestFor('succeeds');
    bench.fake.failNext({ on: CHARGES, delayMs: 300 });
    const first = bench.provider.charge(request);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await expect(bench.provider.charge(request)).rejects.toThrow(/idempotency_key_in_use/);
    expect(await bench.provider.findCharge({ providerId: null, request })).toBeNull();
    expect(await first).toMatchObject({ status: 'succeeded' });
    expect(await bench.provider.charge(request)).toEqual(await first);
    expect(intentsOf(request)).toHaveLength(1);
  });

  it('never repeats a charge automatically, after an answer', async () => {
    const request = await requestFor('succeeds');
    bench.fake.failNext({ on: CHARGES, status: 500 });
    const before = bench.fake.calls.length;
    await expect(bench.provider.charge(request)).rejects.toThrow(ProviderUnavailable);
    expect(bench.fake.calls.slice(before)).toHaveLength(1);
  });

  it('finds a charge among hundreds of the same customer', async () => {
    const request = await requestFor('succeeds');
    await bench.provider.charge(request);
    const { account: customer, method: payment_method } = request;
    for (let index = 0; index < 230; index++)
      bench.fake.account.createIntent({ amount: '500', currency: 'usd', customer, payment_method });
    const found = await bench.provider.findCharge({ providerId: null, request });
    expect(found).toMatchObject({ outcome: { status: 'succeeded' }, metadata: request.metadata });
  });

  it('fails without the text of Stripe and without a secret, when a request is wrong', async () => {
    const request = await requestFor('succeeds', { currency: 'NOT_A_CURRENCY' });
    const failed = bench.provider.charge(request);
    await expect(failed).rejects.toThrow(
      'Stripe refused a request: StripeInvalidRequestError parameter_invalid currency 400',
    );
    const error = await failed.catch((thrown: unknown) => thrown);
    expect(error).not.toBeInstanceOf(ProviderUnavailable);
    expect(JSON.stringify(error)).not.toContain(STRIPE_SECRET_KEY);
  });

  describe('reads events', () => {
    const read = (body: unknown, signature?: string): ProviderEvent => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return bench.provider.readEvent(Buffer.from(text), signature ?? FakeStripe.signature(text));
    };
    const about = (object: object, type = 'x') => read(fakeEvent(type, object)).about;

    it('that are about a charge, a refund, a dispute, a setup or a method', () => {
      const charge = { kind: 'charge', providerId: 'pi_1' };
      expect(about({ object: 'payment_intent', id: 'pi_1' })).toEqual(charge);
      for (const object of ['charge', 'refund', 'dispute'])
        expect(about({ object, id: 'x_1', payment_intent: 'pi_1' })).toEqual(charge);
      expect(about({ object: 'payment_method', id: 'pm_1' })).toEqual({ kind: 'method', providerId: 'pm_1' });
      const session = { object: 'checkout.session', id: 'cs_1', mode: 'setup' };
      expect(about(session, 'checkout.session.completed')).toEqual({ kind: 'setup', providerId: 'cs_1' });
    });

    it.each([
      ['a session that expired', { object: 'checkout.session', id: 'cs_1', mode: 'setup' }],
      ['a session that is no setup', { object: 'checkout.session', id: 'cs_1', mode: 'payment' }],
      ['a charge without a payment intent', { object: 'charge', id: 'ch_1', payment_intent: null }],
      ['an object without an id', { object: 'payment_intent' }],
      ['another object', { object: 'invoice', id: 'in_1' }],
    ])('that are about nothing of this service: %s', (_, object) => {
      expect(about(object)).toEqual({ kind: 'unknown' });
    });

    it('as foreign, when they are of another mode or account', () => {
      const own = fakeEvent('x', { object: 'payment_intent', id: 'pi_1' });
      expect(read(own).own).toBe(true);
      expect(read({ ...own, livemode: true }).own).toBe(false);
      expect(read({ ...own, account: 'acct_other' }).own).toBe(false);
    });

    it.each([
      '',
      'null',
      '[]',
      '{}',
      '{"id":1,"type":"x"}',
      '{"id":"","type":"x"}',
      '{"object":"v2.core.event"}',
      'no JSON',
    ])('never from a body such as %s', (body) => {
      expect(() => read(body)).toThrow(expect.objectContaining({ code: 'malformed_event' }));
    });

    it('only with a signature of its secret, of this body, at this time', () => {
      const body = JSON.stringify(fakeEvent('x', {}));
      const refused = expect.objectContaining({ code: 'invalid_signature' });
      const now = Math.floor(Date.now() / 1_000);
      expect(() => read(body, FakeStripe.signature(body, now, 'whsec_of_another'))).toThrow(refused);
      expect(() => read(`${body} `, FakeStripe.signature(body))).toThrow(refused);
      for (const distance of [-310, 310])
        expect(() => read(body, FakeStripe.signature(body, now + distance))).toThrow(refused);
      for (const distance of [-290, 290]) expect(read(body, FakeStripe.signature(body, now + distance)).type).toBe('x');
    });
  });
});

describe('the fake of Stripe', () => {
  const wrong = (given: Parameters<typeof wrongParameters>[2]) =>
    wrongParameters('PaymentIntents', 'PaymentIntentCreateParams', { amount: '100', currency: 'usd', ...given });

  it('knows the parameters from the declarations of the package', () => {
    expect(wrong({ confirm: 'true', metadata: { any: 'text' }, allowed_payment_method_types: ['card'] })).toEqual([]);
    expect(wrong({ payment_method_options: { card: { request_three_d_secure: 'any' } } })).toEqual([]);
  });

  it('refuses parameters that the package does not have, at any depth', () => {
    // Removed from the interface of this version.
    expect(wrong({ payment_method_types: ['card'] })).toEqual([
      { param: 'payment_method_types', code: 'parameter_unknown' },
    ]);
    expect(wrong({ shipping: { name: 'Ann', address: { line1: 'x', planet: 'Mars' } } })).toEqual([
      { param: 'shipping[address][planet]', code: 'parameter_unknown' },
    ]);
    expect(wrong({ confirm: 'yes' })).toEqual([{ param: 'confirm', code: 'parameter_invalid' }]);
    expect(wrong({ amount: 'ten' })).toEqual([{ param: 'amount', code: 'parameter_invalid' }]);
    expect(wrongParameters('PaymentIntents', 'PaymentIntentCreateParams', { amount: '1' })).toEqual([
      { param: 'currency', code: 'parameter_missing' },
    ]);
    expect(wrongParameters('Refunds', 'RefundListParams', { limit: '3', page: '1' })).toEqual([
      { param: 'page', code: 'parameter_unknown' },
    ]);
  });
});

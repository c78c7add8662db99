import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChargeRequest, PaymentProviders, ProviderUnavailable } from '@app/billing';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import {
  type Behavior,
  type Bench,
  type Customer,
  fakeStripeBench,
  newCustomer,
  realStripeBench,
  sandboxBench,
} from './provider-benches.js';

/** Set by `npm run test:stripe` only: a key of a test account, or `fake`. */
const REAL_KEY = process.env['TEST_STRIPE_SECRET_KEY'];

const PROVIDERS: { name: string; start: () => Promise<Bench>; real?: true }[] = REAL_KEY
  ? [
      {
        name: REAL_KEY === 'fake' ? 'the fake stripe' : 'the real stripe',
        start: () => realStripeBench(REAL_KEY),
        real: true,
      },
    ]
  : [
      { name: 'sandbox', start: sandboxBench },
      { name: 'stripe', start: fakeStripeBench },
    ];

describe.each(PROVIDERS)('the payment provider $name', ({ start, real }) => {
  let bench: Bench;
  /** Cases that need a payer or a broken network, which the real provider does not have in a test. */
  const scripted = real ? it.skip : it;

  beforeAll(async () => {
    bench = await start();
  });
  afterAll(() => bench.stop());

  async function requestFor(behavior: Behavior, given: Partial<ChargeRequest> = {}): Promise<ChargeRequest> {
    const customer: Customer = newCustomer();
    const account = await bench.provider.ensureAccount(customer);
    const method = await bench.method(account, customer, behavior);
    const [invoice, payment] = [randomUUID(), randomUUID()];
    return {
      idempotencyKey: `${invoice}:1`,
      amount: 1_999,
      currency: 'USD',
      account,
      method,
      description: 'INV-2026-000001',
      metadata: { invoice, payment, customer: customer.id },
      ...given,
    };
  }

  async function charged(behavior: Behavior, given: Partial<ChargeRequest> = {}) {
    const request = await requestFor(behavior, given);
    const outcome = await bench.provider.charge(request);
    return { request, outcome, id: outcome.providerId! };
  }

  const chargesOf = async (request: ChargeRequest) => bench.provider.findCharge({ providerId: null, request });

  it('gives the same customer the same account', async () => {
    const customer = newCustomer();
    const [first, again] = [
      await bench.provider.ensureAccount(customer),
      await bench.provider.ensureAccount({ ...customer, email: 'ann@example.com' }),
    ];
    expect(again).toBe(first);
    expect(await bench.provider.ensureAccount(newCustomer())).not.toBe(first);
  });

  it('charges a method, and returns the charge by its id and by its request', async () => {
    const { request, outcome, id } = await charged('succeeds');
    expect(outcome).toEqual({ status: 'succeeded', providerId: expect.any(String) });
    const expected = {
      outcome,
      amount: 1_999,
      currency: 'USD',
      metadata: request.metadata,
      refunded: 0,
      refunds: [],
      disputed: false,
    };
    expect(await bench.provider.getCharge(id)).toEqual(expected);
    expect(await bench.provider.findCharge({ providerId: id, request })).toEqual(expected);
    expect(await chargesOf(request)).toEqual(expected);
  });

  it('never charges the same idempotency key twice, and refuses it for another amount', async () => {
    const { request, outcome } = await charged('succeeds');
    expect(await bench.provider.charge(request)).toEqual(outcome);
    await expect(bench.provider.charge({ ...request, amount: 1 + request.amount })).rejects.toThrow();
  });

  it('makes one charge of concurrent requests with the same key', async () => {
    const request = await requestFor('succeeds');
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => bench.provider.charge(request)));
    const ids = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value.providerId] : []));
    expect(new Set(ids).size).toBe(1);
    // A request that arrives while another one is under way has no outcome yet.
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(ProviderUnavailable);
    expect((await chargesOf(request))!.outcome.providerId).toBe(ids[0]);
  });

  it('reports a decline that may be retried', async () => {
    const { request, outcome } = await charged('declined');
    expect(outcome).toEqual({
      status: 'failed',
      providerId: expect.any(String),
      code: expect.any(String),
      hard: false,
    });
    expect((await chargesOf(request))!.outcome).toEqual(outcome);
  });

  scripted('reports a decline that is never retried', async () => {
    const { request, outcome } = await charged('declined_hard');
    expect(outcome).toMatchObject({ status: 'failed', code: 'stolen_card', hard: true });
    expect((await chargesOf(request))!.outcome).toEqual(outcome);
  });

  it('returns the page on which the payer confirms', async () => {
    const { outcome, id } = await charged('requires_action');
    expect(outcome).toEqual({
      status: 'requires_action',
      providerId: id,
      actionUrl: expect.stringMatching(/^https?:/),
    });
    expect((await bench.provider.getCharge(id))!.outcome).toEqual(outcome);
  });

  scripted.each([
    { confirmed: true, expected: { status: 'succeeded' } },
    { confirmed: false, expected: { status: 'failed', hard: false } },
  ])('knows what the payer decided: confirmed $confirmed', async ({ confirmed, expected }) => {
    const { id } = await charged('requires_action');
    await bench.decide(id, confirmed);
    expect((await bench.provider.getCharge(id))!.outcome).toMatchObject(expected);
  });

  it('cancels a charge that waits for the payer, and not one that succeeded', async () => {
    const waiting = await charged('requires_action');
    const canceled = { status: 'failed', providerId: waiting.id, code: 'canceled', hard: false };
    expect(await bench.provider.cancelCharge(waiting.id)).toEqual(canceled);
    expect(await bench.provider.cancelCharge(waiting.id)).toEqual(canceled);
    const { id } = await charged('succeeds');
    expect(await bench.provider.cancelCharge(id)).toEqual({ status: 'succeeded', providerId: id });
  });

  scripted('finds a charge whose answer was lost, and makes no other one', async () => {
    const request = await requestFor('loses_answer');
    bench.loseAnswer();
    await expect(bench.provider.charge(request)).rejects.toThrow(ProviderUnavailable);
    const found = await chargesOf(request);
    expect(found!.outcome.status).toBe('succeeded');
    expect(await bench.provider.charge(request)).toEqual(found!.outcome);
  });

  it('finds no charge of a request that never arrived, and then charges it', async () => {
    const request = await requestFor('succeeds');
    if (bench.loseRequest) {
      bench.loseRequest();
      await expect(bench.provider.charge(request)).rejects.toThrow(ProviderUnavailable);
    }
    expect(await chargesOf(request)).toBeNull();
    expect(await bench.provider.charge(request)).toMatchObject({ status: 'succeeded' });
  });

  scripted('reports a charge that succeeds late', async () => {
    const { outcome, id } = await charged('succeeds_late');
    expect(outcome).toEqual({ status: 'pending', providerId: id });
    await bench.settle(id);
    expect((await bench.provider.getCharge(id))!.outcome).toEqual({ status: 'succeeded', providerId: id });
  });

  scripted('shows that a charge is disputed', async () => {
    const { outcome, id } = await charged('disputed');
    expect(outcome.status).toBe('succeeded');
    expect((await bench.provider.getCharge(id))!.disputed).toBe(true);
  });

  it('refunds in parts, each key once, and never more than was charged', async () => {
    const { id } = await charged('succeeds');
    const request = { idempotencyKey: randomUUID(), charge: id, amount: 1_000, currency: 'USD' };
    expect(await bench.provider.findRefund({ providerId: null, request })).toBeNull();
    const first = await bench.provider.refund(request);
    expect(first).toEqual({ status: 'succeeded', providerId: expect.any(String) });
    expect(await bench.provider.refund(request)).toEqual(first);
    expect(await bench.provider.findRefund({ providerId: null, request })).toEqual(first);
    expect(await bench.provider.findRefund({ providerId: first.providerId, request })).toEqual(first);
    const tooMuch = { ...request, idempotencyKey: randomUUID() };
    expect(await bench.provider.refund(tooMuch)).toMatchObject({ status: 'failed', code: 'amount_too_large' });
    await bench.provider.refund({ ...request, idempotencyKey: randomUUID(), amount: 999 });
    const { refunded, refunds } = (await bench.provider.getCharge(id))!;
    expect(refunded).toBe(1_999);
    expect(refunds).toContainEqual({ outcome: first, amount: 1_000, idempotencyKey: request.idempotencyKey });
    expect(await bench.provider.refund({ ...tooMuch, idempotencyKey: randomUUID(), amount: 1 })).toMatchObject({
      status: 'failed',
    });
  });

  it('refuses one of two concurrent refunds that are too much together', async () => {
    const { id } = await charged('succeeds', { amount: 1_500 });
    const refund = () =>
      bench.provider.refund({ idempotencyKey: randomUUID(), charge: id, amount: 1_000, currency: 'USD' });
    const outcomes = await Promise.all([refund(), refund()]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['failed', 'succeeded']);
    expect((await bench.provider.getCharge(id))!.refunded).toBe(1_000);
  });

  scripted('stores a method that the payer entered, and never charges it after it was detached', async () => {
    const customer = newCustomer();
    const account = await bench.provider.ensureAccount(customer);
    const setup = await bench.provider.startSetup({
      account,
      customerId: customer.id,
      currency: 'EUR',
      returnUrl: 'http://localhost:3000/billing',
    });
    expect(setup.url).toMatch(/^https?:/);
    expect(await bench.provider.findSetup(setup.providerId)).toBeNull();
    await bench.completeSetup(setup.providerId);
    const method = (await bench.provider.findSetup(setup.providerId))!;
    expect(method).toMatchObject({ account, type: 'card', last4: '4242', expiresYear: 2099 });
    expect(await bench.provider.findMethod(method.providerId)).toEqual(method);
    await bench.provider.detachMethod(method.providerId);
    await bench.provider.detachMethod(method.providerId);
    expect(await bench.provider.findMethod(method.providerId)).toMatchObject({ account: null });
    const request = await requestFor('succeeds', { account, method: method.providerId });
    expect(await bench.provider.charge(request)).toMatchObject({ status: 'failed', hard: true });
  });

  it('deletes a customer with its methods, and repeating it changes nothing', async () => {
    const request = await requestFor('succeeds');
    await bench.provider.deleteAccount(request.account);
    await bench.provider.deleteAccount(request.account);
    expect(await bench.provider.charge(request)).toMatchObject({ status: 'failed', hard: true });
  });

  it('has no object with an unknown id', async () => {
    expect(await bench.provider.getCharge('pi_unknown')).toBeNull();
    expect(await bench.provider.findMethod('pm_unknown')).toBeNull();
    expect(await bench.provider.findSetup('cs_test_unknown')).toBeNull();
  });

  it('charges a currency without a minor unit', async () => {
    const { outcome, id } = await charged('succeeds', { amount: 500, currency: 'JPY' });
    expect(outcome.status).toBe('succeeded');
    expect(await bench.provider.getCharge(id)).toMatchObject({ amount: 500, currency: 'JPY' });
  });

  it.each(['', 't=1,v1=00', 't=x', 'v0=00'])('refuses an event with the signature "%s"', (signature) => {
    expect(() => bench.provider.readEvent(Buffer.from('{}'), signature)).toThrow(
      expect.objectContaining({ code: 'invalid_signature' }),
    );
  });
});

(REAL_KEY ? describe.skip : describe)('the payment provider manual', () => {
  let service: TestApp & { database: TestDatabase };
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());

  it('charges nothing: an invoice waits for its transfer', async () => {
    const provider = service.app.get(PaymentProviders, { strict: false }).get('manual');
    expect(provider.chargesMethods).toBe(false);
    const customer = newCustomer();
    const account = await provider.ensureAccount(customer);
    const metadata = { invoice: randomUUID(), payment: randomUUID(), customer: customer.id };
    const request = {
      idempotencyKey: 'i:1',
      amount: 100,
      currency: 'EUR',
      account,
      method: '',
      description: '',
      metadata,
    };
    const outcome = await provider.charge(request);
    expect(outcome).toEqual({ status: 'pending', providerId: expect.any(String) });
    expect(await provider.charge(request)).toEqual(outcome);
    expect(await provider.findCharge({ providerId: null, request })).toMatchObject({ outcome, amount: 100, metadata });
    expect(await provider.cancelCharge(outcome.providerId!)).toMatchObject({ status: 'failed', code: 'canceled' });
    const setup = { account, customerId: customer.id, currency: 'EUR', returnUrl: 'http://localhost/' };
    await expect(provider.startSetup(setup)).rejects.toMatchObject({ code: 'no_payment_methods' });
    expect(() => provider.readEvent(Buffer.from('{}'), undefined)).toThrow(
      expect.objectContaining({ code: 'invalid_signature' }),
    );
  });
});

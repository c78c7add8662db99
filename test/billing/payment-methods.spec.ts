import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PaymentEvents, PaymentMethodRecords, type SandboxBehavior } from '@app/billing';
import { type ApiResponse, startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { type RegisteredUser, registerUser, uniqueName } from '../support/fixtures.js';

const PUBLIC_URL = 'https://tollgate.example.com';
const ALLOWED_ORIGIN = 'https://app.example.com';

describe('payment methods', () => {
  let service: TestApp & { database: TestDatabase };
  let customer: string;

  const at = (path = '', owner = customer): string => `/v1/customers/${owner}/payment-methods${path}`;
  const setup = (body: object, owner = customer): Promise<ApiResponse> =>
    service.admin('POST', at('/setup', owner), { body });
  const list = async (): Promise<any[]> => (await service.admin('GET', at())).body.data;
  const process = async (): Promise<void> => {
    while ((await service.app.get(PaymentEvents, { strict: false }).processDue()) > 0);
  };
  /** The payer chooses a test method on the page of the sandbox. */
  async function choose(url: string, behavior: SandboxBehavior): Promise<Response> {
    const page = url.replace(PUBLIC_URL, service.url);
    expect(await (await fetch(page)).text()).toContain('Choose a test method');
    const body = new URLSearchParams({ behavior });
    return fetch(page, { method: 'POST', body, redirect: 'manual' });
  }
  async function add(behavior: SandboxBehavior = 'succeeds'): Promise<any> {
    await choose((await setup({ returnUrl: '/billing' })).body.url, behavior);
    await process();
    return (await list())[0];
  }
  const eventsOf = (id: string): Promise<{ type: string; after: any }[]> =>
    service.database.query('select type, after from events where subject_id = $1 order by sequence', [id]);

  beforeAll(async () => {
    service = await startService({ environment: { PUBLIC_URL, CORS_ORIGINS: ALLOWED_ORIGIN } });
    const body = { provider: 'sandbox', seller: { name: 'Seller' } };
    for (const product of ['default', 'api'])
      expect((await service.admin('PUT', `/v1/products/${product}/billing`, { body })).status).toBe(200);
  });
  afterAll(() => service.stop());
  beforeEach(async () => {
    customer = uniqueName('payer');
    await service.admin('PUT', `/v1/customers/${customer}`, { body: {} });
  });

  it('are entered on a page of the provider, and the first one becomes the default', async () => {
    const { status, body } = await setup({ returnUrl: '/billing?tab=cards' });
    expect(status).toBe(201);
    const answer = await choose(body.url, 'succeeds');
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe(`${PUBLIC_URL}/billing?tab=cards&setup=completed`);
    expect(await list()).toEqual([]);
    await process();
    const [method] = await list();
    expect(method).toEqual({
      id: expect.any(String),
      provider: 'sandbox',
      type: 'card',
      brand: 'test',
      last4: '4242',
      expiresMonth: 12,
      expiresYear: 2099,
      isDefault: true,
      createdAt: expect.any(String),
    });
    expect(await eventsOf(method.id)).toEqual([{ type: 'payment_method.added', after: expect.any(Object) }]);
    const again = await service.call('POST', new URL(body.url).pathname, { body: { behavior: 'declined' } });
    expect(again).toMatchObject({ status: 409, body: { code: 'setup_completed' } });
  });

  it.each([
    ['a path', '/billing', `${PUBLIC_URL}/billing`],
    ['an allowed origin', `${ALLOWED_ORIGIN}/x`, `${ALLOWED_ORIGIN}/x`],
    ['the public URL', `${PUBLIC_URL}/y`, `${PUBLIC_URL}/y`],
  ])('return to %s', async (_, returnUrl, expected) => {
    const answer = await choose((await setup({ returnUrl })).body.url, 'succeeds');
    expect(answer.headers.get('location')).toBe(`${expected}?setup=completed`);
  });

  it.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example/',
    'https://app.example.com.evil.example/',
    'https://user:secret@app.example.com/',
    'http://app.example.com/',
    'javascript:alert(1)',
    'billing',
    '',
    `/${'x'.repeat(3_000)}`,
  ])('never return to %s', async (returnUrl) => {
    expect(await setup({ returnUrl })).toMatchObject({
      status: 422,
      body: { code: 'invalid_fields', errors: [{ field: 'returnUrl' }] },
    });
  });

  it('of a user are managed by the user, and by no other one', async () => {
    const ann: RegisteredUser = await registerUser(service);
    const bob: RegisteredUser = await registerUser(service);
    const body = { returnUrl: '/billing' };
    expect((await ann.call('POST', '/v1/customers/me/payment-methods/setup', { body })).status).toBe(201);
    expect((await bob.call('GET', at('', ann.customer))).status).toBe(404);
  });

  it('have one default: the one that was chosen, and the most recent other one after its removal', async () => {
    const first = await add();
    const second = await add('declined');
    const third = await add('disputed');
    expect((await list()).map(({ id, isDefault }) => [id, isDefault])).toEqual([
      [third.id, false],
      [second.id, false],
      [first.id, true],
    ]);
    const chosen = await service.admin('PUT', at(`/${second.id}/default`), { body: {} });
    expect(chosen).toMatchObject({ status: 200, body: { id: second.id, isDefault: true } });
    expect((await service.admin('DELETE', at(`/${second.id}`))).status).toBe(204);
    expect((await list()).map(({ id, isDefault }) => [id, isDefault])).toEqual([
      [third.id, true],
      [first.id, false],
    ]);
    expect((await service.admin('DELETE', at(`/${second.id}`))).body.code).toBe('payment_method_not_found');
    expect((await service.admin('PUT', at(`/${second.id}/default`), { body: {} })).status).toBe(404);
    expect((await eventsOf(second.id)).map(({ type }) => type)).toEqual([
      'payment_method.added',
      'payment_method.default_changed',
      'payment_method.removed',
    ]);
  });

  it('have one default although two become it concurrently', async () => {
    const methods = [await add(), await add(), await add()];
    const answers = await Promise.all(
      methods.map(({ id }) => service.admin('PUT', at(`/${id}/default`), { body: {} })),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await list()).filter(({ isDefault }) => isDefault)).toHaveLength(1);
  });

  it('cannot be stored for a product that is not billed, or is paid by bank transfer', async () => {
    await service.admin('POST', '/v1/products', { body: { key: 'unbilled', name: 'Unbilled' } });
    await service.admin('POST', '/v1/products', { body: { key: 'by-transfer', name: 'By transfer' } });
    const body = { provider: 'manual', seller: { name: 'Seller' } };
    await service.admin('PUT', '/v1/products/by-transfer/billing', { body });
    const codes = ['unbilled', 'by-transfer'].map(
      async (product) => (await setup({ returnUrl: '/', product })).body.code as string,
    );
    expect(await Promise.all(codes)).toEqual(['billing_off', 'no_payment_methods']);
  });

  it('that expire within 30 days are announced once, by the time of the customer', async () => {
    const records = service.app.get(PaymentMethodRecords, { strict: false });
    const clock = (await service.admin('POST', '/v1/test-clocks', { body: { now: '2099-11-30T00:00:00Z' } })).body;
    customer = uniqueName('on-clock');
    const created = await service.admin('PUT', `/v1/customers/${customer}`, { body: { testClock: clock.id } });
    expect(created.status).toBe(201);
    const { id } = await add();
    const announced = async (): Promise<number> => {
      await records.announceExpiring();
      return (await eventsOf(id)).filter(({ type }) => type === 'payment_method.expiring').length;
    };
    // Valid to the end of December 2099.
    expect(await announced()).toBe(0);
    await service.admin('POST', `/v1/test-clocks/${clock.id}/advance`, { body: { to: '2099-12-03T00:00:00Z' } });
    expect(await announced()).toBe(1);
    expect(await announced()).toBe(1);
  });

  it('that expire in real time are announced once', async () => {
    const records = service.app.get(PaymentMethodRecords, { strict: false });
    const { id } = await add();
    const types = async (): Promise<string[]> => (await eventsOf(id)).map(({ type }) => type);
    await records.announceExpiring();
    expect(await types()).toEqual(['payment_method.added']);
    await service.database.query('update payment_methods set expires_year = 2020 where id = $1', [id]);
    await records.announceExpiring();
    await records.announceExpiring();
    expect(await types()).toEqual(['payment_method.added', 'payment_method.expiring']);
  });
});

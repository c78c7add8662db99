import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ok, startService, type TestApp } from '../support/app.js';
import {
  applyMeteredProduct,
  createApiKey,
  linkTokenOf,
  openPortal,
  registerUserWithRole,
} from '../support/fixtures.js';

const PRODUCT = 'listed-portal';
const BACK = 'https://app.example.com/billing';
const CORS = 'https://console.example.com';

describe('portal sessions of a customer', () => {
  let service: TestApp;

  const allow = (allowedReturnUrls: string[]): Promise<unknown> =>
    ok(service.admin('PUT', `/v1/products/${PRODUCT}/portal`, { body: { allowedReturnUrls } }));
  const listed = async (query = '', call = service.admin): Promise<any[]> =>
    (await ok(call('GET', `/v1/portal-sessions${query}`))).data;

  beforeAll(async () => {
    service = await startService({ environment: { CORS_ORIGINS: CORS } });
    for (const product of [PRODUCT, 'other-portal']) await applyMeteredProduct(service, product, 10);
    for (const [customer, product] of [
      ['anna', PRODUCT],
      ['berta', 'other-portal'],
    ])
      await ok(service.admin('PUT', `/v1/customers/${customer}`, { body: { product } }));
    await ok(service.admin('PUT', `/v1/products/${PRODUCT}/billing`, { body: { provider: 'sandbox' } }));
    await allow([BACK]);
  });
  afterAll(() => service?.stop());

  it('are listed for staff, without the link, in the scope of the caller', async () => {
    const { id } = await openPortal(service, { customer: 'anna', product: PRODUCT, returnUrl: BACK });
    await openPortal(service, { customer: 'berta', product: 'other-portal' });
    const [session, ...rest] = await listed('?customer=anna');
    expect(rest).toEqual([]);
    expect(session).toEqual({
      id,
      customer: 'anna',
      product: PRODUCT,
      createdBy: { kind: 'user', id: expect.any(String) },
      returnUrl: BACK,
      createdAt: expect.any(String),
      openedAt: expect.any(String),
      expiresAt: expect.any(String),
      revokedAt: null,
    });
    const { call } = await createApiKey(service, { scopes: ['portal:write'], product: PRODUCT });
    expect((await listed('', call)).map(({ customer }) => customer)).toEqual(['anna']);
    expect((await call('GET', '/v1/portal-sessions?customer=berta')).body.code).toBe('customer_not_found');
    const support = await registerUserWithRole(service, { role: 'support' });
    expect((await listed('', support.call)).length).toBe(2);
  });

  it('do not lead back to a URL that the product no longer allows', async () => {
    const body = { customer: 'anna', product: PRODUCT, returnUrl: BACK };
    const link = await ok(service.admin('POST', '/v1/portal-sessions', { body }));
    await allow(['https://app.example.com/other']);
    const { returnUrl } = await ok(
      service.call('POST', '/v1/portal-sessions/exchange', { body: { token: linkTokenOf(link) } }),
    );
    expect(returnUrl).toBeNull();
    await allow([BACK]);
  });

  it('start the entry of a payment method that leads back to allowed URLs and to the portal only', async () => {
    const { call } = await openPortal(service, { customer: 'anna', product: PRODUCT });
    const setup = async (returnUrl: string, as = call, customer = 'me'): Promise<number> => {
      const body = { product: PRODUCT, returnUrl };
      return (await as('POST', `/v1/customers/${customer}/payment-methods/setup`, { body })).status;
    };
    expect(await setup(`${BACK}?tab=cards`)).toBe(201);
    expect(await setup('/portal/payment')).toBe(201);
    for (const refused of [CORS, '//console.example.com/', 'https://app.example.com/elsewhere'])
      expect(await setup(refused)).toBe(422);
    expect(await setup(CORS, service.admin, 'anna')).toBe(201);
  });
});

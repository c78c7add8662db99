import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventPublisher } from '@app/events';
import { startService, type TestApp } from '../support/app.js';
import { runBilling } from '../support/billing.js';
import type { TestDatabase } from '../support/database.js';
import { registerUser, uniqueName } from '../support/fixtures.js';

describe('the language of an invoice', () => {
  let service: TestApp & { database: TestDatabase };
  const newProduct = async (billing: object): Promise<string> => {
    const key = uniqueName('product');
    const plans = [
      { key: 'paid', name: 'Paid', prices: [{ interval: 'month', amount: 100, currency: 'EUR' }], entitlements: [] },
    ];
    const product = { key, name: key };
    const body = { product, features: [], plans, assignment: [{ plan: 'paid' }], billing };
    expect((await service.admin('POST', '/v1/catalog/apply', { body })).status).toBe(200);
    return key;
  };
  /** The language of the invoice of a new subscription. */
  const invoiced = async (product: string, customer: string): Promise<string> => {
    const { status, body } = await service.admin('PUT', `/v1/customers/${customer}`, {
      body: { product, plan: 'paid' },
    });
    expect([status, body.code]).toEqual([expect.any(Number), undefined]);
    while ((await service.app.get(EventPublisher).publish()) > 0);
    await runBilling(service);
    const [row] = await service.database.query<{ language: string }>(
      `select buyer->>'language' as language from invoices where subscription_id = $1`,
      [body.subscription.id],
    );
    return row!.language;
  };
  const setProfile = (customer: string, language: string | null) =>
    service.admin('PUT', `/v1/customers/${customer}/billing-profile`, { body: { name: 'Acme', language } });

  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());

  it('is that of the product for a customer without user and language', async () => {
    expect(await invoiced(await newProduct({ language: 'de' }), uniqueName('customer'))).toBe('de');
    expect(await invoiced(await newProduct({}), uniqueName('customer'))).toBe('en');
  });

  it('is that of the user before that of the product', async () => {
    const user = await registerUser(service);
    expect((await user.call('PATCH', '/v1/users/me', { body: { language: 'de' } })).status).toBe(200);
    expect(await invoiced(await newProduct({}), user.customer)).toBe('de');
    expect(await invoiced(await newProduct({ language: 'de' }), (await registerUser(service)).customer)).toBe('en');
  });

  it('is that of the billing profile before that of the user; null gives it back', async () => {
    const user = await registerUser(service);
    await user.call('PATCH', '/v1/users/me', { body: { language: 'de' } });
    expect((await setProfile(user.customer, 'en')).body.language).toBe('en');
    expect(await invoiced(await newProduct({ language: 'de' }), user.customer)).toBe('en');
    expect((await setProfile(user.customer, null)).body.language).toBe(null);
    expect(await invoiced(await newProduct({}), user.customer)).toBe('de');
  });
});

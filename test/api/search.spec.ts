import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ok, startService, type TestApp } from '../support/app.js';
import { createApiKey, registerUserWithRole, applyMeteredProduct, type RegisteredUser } from '../support/fixtures.js';

describe('search', () => {
  let service: TestApp;
  let support: RegisteredUser;
  let finance: RegisteredUser;
  let newsAdmin: RegisteredUser;
  let subscription: string;

  beforeAll(async () => {
    service = await startService();
    await applyMeteredProduct(service, 'searched', 10);
    await applyMeteredProduct(service, 'other', 10);
    const put = (key: string, body: object): Promise<any> =>
      ok(service.admin('PUT', `/v1/customers/${key}`, { body: { product: 'searched', ...body } }));
    ({
      subscription: { id: subscription },
    } = await put('acme', { name: 'Zebra Crossing Ltd', email: 'ann@zebra.example' }));
    await put('acme-2', { name: 'Second 100%_sure' });
    await put('elsewhere', { name: 'Zebra Elsewhere', product: 'other' });
    support = await registerUserWithRole(service, { role: 'support' });
    finance = await registerUserWithRole(service, { role: 'finance' });
    newsAdmin = await registerUserWithRole(service, { role: 'product_admin', product: 'searched' });
  }, 120_000);
  afterAll(() => service?.stop());

  const find = async (q: string, call = service.admin): Promise<string[]> => {
    const { data } = await ok(call('GET', `/v1/search?q=${encodeURIComponent(q)}`));
    return data.map(({ type, key }: { type: string; key: string }) => `${type} ${key}`);
  };
  const customers = async (query: string, call = service.admin): Promise<string[]> => {
    const { data } = await ok(call('GET', `/v1/customers?${query}`));
    return data.map(({ key }: { key: string }) => key);
  };

  it('finds customers by the start of their key, with the key itself first', async () => {
    expect(await find('ACM')).toEqual(['customer acme-2', 'customer acme']);
    expect(await find('acme')).toEqual(['customer acme', 'customer acme-2']);
  });

  it('finds customers by the start of their e-mail address and of their name and its second word', async () => {
    expect(await find('Ann@Zeb')).toEqual(['customer acme']);
    expect(await find('zebra cr')).toEqual(['customer acme']);
    expect(await find('Cross')).toEqual(['customer acme']);
  });

  it('takes wildcards and signs as themselves', async () => {
    expect(await find('%%')).toEqual([]);
    expect(await find('a_m')).toEqual([]);
    expect(await find(`'!&|:*\\`)).toEqual([]);
  });

  it('finds a subscription by its id and objects of the catalogue by a part of their key', async () => {
    expect(await find(subscription)).toEqual([`subscription ${subscription}`]);
    expect((await find('calls')).filter((hit) => hit === 'feature calls').length).toBeGreaterThan(1);
  });

  it('finds an invoice by the start of its number and by its serial number', async () => {
    await ok(service.admin('PUT', '/v1/products/searched/billing', { body: { provider: 'sandbox' } }));
    const lines = [{ description: 'Setup', quantity: 1, unitAmount: 100 }];
    const body = { customer: 'acme', product: 'searched', currency: 'USD', lines };
    const { id } = await ok(service.admin('POST', '/v1/invoices', { body }));
    const { number } = await ok(service.admin('POST', `/v1/invoices/${id}/finalize`, { body: {} }));
    expect(await find(number.slice(0, -1).toLowerCase())).toEqual([`invoice ${number}`]);
    expect(await find('01')).toContain(`invoice ${number}`);
    expect(await find(number, finance.call)).toEqual([`invoice ${number}`]);
  });

  it('refuses a text of one character', async () => {
    const { status, body } = await service.admin('GET', '/v1/search?q=a');
    expect([status, body.code]).toEqual([422, 'invalid_fields']);
  });

  it('finds only objects that the caller may read', async () => {
    expect(await find('zebra', newsAdmin.call)).toEqual(['customer acme']);
    expect(await find('zebra', support.call)).toEqual(['customer elsewhere', 'customer acme']);
    expect(await find('zebra', finance.call)).toEqual([]);
    const key = await createApiKey(service, { scopes: ['customers:read'] });
    expect(await find(subscription, key.call)).toEqual([]);
    expect(await find('acme', key.call)).toEqual(['customer acme', 'customer acme-2']);
  });

  it('lists customers by product, plan, status, time and text', async () => {
    expect(await customers('product=searched')).toEqual(['acme-2', 'acme']);
    expect(await customers('product=searched&order=oldest')).toEqual(['acme', 'acme-2']);
    expect(await customers('product=searched&status=active&q=sure')).toEqual([]);
    expect(await customers('product=searched&status=active&q=second')).toEqual(['acme-2']);
    expect(await customers('product=searched&status=past_due')).toEqual([]);
    expect(await customers('product=other&plan=absent')).toEqual([]);
    expect(await customers('product=other&to=2020-01-01T00:00:00Z')).toEqual([]);
    const first = await ok(service.admin('GET', '/v1/customers?product=searched&order=oldest&limit=1'));
    expect(await customers(`product=searched&order=oldest&limit=1&cursor=${first.nextCursor}`)).toEqual(['acme-2']);
  });
});

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { CatalogReader } from '@app/catalog';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { createApiKey, inParallel, registerUser, uniqueName } from '../support/fixtures.js';

const DEFAULTS = {
  provider: 'sandbox',
  prorationBilling: 'immediately',
  usageGraceHours: 1,
  netDays: 14,
  invoiceNumberFormat: 'INV-{year}-{number}',
  creditNoteNumberFormat: 'CN-{year}-{number}',
  dunning: { retryDays: [1, 3, 5, 7], finally: 'cancel' },
  pastDueGraceDays: 7,
  zeroInvoices: false,
  language: 'en',
  cancellationCredit: 'balance',
};
const SELLER = { address: null, taxId: null, email: null, paymentDetails: null };

describe('billing settings', () => {
  let service: TestApp & { database: TestDatabase };
  const eventsOf = (type: string, key: string): Promise<{ before: any; after: any }[]> =>
    service.database.query(`select before, after from events where type = $1 and after->>'key' = $2 order by id`, [
      type,
      key,
    ]);
  const newProduct = async (): Promise<string> => {
    const key = uniqueName('product');
    expect((await service.admin('POST', '/v1/products', { body: { key, name: `The ${key}` } })).status).toBe(201);
    return key;
  };

  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());

  it('are off for a new product, have defaults when switched on, and can be switched off', async () => {
    const product = await newProduct();
    const at = `/v1/products/${product}/billing`;
    expect(await service.admin('GET', at)).toMatchObject({ status: 404, body: { code: 'billing_off' } });
    const on = { ...DEFAULTS, seller: { name: `The ${product}`, ...SELLER } };
    expect(await service.admin('PUT', at, { body: {} })).toMatchObject({ status: 200, body: on });
    expect((await service.admin('GET', at)).body).toEqual(on);
    const changed = { provider: 'manual', netDays: 30, dunning: { finally: 'keep' }, seller: { name: 'Example GmbH' } };
    expect((await service.admin('PUT', at, { body: changed })).body).toEqual({
      ...DEFAULTS,
      provider: 'manual',
      netDays: 30,
      dunning: { retryDays: [1, 3, 5, 7], finally: 'keep' },
      seller: { name: 'Example GmbH', ...SELLER },
    });
    for (const _ of [1, 2]) expect((await service.admin('DELETE', at)).status).toBe(204);
    expect((await service.admin('GET', at)).body.code).toBe('billing_off');
    const events = await eventsOf('product.billing_changed', product);
    expect(
      events.map(({ before, after }) => [before.billing?.provider ?? null, after.billing?.provider ?? null]),
    ).toEqual([
      [null, 'sandbox'],
      ['sandbox', 'manual'],
      ['manual', null],
    ]);
  });

  it.each([
    [{ invoiceNumberFormat: 'INV-{year}' }, 'invoiceNumberFormat'],
    [{ invoiceNumberFormat: '{number}-{number}' }, 'invoiceNumberFormat'],
    [{ invoiceNumberFormat: '{number}{month}' }, 'invoiceNumberFormat'],
    [{ creditNoteNumberFormat: 'CN {number}\n' }, 'creditNoteNumberFormat'],
    [{ invoiceNumberFormat: 'A-{number}', creditNoteNumberFormat: 'A-{number}' }, 'creditNoteNumberFormat'],
    [{ usageGraceHours: 73 }, 'usageGraceHours'],
    [{ dunning: { retryDays: [3, 1] } }, 'dunning.retryDays'],
    [{ dunning: { retryDays: [1, 1] } }, 'dunning.retryDays'],
    [{ provider: 'cash' }, 'provider'],
    [{ seller: { name: '' } }, 'seller.name'],
    [{ seller: { address: { line1: 'x', postalCode: '1', city: 'B', country: 'de' } } }, 'seller.address.country'],
    [{ currency: 'USD' }, 'currency'],
  ])('%j are refused, and change nothing', async (body, field) => {
    const product = await newProduct();
    const refused = await service.admin('PUT', `/v1/products/${product}/billing`, { body });
    expect(refused.status).toBe(422);
    expect(refused.body.errors.map((error: { field: string }) => error.field)).toEqual([field]);
    expect((await service.admin('GET', `/v1/products/${product}/billing`)).body.code).toBe('billing_off');
    expect(await eventsOf('product.billing_changed', product)).toEqual([]);
  });

  it('of a document replace those of the product; null switches off; left out, they stay', async () => {
    const product = uniqueName('product');
    const document = (billing?: unknown): object => ({
      product: { key: product, name: 'Whole' },
      features: [],
      plans: [],
      assignment: [],
      billing,
    });
    const apply = async (billing: unknown, query = ''): Promise<any> =>
      (await service.admin('POST', `/v1/catalog/apply${query}`, { body: document(billing) })).body;
    expect(await apply({ netDays: 7 }, '?dryRun=true')).toMatchObject({ billing: 'changed' });
    expect(await apply({ netDays: 7 })).toMatchObject({ product: 'created', billing: 'changed' });
    expect(await apply({ netDays: 7 })).toMatchObject({ billing: 'unchanged' });
    expect(await apply(undefined)).not.toHaveProperty('billing');
    const { body: read } = await service.admin('GET', `/v1/catalog?product=${product}`);
    expect(read.billing).toEqual({ ...DEFAULTS, netDays: 7, seller: { name: 'Whole', ...SELLER } });
    expect((await service.admin('POST', '/v1/catalog/apply', { body: read })).body).toMatchObject({
      billing: 'unchanged',
    });
    expect(await apply({ netDays: -1 })).toMatchObject({ status: 422, errors: [{ field: 'billing.netDays' }] });
    expect(await apply(null)).toMatchObject({ billing: 'changed' });
    expect(await apply(null)).toMatchObject({ billing: 'unchanged' });
    expect((await service.admin('GET', `/v1/catalog?product=${product}`)).body).not.toHaveProperty('billing');
  });

  it('are not part of the product, which every user may read', async () => {
    const product = await newProduct();
    const body = { seller: { name: 'Secret', paymentDetails: 'IBAN' } };
    await service.admin('PUT', `/v1/products/${product}/billing`, { body });
    const user = await registerUser(service);
    expect((await user.call('GET', `/v1/products/${product}`)).body).not.toHaveProperty('billing');
    expect((await user.call('GET', `/v1/products/${product}/billing`)).status).toBe(403);
  });

  it('are read without a statement after the product was read, and are new on this instance immediately', async () => {
    const product = await newProduct();
    const reader = service.app.get(CatalogReader, { strict: false });
    const statements = jest.spyOn(pg.Client.prototype, 'query');
    const ofProducts = (): unknown[] =>
      statements.mock.calls.filter((parameters) => JSON.stringify(parameters).includes('products'));
    const { id } = await reader.getProduct(product);
    expect(ofProducts()).toHaveLength(1);
    expect(await reader.billingOf(id)).toBeNull();
    expect(ofProducts()).toHaveLength(1);
    statements.mockRestore();
    await service.admin('PUT', `/v1/products/${product}/billing`, { body: { provider: 'manual' } });
    expect(await reader.billingOf(id)).toMatchObject({ provider: 'manual' });
  });

  it('of simultaneous writers are those of one of them, and each change is an event', async () => {
    const product = await newProduct();
    const { call } = await createApiKey(service, { product });
    const answers = await inParallel(20, 20, (index) =>
      call('PUT', `/v1/products/${product}/billing`, { body: { netDays: 20 + index } }),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const events = await eventsOf('product.billing_changed', product);
    expect(events).toHaveLength(20);
    for (const [index, { before }] of events.entries())
      expect(before.billing).toEqual(index === 0 ? null : events[index - 1]!.after.billing);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DocumentMaker } from '@app/billing';
import { DocumentsModule } from '@app/documents';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { uniqueName } from '../support/fixtures.js';
import { textOfPdf } from '../support/pdf-text.js';
import { BUYER, SELLER } from '../support/printed-documents.js';

/** Invoices of the billing run. An e-invoice whose amounts do not add up is logged, which fails the test. */
describe('documents of billed subscriptions', () => {
  let service: TestApp & { database: TestDatabase };
  const product = uniqueName('documented');
  const customer = uniqueName('buyer');
  const ok = async (method: 'GET' | 'POST' | 'PUT', url: string, body?: object): Promise<any> => {
    const answer = await service.admin(method, url, body ? { body } : {});
    if (answer.status >= 300) throw new Error(`${method} ${url}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const download = async (path: string): Promise<Buffer> => {
    const response = await fetch(service.url + path, { headers: { authorization: `Bearer ${service.adminToken}` } });
    expect([path, response.status]).toEqual([path, 200]);
    return Buffer.from(await response.arrayBuffer());
  };
  const makeDocuments = async (): Promise<void> => {
    const maker = service.app.get(DocumentMaker, { strict: false });
    let cursor = await maker.make(null);
    while (cursor) cursor = await maker.make(cursor);
  };

  beforeAll(async () => {
    service = await startService({ extra: [DocumentsModule] });
  });
  afterAll(() => service.stop());

  it.each([false, true])('each invoice has a PDF and an e-invoice; prices include the tax: %s', async (inclusive) => {
    const key = `${product}-${inclusive}`;
    const buyer = `${customer}-${inclusive}`;
    await ok('POST', '/v1/catalog/apply', {
      product: { key, name: 'Documented' },
      features: [{ key: 'calls', name: 'Calls', type: 'metered' }],
      plans: [10_000, 30_001].map((amount) => ({
        key: `plan-${amount}`,
        name: `Plan ${amount}`,
        prices: [{ interval: 'month', amount, currency: 'EUR' }],
        entitlements: [
          {
            feature: 'calls',
            type: 'metered',
            limit: 10,
            window: 'billing_period',
            overage: 'allow',
            usagePrice: { model: 'per_unit', unitAmount: '0.0333', currency: 'EUR' },
          },
        ],
      })),
      coupons: [{ key: 'third', name: 'A third off', percentOff: '33.33', duration: 'forever' }],
      taxRates: [{ key: 'vat', name: 'VAT', percentage: '23', inclusive }],
      assignment: [{ plan: 'plan-10000' }],
      billing: { provider: 'manual', netDays: 90, seller: SELLER },
    });
    const { id: clock } = await ok('POST', '/v1/test-clocks', { now: '2026-01-31T00:00:00Z' });
    await ok('PUT', `/v1/customers/${buyer}`, { testClock: clock, product: 'default' });
    const { name, address, taxId, email } = BUYER;
    await ok('PUT', `/v1/customers/${buyer}/billing-profile`, {
      name,
      address,
      taxId,
      email,
      language: 'de',
      collection: 'send_invoice',
    });
    const { id } = await ok('POST', '/v1/subscriptions', { customer: buyer, product: key, plan: 'plan-10000' });
    await ok('POST', `/v1/subscriptions/${id}/coupons`, { coupon: 'third' });
    await ok('POST', '/v1/usage/consume', { customer: buyer, product: key, feature: 'calls', quantity: 1_011 });
    await ok('POST', `/v1/test-clocks/${clock}/advance`, { to: '2026-02-10T00:00:00Z' });
    await ok('POST', `/v1/subscriptions/${id}/change`, { plan: 'plan-30001', when: 'now' });
    await ok('POST', `/v1/test-clocks/${clock}/advance`, { to: '2026-03-05T00:00:00Z' });
    await ok('POST', `/v1/subscriptions/${id}/change`, { plan: 'plan-10000', when: 'now' });
    await ok('POST', `/v1/test-clocks/${clock}/advance`, { to: '2026-04-05T00:00:00Z' });
    const { data } = await ok('GET', `/v1/invoices?customer=${buyer}`);
    expect(data.length).toBeGreaterThanOrEqual(4);
    const credited = data.find(({ due }: { due: number }) => due > 1_001);
    const note = await ok('POST', `/v1/invoices/${credited.id}/credit-notes`, {
      amount: 1_001,
      to: 'balance',
      reason: 'Late',
    });
    await makeDocuments();
    expect(textOfPdf(await download(`/v1/credit-notes/${note.id}.pdf`)).join('\n')).toContain('10,01 €');
    expect((await download(`/v1/credit-notes/${note.id}.xml`)).toString()).toContain('>10.01<');
    for (const invoice of data) {
      const text = textOfPdf(await download(`/v1/invoices/${invoice.id}.pdf`)).join('\n');
      expect(text).toContain(invoice.number);
      const total = (invoice.total / 100).toLocaleString('de-DE', { minimumFractionDigits: 2 });
      expect(text).toContain(`${total} €`);
      const xml = (await download(`/v1/invoices/${invoice.id}.xml`)).toString();
      expect(xml).toMatch(new RegExp(`<cbc:TaxInclusiveAmount currencyID="EUR">${(invoice.total / 100).toFixed(2)}<`));
    }
  });
});

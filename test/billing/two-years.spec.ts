import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PaymentEvents, type SandboxBehavior } from '@app/billing';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { uniqueName } from '../support/fixtures.js';

const PUBLIC_URL = 'https://tollgate.example.com';
const { invoices } = JSON.parse(readFileSync(path.join(import.meta.dirname, 'cases', 'two-years.json'), 'utf8')) as {
  invoices: { total: number }[];
};

const month = (amount: number) => [{ interval: 'month', amount, currency: 'USD' }];
const plan = (key: string, amount: number) => ({ key, name: key, prices: month(amount), entitlements: [] });

describe('two years of a customer', () => {
  let service: TestApp & { database: TestDatabase };
  const product = uniqueName('years');
  const customer = uniqueName('buyer');
  let clock: string;
  let subscription: string;
  const ok = async (method: 'GET' | 'POST' | 'PUT', url: string, body?: object): Promise<any> => {
    const answer = await service.admin(method, url, body ? { body } : {});
    if (answer.status >= 300) throw new Error(`${method} ${url}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const command = (name: string, body: object) => ok('POST', `/v1/subscriptions/${subscription}/${name}`, body);
  const until = (to: string) => ok('POST', `/v1/test-clocks/${clock}/advance`, { to: `${to}T00:00:00Z` });
  /** The payer enters a payment method, which becomes the default. */
  const payWith = async (behavior: SandboxBehavior): Promise<void> => {
    const methods = `/v1/customers/${customer}/payment-methods`;
    const { url } = await ok('POST', `${methods}/setup`, { product, returnUrl: '/billing' });
    const body = new URLSearchParams({ behavior });
    await fetch(url.replace(PUBLIC_URL, service.url), { method: 'POST', body, redirect: 'manual' });
    while ((await service.app.get(PaymentEvents, { strict: false }).processDue()) > 0);
    const [newest] = (await ok('GET', methods)).data;
    if (!newest.isDefault) await ok('PUT', `${methods}/${newest.id}/default`);
  };
  const status = async (): Promise<string> => (await ok('GET', `/v1/subscriptions/${subscription}`)).status;

  beforeAll(async () => {
    service = await startService({ environment: { PUBLIC_URL } });
    await ok('POST', '/v1/catalog/apply', {
      product: { key: product, name: 'Two years' },
      features: [],
      plans: [plan('basic', 3_000), plan('pro', 10_000)],
      coupons: [{ key: 'quarter', name: 'A quarter off', percentOff: '25', duration: 'repeating', periods: 3 }],
      assignment: [{ plan: 'basic' }],
      billing: { provider: 'sandbox', prorationBilling: 'immediately', seller: { name: 'Seller' } },
    });
    clock = (await ok('POST', '/v1/test-clocks', { now: '2025-01-31T00:00:00Z' })).id;
  });
  afterAll(() => service.stop());

  it('has every invoice, to the cent', async () => {
    await ok('PUT', `/v1/customers/${customer}`, { testClock: clock, product: 'default' });
    await payWith('succeeds');
    subscription = (await ok('POST', '/v1/subscriptions', { customer, product, plan: 'basic' })).id;
    await ok('POST', `/v1/subscriptions/${subscription}/coupons`, { coupon: 'quarter' });
    await until('2025-05-15');
    await command('change', { plan: 'pro', when: 'now' });
    await until('2025-09-10');
    await command('change', { plan: 'basic', when: 'now' });
    await until('2025-11-15');
    await payWith('declined');
    await until('2025-12-02');
    expect(await status()).toBe('past_due');
    await payWith('succeeds');
    await until('2025-12-04');
    expect(await status()).toBe('active');
    await until('2026-02-14');
    await command('change', { quantity: 3, when: 'now' });
    await until('2026-07-15');
    await command('change', { quantity: 1, when: 'period_end' });
    await until('2027-01-10');
    await command('cancel', { when: 'period_end' });
    await until('2027-03-01');
    expect(await status()).toBe('expired');

    const { data } = await ok('GET', `/v1/invoices?customer=${customer}&product=${product}&limit=100`);
    const found = data.reverse().map(({ billedAt: at, lines, ...invoice }: any) => ({
      ...invoice,
      at,
      lines: lines.map(({ amount }: any) => amount),
    }));
    expect(found).toMatchObject(invoices);
    expect(found).toHaveLength(invoices.length);
    expect(found.map(({ number }: any) => number)).toEqual(
      invoices.map((_, index) => `INV-${found[index].issuedAt.slice(0, 4)}-${String(index + 1).padStart(6, '0')}`),
    );
  }, 120_000);

  it('was paid for to the cent', async () => {
    const { data } = await ok('GET', `/v1/payments?customer=${customer}&product=${product}&limit=100`);
    const paid = data.filter((payment: any) => payment.status === 'succeeded');
    const sum = (amounts: number[]): number => amounts.reduce((total, amount) => total + amount, 0);
    expect(sum(paid.map(({ amount }: any) => amount))).toBe(sum(invoices.map(({ total }) => total)));
    const { data: entries } = await ok('GET', `/v1/customers/${customer}/credit-balance`);
    expect(entries.map(({ amount }: any) => amount)).toEqual([-1667, -3000, 4667]);
  });
});

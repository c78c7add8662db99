import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startService, type Call, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { createApiKey, uniqueName } from '../support/fixtures.js';

interface Step {
  at?: string;
  command?: string;
  body?: object;
  addOn?: string;
  quantity?: number;
  /** Units of `calls` that are used. */
  usage?: number;
  /** The new price of the plan. */
  raise?: number;
}
interface Case {
  id: string;
  settings?: object;
  plan: string;
  quantity?: number;
  start: string;
  billingAnchor?: string;
  autoRenew?: boolean;
  coupon?: string;
  steps: Step[];
  invoices: object[];
}
const { cases } = JSON.parse(readFileSync(path.join(import.meta.dirname, 'cases', 'invoicing.json'), 'utf8')) as {
  cases: Case[];
};

const month = (amount: number) => [{ interval: 'month', amount, currency: 'USD' }];
/** 10 calls are included, each further one is 1.00. */
const CALLS = [
  {
    feature: 'calls',
    type: 'metered',
    limit: 10,
    window: 'billing_period',
    overage: 'allow',
    usagePrice: { model: 'per_unit', unitAmount: '1.00', currency: 'USD' },
  },
];
const CATALOGUE = {
  features: [{ key: 'calls', name: 'Calls', type: 'metered' }],
  plans: [
    { key: 'free', name: 'Free', prices: month(0) },
    { key: 'small', name: 'Small', prices: month(10_000) },
    { key: 'medium', name: 'Medium', prices: month(20_000) },
    { key: 'large', name: 'Large', prices: month(30_000) },
    { key: 'thirty', name: 'Thirty', prices: month(3_000) },
    { key: 'seat', name: 'Seat', prices: month(1_000) },
    { key: 'trial', name: 'Trial', trialDays: 14, prices: month(10_000) },
    { key: 'annual', name: 'Annual', prices: [{ interval: 'year', amount: 100_000, currency: 'USD' }] },
    { key: 'raised', name: 'Raised', prices: month(2_000) },
    { key: 'metered', name: 'Metered', prices: month(3_000), entitlements: CALLS },
    {
      key: 'metered-trial',
      name: 'Metered',
      trialDays: 14,
      prices: month(3_000),
      entitlements: [{ ...CALLS[0], window: 'month' }],
    },
    {
      key: 'metered-annual',
      name: 'Metered',
      prices: [{ interval: 'year', amount: 30_000, currency: 'USD' }],
      entitlements: [{ ...CALLS[0], window: 'month', windowAnchor: 'subscription' }],
    },
  ].map((plan) => ({ entitlements: [], ...plan })),
  coupons: [
    { key: 'three', name: 'Three', percentOff: '10', duration: 'repeating', periods: 3 },
    { key: 'half', name: 'Half', percentOff: '50' },
    { key: 'small-half', name: 'Half', percentOff: '50', duration: 'forever', plans: ['small'] },
  ],
  assignment: [{ plan: 'free' }],
  addOns: [{ key: 'support', name: 'Support', prices: month(1_000), entitlements: [] }],
};

describe('invoicing', () => {
  let service: TestApp & { database: TestDatabase };
  let call: Call;
  const products = new Map<string, string>();
  /** The product with these settings. */
  const productWith = async (settings: object): Promise<string> => {
    const name = JSON.stringify(settings);
    const known = products.get(name);
    if (known) return known;
    const product = uniqueName('billed');
    const { status, body } = await service.admin('POST', '/v1/catalog/apply', {
      body: {
        product: { key: product, name: product },
        billing: { provider: 'manual', netDays: 365, dunning: { finally: 'keep' }, ...settings },
        ...CATALOGUE,
      },
    });
    if (status !== 200) throw new Error(JSON.stringify(body));
    products.set(name, product);
    return product;
  };
  const ok = async (answer: Promise<{ status: number; body: any }>): Promise<any> => {
    const { status, body } = await answer;
    if (status >= 300) throw new Error(JSON.stringify(body));
    return body;
  };

  beforeAll(async () => {
    service = await startService();
    ({ call } = await createApiKey(service));
  });
  afterAll(() => service.stop());

  it.each(cases)(
    '$id',
    async ({ settings = {}, plan, quantity, start, billingAnchor, autoRenew, coupon, steps, invoices }) => {
      const product = await productWith(settings);
      const clock = (await ok(call('POST', '/v1/test-clocks', { body: { now: start } }))).id;
      const customer = uniqueName('buyer');
      await ok(call('PUT', `/v1/customers/${customer}`, { body: { testClock: clock, product: 'default' } }));
      const { id } = await ok(
        call('POST', '/v1/subscriptions', { body: { customer, product, plan, quantity, billingAnchor, autoRenew } }),
      );
      if (coupon) await ok(call('POST', `/v1/subscriptions/${id}/coupons`, { body: { coupon } }));
      for (const { at, command, body, addOn, quantity: units, usage, raise } of steps) {
        if (at) await ok(call('POST', `/v1/test-clocks/${clock}/advance`, { body: { to: at } }));
        if (command) await ok(call('POST', `/v1/subscriptions/${id}/${command}`, { body }));
        if (usage)
          await ok(
            call('POST', '/v1/usage/consume', { body: { customer, product, feature: 'calls', quantity: usage } }),
          );
        if (raise) {
          await ok(call('PATCH', `/v1/plans/${plan}?product=${product}`, { body: { prices: month(raise) } }));
          await ok(call('POST', `/v1/plans/${plan}/publish?product=${product}`));
        }
        if (addOn) await ok(call('PUT', `/v1/subscriptions/${id}/add-ons/${addOn}`, { body: { quantity: units } }));
      }
      const { data } = await ok(call('GET', `/v1/invoices?customer=${customer}&product=${product}&limit=100`));
      expect(data.reverse().map(summary)).toMatchObject(invoices);
      expect(data).toHaveLength(invoices.length);
    },
  );
});

const summary = ({ billedAt, lines, ...invoice }: any): object => ({
  ...invoice,
  at: billedAt,
  lines: lines.map(({ amount }: any) => amount),
});

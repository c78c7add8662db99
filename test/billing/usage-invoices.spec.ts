import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UsageChargesChecker } from '@app/billing';
import { type Call, startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { createApiKey, uniqueName } from '../support/fixtures.js';

/** One action of a customer at a time. */
interface Step {
  at?: string;
  consume?: number;
  report?: number;
  correct?: number;
  occurredAt?: string;
  command?: string;
  override?: object;
  /** Units of a grant. */
  grant?: number;
  /** Starts another subscription on this plan. */
  subscribe?: string;
  /** Index of the invoice to void, oldest first. */
  void?: number;
  body?: object;
}
interface Case {
  id: string;
  plan: string;
  /** Further fields of the subscription. */
  terms?: object;
  steps: Step[];
  invoices: object[];
}
const { cases } = JSON.parse(readFileSync(path.join(import.meta.dirname, 'cases', 'usage.json'), 'utf8')) as {
  cases: Case[];
};

const START = '2025-01-01T00:00:00.000Z';
const calls = (limit: number, unitAmount: string, terms: object = {}) => ({
  feature: 'calls',
  type: 'metered',
  limit,
  window: 'month',
  overage: 'allow',
  usagePrice: { model: 'per_unit', unitAmount, currency: 'USD' },
  ...terms,
});
const plan = (key: string, entitlement: object, fields: object = {}) => ({
  key,
  name: key,
  prices: [{ interval: 'month', amount: 10_000, currency: 'USD' }],
  entitlements: [entitlement],
  ...fields,
});
const free = { feature: 'calls', type: 'metered', limit: 5, window: 'month', overage: 'deny' };
const PLANS = [
  plan('metered', calls(1_000, '0.01')),
  plan('bigger', calls(2_000, '0.02')),
  plan('each', calls(0, '0.01')),
  plan('trial', calls(1_000, '0.01'), { trialDays: 14 }),
  plan('annual', calls(0, '0.01'), { prices: [{ interval: 'year', amount: 100_000, currency: 'USD' }] }),
  plan('metered-only', calls(0, '0.01'), { prices: [{ interval: 'month', amount: 0, currency: 'USD' }] }),
  plan('lasting', calls(0, '0.01', { window: 'none' })),
  plan('annual-unpriced', free, { prices: [{ interval: 'year', amount: 100_000, currency: 'USD' }] }),
  plan('unpriced', free),
];

describe('usage on invoices', () => {
  let service: TestApp & { database: TestDatabase };
  let call: Call;
  const product = uniqueName('used');
  const ok = async (answer: Promise<{ status: number; body: any }>): Promise<any> => {
    const { status, body } = await answer;
    if (status >= 300) throw new Error(JSON.stringify(body));
    return body;
  };

  beforeAll(async () => {
    service = await startService();
    ({ call } = await createApiKey(service));
    await ok(
      service.admin('POST', '/v1/catalog/apply', {
        body: {
          product: { key: product, name: product },
          billing: { provider: 'manual', netDays: 365 },
          features: [{ key: 'calls', name: 'Calls', type: 'metered' }],
          plans: PLANS,
          assignment: [{ plan: 'metered' }],
        },
      }),
    );
  });
  afterAll(() => service.stop());

  it.each(cases)('$id', async ({ plan: key, terms, steps, invoices }) => {
    const clock = (await ok(call('POST', '/v1/test-clocks', { body: { now: START } }))).id;
    const customer = uniqueName('buyer');
    const profile = { testClock: clock, product: 'default', timezone: 'UTC' };
    await ok(call('PUT', `/v1/customers/${customer}`, { body: profile }));
    const { id } = await ok(call('POST', '/v1/subscriptions', { body: { customer, product, plan: key, ...terms } }));
    const list = async () => {
      const { data } = await ok(call('GET', `/v1/invoices?customer=${customer}&product=${product}&limit=100`));
      return data.reverse();
    };
    const usage = { customer, product, feature: 'calls' };
    for (const step of steps) {
      const { at, consume, report, correct, occurredAt, command, override, grant, subscribe, body } = step;
      if (at) await ok(call('POST', `/v1/test-clocks/${clock}/advance`, { body: { to: at } }));
      if (consume) {
        const answer = await ok(call('POST', '/v1/usage/consume', { body: { ...usage, quantity: consume } }));
        expect(answer).toMatchObject({ allowed: true });
      }
      if (report) {
        const event = { id: uniqueName('event'), customer, feature: 'calls', quantity: report, occurredAt };
        const { results } = await ok(call('POST', '/v1/usage/events', { body: { product, events: [event] } }));
        expect(results).toMatchObject([{ status: 'recorded' }]);
      }
      if (correct) {
        const correction = { ...usage, quantity: correct, at: occurredAt, reason: 'a mistake' };
        await ok(service.admin('POST', '/v1/usage/corrections', { body: correction }));
      }
      if (command) await ok(call('POST', `/v1/subscriptions/${id}/${command}`, { body }));
      if (grant)
        await ok(
          call('POST', `/v1/customers/${customer}/grants`, { body: { product, feature: 'calls', quantity: grant } }),
        );
      if (subscribe)
        await ok(call('POST', '/v1/subscriptions', { body: { customer, product, plan: subscribe, ...body } }));
      if (step.void !== undefined) {
        const { id: invoice } = (await list())[step.void];
        await ok(service.admin('POST', `/v1/invoices/${invoice}/void`, { body: { reason: 'a mistake' } }));
      }
      if (override)
        await ok(call('PUT', `/v1/customers/${customer}/overrides/calls`, { body: { product, ...override } }));
    }
    expect(await list()).toMatchObject(invoices);
    const checker = service.app.get(UsageChargesChecker, { strict: false });
    expect(await checker.usageChargesMismatch({ after: null, limit: 1_000 }, { late: true })).toMatchObject({
      mismatches: [],
      invoices: [],
    });
  });
});

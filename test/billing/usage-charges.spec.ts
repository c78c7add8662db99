import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type InvoiceLine, UsageChargesChecker, UsageChargesService, type UsageDraft } from '@app/billing';
import { Database } from '@app/platform';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { createApiKey, createCustomerOnTestClock, type RegisteredUser, uniqueName } from '../support/fixtures.js';

const START = '2027-01-01T00:00:00.000Z';
const price = (unitAmount = '0.01') => ({ model: 'per_unit', unitAmount, currency: 'USD' });
const calls = (limit: number, terms: object = {}) => ({
  feature: 'calls',
  type: 'metered',
  limit,
  window: 'billing_period',
  overage: 'allow',
  usagePrice: price(),
  ...terms,
});

describe('charges of usage', () => {
  let service: TestApp & { database: TestDatabase };
  let call: RegisteredUser['call'];

  beforeAll(async () => {
    service = await startService();
    ({ call } = await createApiKey(service));
  });
  afterAll(() => service.stop());

  /** A customer on a test clock whose plan has these terms; `plans` are others that it may change to. */
  const setUp = async (
    terms: object,
    {
      plans = {},
      trialDays = 0,
      interval = 'month',
      aggregation = 'sum',
    }: { plans?: Record<string, object>; trialDays?: number; interval?: string; aggregation?: string } = {},
  ) => {
    const product = uniqueName('p');
    const planOf = ([key, entitlement]: [string, object]) => ({
      key,
      name: key,
      trialDays: key === 'plan' ? trialDays : 0,
      prices: [{ interval, amount: 100, currency: 'USD' }],
      entitlements: [entitlement],
    });
    const { status, body } = await service.admin('POST', '/v1/catalog/apply', {
      body: {
        product: { key: product, name: product },
        features: [{ key: 'calls', name: 'API calls', type: 'metered', aggregation }],
        plans: Object.entries({ plan: terms, ...plans }).map(planOf),
        assignment: [{ plan: 'plan' }],
      },
    });
    expect([status, body.errors]).toEqual([200, undefined]);
    const customer = await createCustomerOnTestClock(call, product, START, { timezone: 'UTC' });
    const [row] = await service.database.query<{ customer: string; product: string }>(
      'select customer_id as customer, product_id as product from subscriptions where id = $1',
      [customer.id],
    );
    const usage = (fields: object) => ({ customer: customer.customer, product, feature: 'calls', ...fields });
    const draft = (billedAt: string, fields: Partial<UsageDraft> = {}): UsageDraft => ({
      invoiceId: randomUUID(),
      customerId: row!.customer,
      subscriptionId: customer.id,
      productId: row!.product,
      currency: 'USD',
      from: new Date(START),
      billedAt: new Date(billedAt),
      final: false,
      ...fields,
    });
    return {
      ...customer,
      draft,
      consume: async (quantity: number) => {
        const answer = await call('POST', '/v1/usage/consume', { body: usage({ quantity }) });
        expect(answer.body).toMatchObject({ allowed: true });
      },
      report: async (fields: object) => {
        const { customer: of, product: within, ...event } = usage({ id: uniqueName('e'), ...fields });
        const answer = await call('POST', '/v1/usage/events', {
          body: { product: within, events: [{ customer: of, ...event }] },
        });
        expect(answer.body.results).toMatchObject([{ status: 'recorded' }]);
      },
      correct: async (quantity: number, at?: string) => {
        const body = usage({ quantity, at, reason: 'a mistake' });
        expect((await service.admin('POST', '/v1/usage/corrections', { body })).status).toBe(200);
      },
      grant: async (quantity: number) => {
        const path = `/v1/customers/${customer.customer}/grants`;
        expect((await call('POST', path, { body: { product, feature: 'calls', quantity } })).status).toBe(201);
      },
      override: async (override: object) => {
        const path = `/v1/customers/${customer.customer}/overrides/calls`;
        expect((await call('PUT', path, { body: { product, ...override } })).status).toBe(200);
      },
      charge: (billedAt: string, fields: Partial<UsageDraft> = {}) => charge([draft(billedAt, fields)]).then(single),
      preview: (billedAt: string) =>
        service.app
          .get(UsageChargesService, { strict: false })
          .preview([draft(billedAt)])
          .then(single),
    };
  };
  const charge = (drafts: UsageDraft[]) =>
    service.app
      .get(Database, { strict: false })
      .transaction(() => service.app.get(UsageChargesService, { strict: false }).charge(drafts));
  const mismatches = async (late = false) =>
    (
      await service.app
        .get(UsageChargesChecker, { strict: false })
        .usageChargesMismatch({ after: null, limit: 1_000 }, { late })
    ).mismatches;
  afterEach(async () => expect(await mismatches()).toEqual([]));

  const single = (lines: Map<string, InvoiceLine[]>): InvoiceLine[] => [...lines.values()].flat();
  const shown = (lines: InvoiceLine[]) => lines.map(({ kind, quantity, amount }) => [kind, quantity, amount]);

  it('a period has one line with what is beyond the limit, once', async () => {
    const { consume, charge: bill, advanceTo, preview } = await setUp(calls(1_000));
    await consume(2_500);
    expect(shown(await preview('2027-02-01T00:00:00Z'))).toEqual([['usage', 1_500, 1_500]]);
    await advanceTo('2027-02-01T00:00:00.000Z');
    expect(await bill('2027-02-01T00:00:00Z')).toMatchObject([
      {
        kind: 'usage',
        description: 'API calls beyond the limit',
        quantity: 1_500,
        unitAmount: '0.01',
        amount: 1_500,
        service: { start: new Date(START), end: new Date('2027-02-01T00:00:00Z') },
        plan: { key: 'plan', version: 1 },
        feature: 'calls',
      },
    ]);
    expect(await bill('2027-02-01T00:00:00Z')).toEqual([]);
    await advanceTo('2027-03-01T00:00:00.000Z');
    expect(await bill('2027-03-01T00:00:00Z')).toEqual([]);
  });

  it('usage of the last millisecond belongs to the period, usage at the boundary to the next', async () => {
    const { report, charge: bill, advanceTo } = await setUp(calls(0, { window: 'month' }));
    await advanceTo('2027-02-01T00:10:00.000Z');
    await report({ quantity: 3, occurredAt: '2027-01-31T23:59:59.999Z' });
    await report({ quantity: 5, occurredAt: '2027-02-01T00:00:00.000Z' });
    expect(shown(await bill('2027-02-01T00:00:00Z'))).toEqual([['usage', 3, 3]]);
    await advanceTo('2027-03-01T00:00:00.000Z');
    expect(shown(await bill('2027-03-01T00:00:00Z'))).toEqual([['usage', 5, 5]]);
  });

  it('usage in a trial is free, usage after it in the same window is not', async () => {
    const { consume, charge: bill, advanceTo } = await setUp(calls(1_000, { window: 'month' }), { trialDays: 14 });
    await consume(1_500);
    await advanceTo('2027-01-20T00:00:00.000Z');
    await consume(20);
    await advanceTo('2027-02-15T00:00:00.000Z');
    expect(shown(await bill('2027-02-15T00:00:00Z'))).toEqual([['usage', 20, 20]]);
  });

  it('usage that is reported after the invoice, and a correction, are adjustments that name the period', async () => {
    const { consume, report, correct, charge: bill, advanceTo } = await setUp(calls(100, { window: 'month' }));
    await consume(150);
    await advanceTo('2027-02-01T02:00:00.000Z');
    expect(shown(await bill('2027-02-01T00:00:00Z'))).toEqual([['usage', 50, 50]]);
    await report({ quantity: 7, occurredAt: '2027-01-31T12:00:00Z' });
    await consume(101);
    await advanceTo('2027-03-01T02:00:00.000Z');
    const lines = await bill('2027-03-01T00:00:00Z');
    expect(shown(lines)).toEqual([
      ['adjustment', 7, 7],
      ['usage', 1, 1],
    ]);
    expect(lines[0]).toMatchObject({
      description: 'Adjustment of API calls beyond the limit, 2027-01-01 to 2027-01-31',
      service: { start: new Date(START), end: new Date('2027-02-01T00:00:00Z') },
    });
    await correct(-30, '2027-01-15T00:00:00Z');
    await advanceTo('2027-04-01T02:00:00.000Z');
    expect(shown(await bill('2027-04-01T00:00:00Z'))).toEqual([['adjustment', -30, -30]]);
    expect(shown(await bill('2027-04-01T00:00:00Z'))).toEqual([]);
  });

  it('changes that cancel each other out in the total of a window are seen', async () => {
    const { consume, report, correct, charge: bill, advanceTo } = await setUp(calls(100, { window: 'none' }));
    await consume(150);
    await advanceTo('2027-02-01T00:00:00.000Z');
    expect(shown(await bill('2027-02-01T00:00:00Z'))).toEqual([['usage', 50, 50]]);
    await consume(40);
    await advanceTo('2027-03-01T00:00:00.000Z');
    expect(shown(await bill('2027-03-01T00:00:00Z'))).toEqual([['usage', 40, 40]]);
    await report({ quantity: 10, occurredAt: '2027-01-31T12:00:00Z' });
    await correct(-10, '2027-02-15T00:00:00Z');
    await advanceTo('2027-04-01T00:00:00.000Z');
    expect(shown(await bill('2027-04-01T00:00:00Z'))).toEqual([
      ['adjustment', 10, 10],
      ['adjustment', -10, -10],
    ]);
  });

  it('a limit applies to what is used while it is in force', async () => {
    const plans = { bigger: calls(1_000, { window: 'month', usagePrice: price('0.02') }) };
    const {
      consume,
      command,
      charge: bill,
      advanceTo,
      override,
    } = await setUp(calls(100, { window: 'month' }), { plans });
    await consume(150);
    await advanceTo('2027-01-10T00:00:00.000Z');
    expect((await command('change', { plan: 'bigger', when: 'now' })).status).toBe(200);
    await consume(900);
    await advanceTo('2027-01-20T00:00:00.000Z');
    await override({ limit: 1_060, window: 'month', overage: 'allow', usagePrice: price('0.5') });
    await consume(20);
    await advanceTo('2027-02-01T00:00:00.000Z');
    const lines = await bill('2027-02-01T00:00:00Z');
    expect(lines.map(({ plan, quantity, amount }) => [plan!.key, quantity, amount])).toEqual([
      ['plan', 50, 50],
      ['bigger', 50, 100],
      ['bigger', 10, 500],
    ]);
    expect(lines[1]!.service).toEqual({
      start: new Date('2027-01-10T00:00:00Z'),
      end: new Date('2027-01-20T00:00:00Z'),
    });
  });

  it('units that a grant covers are not charged, and a later grant gives back what was', async () => {
    const { consume, grant, charge: bill, advanceTo } = await setUp(calls(100, { window: 'none' }));
    await grant(30);
    await consume(150);
    await advanceTo('2027-02-01T00:00:00.000Z');
    expect(shown(await bill('2027-02-01T00:00:00Z'))).toEqual([['usage', 20, 20]]);
    await grant(15);
    await consume(1);
    await advanceTo('2027-03-01T00:00:00.000Z');
    // Of the 15 units that it covers, one is the unit that was used in the same period.
    expect(shown(await bill('2027-03-01T00:00:00Z'))).toEqual([['adjustment', -14, -14]]);
  });

  it('a change to another kind of window and back charges no unit twice', async () => {
    const plans = { weekly: calls(100, { window: 'week' }) };
    const { consume, command, charge: bill, advanceTo } = await setUp(calls(100, { window: 'month' }), { plans });
    await advanceTo('2027-01-05T00:00:00.000Z');
    await consume(150);
    expect((await command('change', { plan: 'weekly', when: 'now' })).status).toBe(200);
    await consume(1);
    await advanceTo('2027-01-06T00:00:00.000Z');
    expect((await command('change', { plan: 'plan', when: 'now' })).status).toBe(200);
    await consume(2);
    await advanceTo('2027-02-01T00:00:00.000Z');
    const lines = await bill('2027-02-01T00:00:00Z');
    expect(lines.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(53);
  });

  it('a window that repeats usage of another kind of window charges only what was used in it', async () => {
    const { consume, override, charge: bill, advanceTo } = await setUp(calls(100, { window: 'day' }));
    await advanceTo('2027-01-05T00:00:00.000Z');
    await consume(150);
    await override({ limit: 100, window: 'month', overage: 'allow', usagePrice: price() });
    await consume(10);
    await advanceTo('2027-02-01T00:00:00.000Z');
    const lines = await bill('2027-02-01T00:00:00Z');
    expect(lines.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(50 + 10);
  });

  it('tiers count within the window, also when it is charged in parts', async () => {
    const tiers = [
      { upTo: 10, unitAmount: '0.105' },
      { upTo: null, unitAmount: '0.05' },
    ];
    const {
      consume,
      charge: bill,
      advanceTo,
    } = await setUp(calls(0, { window: 'year', usagePrice: { model: 'graduated', tiers, currency: 'USD' } }));
    await consume(7);
    await advanceTo('2027-02-01T00:00:00.000Z');
    // 73.5 cents, then 10 * 10.5 + 4 * 5 = 125.
    expect(shown(await bill('2027-02-01T00:00:00Z'))).toEqual([['usage', 7, 74]]);
    await consume(7);
    await advanceTo('2027-03-01T00:00:00.000Z');
    const lines = await bill('2027-03-01T00:00:00Z');
    expect(shown(lines)).toEqual([['usage', 7, 51]]);
    expect(lines[0]!.tiers).toMatchObject([
      { from: 8, to: 10, quantity: 3 },
      { from: 11, to: 14, quantity: 4 },
    ]);
  });

  it('windows shorter than the period are judged on their own and rounded together', async () => {
    const { report, charge: bill, advanceTo } = await setUp(calls(10, { window: 'hour', usagePrice: price('0.0025') }));
    await advanceTo('2027-02-01T00:00:00.000Z');
    for (const hour of ['01', '02', '03']) await report({ quantity: 12, occurredAt: `2027-01-05T${hour}:30:00Z` });
    await report({ quantity: 9, occurredAt: `2027-01-05T04:30:00Z` });
    expect(shown(await bill('2027-02-01T00:00:00Z'))).toEqual([['usage', 6, 2]]);
    await report({ quantity: 5, occurredAt: `2027-01-05T04:45:00Z` });
    await advanceTo('2027-03-01T00:00:00.000Z');
    // 10 units cost 2.5 cents, of which 2 were charged.
    expect(shown(await bill('2027-03-01T00:00:00Z'))).toEqual([['adjustment', 4, 1]]);
  });

  it('the latest value is charged as it is at the end of each period', async () => {
    const { report, charge: bill, advanceTo } = await setUp(calls(100, { window: 'none' }), { aggregation: 'latest' });
    await report({ value: 150, quantity: undefined });
    await advanceTo('2027-02-01T01:00:00.000Z');
    await report({ value: 90, quantity: undefined });
    await report({ value: 160, quantity: undefined, occurredAt: '2027-01-31T23:00:00Z' });
    expect(shown(await bill('2027-02-01T00:00:00Z'))).toEqual([['usage', 60, 60]]);
    await advanceTo('2027-03-01T00:00:00.000Z');
    expect(shown(await bill('2027-03-01T00:00:00Z'))).toEqual([]);
    await report({ value: 130, quantity: undefined });
    await advanceTo('2027-04-01T00:00:00.000Z');
    expect(shown(await bill('2027-04-01T00:00:00Z'))).toEqual([['usage', 30, 30]]);
  });

  it('the check finds units that are charged otherwise than the ledger says', async () => {
    const { consume, report, charge: bill, advanceTo, id } = await setUp(calls(10));
    await consume(30);
    await advanceTo('2027-02-01T00:00:00.000Z');
    await bill('2027-02-01T00:00:00Z');
    const own = async (late: boolean) => (await mismatches(late)).filter(({ subscriptionId }) => subscriptionId === id);
    expect(await own(true)).toEqual([]);
    await report({ quantity: 4, occurredAt: '2027-01-31T12:00:00Z' });
    expect(await own(false)).toEqual([]);
    expect(await own(true)).toMatchObject([{ units: 4, amount: 4 }]);
    await bill('2027-02-01T00:00:00Z');
    expect(await own(true)).toEqual([]);
    await service.database.query(
      'update usage_charges set units = units - 1 where subscription_id = $1 and revision = 1',
      [id],
    );
    expect(await own(true)).toMatchObject([{ subscriptionId: id, spanStart: new Date(START), units: 1, amount: 0 }]);
    await service.database.query(
      'update usage_charges set units = units + 1 where subscription_id = $1 and revision = 1',
      [id],
    );
  });

  it('the check finds units that are lost in a window that has changed since, and leaves out what changed', async () => {
    const { consume, report, charge: bill, advanceTo, id } = await setUp(calls(10, { window: 'none' }));
    await consume(30);
    await advanceTo('2027-02-01T01:00:00.000Z');
    await bill('2027-02-01T00:00:00Z');
    await consume(5);
    await report({ quantity: 4, occurredAt: '2027-01-31T12:00:00Z' });
    const own = async () => (await mismatches()).filter(({ subscriptionId }) => subscriptionId === id);
    expect(await own()).toEqual([]);
    const lose = (units: number) =>
      service.database.query('update usage_charges set units = units - $2 where subscription_id = $1', [id, units]);
    await lose(3);
    expect(await own()).toMatchObject([{ subscriptionId: id, spanStart: new Date(START), units: 3 }]);
    await lose(-3);
    // The next invoice has both; the check then counts them.
    await advanceTo('2027-03-01T00:00:00.000Z');
    expect(shown(await bill('2027-03-01T00:00:00Z'))).toEqual([
      ['adjustment', 4, 4],
      ['usage', 5, 5],
    ]);
  });

  it('the check reports units whose price has another currency than the invoices', async () => {
    const { consume, override, charge: bill, advanceTo, id } = await setUp(calls(10));
    await override({
      limit: 10,
      overage: 'allow',
      window: 'billing_period',
      usagePrice: { ...price(), currency: 'EUR' },
    });
    await consume(30);
    await advanceTo('2027-02-01T00:00:00.000Z');
    expect(await bill('2027-02-01T00:00:00Z')).toEqual([]);
    const checker = service.app.get(UsageChargesChecker, { strict: false });
    const { otherCurrencies } = await checker.usageChargesMismatch({ after: null, limit: 1_000 });
    expect(otherCurrencies).toMatchObject([{ subscriptionId: id, units: 20 }]);
  });

  it('usage that was recorded late is charged after a backup was restored into another cluster', async () => {
    const { consume, report, charge: bill, advanceTo, id } = await setUp(calls(0, { window: 'month' }));
    await consume(30);
    await advanceTo('2027-02-01T01:00:00.000Z');
    await bill('2027-02-01T00:00:00Z');
    // The restored cluster has given fewer transaction numbers.
    await service.database.query(
      `update usage_periods set seen = '1/' || (split_part(split_part(seen, '/', 2), ':', 1)::bigint + 1000000) || ':' || (split_part(split_part(seen, '/', 2), ':', 1)::bigint + 1000000) || ':' where subscription_id = $1`,
      [id],
    );
    await report({ quantity: 4, occurredAt: '2027-01-31T12:00:00Z' });
    await advanceTo('2027-03-01T00:00:00.000Z');
    expect(shown(await bill('2027-03-01T00:00:00Z'))).toEqual([['adjustment', 4, 4]]);
  });

  it('usage that is recorded while two workers charge is charged once', async () => {
    const { report, draft, advanceTo, id } = await setUp(calls(0, { window: 'none' }));
    await report({ quantity: 5, occurredAt: START });
    await advanceTo('2027-02-01T00:00:00.000Z');
    const told = Array.from({ length: 30 }, () => report({ quantity: 1, occurredAt: '2027-01-31T23:59:59.999Z' }));
    const workers = [1, 2, 3].map(() => charge([draft('2027-02-01T00:00:00Z')]));
    const outcomes = await Promise.allSettled(workers);
    await Promise.all(told);
    const billed = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? single(outcome.value) : []));
    // Without the position of a product that is billed, the unique spans decide who has charged.
    expect(outcomes.map(({ status }) => status)).toContain('fulfilled');
    await advanceTo('2027-03-01T00:00:00.000Z');
    billed.push(...single(await charge([draft('2027-03-01T00:00:00Z')])));
    expect(billed.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(35);
    const own = (await mismatches(true)).filter(({ subscriptionId }) => subscriptionId === id);
    expect(own).toEqual([]);
  });

  it('drafts of several subscriptions and instants are charged together', async () => {
    const [one, other] = [await setUp(calls(10)), await setUp(calls(20))];
    for (const { consume, advanceTo } of [one, other]) {
      await consume(30);
      await advanceTo('2027-02-15T00:00:00.000Z');
      await consume(25);
      await advanceTo('2027-03-01T00:00:00.000Z');
    }
    const drafts = [
      one.draft('2027-03-01T00:00:00Z'),
      other.draft('2027-03-01T00:00:00Z'),
      one.draft('2027-02-01T00:00:00Z'),
    ];
    const lines = await charge(drafts);
    expect(drafts.map(({ invoiceId }) => shown(lines.get(invoiceId)!))).toEqual([
      [['usage', 15, 15]],
      [['usage', 15, 15]],
      [['usage', 20, 20]],
    ]);
  });
});

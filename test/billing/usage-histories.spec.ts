import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BillingChecker, UsageChargesChecker } from '@app/billing';
import { type Call, startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { createApiKey, uniqueName } from '../support/fixtures.js';

const START = new Date('2025-01-10T00:00:00.000Z');
const DAY_MS = 86_400_000;
const WINDOWS = ['day', 'month', 'none'] as const;
type WindowOfTest = (typeof WINDOWS)[number];

/** Cents per unit beyond the limit, by plan. A plan without a price counts, but charges nothing. */
const PLANS = { low: [3, 1], high: [8, 2], free: [8, 0] } as const;
type PlanKey = keyof typeof PLANS;
const KEYS = Object.keys(PLANS) as PlanKey[];
const planOf = (key: string, [limit, cents]: readonly [number, number], window: WindowOfTest) => ({
  key,
  name: key,
  prices: [{ interval: 'month', amount: 100, currency: 'USD' }],
  entitlements: [
    {
      ...{ feature: 'calls', type: 'metered', limit, window, overage: 'allow' },
      ...(cents > 0 ? { usagePrice: { model: 'per_unit', unitAmount: `0.0${cents}`, currency: 'USD' } } : {}),
    },
  ],
});

/** One act of a history, some days after the one before. */
interface Act {
  kind: 'use' | 'report' | 'correct' | 'correctAt' | 'grant' | 'change' | 'void' | 'pause' | 'unpause';
  days: number;
  /** Days back, for what happened earlier. */
  back: number;
  units: number;
}
const act: fc.Arbitrary<Act> = fc.record({
  kind: fc.constantFrom(
    ...(['use', 'use', 'use', 'report', 'report', 'correct', 'correctAt', 'grant', 'change', 'void', 'void'] as const),
    ...(['pause', 'unpause', 'unpause'] as const),
  ),
  days: fc.integer({ min: 0, max: 25 }),
  back: fc.integer({ min: 1, max: 80 }),
  units: fc.integer({ min: 1, max: 12 }),
});

interface Entry {
  windowStart: Date;
  occurredAt: Date;
  units: number;
}

/**
 * The units that are owed for each plan: a stack of units for each window, each judged when it is used, by its height
 * and the limit of then. Units that are taken back or covered are the newest ones. Between two cuts the sum counts.
 */
function owed(entries: Entry[], cuts: Date[], planAt: (at: Date) => PlanKey): Record<string, number> {
  const units: Record<string, number> = {};
  for (const start of new Set(entries.map(({ windowStart }) => windowStart.getTime()))) {
    const own = entries.filter(({ windowStart }) => windowStart.getTime() === start);
    const stack: (PlanKey | null)[] = [];
    // A correction may be dated before the usage that it takes back.
    let debt = 0;
    for (let index = 0; index + 1 < cuts.length; index++) {
      const plan = planAt(cuts[index]!);
      let net = own
        .filter(({ occurredAt }) => occurredAt >= cuts[index]! && occurredAt < cuts[index + 1]!)
        .reduce((sum, entry) => sum + entry.units, 0);
      for (; net > 0; net--)
        if (debt > 0) debt--;
        else stack.push(stack.length >= PLANS[plan][0] ? plan : null);
      for (; net < 0; net++)
        if (stack.length === 0) debt++;
        else stack.pop();
    }
    for (const plan of stack) if (plan && PLANS[plan][1] > 0) units[plan] = (units[plan] ?? 0) + 1;
  }
  return units;
}

describe('usage on the invoices of a subscription', () => {
  let service: TestApp & { database: TestDatabase };
  let call: Call;
  const products = new Map<WindowOfTest, string>();

  beforeAll(async () => {
    service = await startService();
    ({ call } = await createApiKey(service));
    for (const window of WINDOWS) {
      const product = uniqueName('lived');
      products.set(window, product);
      const plans = KEYS.flatMap((key) => [
        planOf(key, PLANS[key], window),
        planOf(`after-${key}`, [PLANS[key][0], 0], window),
      ]);
      const { status, body } = await service.admin('POST', '/v1/catalog/apply', {
        body: {
          product: { key: product, name: product },
          billing: { provider: 'manual', netDays: 365 },
          features: [{ key: 'calls', name: 'Calls', type: 'metered' }],
          plans,
          assignment: [{ plan: 'low' }],
        },
      });
      expect([status, body.errors]).toEqual([200, undefined]);
    }
  });
  afterAll(() => service.stop());

  /** Lives a history, and waits until nothing is left to invoice. */
  const live = async (window: WindowOfTest, acts: Act[], ends: boolean) => {
    const product = products.get(window)!;
    const clock = (await call('POST', '/v1/test-clocks', { body: { now: START.toISOString() } })).body.id;
    const customer = uniqueName('buyer');
    await call('PUT', `/v1/customers/${customer}`, { body: { testClock: clock, product: 'default', timezone: 'UTC' } });
    const { id } = (await call('POST', '/v1/subscriptions', { body: { customer, product, plan: 'low' } })).body;
    const usage = { customer, product, feature: 'calls' };
    const plans: { since: Date; plan: PlanKey }[] = [{ since: START, plan: 'low' }];
    let now = START;
    const advance = async (days: number): Promise<void> => {
      if (days === 0) return;
      now = new Date(now.getTime() + days * DAY_MS);
      const { status, body } = await call('POST', `/v1/test-clocks/${clock}/advance`, {
        body: { to: now.toISOString() },
      });
      expect([status, body.code]).toEqual([200, undefined]);
    };
    const invoices = async () =>
      (await call('GET', `/v1/invoices?subscription=${id}&limit=100`)).body.data as {
        id: string;
        status: string;
        lines: { kind: string; plan: { key: PlanKey }; quantity: number; amount: number }[];
      }[];
    for (const { kind, days, back, units } of acts) {
      await advance(days);
      const at = new Date(now.getTime() - back * DAY_MS + 3_600_000).toISOString();
      if (kind === 'use') await call('POST', '/v1/usage/consume', { body: { ...usage, quantity: units } });
      if (kind === 'report') {
        const event = { id: uniqueName('event'), customer, feature: 'calls', quantity: units, occurredAt: at };
        await call('POST', '/v1/usage/events', { body: { product, events: [event] } });
      }
      // More than was used is refused, and changes nothing.
      const correction = { ...usage, quantity: -units, reason: 'a mistake' };
      if (kind === 'correct') await service.admin('POST', '/v1/usage/corrections', { body: correction });
      if (kind === 'correctAt' && at > START.toISOString())
        await service.admin('POST', '/v1/usage/corrections', { body: { ...correction, at } });
      if (kind === 'grant')
        await call('POST', `/v1/customers/${customer}/grants`, {
          body: { product, feature: 'calls', quantity: units },
        });
      if (kind === 'change') {
        const plan = KEYS[units % KEYS.length]!;
        const { status } = await call('POST', `/v1/subscriptions/${id}/change`, { body: { plan, when: 'now' } });
        if (status === 200) plans.push({ since: now, plan });
      }
      if (kind === 'void') {
        const open = (await invoices()).filter(({ status }) => status === 'open');
        const chosen = open[back % Math.max(1, open.length)];
        if (chosen) await service.admin('POST', `/v1/invoices/${chosen.id}/void`, { body: { reason: 'a mistake' } });
      }
      if (kind === 'pause' || kind === 'unpause') await call('POST', `/v1/subscriptions/${id}/${kind}`, {});
    }
    await advance(1);
    await call('POST', `/v1/subscriptions/${id}/unpause`, {});
    if (ends) {
      await call('POST', `/v1/subscriptions/${id}/cancel`, { body: { when: 'now' } });
      await advance(1);
      const plan = `after-${plans.at(-1)!.plan}`;
      expect((await call('POST', '/v1/subscriptions', { body: { customer, product, plan } })).status).toBe(201);
      for (const { kind, back, units } of acts.slice(0, 3)) {
        const occurredAt = new Date(now.getTime() - back * DAY_MS).toISOString();
        const event = { id: uniqueName('event'), customer, feature: 'calls', quantity: units, occurredAt };
        if (kind !== 'void') await call('POST', '/v1/usage/events', { body: { product, events: [event] } });
      }
    }
    // A use in the next window stores what grants have covered in the one before.
    await advance(31);
    await call('POST', '/v1/usage/consume', { body: { ...usage, quantity: 1 } });
    await advance(140);
    return { id, plans, invoices: await invoices() };
  };

  it('is what a model says is owed, through any history of usage, grants, corrections, changes, pauses and voids', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...WINDOWS),
        fc.array(act, { minLength: 3, maxLength: 10 }),
        fc.boolean(),
        async (window, acts, ends) => {
          const { id, plans, invoices } = await live(window, acts, ends);
          const periods = await service.database.query<{ start: Date; end: Date }>(
            'select period_start as start, period_end as end from usage_periods where subscription_id = $1 order by 1',
            [id],
          );
          const entries = await service.database.query<Entry>(
            `select l.window_start as "windowStart", l.occurred_at as "occurredAt",
               (l.quantity - coalesce((select sum((b ->> 'quantity')::int) from jsonb_array_elements(l.burns) b), 0))::int as units
             from usage_ledger l join subscriptions s on s.customer_id = l.customer_id where s.id = $1 and l.kind <> 'opening'
               and l.feature_id in (select id from features f where f.product_id = s.product_id) order by l.id`,
            [id],
          );
          const end = periods.at(-1)?.end ?? START;
          const cuts = [START, ...periods.map((period) => period.end), ...plans.map(({ since }) => since)]
            .filter((at) => at <= end)
            .map((at) => at.getTime());
          const expected = owed(
            entries,
            [...new Set(cuts)].sort((one, other) => one - other).map((ms) => new Date(ms)),
            (at) => plans.findLast(({ since }) => since <= at)!.plan,
          );
          const billed: Record<string, number> = {};
          for (const { status, lines } of invoices)
            for (const { kind, plan, quantity, amount } of status === 'void' ? [] : lines) {
              if (kind !== 'usage' && kind !== 'adjustment') continue;
              billed[plan.key] = (billed[plan.key] ?? 0) + quantity;
              expect(amount).toBe(quantity * PLANS[plan.key][1]);
            }
          const nonZero = Object.fromEntries(Object.entries(billed).filter(([, units]) => units !== 0));
          expect(nonZero).toEqual(expected);
          const checker = service.app.get(UsageChargesChecker, { strict: false });
          const found = await checker.usageChargesMismatch({ after: null, limit: 1_000 }, { late: ends });
          expect(found).toMatchObject({ invoices: [] });
          expect(found.mismatches.filter(({ subscriptionId }) => subscriptionId === id)).toEqual([]);
        },
      ),
      // 100 histories take 4 minutes.
      { numRuns: Number(process.env['USAGE_HISTORIES'] ?? 12), endOnFailure: true },
    );
    expect((await service.app.get(BillingChecker, { strict: false }).checkAll()).mismatches).toEqual([]);
  }, 300_000);
});

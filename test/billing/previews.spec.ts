import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BillingChecker } from '@app/billing';
import { type ApiResponse, type Call, ok, startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { createApiKey, uniqueName } from '../support/fixtures.js';

const START = Date.UTC(2027, 0, 31, 10);
const HOUR_MS = 3_600_000;
const PLANS = ['free', 'small', 'seats', 'annual', 'calls'];
const COUPONS = ['half', 'three', 'five', 'small-only'];

const price = (amount: number, rest: object = {}) => ({ interval: 'month', amount, currency: 'USD', ...rest });
const TIERS = {
  model: 'graduated',
  tiers: [
    { upTo: 2, unitAmount: 1_111 },
    { upTo: null, unitAmount: 777 },
  ],
};
const CATALOGUE = {
  features: [{ key: 'calls', name: 'Calls', type: 'metered' }],
  plans: [
    { key: 'free', name: 'Free', prices: [price(0)], entitlements: [] },
    { key: 'small', name: 'Small', prices: [price(999)], entitlements: [] },
    { key: 'seats', name: 'Seats', prices: [price(1_111, { tiers: TIERS })], entitlements: [] },
    { key: 'annual', name: 'Annual', prices: [price(99_999, { interval: 'year' })], entitlements: [] },
    {
      key: 'calls',
      name: 'Calls',
      prices: [price(2_501)],
      entitlements: [
        {
          ...{ feature: 'calls', type: 'metered', limit: 10, window: 'billing_period', overage: 'allow' },
          usagePrice: { model: 'per_unit', unitAmount: '0.333', currency: 'USD' },
        },
      ],
    },
  ],
  addOns: ['one', 'two'].map((key) => ({
    ...{ key, name: key, entitlements: [] },
    prices: [price(501), price(5_003, { interval: 'year' })],
  })),
  coupons: [
    { key: 'half', name: 'Half', percentOff: '50' },
    { key: 'three', name: 'Three', percentOff: '33.33', duration: 'repeating', periods: 3 },
    { key: 'five', name: 'Five', amountOff: 500, currency: 'USD', duration: 'forever' },
    { key: 'small-only', name: 'Small', percentOff: '10', duration: 'forever', plans: ['small'] },
  ],
  taxRates: [
    { key: 'vat', name: 'VAT', percentage: '19' },
    { key: 'add-on', name: 'Add-on', percentage: '7', inclusive: true, appliesTo: { addOns: ['two'] } },
  ],
  assignment: [{ plan: 'free' }],
};

const act = fc.record({
  kind: fc.constantFrom(
    'change',
    'change',
    'changeLater',
    'anchor',
    'addOn',
    'removeAddOn',
    'coupon',
    'usage',
    'pause',
    'wait',
  ),
  /** Hours until the act. */
  hours: fc.integer({ min: 0, max: 500 }),
  plan: fc.constantFrom(...PLANS),
  coupon: fc.constantFrom(...COUPONS),
  quantity: fc.integer({ min: 1, max: 5 }),
  prorate: fc.boolean(),
});
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;
const first = fc.record({
  plan: fc.constantFrom(...PLANS),
  quantity: fc.integer({ min: 1, max: 5 }),
  coupon: fc.option(fc.constantFrom('half', 'three', 'five'), { nil: undefined }),
  trialDays: fc.constantFrom(0, 0, 10),
});

/** The fields that a preview and its invoice have in common. */
const shown = ({
  purpose,
  billedAt,
  periodStart,
  periodEnd,
  currency,
  lines,
  discounts,
  taxes,
  ...rest
}: any): object => ({
  ...{ purpose, billedAt, periodStart, periodEnd, currency, lines, taxes },
  discounts: discounts.map(({ coupon, amount }: any) => ({ coupon, amount })),
  ...{ subtotal: rest.subtotal, discountTotal: rest.discountTotal, taxTotal: rest.taxTotal },
  total: rest.total,
});

describe('a preview', () => {
  let service: TestApp & { database: TestDatabase };
  let call: Call;
  const products = new Map<string, string>();

  /** A customer on a test clock, with a subscription. */
  async function subscribe(product: string, wanted: object) {
    const now = { at: START };
    const instant = (at = now.at): string => new Date(at).toISOString();
    const clock = (await ok(call('POST', '/v1/test-clocks', { body: { now: instant() } }))).id;
    const customer = uniqueName('buyer');
    await ok(call('PUT', `/v1/customers/${customer}`, { body: { testClock: clock, product: 'default' } }));
    const invoices = async (): Promise<any[]> =>
      (await ok(call('GET', `/v1/invoices?customer=${customer}&product=${product}&limit=100`))).data;
    const advance = async (to: number): Promise<void> => {
      if (to <= now.at) return;
      now.at = to;
      await ok(call('POST', `/v1/test-clocks/${clock}/advance`, { body: { to: instant() } }));
    };
    /**
     * Compares a preview with its invoice, when its time has come. `due` is after the credit balance of the time of the
     * preview, which other invoices change. @returns the due amount of the invoice
     */
    const comes = async (preview: any): Promise<number | undefined> => {
      if (!preview) return;
      await advance(new Date(preview.billedAt).getTime());
      // Billing runs at the end of each step of the clock.
      await advance(now.at + 1_000);
      const written = (await invoices()).filter(
        ({ billedAt, purpose }) => billedAt === preview.billedAt && purpose === preview.purpose,
      );
      expect(written.map(shown)).toEqual([shown(preview)]);
      return written[0].due;
    };
    const body = { customer, product, ...wanted };
    const { invoice } = await ok(call('POST', '/v1/invoices/preview', { body }));
    const { id } = await ok(call('POST', '/v1/subscriptions', { body }));
    return { id, product, customer, now, advance, comes, invoice };
  }
  type Buyer = Awaited<ReturnType<typeof subscribe>>;

  const next = async ({ id }: Buyer): Promise<any> =>
    (await ok(call('POST', '/v1/invoices/preview', { body: { subscription: id } }))).invoice;
  const command = ({ id }: Buyer, name: string, body: object): Promise<ApiResponse> =>
    call('POST', `/v1/subscriptions/${id}/${name}`, { body });

  /** Previews a command, runs it, and compares. A command that is refused is refused by its preview too. */
  async function previewed(buyer: Buyer, name: string, body: object): Promise<void> {
    const preview = await command(buyer, `preview-${name}`, body);
    const { change = null } = { change: name === 'change' ? body : null };
    if (preview.status === 200 && change && !('prorate' in change && change.prorate === false)) {
      const { prorate: _, ...rest } = change as { prorate?: boolean };
      const other = await ok(call('POST', '/v1/invoices/preview', { body: { subscription: buyer.id, change: rest } }));
      expect(other.invoice).toEqual(preview.body.invoice);
    }
    const done = await command(buyer, name, body);
    expect([done.status, done.body.code]).toEqual([preview.status, preview.body.code]);
    if (done.status === 200) await buyer.comes(preview.body.invoice);
  }

  async function perform(buyer: Buyer, { kind, plan, coupon, quantity, prorate, hours }: Act): Promise<void> {
    const addOn = `/v1/subscriptions/${buyer.id}/add-ons/${prorate ? 'one' : 'two'}`;
    switch (kind) {
      case 'change':
        return previewed(buyer, 'change', { plan, quantity, when: 'now', prorate });
      case 'changeLater':
        return previewed(buyer, 'change', { plan, quantity, when: 'period_end' });
      case 'anchor':
        return previewed(buyer, 'billing-anchor', { dayOfMonth: quantity, when: 'now', prorate });
      case 'addOn':
        await call('PUT', addOn, { body: { quantity } });
        return;
      case 'removeAddOn':
        await call('DELETE', addOn);
        return;
      case 'coupon':
        await call('POST', `/v1/subscriptions/${buyer.id}/coupons`, { body: { coupon } });
        return;
      case 'usage':
        await call('POST', '/v1/usage/consume', {
          body: { customer: buyer.customer, product: buyer.product, feature: 'calls', quantity: 7 * quantity },
        });
        return;
      case 'pause':
        await command(buyer, 'pause', {});
        await buyer.advance(buyer.now.at + (hours % 300) * HOUR_MS);
        await command(buyer, 'unpause', {});
        return;
      case 'wait':
        await buyer.comes(await next(buyer));
    }
  }

  beforeAll(async () => {
    service = await startService();
    ({ call } = await createApiKey(service));
    for (const prorationBilling of ['immediately', 'next_invoice']) {
      const key = uniqueName('previewed');
      const dunning = { finally: 'keep' };
      const billing = { provider: 'manual', netDays: 365, usageGraceHours: 0, prorationBilling, dunning };
      const body = { product: { key, name: key }, billing, ...CATALOGUE };
      await ok(service.admin('POST', '/v1/catalog/apply', { body }));
      products.set(prorationBilling, key);
    }
  });
  afterAll(async () => {
    const checker = service.app.get(BillingChecker, { strict: false });
    expect((await checker.checkAll()).mismatches).toEqual([]);
    await service.stop();
  });

  it.each(['immediately', 'next_invoice'])(
    'is the invoice that is written afterwards, through any path of changes, invoiced %s',
    async (prorationBilling) => {
      await fc.assert(
        fc.asyncProperty(first, fc.array(act, { minLength: 3, maxLength: 7 }), async (wanted, acts) => {
          const buyer = await subscribe(products.get(prorationBilling)!, wanted);
          await buyer.comes(buyer.invoice);
          for (const one of acts) {
            await buyer.advance(buyer.now.at + one.hours * HOUR_MS);
            await perform(buyer, one);
          }
          await buyer.comes(await next(buyer));
        }),
        { numRuns: 12, endOnFailure: true },
      );
    },
    300_000,
  );

  it('has lines, discounts, taxes and what is due after the credit balance', async () => {
    const buyer = await subscribe(products.get('immediately')!, { plan: 'seats', quantity: 5, coupon: 'three' });
    expect(await buyer.comes(buyer.invoice)).toBe(buyer.invoice.due);
    expect(buyer.invoice).toMatchObject({
      lines: [{ description: 'Seats', quantity: 5, amount: 4_553, discount: 1_518 }],
      discounts: [{ coupon: 'three', amount: 1_518 }],
      taxes: [{ rate: 'vat', taxable: 3_035, amount: 577 }],
      ...{ subtotal: 4_553, discountTotal: 1_518, taxTotal: 577, total: 3_612, due: 3_612 },
    });
    await buyer.advance(START + 24 * HOUR_MS);
    expect((await command(buyer, 'change', { plan: 'small', quantity: 1, when: 'now' })).status).toBe(200);
    expect((await call('PUT', `/v1/subscriptions/${buyer.id}/add-ons/two`, { body: { quantity: 2 } })).status).toBe(
      200,
    );
    await buyer.advance(START + 25 * HOUR_MS);
    const coming = await next(buyer);
    expect(coming).toMatchObject({
      lines: [{ amount: 999 }, { amount: 1_002 }],
      discounts: [{ coupon: 'three', amount: 667 }],
      taxes: [{ rate: 'vat' }, { rate: 'add-on' }],
      due: 0,
    });
    expect(coming.total).toBeGreaterThan(0);
    expect(await buyer.comes(coming)).toBe(0);
  });

  it('counts usage at the price of an override', async () => {
    const buyer = await subscribe(products.get('immediately')!, { plan: 'small' });
    await ok(
      call('PUT', `/v1/customers/${buyer.customer}/overrides/calls`, {
        body: {
          product: buyer.product,
          ...{ limit: 1, window: 'billing_period', overage: 'allow' },
          usagePrice: { model: 'per_unit', unitAmount: '2.00', currency: 'USD' },
        },
      }),
    );
    await buyer.advance(START + HOUR_MS);
    const body = { customer: buyer.customer, product: buyer.product, feature: 'calls', quantity: 4 };
    expect((await ok(call('POST', '/v1/usage/consume', { body }))).allowed).toBe(true);
    const coming = await next(buyer);
    expect(coming.lines).toMatchObject([{ kind: 'subscription' }, { kind: 'usage', amount: 600 }]);
    await buyer.comes(coming);
  });
});

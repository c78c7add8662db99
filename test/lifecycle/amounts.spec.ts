import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PlanMigrationsService, SubscriptionStats } from '@app/subscriptions';
import { type Call, startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { createApiKey, createCustomerOnTestClock, uniqueName } from '../support/fixtures.js';

const PRODUCT = 'amounts';
const NOW = '2027-01-31T10:00:00.000Z';
/** 2^53 - 1: seven times 1,286,742,750,677,284 and 3. */
const LARGEST = Number.MAX_SAFE_INTEGER;
const SEVENTH = (LARGEST - 3) / 7;

describe('the largest amounts', () => {
  let service: TestApp & { database: TestDatabase };
  let call: Call;
  const priced = (amount: number) => [{ interval: 'month', amount, currency: 'USD' }];
  const apply = (seventh = SEVENTH) =>
    service.admin('POST', '/v1/catalog/apply', {
      body: {
        product: { key: PRODUCT, name: PRODUCT },
        features: [],
        plans: [
          { key: 'small', name: 'Small', prices: priced(1_000), entitlements: [] },
          { key: 'seventh', name: 'Seventh', prices: priced(seventh), entitlements: [] },
          { key: 'largest', name: 'Largest', prices: priced(LARGEST), entitlements: [] },
          { key: 'trial', name: 'Trial', trialDays: 7, prices: priced(LARGEST), entitlements: [] },
        ],
        assignment: [{ plan: 'small' }],
      },
    });
  const on = (plan = 'small') => createCustomerOnTestClock(call, PRODUCT, NOW, { plan });
  const linesOf = async (id: string) => (await call('GET', `/v1/subscriptions/${id}/lines`)).body.data;
  const tooLarge = (status: number) => ({
    status,
    body: { code: 'amount_too_large', errors: [{ field: 'quantity' }] },
  });

  beforeAll(async () => {
    service = await startService();
    ({ call } = await createApiKey(service));
    expect(await apply()).toMatchObject({ status: 200 });
  });
  afterAll(() => service.stop());

  it('a price of 2^53 - 1 is stored, changed, previewed and renewed exactly', async () => {
    const { id, command, advanceTo } = await on();
    expect((await command('preview-change', { plan: 'largest', when: 'now' })).body).toMatchObject({
      lines: [{ amount: 1_000 }, { amount: LARGEST }],
      total: { amount: LARGEST - 1_000 },
      nextCharge: { amount: LARGEST },
    });
    expect(await command('change', { plan: 'largest', when: 'now' })).toMatchObject({ status: 200 });
    expect(await linesOf(id)).toMatchObject([{ amount: 1_000 }, { amount: LARGEST, unitAmount: LARGEST }]);
    await advanceTo('2027-02-14T10:00:00Z');
    await command('renew', { when: 'now' });
    expect((await linesOf(id)).slice(2)).toMatchObject([
      { kind: 'credit', amount: (LARGEST + 1) / 2 },
      { kind: 'charge', amount: LARGEST },
    ]);
  });

  it('a larger amount is refused by start, change and preview, and leaves no trace', async () => {
    const { id, customer, command, readSubscription } = await on();
    const before = await readSubscription();
    for (const when of ['now', 'period_end'])
      for (const name of ['change', 'preview-change']) {
        expect(await command(name, { plan: 'largest', quantity: 1_000_000, when })).toMatchObject(tooLarge(422));
        expect(await command(name, { plan: 'seventh', quantity: 8, when })).toMatchObject(tooLarge(422));
      }
    expect(await readSubscription()).toEqual(before);
    expect(await linesOf(id)).toEqual([]);
    await command('cancel', { when: 'now' });
    const start = (body: object) =>
      call('POST', '/v1/subscriptions', { body: { customer, product: PRODUCT, ...body } });
    expect(await start({ plan: 'largest', quantity: 2 })).toMatchObject(tooLarge(422));
    expect(await start({ plan: 'trial', quantity: 2 })).toMatchObject(tooLarge(422));
    expect((await call('GET', `/v1/customers/${customer}/subscriptions?product=${PRODUCT}`)).body.data).toHaveLength(1);
    expect(await start({ plan: 'seventh', quantity: 7 })).toMatchObject({ status: 201, body: { quantity: 7 } });
  });

  it('the quantity of a scheduled change, which follows a change of quantity now, is bounded too', async () => {
    const { command, readSubscription } = await on();
    await command('change', { plan: 'seventh', when: 'period_end' });
    expect(await command('change', { quantity: 8, when: 'now' })).toMatchObject(tooLarge(422));
    expect(await command('change', { quantity: 7, when: 'now' })).toMatchObject({ status: 200 });
    expect(await readSubscription()).toMatchObject({ quantity: 7, scheduledChange: { quantity: 7 } });
  });

  it('agreed renewals count: 7 periods together cost at most 2^53 - 1', async () => {
    const { id, command, readSubscription } = await on('seventh');
    await call('PATCH', `/v1/subscriptions/${id}`, { body: { autoRenew: false } });
    for (let agreed = 0; agreed < 6; agreed++) expect(await command('renew')).toMatchObject({ status: 200 });
    expect(await command('renew')).toMatchObject(tooLarge(409));
    expect(await command('change', { quantity: 2, when: 'now' })).toMatchObject(tooLarge(422));
    expect(await readSubscription()).toMatchObject({ prepaidPeriods: 6, version: 8 });
    const preview = await command('preview-change', { plan: 'small', when: 'now' });
    expect(preview.body).toMatchObject({
      lines: [{ amount: SEVENTH }, { amount: 6 * SEVENTH }, { amount: 1_000 }, { amount: 6_000 }],
      total: { amount: 7_000 - 7 * SEVENTH },
    });
  });

  it('a plan migration skips subscriptions whose new amount would be too large', async () => {
    const customer = uniqueName('moved');
    const { body } = await call('PUT', `/v1/customers/${customer}`, { body: { product: PRODUCT, plan: 'small' } });
    const { id } = body.subscription;
    await call('POST', `/v1/subscriptions/${id}/change`, { body: { plan: 'seventh', quantity: 7, when: 'now' } });
    await apply(SEVENTH + 1);
    const { body: move } = await service.admin('POST', `/v1/plans/seventh/moves`, {
      body: { product: PRODUCT, when: 'now' },
    });
    while (await service.app.get(PlanMigrationsService).step());
    expect(await service.admin('GET', `/v1/plans/seventh/moves/${move.id}?product=${PRODUCT}`)).toMatchObject({
      body: { state: 'done', skipped: expect.any(Number), moved: expect.any(Number) },
    });
    expect((await call('GET', `/v1/subscriptions/${id}`)).body).toMatchObject({ price: { amount: SEVENTH } });
  });

  it('revenue is exact up to 2^53 - 1, and that number beyond it', async () => {
    const revenue = async () => (await call('GET', `/v1/stats/revenue?product=revenue`)).body.currencies[0];
    const count = async () => {
      await service.database.query(`update subscription_counts set next_at = '-infinity'`);
      await service.app.get(SubscriptionStats).recount();
    };
    const year = (key: string, amount: number) => ({
      key,
      name: key,
      prices: [{ interval: 'year', amount, currency: 'USD' }],
      entitlements: [],
    });
    await service.admin('POST', '/v1/catalog/apply', {
      body: {
        product: { key: 'revenue', name: 'revenue' },
        features: [],
        plans: [year('most', LARGEST - 2), year('two', 2), year('one', 1)],
        assignment: [{ plan: 'two' }],
      },
    });
    const subscribe = (plan: string) =>
      call('PUT', `/v1/customers/${uniqueName('payer')}`, { body: { product: 'revenue', plan } });
    for (const plan of ['most', 'two']) await subscribe(plan);
    await count();
    expect(await revenue()).toMatchObject({ yearly: LARGEST, monthly: Math.floor(LARGEST / 12), subscriptions: 2 });
    await subscribe('one');
    await count();
    expect(await revenue()).toMatchObject({ yearly: LARGEST, subscriptions: 3 });
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CouponRedemptions } from '@app/billing';
import { Database } from '@app/platform';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { createApiKey, inParallel, registerUser, uniqueName } from '../support/fixtures.js';

const TWENTY = { name: 'Twenty', percentOff: '20' };

describe('coupons', () => {
  let service: TestApp & { database: TestDatabase };
  const create = (body: object) => service.admin('POST', '/v1/coupons', { body: { product: 'api', ...body } });
  const newCoupon = async (body: object = TWENTY): Promise<string> => {
    const key = uniqueName('coupon');
    const { status, body: answer } = await create({ key, ...body });
    expect([status, answer]).toEqual([201, expect.objectContaining({ key, redemptions: 0 })]);
    return key;
  };
  const subscribe = async (body: object = {}): Promise<string> => {
    const put = await service.admin('PUT', `/v1/customers/${uniqueName('customer')}`, {
      body: { product: 'api', ...body },
    });
    return put.body.subscription.id as string;
  };
  const redeem = (subscription: string, coupon: string) =>
    service.admin('POST', `/v1/subscriptions/${subscription}/coupons`, { body: { coupon } });
  const redemptionsOf = async (coupon: string): Promise<number> =>
    (await service.admin('GET', `/v1/coupons/${coupon}?product=api`)).body.redemptions;
  const events = (type: string, coupon: string): Promise<{ after: any; reason: string | null }[]> =>
    service.database.query(
      `select after, reason from events where type = $1 and (after->>'key' = $2 or after->>'coupon' = $2) order by id`,
      [type, coupon],
    );

  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());

  describe('of a product', () => {
    it('are created, read, listed, changed and archived, each with its event', async () => {
      const key = await newCoupon({
        name: 'Launch',
        percentOff: '07.50',
        duration: 'repeating',
        periods: 3,
        redeemBy: '2030-01-01T01:00:00+01:00',
      });
      const at = `/v1/coupons/${key}`;
      const read = await service.admin('GET', `${at}?product=api`);
      expect(read.body).toMatchObject({
        percentOff: '7.5',
        amountOff: null,
        currency: null,
        duration: 'repeating',
        periods: 3,
        maxRedemptions: null,
        redeemBy: '2030-01-01T00:00:00.000Z',
        plans: null,
      });
      const change = { product: 'api', percentOff: null, amountOff: 500, currency: 'USD', maxRedemptions: 9 };
      expect((await service.admin('PATCH', at, { body: change })).body).toMatchObject({
        name: 'Launch',
        percentOff: null,
        amountOff: 500,
        currency: 'USD',
        periods: 3,
        maxRedemptions: 9,
      });
      expect((await service.admin('GET', '/v1/coupons?product=api')).body.data[0].key).toBe(key);
      expect((await service.admin('DELETE', `${at}?product=api`)).status).toBe(204);
      expect(await service.admin('GET', `${at}?product=api`)).toMatchObject({
        status: 404,
        body: { code: 'coupon_not_found' },
      });
      for (const type of ['coupon.created', 'coupon.updated', 'coupon.archived'])
        expect(await events(type, key)).toHaveLength(1);
    });

    it.each([
      [{ percentOff: '0' }, 'percentOff'],
      [{ percentOff: '0.001' }, 'percentOff'],
      [{ percentOff: '100.01' }, 'percentOff'],
      [{ percentOff: '1e1' }, 'percentOff'],
      [{ percentOff: '-5' }, 'percentOff'],
      [{ percentOff: 20 }, 'percentOff'],
      [{}, 'percentOff'],
      [{ percentOff: '5', amountOff: 5, currency: 'USD' }, 'percentOff'],
      [{ amountOff: 5 }, 'currency'],
      [{ percentOff: '5', currency: 'USD' }, 'currency'],
      [{ amountOff: 5, currency: 'XXY' }, 'currency'],
      [{ percentOff: '5', duration: 'repeating' }, 'periods'],
      [{ percentOff: '5', periods: 2 }, 'periods'],
      [{ percentOff: '5', maxRedemptions: 0 }, 'maxRedemptions'],
      [{ percentOff: '5', redeemBy: 'tomorrow' }, 'redeemBy'],
      [{ percentOff: '5', plans: ['nothing'] }, 'plans.0'],
    ])('%j is refused', async (body, field) => {
      const refused = await create({ key: uniqueName('refused'), name: 'x', ...body });
      expect([refused.status, refused.body.errors?.map((error: { field: string }) => error.field)]).toEqual([
        422,
        [field],
      ]);
    });

    it('take a key once, also at the same time', async () => {
      const key = uniqueName('coupon');
      const answers = await inParallel(10, 10, () => create({ key, ...TWENTY }));
      expect(answers.map(({ status }) => status).sort()).toEqual([201, ...new Array<number>(9).fill(409)]);
      expect(await events('coupon.created', key)).toHaveLength(1);
    });

    it('are a part of the catalogue document', async () => {
      const product = uniqueName('product');
      const document = (coupons?: object[], taxRates?: object[]) => ({
        product: { key: product, name: 'With coupons' },
        features: [],
        plans: [],
        assignment: [],
        coupons,
        taxRates,
      });
      const apply = async (...parts: Parameters<typeof document>) =>
        (await service.admin('POST', '/v1/catalog/apply', { body: document(...parts) })).body;
      const vat = { key: 'vat', name: 'VAT', percentage: '19.00' };
      expect(await apply([{ key: 'one', ...TWENTY }], [vat])).toMatchObject({
        coupons: { created: ['one'] },
        taxRates: { created: ['vat'] },
      });
      const { body: read } = await service.admin('GET', `/v1/catalog?product=${product}`);
      expect(read).toMatchObject({
        coupons: [{ key: 'one', percentOff: '20' }],
        taxRates: [{ key: 'vat', percentage: '19' }],
      });
      expect((await service.admin('POST', '/v1/catalog/apply', { body: read })).body).toMatchObject({
        coupons: { unchanged: ['one'], updated: [], archived: [] },
        taxRates: { unchanged: ['vat'], updated: [], archived: [] },
      });
      expect(await apply()).not.toHaveProperty('coupons');
      expect(await apply([{ key: 'two', name: 'Two', percentOff: '0' }])).toMatchObject({
        errors: [{ field: 'coupons.0.percentOff' }],
      });
      expect(await apply([{ key: 'two', ...TWENTY }], [])).toMatchObject({
        coupons: { created: ['two'], archived: ['one'] },
        taxRates: { archived: ['vat'] },
      });
      expect(await apply([{ key: 'one', ...TWENTY }])).toMatchObject({
        coupons: { updated: ['one'], archived: ['two'] },
      });
    });
  });

  describe('on a subscription', () => {
    it('are redeemed in order, listed, and removed; the redemption stays counted', async () => {
      const subscription = await subscribe();
      const [first, second] = [await newCoupon(), await newCoupon({ name: 'Five', amountOff: 500, currency: 'INR' })];
      expect(await redeem(subscription, first)).toMatchObject({
        status: 201,
        body: { coupon: first, percentOff: '20', position: 1, periodsUsed: 0, endedAt: null, subscription },
      });
      expect((await redeem(subscription, second)).body).toMatchObject({ position: 2, amountOff: 500 });
      const list = async () => (await service.admin('GET', `/v1/subscriptions/${subscription}/coupons`)).body.data;
      expect((await list()).map((one: { coupon: string }) => one.coupon)).toEqual([second, first]);
      const at = `/v1/subscriptions/${subscription}/coupons/${first}`;
      expect((await service.admin('DELETE', at)).status).toBe(204);
      expect(await service.admin('DELETE', at)).toMatchObject({
        status: 404,
        body: { code: 'coupon_redemption_not_found' },
      });
      expect((await list())[1]).toMatchObject({ coupon: first, endedAt: expect.any(String) });
      expect(await redemptionsOf(first)).toBe(1);
      expect(await events('coupon_redemption.created', first)).toHaveLength(1);
      expect(await events('coupon_redemption.ended', first)).toMatchObject([{ reason: 'removed' }]);
      expect((await redeem(subscription, first)).body).toMatchObject({ position: 3 });
    });

    it('keep the terms under which they were redeemed', async () => {
      const [subscription, coupon] = [await subscribe(), await newCoupon()];
      await redeem(subscription, coupon);
      await service.admin('PATCH', `/v1/coupons/${coupon}`, { body: { product: 'api', percentOff: '1' } });
      await service.admin('DELETE', `/v1/coupons/${coupon}?product=api`);
      expect((await service.admin('GET', `/v1/subscriptions/${subscription}/coupons`)).body.data).toMatchObject([
        { coupon, percentOff: '20' },
      ]);
      expect(await redeem(await subscribe(), coupon)).toMatchObject({
        status: 404,
        body: { code: 'coupon_not_found' },
      });
    });

    it.each([
      ['of another plan', { ...TWENTY, plans: ['quota'] }, 'coupon_not_for_plan'],
      ['in another currency', { name: 'Euro', amountOff: 100, currency: 'EUR' }, 'coupon_in_other_currency'],
      ['after its end', { ...TWENTY, redeemBy: '2020-01-01T00:00:00Z' }, 'coupon_expired'],
    ])('are refused %s, without a trace', async (_, body, code) => {
      const [subscription, coupon] = [await subscribe({ plan: 'basic-monthly' }), await newCoupon(body)];
      expect(await redeem(subscription, coupon)).toMatchObject({ status: 409, body: { code } });
      expect(await redemptionsOf(coupon)).toBe(0);
      expect((await service.admin('GET', `/v1/subscriptions/${subscription}/coupons`)).body.data).toEqual([]);
      expect(await events('coupon_redemption.created', coupon)).toEqual([]);
    });

    it('are refused on an ended subscription', async () => {
      const [subscription, coupon] = [await subscribe(), await newCoupon()];
      await service.admin('POST', `/v1/subscriptions/${subscription}/cancel`, { body: { when: 'now' } });
      expect(await redeem(subscription, coupon)).toMatchObject({ status: 409, body: { code: 'subscription_ended' } });
    });

    it('expire by the clock of the customer', async () => {
      const { body: clock } = await service.admin('POST', '/v1/test-clocks', {
        body: { now: '2031-12-31T23:59:59Z' },
      });
      const subscription = await subscribe({ testClock: clock.id });
      const [before, after] = [
        await newCoupon({ ...TWENTY, redeemBy: '2032-01-01T00:00:00Z' }),
        await newCoupon({ ...TWENTY, redeemBy: '2032-01-01T00:00:00Z' }),
      ];
      const redeemed = await redeem(subscription, before);
      expect(redeemed).toMatchObject({ status: 201, body: { redeemedAt: '2031-12-31T23:59:59.000Z' } });
      await service.admin('POST', `/v1/test-clocks/${clock.id}/advance`, { body: { to: '2032-01-01T00:00:00Z' } });
      expect(await redeem(subscription, after)).toMatchObject({ status: 409, body: { code: 'coupon_expired' } });
    });

    it('are never redeemed more often than they may be, with a hundred concurrent redemptions', async () => {
      const coupon = await newCoupon({ ...TWENTY, maxRedemptions: 10 });
      const subscriptions = await inParallel(100, 10, () => subscribe());
      const answers = await inParallel(100, 100, (index) => redeem(subscriptions[index]!, coupon));
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(10);
      expect(answers.filter(({ body }) => body.code === 'coupon_used_up')).toHaveLength(90);
      expect(await redemptionsOf(coupon)).toBe(10);
      const [{ n }] = (await service.database.query<{ n: number }>(
        `select count(*)::int as n from coupon_redemptions where coupon->>'key' = $1`,
        [coupon],
      )) as [{ n: number }];
      expect(n).toBe(10);
      expect(await events('coupon_redemption.created', coupon)).toHaveLength(10);
      await expect(
        service.database.query(`update coupons set redemptions = redemptions + 1 where key = $1`, [coupon]),
      ).rejects.toThrow(/coupons_within_redemptions/);
      const lower = { product: 'api', maxRedemptions: 9 };
      expect(await service.admin('PATCH', `/v1/coupons/${coupon}`, { body: lower })).toMatchObject({
        status: 409,
        body: { code: 'coupon_redeemed_more_often' },
      });
    });

    it('are on it once at a time, with twenty concurrent redemptions of one', async () => {
      const [subscription, coupon] = [await subscribe(), await newCoupon()];
      const answers = await inParallel(20, 20, () => redeem(subscription, coupon));
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
      expect(answers.filter(({ body }) => body.code === 'coupon_already_redeemed')).toHaveLength(19);
      expect(await redemptionsOf(coupon)).toBe(1);
    });

    it('have different positions, with twenty-five concurrent redemptions, and are at most twenty', async () => {
      const subscription = await subscribe();
      const coupons = await inParallel(25, 5, () => newCoupon());
      const answers = await inParallel(25, 25, (index) => redeem(subscription, coupons[index]!));
      const positions = answers.filter(({ status }) => status === 201).map(({ body }) => body.position as number);
      expect(positions.sort((one, other) => one - other)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
      expect(answers.filter(({ body }) => body.code === 'too_many_coupons')).toHaveLength(5);
    });

    it('are shown to their owner, who cannot redeem or remove any', async () => {
      const user = await registerUser(service);
      const coupon = uniqueName('coupon');
      await service.admin('POST', '/v1/coupons', { body: { key: coupon, ...TWENTY } });
      const at = `/v1/subscriptions/${user.subscriptionId}/coupons`;
      expect((await user.call('POST', at, { body: { coupon } })).status).toBe(403);
      expect((await redeem(user.subscriptionId, coupon)).status).toBe(201);
      expect((await user.call('GET', at)).body.data).toMatchObject([{ coupon }]);
      expect((await user.call('DELETE', `${at}/${coupon}`)).status).toBe(403);
      expect((await user.call('GET', `/v1/coupons/${coupon}`)).status).toBe(403);
    });

    it('a repeated request with an Idempotency-Key redeems once', async () => {
      const [subscription, coupon] = [await subscribe(), await newCoupon()];
      const { call } = await createApiKey(service, { product: 'api' });
      const request = { body: { coupon }, headers: { 'idempotency-key': uniqueName('key') } };
      const [one, other] = [
        await call('POST', `/v1/subscriptions/${subscription}/coupons`, request),
        await call('POST', `/v1/subscriptions/${subscription}/coupons`, request),
      ];
      expect([one.status, other.status]).toEqual([201, 201]);
      expect(other.body).toEqual(one.body);
      expect(await redemptionsOf(coupon)).toBe(1);
    });
  });

  describe('for invoices', () => {
    const DAY = 86_400_000;
    const period = (index: number): Date => new Date(Date.now() + (30 * index + 1) * DAY);
    const parts = () => [service.app.get(CouponRedemptions, { strict: false }), service.app.get(Database)] as const;

    it('are read in their order for many subscriptions, and end when they are used up', async () => {
      const [redemptions, database] = parts();
      const twice = await newCoupon({ ...TWENTY, duration: 'repeating', periods: 2 });
      const [once, forever] = [await newCoupon(), await newCoupon({ ...TWENTY, duration: 'forever' })];
      const subscriptions = await inParallel(3, 3, () => subscribe());
      for (const id of subscriptions) for (const coupon of [twice, once, forever]) await redeem(id, coupon);
      const refs = await service.database.query<{ customerId: string; id: string }>(
        `select customer_id as "customerId", id from subscriptions where id = any($1::uuid[])`,
        [subscriptions],
      );
      const keysAt = async (at: Date): Promise<string[][]> => {
        const found = await redemptions.ofSubscriptions(refs, at);
        return subscriptions.map((id) =>
          (found.get(id) ?? [])
            .filter(({ endedAt }) => endedAt === null || endedAt > at)
            .map(({ coupon }) => coupon.key),
        );
      };
      const everywhere = (...keys: string[]) => subscriptions.map(() => keys);
      for (const [index, expected] of [[twice, once, forever], [twice, forever], [forever]].entries()) {
        const at = period(index);
        expect(await keysAt(at)).toEqual(everywhere(...expected));
        const found = [...(await redemptions.ofSubscriptions(refs, at)).values()].flat();
        const used = found.filter(({ endedAt }) => endedAt === null || endedAt > at);
        // The same period again, also at the same time, uses nothing up.
        await Promise.all([1, 2, 3].map(() => database.transaction(() => redemptions.usePeriod(used, at))));
      }
      const rows = await service.database.query(
        `select coupon->>'key' as key, periods_used, ended_at is not null as ended from coupon_redemptions where subscription_id = $1 order by position`,
        [subscriptions[0]],
      );
      expect(rows).toEqual([
        { key: twice, periods_used: 2, ended: true },
        { key: once, periods_used: 1, ended: true },
        { key: forever, periods_used: 3, ended: false },
      ]);
      expect(await events('coupon_redemption.ended', twice)).toHaveLength(3);
    });

    it('use up a period in the transaction of the invoice, or not at all', async () => {
      const [redemptions, database] = parts();
      const [subscription, coupon] = [await subscribe(), await newCoupon()];
      await redeem(subscription, coupon);
      const [ref] = await service.database.query<{ customerId: string; id: string }>(
        `select customer_id as "customerId", id from coupon_redemptions where subscription_id = $1`,
        [subscription],
      );
      await expect(redemptions.usePeriod([ref!], period(0))).rejects.toThrow();
      await expect(
        database.transaction(async () => {
          await redemptions.usePeriod([ref!], period(0));
          throw new Error('the invoice is refused');
        }),
      ).rejects.toThrow('the invoice is refused');
      expect((await service.admin('GET', `/v1/subscriptions/${subscription}/coupons`)).body.data).toMatchObject([
        { periodsUsed: 0, endedAt: null },
      ]);
    });
  });
});

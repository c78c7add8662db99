import { describe, expect, it } from '@jest/globals';
import { createApiKey } from '../support/fixtures.js';
import { meteredCalls, startMetering } from './metering-fixture.js';

const FEATURES = ['f1', 'f2', 'f3', 'f4', 'f5'];

describe('the list of overrides', () => {
  const metering = startMetering();
  const { call, override, clock, setUpCustomer } = metering;

  /** A customer with an override of each of FEATURES, created in this order. */
  const setUpOverrides = async () => {
    const types = Object.fromEntries(FEATURES.map((feature) => [feature, 'metered']));
    const { customer, product } = await setUpCustomer([meteredCalls(5)], types);
    for (const feature of FEATURES) await override(feature, { limit: 8, window: 'month', reason: 'goodwill' });
    const list = async (query = '', path = `/v1/customers/${customer}/overrides`) =>
      call('GET', `${path}?product=${product}${query}`);
    return { customer, product, list };
  };
  const featuresOf = (body: { data: { feature: string }[] }): string[] => body.data.map(({ feature }) => feature);

  it('returns each override as it was set, and another one after it was removed or replaced', async () => {
    const { customer, product, list } = await setUpOverrides();
    const { status, body } = await list('&feature=f2');
    const set = await override('f2', { limit: 9, window: 'month', expiresAt: '2027-03-11T00:00:00.000Z' });
    expect([status, body]).toEqual([
      200,
      {
        data: [{ ...set.body, terms: { ...set.body.terms, limit: 8 }, reason: 'goodwill', expiresAt: null }],
        hasMore: false,
        nextCursor: null,
      },
    ]);
    expect((await list('&feature=f2')).body.data).toEqual([set.body]);
    clock.set('2027-03-12T00:00:00.000Z');
    expect((await list('&feature=f2')).body.data).toEqual([set.body]);
    await call('DELETE', `/v1/customers/${customer}/overrides/f2?product=${product}`);
    expect((await list('&feature=f2')).body.data).toEqual([]);
    expect(featuresOf((await list()).body)).toEqual(['f5', 'f4', 'f3', 'f1']);
  });

  it('walks over all pages and returns each override once, while others are removed and set', async () => {
    const { customer, product, list } = await setUpOverrides();
    const first = (await list('&limit=2')).body;
    expect([featuresOf(first), first.hasMore]).toEqual([['f5', 'f4'], true]);
    await call('DELETE', `/v1/customers/${customer}/overrides/f4?product=${product}`);
    await override('f5', { limit: 1, window: 'month' });
    const second = (await list(`&limit=2&cursor=${first.nextCursor}`)).body;
    const third = (await list(`&limit=2&cursor=${second.nextCursor}`)).body;
    expect([featuresOf(second), featuresOf(third), third.hasMore]).toEqual([['f3', 'f2'], ['f1'], false]);
    expect((await list('&limit=2&fields=feature')).body.data).toEqual([{ feature: 'f5' }, { feature: 'f3' }]);
    for (const query of ['&feature=f3', ''])
      expect((await list(`${query}&cursor=${first.nextCursor}x`)).body.code).toBe('invalid_cursor');
    expect((await list(`&feature=f3&cursor=${first.nextCursor}`)).body.code).toBe('invalid_cursor');
  });

  it('shows the overrides of one product only, and none of a customer outside of the scope', async () => {
    const { customer, product, list } = await setUpOverrides();
    const other = await createApiKey(metering.service, { product: 'api' });
    const at = `/v1/customers/${customer}/overrides`;
    expect((await call('GET', `${at}?product=api`)).body.data).toEqual([]);
    expect((await other.call('GET', at)).body.code).toBe('customer_not_found');
    expect((await other.call('GET', `${at}?product=${product}`)).status).toBeGreaterThanOrEqual(403);
    expect((await list('&feature=absent')).body.code).toBe('feature_not_found');
    expect((await call('GET', `${at}?product=absent`)).body.code).toBe('product_not_found');
  });
});

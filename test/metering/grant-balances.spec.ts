import { describe, expect, it } from '@jest/globals';
import { createCustomerOnTestClock } from '../support/fixtures.js';
import { DAY_MS, meteredCalls, startMetering } from './metering-fixture.js';

describe('balances of grants', () => {
  const metering = startMetering();
  const { call, check, consume, admin, grant, usageOf, clock, setUpCustomer } = metering;

  const list = async (query = ''): Promise<any[]> => {
    const { customer, product } = usageOf();
    return (await call('GET', `/v1/customers/${customer}/grants?product=${product}${query}`)).body.data;
  };
  const one = async (id: string, query = ''): Promise<any> =>
    (await call('GET', `/v1/customers/${usageOf().customer}/grants/${id}${query}`)).body;
  const give = async (fields: object): Promise<string> => (await grant(fields)).body.id;
  /** The balances of the list add up to the granted units of a decision, less those burnt in the window. */
  const expectAsDecided = async (): Promise<void> => {
    const { limit } = await check();
    const { used, remaining } = await check();
    expect([limit - used, (await list()).reduce((sum, { balance }) => sum + balance, 0)]).toEqual([
      remaining,
      remaining,
    ]);
  };

  it('the list shows balance, burnt units and status of each grant, and filters by feature', async () => {
    await setUpCustomer([meteredCalls(0), { ...meteredCalls(0), feature: 'other' }]);
    const first = await give({ quantity: 5, priority: 1, expiresAt: '2027-03-12T00:00:00Z' });
    const second = await give({ quantity: 5, priority: 2 });
    const later = await give({ quantity: 9, effectiveAt: '2027-03-20T00:00:00Z' });
    const voided = await give({ quantity: 3, priority: 0 });
    const other = await give({ feature: 'other', quantity: 2 });
    await consume({ quantity: 1 });
    await call('DELETE', `/v1/customers/${usageOf().customer}/grants/${voided}`);
    await consume({ quantity: 6 });
    expect(await list()).toMatchObject([
      { id: other, feature: 'other', balance: 2, burnt: 0, status: 'active' },
      { id: voided, balance: 0, burnt: 1, status: 'voided' },
      { id: later, balance: 0, burnt: 0, status: 'upcoming' },
      { id: second, balance: 4, burnt: 1, status: 'active' },
      { id: first, balance: 0, burnt: 5, status: 'used_up' },
    ]);
    expect((await list('&feature=other')).map(({ id }) => id)).toEqual([other]);
    expect((await list('&feature=calls&limit=2')).map(({ id }) => id)).toEqual([voided, later]);
    expect(
      await call('GET', `/v1/customers/${usageOf().customer}/grants?product=${usageOf().product}&feature=no`),
    ).toMatchObject({ status: 404, body: { code: 'feature_not_found' } });
    clock.set('2027-03-12T00:00:00Z');
    expect((await list())[4]).toMatchObject({ id: first, balance: 0, burnt: 5, status: 'expired' });
    const back = await admin('POST', '/v1/usage/corrections', usageOf({ quantity: -7, reason: 'a mistake' }));
    expect(back.body).toMatchObject({ used: 0, remaining: 5 });
    expect((await list()).map(({ burnt }) => burnt)).toEqual([0, 0, 0, 0, 0]);
  });

  it('balances of recurring grants and coverage of overage are accrued at the read, as a decision does', async () => {
    await setUpCustomer([meteredCalls(0, { overage: 'allow' })]);
    await consume({ quantity: 4 });
    const id = await give({ quantity: 10, recurrence: { interval: 'day' }, rolloverMax: 3 });
    // The overage is covered before anything is stored.
    expect(await list()).toMatchObject([{ id, balance: 6, burnt: 4, status: 'active' }]);
    await consume({ quantity: 6 });
    expect(await list()).toMatchObject([{ balance: 0, burnt: 10, status: 'used_up' }]);
    await expectAsDecided();
    clock.advance(DAY_MS);
    expect(await list()).toMatchObject([{ balance: 10, burnt: 10, status: 'active' }]);
    await expectAsDecided();
    clock.set('2027-04-01T00:00:00Z');
    expect(await list()).toMatchObject([{ balance: 3, status: 'active' }]);
    await expectAsDecided();
  });

  it('one grant shows the entries that burnt it, newest first, page by page', async () => {
    await setUpCustomer([meteredCalls(1)]);
    const id = await give({ quantity: 10 });
    for (const quantity of [2, 3, 4]) await consume({ quantity });
    await admin('POST', '/v1/usage/corrections', usageOf({ quantity: -2, reason: 'a mistake' }));
    const first = await one(id, '?limit=2');
    expect(first).toMatchObject({
      id,
      balance: 4,
      burnt: 6,
      status: 'active',
      burns: {
        hasMore: true,
        data: [
          { kind: 'correction', quantity: -2 },
          { kind: 'consume', quantity: 4 },
        ],
      },
    });
    const rest = await one(id, `?limit=2&cursor=${first.burns.nextCursor}`);
    expect(rest.burns).toMatchObject({
      hasMore: false,
      nextCursor: null,
      data: [
        { kind: 'consume', quantity: 3 },
        { kind: 'consume', quantity: 1 },
      ],
    });
    const another = await give({ quantity: 1 });
    expect(
      await call('GET', `/v1/customers/${usageOf().customer}/grants/${another}?cursor=${first.burns.nextCursor}`),
    ).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } });
    expect(
      await call('GET', `/v1/customers/${usageOf().customer}/grants/01890a5d-ac96-774b-bcce-b302099a8057`),
    ).toMatchObject({ status: 404, body: { code: 'grant_not_found' } });
  });

  it('the balance of a customer on a test clock is that of its clock', async () => {
    const { product } = await setUpCustomer([meteredCalls(0)]);
    const asKey = (method: string, path: string, options: { body?: unknown } = {}) => call(method, path, options.body);
    const { customer, advanceTo } = await createCustomerOnTestClock(asKey, product, '2021-01-01T00:00:00Z');
    const path = `/v1/customers/${customer}/grants?product=${product}`;
    await call('POST', `/v1/customers/${customer}/grants`, {
      product,
      feature: 'calls',
      quantity: 5,
      expiresAt: '2021-01-31T00:00:00Z',
    });
    await consume({ customer, quantity: 2 });
    expect((await call('GET', path)).body.data).toMatchObject([{ balance: 3, burnt: 2, status: 'active' }]);
    await advanceTo('2021-01-31T00:00:00Z');
    expect((await call('GET', path)).body.data).toMatchObject([{ balance: 0, burnt: 2, status: 'expired' }]);
  });

  it('the balance is shown while the subscription is paused', async () => {
    const { customer, product } = await setUpCustomer([meteredCalls(0)]);
    await give({ quantity: 5 });
    await consume({ quantity: 2 });
    const { id } = (await call('GET', `/v1/customers/${customer}/subscription?product=${product}`)).body;
    expect((await call('POST', `/v1/subscriptions/${id}/pause`, {})).status).toBe(200);
    expect(await list()).toMatchObject([{ balance: 3, burnt: 2, status: 'active' }]);
  });
});

import { describe, expect, it, jest } from '@jest/globals';
import { StatusHistoryRepository } from '../../libs/subscriptions/src/status-history.repository.js';
import { inParallel, uniqueName } from '../support/fixtures.js';
import { DAY_MS, meteredCalls, START, startMetering } from './metering-fixture.js';

const TERMS = [meteredCalls(100, { window: 'none' }), meteredCalls(100, { feature: 'monthly', window: 'month' })];
/** The customer subscribes at START, which is day 0. */
const day = (days: number): string => new Date(new Date(START).getTime() + days * DAY_MS).toISOString();

describe('usage events and the spans of subscriptions', () => {
  const metering = startMetering();
  const { call, post, check, setUpCustomer } = metering;
  let customer: string;
  let product: string;
  const setUp = async (): Promise<string> => {
    ({ customer, product } = await setUpCustomer(TERMS));
    return (await call('GET', `/v1/customers/${customer}/subscription?product=${product}`)).body.id;
  };
  const send = (instants: string[], feature = 'calls') =>
    post('/v1/usage/events', {
      product,
      events: instants.map((occurredAt) => ({ id: uniqueName('event'), customer, feature, quantity: 1, occurredAt })),
    });
  /** The code or the status of each event. */
  const results = async (instants: string[], feature = 'calls'): Promise<string[]> =>
    (await send(instants, feature)).body.results.map(
      (one: { status: string; code?: string }) => one.code ?? one.status,
    );
  const command = async (id: string, name: string, body: object = {}): Promise<void> => {
    const response = await call('POST', `/v1/subscriptions/${id}/${name}`, body);
    expect([response.status, response.body.code]).toEqual([200, undefined]);
  };

  it.each(['calls', 'monthly'])('an event before the first subscription is rejected: %s', async (feature) => {
    await setUp();
    const before = new Date(new Date(START).getTime() - 1).toISOString();
    expect(await results([day(-40), day(-1), before, START], feature)).toEqual([
      'no_subscription',
      'no_subscription',
      'no_subscription',
      'recorded',
    ]);
    expect(await check({ feature })).toMatchObject({ used: 1 });
    metering.clock.set(day(1));
    const { body } = await call('GET', `/v1/customers/${customer}/usage?product=${product}&feature=${feature}`);
    expect(body.total).toBe(1);
  });

  it('an event in a pause or in an unpaid time is rejected; before and after it, it is recorded', async () => {
    const id = await setUp();
    metering.clock.set(day(2));
    await command(id, 'pause');
    metering.clock.set(day(4));
    await command(id, 'unpause');
    metering.clock.set(day(6));
    await command(id, 'record-payment', { outcome: 'failed' });
    metering.clock.set(day(8));
    await command(id, 'record-payment', { outcome: 'succeeded' });
    metering.clock.set(day(9));
    expect(await results([day(-1), day(1), day(2), day(3), day(4), day(5), day(6), day(7), day(8), day(9)])).toEqual([
      'no_subscription',
      'recorded',
      'subscription_paused',
      'subscription_paused',
      'recorded',
      'recorded',
      'past_due',
      'past_due',
      'recorded',
      'recorded',
    ]);
    expect(await check()).toMatchObject({ used: 5 });
  });

  it('an event in the gap between two subscriptions is rejected, in the span of the first it is recorded', async () => {
    const id = await setUp();
    await call('PATCH', `/v1/subscriptions/${id}`, { autoRenew: false });
    metering.clock.set(day(40));
    expect(await results([day(1)])).toEqual(['subscription_expired']);
    expect((await post('/v1/subscriptions', { customer, product, plan: 'plan' })).status).toBe(201);
    metering.clock.set(day(41));
    expect(await results([day(1), day(30), day(32), day(39), day(40), day(41)])).toEqual([
      'recorded',
      'recorded',
      'subscription_expired',
      'subscription_expired',
      'recorded',
      'recorded',
    ]);
  });

  it('an event between an end and a restart of the same subscription is rejected', async () => {
    const id = await setUp();
    metering.clock.set(day(1));
    await command(id, 'cancel', { when: 'now' });
    metering.clock.set(day(3));
    await command(id, 'renew');
    expect(await results([START, day(2), day(3)])).toEqual(['recorded', 'no_subscription', 'recorded']);
  });

  it('an event within the live subscription, also before its last renewal, needs no history', async () => {
    const id = await setUp();
    metering.clock.set(day(35));
    await command(id, 'change', { quantity: 2, when: 'now' });
    const read = jest.spyOn(metering.service.app.get(StatusHistoryRepository), 'changes');
    expect(await results([START, day(1), day(30), day(35)])).toEqual(Array(4).fill('recorded'));
    expect(read).not.toHaveBeenCalled();
    expect(await results([day(-1), day(-2), day(1)])).toEqual(['no_subscription', 'no_subscription', 'recorded']);
    expect(read).toHaveBeenCalledTimes(1);
    jest.restoreAllMocks();
  });

  it('concurrent events with one id from before a pause are counted once', async () => {
    const id = await setUp();
    metering.clock.set(day(2));
    await command(id, 'pause');
    metering.clock.set(day(4));
    await command(id, 'unpause');
    const event = { id: uniqueName('early'), customer, feature: 'calls', quantity: 3, occurredAt: day(1) };
    const responses = await inParallel(12, 12, () => post('/v1/usage/events', { product, events: [event, event] }));
    const statuses = responses.flatMap(({ body }) => body.results.map(({ status }: { status: string }) => status));
    expect(statuses.filter((status) => status === 'recorded')).toHaveLength(1);
    expect(statuses.filter((status) => status === 'duplicate')).toHaveLength(23);
    expect(await check()).toMatchObject({ used: 3 });
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { applyMeteredProduct, createApiKey, inParallel, type RegisteredUser, uniqueName } from '../support/fixtures.js';

const PRODUCT = 'deleted-clocks';

describe('deletion of a test clock', () => {
  let service: TestApp & { database: TestDatabase };
  let call: RegisteredUser['call'];
  const make = async (): Promise<string> =>
    (await call('POST', '/v1/test-clocks', { body: { now: '2027-01-01T00:00:00Z' } })).body.id;
  const put = async (key: string, testClock?: string) =>
    call('PUT', `/v1/customers/${key}`, { body: { product: PRODUCT, testClock } });
  const consume = (customer: string) =>
    call('POST', '/v1/usage/consume', { body: { customer, product: PRODUCT, feature: 'calls' } });
  const liveOn = async (clock: string): Promise<number> =>
    (
      await service.database.query<{ count: number }>(
        'select count(*)::int as count from customers where test_clock_id = $1 and deleted_at is null',
        [clock],
      )
    )[0]!.count;
  const eventsOf = async (clock: string) =>
    (
      await service.database.query<{ type: string }>('select type from events where subject_id = $1 order by id', [
        clock,
      ])
    ).map(({ type }) => type);

  beforeAll(async () => {
    service = await startService();
    ({ call } = await createApiKey(service));
    await applyMeteredProduct(service, PRODUCT, 1_000);
    await applyMeteredProduct(service, 'others', 10);
  });
  afterAll(() => service.stop());

  it('deletes its customers with their subscriptions in batches, and no customer of real time', async () => {
    const clock = await make();
    const keys = Array.from({ length: 120 }, () => uniqueName('gone'));
    const real = uniqueName('real');
    await put(real);
    await inParallel(keys.length, 8, (index) => put(keys[index]!, clock));
    expect((await consume(keys[0]!)).body).toMatchObject({ allowed: true });
    expect((await call('DELETE', `/v1/test-clocks/${clock}`)).status).toBe(204);
    expect(await call('GET', `/v1/test-clocks/${clock}`)).toMatchObject({ status: 404 });
    expect((await call('GET', '/v1/test-clocks?limit=100')).body.data.map(({ id }: any) => id)).not.toContain(clock);
    expect(await call('DELETE', `/v1/test-clocks/${clock}`)).toMatchObject({
      status: 404,
      body: { code: 'test_clock_not_found' },
    });
    expect(
      await call('POST', `/v1/test-clocks/${clock}/advance`, { body: { to: '2027-02-01T00:00:00Z' } }),
    ).toMatchObject({ status: 404 });
    for (const key of [keys[0]!, keys[119]!])
      expect(await call('GET', `/v1/customers/${key}`)).toMatchObject({ status: 404 });
    expect(await consume(keys[0]!)).toMatchObject({ status: 404, body: { code: 'customer_not_found' } });
    expect(
      await service.database.query(
        'select count(*)::int as live from subscriptions where test_clock_id = $1 and ended_at is null',
        [clock],
      ),
    ).toEqual([{ live: 0 }]);
    expect(await eventsOf(clock)).toEqual(['test_clock.created', 'test_clock.deleted']);
    expect(await call('GET', `/v1/customers/${real}`)).toMatchObject({ status: 200 });
    expect(await put(keys[0]!)).toMatchObject({ status: 201 });
    expect(await put(uniqueName('late'), clock)).toMatchObject({ status: 404, body: { code: 'test_clock_not_found' } });
  }, 60_000);

  it('is a 404 for keys of other products and changes nothing', async () => {
    const clock = await make();
    const key = uniqueName('kept');
    await put(key, clock);
    const other = await createApiKey(service, { product: 'others' });
    expect(await other.call('DELETE', `/v1/test-clocks/${clock}`)).toMatchObject({
      status: 404,
      body: { code: 'test_clock_not_found' },
    });
    expect([await liveOn(clock), await eventsOf(clock)]).toEqual([1, ['test_clock.created']]);
  });

  it('keeps clock and customers when one of them has subscriptions on other products of a limited key', async () => {
    const limited = await createApiKey(service, { product: PRODUCT });
    const { id } = (await limited.call('POST', '/v1/test-clocks', { body: { now: '2027-01-01T00:00:00Z' } })).body;
    const key = uniqueName('shared');
    await put(key, id);
    await call('PUT', `/v1/customers/${key}`, { body: { product: 'others' } });
    expect(await limited.call('DELETE', `/v1/test-clocks/${id}`)).toMatchObject({
      status: 409,
      body: { code: 'customer_of_other_products' },
    });
    expect([await liveOn(id), await eventsOf(id)]).toEqual([1, ['test_clock.created']]);
  });

  it('leaves no customer behind that is created, advanced or counted at the same time', async () => {
    for (let round = 0; round < 4; round++) {
      const clock = await make();
      const keys = Array.from({ length: 12 }, () => uniqueName('raced'));
      for (const key of keys) await put(key, clock);
      const responses = await inParallel(30, 30, (index) => {
        if (index === 10) return call('DELETE', `/v1/test-clocks/${clock}`);
        if (index === 12)
          return call('POST', `/v1/test-clocks/${clock}/advance`, { body: { to: '2027-03-01T00:00:00Z' } });
        return index % 2 ? put(uniqueName('racer'), clock) : consume(keys[index % 12]!);
      });
      expect(responses.filter(({ status }) => status >= 500 && status !== 503)).toEqual([]);
      if (responses[10]!.status !== 204) expect((await call('DELETE', `/v1/test-clocks/${clock}`)).status).toBe(204);
      expect(await liveOn(clock)).toBe(0);
    }
  }, 60_000);
});

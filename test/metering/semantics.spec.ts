import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MeteringService } from '@app/metering';
import { ADMIN, type ApiResponse, startService, TestClock, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { inParallel, registerUser, createApiKey, uniqueName } from '../support/fixtures.js';
import { waitForBlockedStatements, withCustomerLocked } from '../support/transactions.js';

type Service = TestApp & { database: TestDatabase };
const START = '2027-03-10T09:00:00.000Z';
const DAY = 86_400_000;

describe('metering over HTTP', () => {
  const clock = new TestClock();
  let service: Service;
  let key: string;
  let product: string;
  let customer: string;

  const call = (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<ApiResponse> => service.call(method, path, { token: key, body, headers });
  const post = (path: string, body: object, headers: Record<string, string> = {}) => call('POST', path, body, headers);
  const asked = (body: object = {}) => ({ customer, product, feature: 'calls', ...body });
  const consume = (body: object = {}, headers: Record<string, string> = {}) =>
    post('/v1/usage/consume', asked(body), headers);
  const check = async (body: object = {}) => (await post('/v1/check', asked(body))).body;
  /** Sessions end while the clock jumps: a new one for each call. */
  const admin = async (method: string, path: string, body?: object): Promise<ApiResponse> => {
    const login = await service.call('POST', '/v1/auth/login', { body: ADMIN });
    return service.call(method, path, { token: login.body.accessToken, body });
  };
  const grant = (body: object) => post(`/v1/customers/${customer}/grants`, { product, feature: 'calls', ...body });
  const override = (feature: string, body: object) =>
    call('PUT', `/v1/customers/${customer}/overrides/${feature}`, { product, ...body });
  const reserve = (quantity: number, ttlSeconds = 60, feature = 'calls') =>
    post('/v1/usage/reservations', asked({ feature, quantity, ttlSeconds }));

  /** A product of its own, with a plan of these entitlements, and a customer on it. */
  const sell = async (entitlements: object[], types: Record<string, string> = {}): Promise<void> => {
    product = uniqueName('p');
    customer = uniqueName('c');
    const features = entitlements.map(({ feature, type }: { feature?: string; type?: string }) => ({
      key: feature,
      name: feature,
      type,
    }));
    const extra = Object.entries(types).map(([feature, type]) => ({ key: feature, name: feature, type }));
    const { status, body } = await post('/v1/catalog/apply', {
      product: { key: product, name: product },
      features: [...features, ...extra],
      plans: [
        { key: 'plan', name: 'Plan', prices: [{ interval: 'month', amount: 100, currency: 'USD' }], entitlements },
      ],
      assignment: [{ plan: 'plan' }],
    });
    expect([status, body.errors]).toEqual([200, undefined]);
    expect((await call('PUT', `/v1/customers/${customer}`, { product })).status).toBe(201);
  };
  const calls = (limit: number | null, over: object = {}) => ({
    feature: 'calls',
    type: 'metered',
    limit,
    window: 'month',
    overage: 'deny',
    ...over,
  });

  beforeAll(async () => {
    clock.set(START);
    service = await startService({ clock });
    ({ key } = await createApiKey(service));
  });
  beforeEach(() => clock.set(START));
  // Whatever was done: every counter is the sum of its ledger.
  afterEach(async () => {
    const { body } = await admin('POST', '/v1/usage/verify', { limit: 10_000 });
    expect(body.mismatches).toEqual([]);
  });
  afterAll(() => service.stop());

  describe('windows', () => {
    it.each([
      ['none', null, 400 * DAY, 5],
      ['hour', 3_600_000, 3_600_000, 0],
      ['day', DAY, DAY, 0],
      ['week', 7 * DAY, 7 * DAY, 0],
      ['month', 31 * DAY, 31 * DAY, 0],
      ['year', 365 * DAY, 365 * DAY, 0],
      ['billing_period', 31 * DAY, 31 * DAY, 0],
    ])('%s: a new window starts at zero at the boundary and not before', async (window, length, later, kept) => {
      await sell([calls(5, { window })]);
      const { body } = await consume({ quantity: 5 });
      if (length === null) expect(body.resetsAt).toBeNull();
      else {
        expect(Date.parse(body.resetsAt) - Date.parse(body.windowStart)).toBe(length);
        clock.set(new Date(Date.parse(body.resetsAt) - 1));
        expect(await check()).toMatchObject({ allowed: false, used: 5 });
      }
      clock.set(new Date(Date.parse(START) + later));
      expect(await check()).toMatchObject({ used: kept, allowed: kept < 5 });
    });

    it('windows follow the time zone of the customer', async () => {
      await sell([calls(5, { window: 'day' })]);
      await call('PUT', `/v1/customers/${customer}`, { product, timezone: 'Asia/Kolkata' });
      expect((await consume()).body).toMatchObject({
        windowStart: '2027-03-09T18:30:00.000Z',
        resetsAt: '2027-03-10T18:30:00.000Z',
      });
    });

    it('a consume that waits across a boundary counts in the new window', async () => {
      await sell([calls(5, { window: 'hour' })]);
      await consume();
      const [waiting, behind] = await withCustomerLocked(service.database, customer, async () => {
        const first = consume({ quantity: 2 });
        await waitForBlockedStatements(service.database);
        const second = consume({ quantity: 3 });
        clock.set('2027-03-10T10:00:00Z');
        return [first, second];
      });
      expect([(await waiting).body, (await behind).body]).toMatchObject([
        { used: 3, windowStart: START },
        { used: 3, windowStart: '2027-03-10T10:00:00.000Z' },
      ]);
    });

    it('a window of another kind starts from the usage of the same time span', async () => {
      await sell([calls(10, { window: 'day' })]);
      await consume({ quantity: 4 });
      clock.advance(DAY);
      await consume({ quantity: 3 });
      await override('calls', { limit: 10, window: 'month' });
      expect(await check()).toMatchObject({ used: 7, remaining: 3 });
      expect((await consume({ quantity: 4 })).body.allowed).toBe(false);
      expect((await consume({ quantity: 3 })).body).toMatchObject({ allowed: true, used: 10 });
      expect(await check()).toMatchObject({ used: 10 });
    });
  });

  describe('overrides', () => {
    it('an override replaces the plan for the next request and ends when removed or expired', async () => {
      await sell([calls(5)]);
      await consume({ quantity: 5 });
      expect((await override('calls', { limit: 8, window: 'month', reason: 'goodwill' })).body).toMatchObject({
        feature: 'calls',
        terms: { limit: 8, overage: 'deny' },
      });
      expect((await consume({ quantity: 2 })).body).toMatchObject({
        allowed: true,
        limit: 8,
        used: 7,
        source: { kind: 'override', plan: 'plan' },
      });
      await override('calls', { limit: 0, window: 'month' });
      expect((await consume()).body).toMatchObject({
        allowed: false,
        reason: 'limit_reached',
        limit: 0,
        used: 7,
        remaining: 0,
        overage: 7,
      });
      await override('calls', { limit: null, window: 'month', expiresAt: '2027-03-11T00:00:00.000Z' });
      expect((await consume()).body).toMatchObject({ allowed: true, limit: null });
      clock.set('2027-03-11T00:00:00.000Z');
      expect(await check()).toMatchObject({ allowed: false, limit: 5, source: { kind: 'plan' } });
      expect((await call('DELETE', `/v1/customers/${customer}/overrides/calls?product=${product}`)).status).toBe(204);
      expect((await call('DELETE', `/v1/customers/${customer}/overrides/calls?product=${product}`)).body.code).toBe(
        'override_not_found',
      );
    });

    it('an override grants a feature that the plan lacks, and an invalid one is rejected', async () => {
      await sell([calls(5)], { sso: 'boolean' });
      expect(await check({ feature: 'sso' })).toMatchObject({ allowed: false, reason: 'feature_not_in_plan' });
      await override('sso', { value: true });
      expect(await check({ feature: 'sso' })).toMatchObject({
        allowed: true,
        value: true,
        source: { kind: 'override' },
      });
      expect((await override('sso', { limit: 3 })).status).toBe(422);
      expect((await override('calls', { limit: -1 })).status).toBe(422);
      expect((await override('calls', { limit: 1, expiresAt: '2020-01-01T00:00:00Z' })).body.errors).toEqual([
        { field: 'expiresAt', message: 'must be in the future' },
      ]);
      expect((await override('nothing', { limit: 1 })).status).toBe(404);
    });
  });

  describe('grants', () => {
    it('grants are burnt after the included units, in order, and unwound newest first', async () => {
      await sell([calls(10)]);
      await grant({ quantity: 5, priority: 2, reason: 'bought' });
      await grant({ quantity: 5, priority: 1, expiresAt: '2027-03-12T00:00:00Z' });
      expect(await check()).toMatchObject({ limit: 20, remaining: 20, granted: 10 });
      expect((await consume({ quantity: 13 })).body).toMatchObject({
        allowed: true,
        used: 13,
        remaining: 7,
        granted: 10,
      });
      expect((await consume({ quantity: 8 })).body).toMatchObject({ allowed: false, used: 13 });
      // Of the one that expires 2 are left, of the other 5.
      clock.set('2027-03-12T00:00:00Z');
      expect(await check()).toMatchObject({ limit: 18, remaining: 5, granted: 8 });
      expect((await consume({ quantity: 5 })).body).toMatchObject({ allowed: true, used: 18, remaining: 0 });
      const { body } = await admin('POST', '/v1/usage/corrections', asked({ quantity: -6, reason: 'a mistake' }));
      // 5 go back to the one that still runs, 1 to the one that is over: lost.
      expect(body).toMatchObject({ allowed: true, used: 12, remaining: 5, limit: 17 });
    });

    it('a new grant covers overage of the same window', async () => {
      await sell([calls(10, { overage: 'allow' })]);
      expect((await consume({ quantity: 13 })).body).toMatchObject({ overage: 3 });
      await grant({ quantity: 5 });
      expect(await check()).toMatchObject({ overage: 0, remaining: 2, granted: 5 });
      expect((await consume({ quantity: 3 })).body).toMatchObject({ used: 16, overage: 1 });
    });

    it('grants recur, roll over within their bounds, and end when voided', async () => {
      await sell([calls(0)]);
      const { body } = await grant({ quantity: 10, recurrence: { interval: 'day' }, rolloverMax: 4 });
      expect((await consume({ quantity: 7 })).body).toMatchObject({ allowed: true, remaining: 3 });
      clock.advance(DAY);
      expect(await check()).toMatchObject({ remaining: 10 });
      // The window ends at midnight, the grant recurs at nine.
      clock.set('2027-04-01T00:00:00Z');
      expect(await check()).toMatchObject({ remaining: 4, used: 0 });
      clock.set('2027-04-01T09:00:00Z');
      expect(await check()).toMatchObject({ remaining: 10 });
      const at = `/v1/customers/${customer}/grants`;
      expect((await call('DELETE', `${at}/${body.id}`)).status).toBe(204);
      expect((await call('DELETE', `${at}/${body.id}`)).body.code).toBe('grant_voided');
      expect(await check()).toMatchObject({ allowed: false, remaining: 0 });
      const list = await call('GET', `${at}?product=${product}`);
      expect(list.body.data).toMatchObject([
        { id: body.id, feature: 'calls', quantity: 10, voidedAt: expect.any(String) },
      ]);
    });

    it('a grant gives a feature that the plan lacks', async () => {
      await sell([calls(5)], { exports: 'metered' });
      await admin('POST', `/v1/customers/${customer}/grants`, { product, feature: 'exports', quantity: 2 });
      expect((await consume({ feature: 'exports', quantity: 2 })).body).toMatchObject({
        allowed: true,
        limit: 2,
        source: { kind: 'grant' },
      });
      expect((await consume({ feature: 'exports' })).body).toMatchObject({ allowed: false, reason: 'limit_reached' });
      const { body } = await call('GET', `/v1/customers/${customer}/entitlements?product=${product}`);
      expect(body.data.map(({ feature }: { feature: string }) => feature).sort()).toEqual(['calls', 'exports']);
    });
  });

  it('unused credits roll over up to a bound, also through windows without usage', async () => {
    await sell([{ feature: 'calls', type: 'credit', grant: { quantity: 100, every: 'month', rolloverMax: 50 } }]);
    expect((await consume({ quantity: 60 })).body).toMatchObject({ remaining: 40 });
    clock.set('2027-04-05T00:00:00Z');
    expect(await check()).toMatchObject({ limit: 140, remaining: 140, carriedOver: 40 });
    expect((await consume({ quantity: 1 })).body).toMatchObject({ remaining: 139, carriedOver: 40 });
    clock.set('2027-05-05T00:00:00Z');
    expect(await check()).toMatchObject({ limit: 150, carriedOver: 50 });
    clock.set('2027-09-05T00:00:00Z');
    expect((await consume({ quantity: 150 })).body).toMatchObject({ allowed: true, remaining: 0 });
    clock.set('2027-10-05T00:00:00Z');
    expect(await check()).toMatchObject({ limit: 100, remaining: 100 });
  });

  it('a rate limit holds over a sliding span', async () => {
    await sell([calls(null, { rateLimit: { limit: 3, windowSeconds: 60 } })]);
    const answers = await inParallel(5, 5, () => consume());
    expect(answers.filter(({ body }) => body.allowed)).toHaveLength(3);
    clock.advance(59_999);
    expect((await consume()).body).toMatchObject({ allowed: false, reason: 'limit_reached' });
    clock.advance(1);
    expect((await consume()).body.allowed).toBe(true);
  });

  describe('reservations', () => {
    it('EC-11: commit counts some units and releases the rest; expiry afterwards changes nothing', async () => {
      await sell([calls(15)]);
      const { body } = await reserve(8);
      expect(body).toMatchObject({
        allowed: true,
        reserved: 8,
        remaining: 7,
        reservation: { id: expect.any(String), expiresAt: '2027-03-10T09:01:00.000Z' },
      });
      expect((await post(`/v1/usage/reservations/${body.reservation.id}/commit`, { quantity: 4 })).body).toMatchObject({
        allowed: true,
        used: 4,
        reserved: 0,
        remaining: 11,
      });
      clock.advance(120_000);
      await service.app.get(MeteringService).expireReservations();
      expect(await check()).toMatchObject({ used: 4, remaining: 11 });
      // Once more, as after a lost answer: the same. Something else: refused.
      expect((await post(`/v1/usage/reservations/${body.reservation.id}/commit`, { quantity: 4 })).body).toMatchObject({
        used: 4,
      });
      expect((await post(`/v1/usage/reservations/${body.reservation.id}/commit`, { quantity: 5 })).body.code).toBe(
        'reservation_settled',
      );
      expect((await post(`/v1/usage/reservations/${body.reservation.id}/release`, {})).body.code).toBe(
        'reservation_settled',
      );
    });

    it('EC-12: an expired reservation is rejected whether or not a job has run, and recorded once', async () => {
      await sell([calls(15)]);
      const { body } = await reserve(8);
      clock.advance(60_000);
      expect(await check()).toMatchObject({ reserved: 0, remaining: 15 });
      expect((await post(`/v1/usage/reservations/${body.reservation.id}/commit`, { quantity: 4 })).body.code).toBe(
        'reservation_expired',
      );
      await inParallel(4, 4, () => service.app.get(MeteringService).expireReservations());
      await consume();
      const events = await service.database.query(
        `select 1 from events where type = 'reservation.expired' and subject_id = $1`,
        [body.reservation.id],
      );
      expect(events).toHaveLength(1);
      expect((await post(`/v1/usage/reservations/${body.reservation.id}/release`, {})).status).toBe(200);
      expect(await check()).toMatchObject({ used: 1, reserved: 0, remaining: 14 });
    });

    it('a commit never counts more than the reservation', async () => {
      await sell([calls(15)]);
      const { body } = await reserve(8);
      expect((await post(`/v1/usage/reservations/${body.reservation.id}/commit`, { quantity: 9 })).body).toMatchObject({
        code: 'exceeds_reservation',
        reserved: 8,
      });
      expect((await post(`/v1/usage/reservations/${body.reservation.id}/release`, {})).body).toMatchObject({
        reserved: 0,
        remaining: 15,
      });
      expect((await post(`/v1/usage/reservations/${body.reservation.id}/release`, {})).body).toMatchObject({
        reserved: 0,
        remaining: 15,
      });
    });

    it('EC-15: a reservation beyond the limit reserves nothing', async () => {
      await sell([calls(5)], { exports: 'metered' });
      expect((await reserve(1, 60, 'exports')).body).toMatchObject({
        allowed: false,
        reason: 'feature_not_in_plan',
        reservation: null,
      });
      expect((await reserve(6)).body).toMatchObject({ allowed: false, reserved: 0, reservation: null });
    });

    it('EC-14: 500 concurrent reserve and commit pairs leave nothing reserved and count exactly', async () => {
      await sell([calls(1_000)]);
      const committed = await inParallel(500, 50, async (index) => {
        const { body } = await reserve(3);
        if (!body.allowed) return 0;
        const quantity = (index % 3) + 1;
        expect((await post(`/v1/usage/reservations/${body.reservation.id}/commit`, { quantity })).status).toBe(200);
        return quantity;
      });
      const sum = committed.reduce((one, other) => one + other, 0);
      expect(await check()).toMatchObject({ used: sum, reserved: 0, remaining: 1_000 - sum });
    });

    it('reservations limit concurrent use while heartbeats arrive', async () => {
      await sell([calls(2, { window: 'none' })]);
      const [one, two, three] = [await reserve(1, 30), await reserve(1, 30), await reserve(1, 30)];
      expect([one, two, three].map(({ body }) => body.allowed)).toEqual([true, true, false]);
      clock.advance(20_000);
      expect(
        (await post(`/v1/usage/reservations/${one.body.reservation.id}/heartbeat`, { ttlSeconds: 30 })).body.reservation
          .expiresAt,
      ).toBe('2027-03-10T09:00:50.000Z');
      clock.advance(15_000);
      expect(await check()).toMatchObject({ reserved: 1, remaining: 1 });
      expect(
        (await post(`/v1/usage/reservations/${two.body.reservation.id}/heartbeat`, { ttlSeconds: 30 })).body.code,
      ).toBe('reservation_expired');
      expect((await reserve(1, 30)).body.allowed).toBe(true);
    });

    it('a reservation of another customer answers 404', async () => {
      await sell([calls(15)]);
      const { body } = await reserve(8);
      const somebody = await registerUser(service);
      expect(
        (await somebody.call('POST', `/v1/usage/reservations/${body.reservation.id}/release`, { body: {} })).body.code,
      ).toBe('reservation_not_found');
      expect((await post('/v1/usage/reservations/018f3c5e-0000-7000-8000-000000000000/release', {})).status).toBe(404);
      expect((await post('/v1/usage/reservations/nonsense/release', {})).status).toBe(422);
    });
  });

  it('several features are counted together or not at all', async () => {
    await sell([calls(5), { ...calls(2), feature: 'exports' }]);
    const both = (quantity: number) =>
      post('/v1/usage/consume', {
        customer,
        product,
        features: [{ feature: 'calls', quantity }, { feature: 'exports' }],
      });
    expect((await both(2)).body).toMatchObject({
      allowed: true,
      data: [
        { feature: 'calls', used: 2 },
        { feature: 'exports', used: 1 },
      ],
    });
    expect((await both(4)).body).toMatchObject({
      allowed: false,
      data: [
        { allowed: false, used: 2 },
        { allowed: true, used: 1 },
      ],
    });
    expect(
      (await post('/v1/usage/consume', { customer, product, features: [{ feature: 'calls' }, { feature: 'calls' }] }))
        .status,
    ).toBe(422);
    expect(
      (await post('/v1/usage/consume', { customer, product, feature: 'calls', features: [{ feature: 'calls' }] }))
        .status,
    ).toBe(422);
    expect((await post('/v1/usage/consume', { customer, product })).status).toBe(422);
  });

  describe('usage events', () => {
    const tell = (events: object[]) => post('/v1/usage/events', { product, events });

    it('each event is counted once, beyond any limit, in the window of its time', async () => {
      await sell([calls(5, { window: 'day' })]);
      const fact = (id: string, quantity: number, occurredAt?: string) => ({
        id,
        customer,
        feature: 'calls',
        quantity,
        occurredAt,
      });
      const { body } = await tell([fact('a', 4), fact('b', 3, '2027-03-09T12:00:00Z'), fact('a', 4), fact('c', 4)]);
      expect(body.results).toEqual([
        { id: 'a', status: 'recorded' },
        { id: 'b', status: 'recorded' },
        { id: 'a', status: 'duplicate' },
        { id: 'c', status: 'recorded' },
      ]);
      expect(
        (await tell([fact('a', 4), fact('d', 1)])).body.results.map(({ status }: { status: string }) => status),
      ).toEqual(['duplicate', 'recorded']);
      expect(await check()).toMatchObject({ used: 9, overage: 4, allowed: false });
      const series = await call(
        'GET',
        `/v1/customers/${customer}/usage?product=${product}&feature=calls&by=day&to=2027-03-11T00:00:00Z`,
      );
      expect(series.body.data).toEqual([
        { start: '2027-03-09T00:00:00.000Z', quantity: 3 },
        { start: '2027-03-10T00:00:00.000Z', quantity: 9 },
      ]);
    });

    it('events fall into the right day and hour in zones with 15-minute offsets', async () => {
      await sell([calls(100)]);
      await call('PUT', `/v1/customers/${customer}`, { product, timezone: 'Asia/Kathmandu' });
      const events = [
        '2027-03-09T18:14:59.999Z',
        '2027-03-09T18:15:00.000Z',
        '2027-03-09T19:14:59.999Z',
        '2027-03-09T19:15:00.000Z',
      ].map((occurredAt, index) => ({
        id: uniqueName('fact'),
        customer,
        feature: 'calls',
        quantity: 10 ** index,
        occurredAt,
      }));
      expect(
        (await call('POST', '/v1/usage/events', { product, events })).body.results.map(
          ({ status }: { status: string }) => status,
        ),
      ).toEqual(new Array(4).fill('recorded'));
      const series = async (by: string) =>
        (await call('GET', `/v1/customers/${customer}/usage?product=${product}&feature=calls&by=${by}`)).body.data;
      expect(await series('day')).toEqual([
        { start: '2027-03-08T18:15:00.000Z', quantity: 1 },
        { start: '2027-03-09T18:15:00.000Z', quantity: 1110 },
      ]);
      expect((await series('hour')).slice(1)).toEqual([
        { start: '2027-03-09T18:15:00.000Z', quantity: 110 },
        { start: '2027-03-09T19:15:00.000Z', quantity: 1000 },
      ]);
    });

    it('a rejected event does not affect the others', async () => {
      await sell([calls(5), { feature: 'sso', type: 'boolean', value: true }]);
      const fact = (over: object) => ({ id: uniqueName('e'), customer, feature: 'calls', quantity: 1, ...over });
      const { body } = await tell([
        fact({ customer: 'nobody' }),
        fact({ feature: 'nothing' }),
        fact({ feature: 'sso' }),
        fact({ occurredAt: '2027-03-10T10:00:00Z' }),
        fact({ occurredAt: '2026-03-10T10:00:00Z' }),
        fact({}),
      ]);
      expect(body.results.map(({ status, code }: { status: string; code?: string }) => code ?? status)).toEqual([
        'customer_not_found',
        'feature_not_found',
        'feature_not_metered',
        'occurred_in_future',
        'occurred_too_long_ago',
        'recorded',
      ]);
      expect((await tell([fact({ quantity: 0 })])).body.errors).toMatchObject([{ field: 'events.0.quantity' }]);
      expect((await tell([])).status).toBe(422);
      expect(await check()).toMatchObject({ used: 1 });
    });

    it('concurrent events with one id are counted once', async () => {
      await sell([calls(null)]);
      const answers = await inParallel(20, 20, (index) =>
        tell([
          { id: 'same', customer, feature: 'calls', quantity: 2 },
          { id: `own-${index}`, customer, feature: 'calls', quantity: 1 },
        ]),
      );
      expect(answers.filter(({ body }) => body.results[0].status === 'recorded')).toHaveLength(1);
      expect(await check()).toMatchObject({ used: 22 });
    });

    it('the database rejects a duplicate event id', async () => {
      await sell([calls(5)]);
      await tell([{ id: 'once', customer, feature: 'calls', quantity: 1 }]);
      const copy = `insert into usage_ledger (customer_id, id, feature_id, window_start, quantity, occurred_at, recorded_at, actor, reference)
        select customer_id, gen_random_uuid(), feature_id, window_start, quantity, occurred_at, recorded_at, actor, reference from usage_ledger where reference = 'once'`;
      await expect(service.database.query(copy)).rejects.toThrow('usage_ledger_reference');
    });

    it('a user cannot send events of another customer', async () => {
      await sell([calls(5)]);
      const somebody = await registerUser(service);
      const { body } = await somebody.call('POST', '/v1/usage/events', {
        body: { product, events: [{ id: 'x', customer, feature: 'calls', quantity: 1 }] },
      });
      expect(body.results).toEqual([{ id: 'x', status: 'rejected', code: 'customer_not_found' }]);
    });
  });

  it('corrections need an admin and a reason, never go below zero, and are recorded', async () => {
    await sell([calls(5)]);
    await consume({ quantity: 3 });
    const correct = (body: object) =>
      admin('POST', '/v1/usage/corrections', asked({ reason: 'counted twice', ...body }));
    expect((await post('/v1/usage/corrections', asked({ quantity: -1, reason: 'x' }))).status).toBe(403);
    expect((await correct({ quantity: -4 })).body).toMatchObject({ code: 'exceeds_usage', used: 3 });
    expect((await correct({ quantity: 0 })).status).toBe(422);
    expect((await correct({ quantity: -2 })).body).toMatchObject({ used: 1, remaining: 4 });
    expect((await correct({ quantity: 9 })).body).toMatchObject({ used: 10, overage: 5 });
    const [event] = await service.database.query<{ reason: string; before: object; after: object; actor: object }>(
      `select e.* from events e join customers c on c.id = e.customer_id where e.type = 'usage.corrected' and c.key = $1 order by e.id limit 1`,
      [customer],
    );
    expect(event).toMatchObject({
      reason: 'counted twice',
      before: { used: 3 },
      after: { used: 1 },
      actor: { kind: 'user' },
    });
  });

  it('a threshold is recorded once per window', async () => {
    await sell([calls(10, { overage: 'allow' })]);
    const told = async () =>
      (
        await service.database.query<{ after: { percent: number; windowStart: string } }>(
          `select e.after from events e join customers c on c.id = e.customer_id where c.key = $1 and e.type = 'usage.threshold_reached' order by e.id`,
          [customer],
        )
      ).map(({ after }) => after.percent);
    await consume({ quantity: 7 });
    expect(await told()).toEqual([]);
    await inParallel(5, 5, () => consume());
    expect(await told()).toEqual([80, 100]);
    clock.set('2027-04-10T00:00:00Z');
    await consume({ quantity: 12 });
    expect(await told()).toEqual([80, 100, 80, 100]);
  });

  describe('Idempotency-Key', () => {
    it('a denial is replayed although units are available again', async () => {
      await sell([calls(1)]);
      await consume();
      const denied = await consume({}, { 'idempotency-key': 'denied' });
      expect(denied.body.allowed).toBe(false);
      await override('calls', { limit: 10, window: 'month' });
      const again = await consume({}, { 'idempotency-key': 'denied' });
      expect([JSON.stringify(again.body), again.headers.get('idempotency-replayed')]).toEqual([
        JSON.stringify(denied.body),
        'true',
      ]);
      expect((await consume({}, { 'idempotency-key': 'other' })).body.allowed).toBe(true);
    });

    it('many copies have one effect, and another body is rejected, in any batch', async () => {
      await sell([calls(1_000)]);
      const other = uniqueName('c');
      await call('PUT', `/v1/customers/${other}`, { product });
      const answers = await inParallel(400, 100, async (index) => {
        const name = `storm-${index % 50}`;
        const changed = index % 5 === 4;
        return {
          name,
          changed,
          ...(await consume(changed ? { customer: other, quantity: 2 } : {}, { 'idempotency-key': name })),
        };
      });
      const byKey = new Map<string, Set<string>>();
      for (const { name, status, body } of answers.filter((answer) => answer.status === 200))
        byKey.set(name, (byKey.get(name) ?? new Set()).add(JSON.stringify([status, body])));
      expect([...byKey.values()].map(({ size }) => size)).toEqual(Array<number>(50).fill(1));
      expect(answers.filter(({ status }) => status !== 200 && status !== 422)).toEqual([]);
      for (const { body } of answers.filter(({ status }) => status === 422))
        expect(body.code).toBe('idempotency_key_reused');
      const [mine, theirs] = [await check(), await check({ customer: other })];
      expect(mine.used + theirs.used / 2).toBe(50);
    });

    it('a request that failed with an error may be retried', async () => {
      await sell([calls(5)]);
      expect((await consume({ feature: 'later' }, { 'idempotency-key': 'early' })).status).toBe(404);
      expect((await consume({ quantity: 0 }, { 'idempotency-key': 'early' })).status).toBe(422);
      expect((await consume({}, { 'idempotency-key': 'early' })).status).toBe(200);
    });
  });

  it('?at= returns the decision of that instant, whatever happened since', async () => {
    await sell([calls(10)]);
    const at = async (instant: string) =>
      (await call('GET', `/v1/customers/${customer}/entitlements/calls?product=${product}&at=${instant}`)).body;
    await consume({ quantity: 4 });
    clock.set('2027-03-10T10:00:00Z');
    await override('calls', { limit: 20, window: 'month' });
    await consume({ quantity: 5 });
    await reserve(2, 60);
    clock.set('2027-03-10T11:00:00Z');
    await override('calls', { limit: 3, window: 'month' });
    await grant({ quantity: 5 });
    await admin('POST', '/v1/usage/corrections', asked({ quantity: -9, reason: 'all wrong' }));
    clock.set('2027-03-10T12:00:00Z');
    expect(await at('2027-03-10T09:00:00.000Z')).toMatchObject({
      limit: 10,
      used: 4,
      source: { kind: 'plan' },
      asOf: '2027-03-10T09:00:00.000Z',
    });
    expect(await at('2027-03-10T10:00:30.000Z')).toMatchObject({
      limit: 20,
      used: 9,
      reserved: 2,
      remaining: 9,
      source: { kind: 'override' },
    });
    expect(await at('2027-03-10T10:30:00.000Z')).toMatchObject({ limit: 20, used: 9, reserved: 0 });
    expect(await at('2027-03-10T11:30:00.000Z')).toMatchObject({ limit: 8, used: 0 });
    expect(await check()).toMatchObject({ limit: 8, used: 0 });
    expect(
      (await call('GET', `/v1/customers/${customer}/entitlements/calls?product=${product}&at=2027-03-10T12:00:01Z`))
        .body.errors,
    ).toEqual([{ field: 'at', message: 'has not been yet' }]);
    const all = await call('GET', `/v1/customers/${customer}/entitlements?product=${product}&at=2027-03-10T09:30:00Z`);
    expect(all.body.data).toMatchObject([{ feature: 'calls', used: 4, limit: 10 }]);
    expect(await at('2027-03-10T08:00:00Z')).toMatchObject({ allowed: false, reason: 'no_subscription' });
  });

  it('POST /v1/usage/verify finds a manipulated counter and rebuilds it', async () => {
    await sell([calls(50)]);
    await consume({ quantity: 7 });
    await service.database.query(
      `update usage_counters u set used = 9 from customers c where c.id = u.customer_id and c.key = $1`,
      [customer],
    );
    const verify = async (body: object) => (await admin('POST', '/v1/usage/verify', { customer, ...body })).body;
    expect(await verify({})).toMatchObject({
      checked: 1,
      rebuilt: 0,
      mismatches: [{ customer, feature: 'calls', used: 9, recorded: 7 }],
    });
    expect(await verify({ rebuild: true })).toMatchObject({ rebuilt: 1 });
    expect(await verify({})).toMatchObject({ mismatches: [] });
    expect(await check()).toMatchObject({ used: 7 });
    expect((await consume()).body).toMatchObject({ used: 8 });
  });
});

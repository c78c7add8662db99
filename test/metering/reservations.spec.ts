import { describe, expect, it } from '@jest/globals';
import { MeteringService } from '@app/metering';
import { inParallel, registerUser } from '../support/fixtures.js';
import { meteredCalls, startMetering } from './metering-fixture.js';

describe('reservations', () => {
  const metering = startMetering();
  const { post, check, consume, reserve, clock, setUpCustomer } = metering;

  it('EC-11: commit counts some units and releases the rest; expiry afterwards changes nothing', async () => {
    await setUpCustomer([meteredCalls(15)]);
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
    await metering.service.app.get(MeteringService).expireReservations();
    expect(await check()).toMatchObject({ used: 4, remaining: 11 });
    // A repeated commit, as after a lost response, returns the same result. A different one is rejected.
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
    await setUpCustomer([meteredCalls(15)]);
    const { body } = await reserve(8);
    clock.advance(60_000);
    expect(await check()).toMatchObject({ reserved: 0, remaining: 15 });
    expect((await post(`/v1/usage/reservations/${body.reservation.id}/commit`, { quantity: 4 })).body.code).toBe(
      'reservation_expired',
    );
    await inParallel(4, 4, () => metering.service.app.get(MeteringService).expireReservations());
    await consume();
    const events = await metering.service.database.query(
      `select 1 from events where type = 'reservation.expired' and subject_id = $1`,
      [body.reservation.id],
    );
    expect(events).toHaveLength(1);
    expect((await post(`/v1/usage/reservations/${body.reservation.id}/release`, {})).status).toBe(200);
    expect(await check()).toMatchObject({ used: 1, reserved: 0, remaining: 14 });
  });

  it('a commit never counts more than the reservation', async () => {
    await setUpCustomer([meteredCalls(15)]);
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
    await setUpCustomer([meteredCalls(5)], { exports: 'metered' });
    expect((await reserve(1, 60, 'exports')).body).toMatchObject({
      allowed: false,
      reason: 'feature_not_in_plan',
      reservation: null,
    });
    expect((await reserve(6)).body).toMatchObject({ allowed: false, reserved: 0, reservation: null });
  });

  it('EC-14: 500 concurrent reserve and commit pairs leave nothing reserved and count exactly', async () => {
    await setUpCustomer([meteredCalls(1_000)]);
    const committed = await inParallel(500, 50, async (index) => {
      const { body } = await reserve(3);
      if (!body.allowed) return 0;
      const quantity = (index % 3) + 1;
      const commit = await post(`/v1/usage/reservations/${body.reservation.id}/commit`, { quantity });
      expect([commit.status, commit.body.code]).toEqual([200, undefined]);
      return quantity;
    });
    const sum = committed.reduce((one, other) => one + other, 0);
    expect(await check()).toMatchObject({ used: sum, reserved: 0, remaining: 1_000 - sum });
  });

  it('reservations limit concurrent use while heartbeats arrive', async () => {
    await setUpCustomer([meteredCalls(2, { window: 'none' })]);
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
    await setUpCustomer([meteredCalls(15)]);
    const { body } = await reserve(8);
    const stranger = await registerUser(metering.service);
    expect(
      (await stranger.call('POST', `/v1/usage/reservations/${body.reservation.id}/release`, { body: {} })).body.code,
    ).toBe('reservation_not_found');
    expect((await post('/v1/usage/reservations/018f3c5e-0000-7000-8000-000000000000/release', {})).status).toBe(404);
    expect((await post('/v1/usage/reservations/nonsense/release', {})).status).toBe(422);
  });
});

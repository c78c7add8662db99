import { beforeAll, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { registerUser } from '../support/fixtures.js';
import { respondWith } from '../support/receiver.js';
import { startWebhooks } from './webhooks-fixture.js';

const DAY_MS = 86_400_000;

describe('failed webhook deliveries', () => {
  const webhooks = startWebhooks();
  const { clock, call, createProduct, createEndpoint, createSubscription, listDeliveries, deliver } = webhooks;

  beforeAll(createProduct);

  it('are retried ten times in three days with the same id and bytes and a new signature each', async () => {
    webhooks.receiver.handlers.set('/failing', respondWith(500));
    const { id, secret } = await createEndpoint('/failing', { types: ['subscription.created'] });
    await createSubscription();
    const startedAt = clock.now().getTime();
    for (let hour = 0; hour < 100; hour++) {
      await deliver();
      const [delivery] = await listDeliveries(`endpoint=${id}`);
      if (delivery.status !== 'pending') break;
      clock.set(delivery.nextAttemptAt);
      // A destination that keeps failing is probed up to once a minute; the test does not wait for it.
      await webhooks.service.database.query('update delivery_lanes set paused_until = null');
    }
    const [delivery] = await listDeliveries(`endpoint=${id}`);
    expect(delivery).toMatchObject({ status: 'failed', outcome: 'status_500', nextAttemptAt: null });
    expect(delivery.attempts.map(({ attempt }: { attempt: number }) => attempt)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
    const attempts = webhooks.receiver.requestsTo('/failing');
    expect(new Set(attempts.map(({ id: event, body }) => `${event} ${body}`)).size).toBe(1);
    const stamps = attempts.map(({ headers }) => Number(headers['webhook-timestamp']));
    expect(new Set(stamps).size).toBe(10);
    const library = new Webhook(secret);
    expect(() =>
      library.verify(attempts[0]!.body, { ...attempts[0]!.headers, 'webhook-timestamp': String(stamps[1]) }),
    ).toThrow();
    const hours = (clock.now().getTime() - startedAt) / 3_600_000;
    expect(hours).toBeGreaterThan(75.5);
    expect(hours).toBeLessThan(75.6 * 1.2 + 0.1);
    // After three days of failures the endpoint is disabled, and one event is recorded.
    expect((await call('GET', `/v1/webhook-endpoints/${id}`)).body).toMatchObject({
      enabled: false,
      disabledReason: 'failing',
      failingSince: expect.any(String),
    });
    expect(
      await webhooks.service.database.query(
        `select 1 from events where type = 'webhook_endpoint.disabled' and subject_id = $1`,
        [id],
      ),
    ).toHaveLength(1);
  });

  it('wait at least the scheduled delay, plus jitter', async () => {
    webhooks.receiver.handlers.set('/jitter', respondWith(500));
    const { id } = await createEndpoint('/jitter', { types: ['subscription.created'] });
    for (let customer = 0; customer < 4; customer++) await createSubscription();
    await deliver();
    const waits = (await listDeliveries(`endpoint=${id}`)).map(
      ({ nextAttemptAt }) => new Date(nextAttemptAt).getTime() - clock.now().getTime(),
    );
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(5_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(6_000);
    expect(new Set(waits).size).toBeGreaterThan(1);
  });

  it('stop immediately on 410, and the owner of the endpoint is notified', async () => {
    webhooks.receiver.handlers.set('/gone', respondWith(410));
    const user = await registerUser(webhooks.service);
    const { id } = await createEndpoint('/gone', { types: ['subscription.*'] }, user.call);
    await user.call('POST', `/v1/subscriptions/${user.subscriptionId}/cancel`, { body: { when: 'now' } });
    await deliver();
    await deliver();
    expect((await user.call('GET', `/v1/webhook-endpoints/${id}`)).body).toMatchObject({
      enabled: false,
      disabledReason: 'gone',
    });
    expect((await user.call('GET', '/v1/users/me/notifications')).body.data[0]).toMatchObject({
      kind: 'endpoint_disabled',
      text: expect.stringContaining(webhooks.receiver.url('/gone')),
    });
  });

  it.each([
    [429, '7', 7_000],
    [503, undefined, 60_000],
    [429, '999999', 3_600_000],
  ] as const)('honour the pause that the receiver requests: %d, Retry-After %s', async (status, retryAfter, pause) => {
    const path = `/slow-${status}-${retryAfter}`;
    webhooks.receiver.handlers.set(
      path,
      respondWith(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
    );
    const { id } = await createEndpoint(path, { types: ['subscription.*'] });
    const { id: subscription } = await createSubscription();
    await deliver();
    expect(
      new Date((await call('GET', `/v1/webhook-endpoints/${id}`)).body.pausedUntil).getTime() - clock.now().getTime(),
    ).toBe(pause);
    const requestsBefore = webhooks.receiver.requestsTo(path).length;
    webhooks.receiver.handlers.delete(path);
    await call('POST', `/v1/subscriptions/${subscription}/pause`, { body: {} });
    clock.advance(pause - 1);
    await deliver();
    expect(webhooks.receiver.requestsTo(path)).toHaveLength(requestsBefore);
    clock.advance(2);
    await deliver();
    clock.advance(DAY_MS);
    await deliver();
    expect(
      new Set(
        webhooks.receiver
          .requestsTo(path)
          .slice(requestsBefore)
          .map(({ message }) => message.type),
      ),
    ).toEqual(new Set(['subscription.created', 'subscription.paused']));
    expect((await call('GET', `/v1/webhook-endpoints/${id}`)).body).toMatchObject({
      pausedUntil: null,
      failingSince: null,
    });
  });

  it('are abandoned when the endpoint is deleted, and hidden from others', async () => {
    webhooks.receiver.handlers.set('/ended', respondWith(500));
    const { id } = await createEndpoint('/ended', { types: ['subscription.*'] });
    await createSubscription();
    await deliver();
    const [waiting] = await listDeliveries(`endpoint=${id}`);
    expect(waiting).toMatchObject({ status: 'pending' });
    expect((await call('DELETE', `/v1/webhook-endpoints/${id}`)).status).toBe(204);
    expect((await call('GET', `/v1/webhook-deliveries?endpoint=${id}`)).status).toBe(404);
    expect((await call('GET', `/v1/webhook-deliveries/${waiting.id}`)).status).toBe(404);
    expect((await call('POST', `/v1/webhook-deliveries/${waiting.id}/redeliver`, { body: {} })).status).toBe(404);
    clock.advance(DAY_MS);
    await deliver();
    expect(webhooks.receiver.requestsTo('/ended')).toHaveLength(1);
    expect(
      await webhooks.service.database.query('select status, outcome, due_at from deliveries where lane = $1', [id]),
    ).toEqual([{ status: 'failed', outcome: 'endpoint_disabled', due_at: null }]);
    expect(await webhooks.service.database.query('select 1 from delivery_lanes where lane = $1', [id])).toEqual([]);
  });

  it('follow no redirect', async () => {
    webhooks.receiver.handlers.set('/moved', respondWith(302, { location: webhooks.receiver.url('/target') }));
    const { id } = await createEndpoint('/moved', { types: ['subscription.created'] });
    await createSubscription();
    await deliver();
    expect((await listDeliveries(`endpoint=${id}`))[0]).toMatchObject({ status: 'pending', outcome: 'redirect' });
    expect(webhooks.receiver.requestsTo('/target')).toEqual([]);
  });

  it('can be redelivered one by one or as a range', async () => {
    webhooks.receiver.handlers.set('/again', respondWith(500));
    const { id } = await createEndpoint('/again', { types: ['subscription.*'] });
    clock.advance(1_000);
    const from = clock.now();
    const { id: subscription } = await createSubscription();
    await deliver();
    const [delivery] = await listDeliveries(`endpoint=${id}`);
    expect((await call('POST', `/v1/webhook-deliveries/${delivery.id}/redeliver`, { body: {} })).body).toMatchObject({
      code: 'delivery_pending',
    });
    // The endpoint is disabled during an event, and its pending deliveries are abandoned.
    await call('PATCH', `/v1/webhook-endpoints/${id}`, { body: { enabled: false } });
    await call('POST', `/v1/subscriptions/${subscription}/pause`, { body: {} });
    clock.advance(DAY_MS);
    await deliver();
    expect((await listDeliveries(`endpoint=${id}`)).map(({ status, outcome }) => [status, outcome])).toEqual([
      ['failed', 'endpoint_disabled'],
    ]);
    expect((await call('POST', `/v1/webhook-deliveries/${delivery.id}/redeliver`, { body: {} })).body).toMatchObject({
      status: 409,
      code: 'endpoint_disabled',
    });
    await call('PATCH', `/v1/webhook-endpoints/${id}`, { body: { enabled: true } });
    webhooks.receiver.handlers.delete('/again');
    const range = { from: from.toISOString(), to: new Date(clock.now().getTime() + 1).toISOString() };
    expect((await call('POST', `/v1/webhook-endpoints/${id}/redeliver`, { body: range })).body).toEqual({
      redelivered: 2,
      nextAfter: null,
    });
    await deliver();
    const [first] = webhooks.receiver.requestsTo('/again');
    const again = webhooks.receiver.requestsTo('/again').slice(1);
    expect(again.map(({ message }) => message.type).sort()).toEqual(['subscription.created', 'subscription.paused']);
    expect(again.find(({ id: event }) => event === first!.id)!.body).toBe(first!.body);
    // All were delivered: only `all` redelivers them again.
    expect((await call('POST', `/v1/webhook-endpoints/${id}/redeliver`, { body: range })).body.redelivered).toBe(0);
    expect(
      (await call('POST', `/v1/webhook-endpoints/${id}/redeliver`, { body: { ...range, all: true } })).body.redelivered,
    ).toBe(2);
    await deliver();
    const { body: redelivered } = await call('POST', `/v1/webhook-deliveries/${delivery.id}/redeliver`, { body: {} });
    expect(redelivered).toMatchObject({ status: 'pending' });
    await deliver();
    expect(
      webhooks.receiver
        .requestsTo('/again')
        .filter(({ id: event }) => event === first!.id)
        .map(({ body }) => body),
    ).toEqual(new Array(4).fill(first!.body));
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { startService, type Call, TestClock, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { deliverDueEvents } from '../support/deliveries.js';
import {
  registerUserWithRole,
  applyLifecycleProduct,
  registerUser,
  createApiKey,
  uniqueName,
} from '../support/fixtures.js';
import { respondWith, Receiver } from '../support/receiver.js';

const SCOPES = [
  'webhooks:write',
  'customers:write',
  'customers:read',
  'subscriptions:write',
  'subscriptions:read',
  'usage:write',
];
const DAY_MS = 86_400_000;

describe('webhooks', () => {
  const clock = new TestClock();
  let service: TestApp & { database: TestDatabase };
  let receiver: Receiver;
  let product: string;
  let call: Call;

  beforeAll(async () => {
    receiver = await new Receiver().start();
    service = await startService({ clock, environment: { WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1' } });
  });
  afterAll(async () => {
    await service.stop();
    await receiver.stop();
  });
  // Each has a product, a key and paths of its own.
  const own = async (): Promise<void> => {
    product = uniqueName('product');
    await applyLifecycleProduct(service, product);
    ({ call } = await createApiKey(service, { scopes: SCOPES, product }));
  };
  afterEach(async () => {
    // What one leaves behind is not to be tried in the next.
    await service.database.query('delete from webhook_endpoints');
    await service.database.query('delete from deliveries');
  });

  const endpoint = async (
    path: string,
    body: object = {},
    by: Call = call,
  ): Promise<{ id: string; secret: string }> => {
    const answer = await by('POST', '/v1/webhook-endpoints', { body: { url: receiver.url(path), ...body } });
    expect([answer.status, answer.body]).toEqual([201, expect.objectContaining({ enabled: true })]);
    return answer.body;
  };
  const subscribed = async (): Promise<{ customer: string; id: string }> => {
    const customer = uniqueName('customer');
    const { status, body } = await call('PUT', `/v1/customers/${customer}`, { body: {} });
    expect(status).toBe(201);
    return { customer, id: body.subscription.id };
  };
  const deliveries = async (query: string): Promise<any[]> =>
    (await call('GET', `/v1/webhook-deliveries?${query}`)).body.data;
  const send = () => deliverDueEvents(service);

  describe('delivery', () => {
    beforeAll(own);

    it('requests follow Standard Webhooks, and its library verifies them', async () => {
      const { secret } = await endpoint('/verified');
      expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
      const { customer, id } = await subscribed();
      await send();
      const [created] = receiver
        .requestsTo('/verified')
        .filter(({ message }) => message.type === 'subscription.created');
      const library = new Webhook(secret);
      // The clock of the test stands still, the library's does not: within its five minutes.
      expect(library.verify(created!.body, created!.headers)).toEqual(created!.message);
      expect(() => library.verify(created!.body.replace('created', 'expired'), created!.headers)).toThrow();
      expect(() =>
        new Webhook('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw').verify(created!.body, created!.headers),
      ).toThrow();
      expect(created!.headers).toMatchObject({
        'content-type': 'application/json',
        'user-agent': expect.stringMatching(/^Tollgate/),
      });
      expect(created!.message).toEqual({
        type: 'subscription.created',
        timestamp: expect.any(String),
        data: {
          id: created!.id,
          sequence: 1,
          subject: { type: 'subscription', id },
          version: 1,
          customer,
          product,
          actor: expect.objectContaining({ kind: 'api_key' }),
          reason: null,
          before: null,
          after: expect.objectContaining({ status: 'active' }),
        },
      });
      // From where a key was used is nobody's business but the auditor's.
      expect(created!.body).not.toContain('127.0.0.1');
    });

    it('each event is delivered once, numbered in order, and logged', async () => {
      const { id: endpointId } = await endpoint('/numbered', { types: ['subscription.*'] });
      const { id } = await subscribed();
      for (const command of ['pause', 'unpause'])
        await call('POST', `/v1/subscriptions/${id}/${command}`, { body: {} });
      await send();
      const got = receiver.requestsTo('/numbered');
      expect(got.map(({ message }) => [message.type, message.data.sequence, message.data.version])).toEqual([
        ['subscription.created', 1, 1],
        ['subscription.paused', 2, 2],
        ['subscription.unpaused', 3, 3],
      ]);
      const log = await deliveries(`endpoint=${endpointId}`);
      expect(log.map(({ event, status }) => [event, status])).toEqual(
        got.map(({ id: event }) => [event, 'delivered']).reverse(),
      );
      expect(log[0].attempts).toEqual([
        { at: expect.any(String), attempt: 1, outcome: 'delivered', statusCode: 204, durationMs: expect.any(Number) },
      ]);
      expect((await call('GET', `/v1/webhook-deliveries/${log[0].id}`)).body).toEqual(log[0]);
    });

    it('requests carry two signatures during secret rotation and one afterwards', async () => {
      const { id, secret } = await endpoint('/rotated', { types: ['subscription.created'] });
      const rotated = await call('POST', `/v1/webhook-endpoints/${id}/rotate-secret`, { body: { overlapSeconds: 60 } });
      expect(rotated.status).toBe(200);
      expect(rotated.body.secret).not.toBe(secret);
      await subscribed();
      await send();
      clock.advance(61_000);
      await subscribed();
      await send();
      const [during, after] = receiver.requestsTo('/rotated');
      for (const known of [secret, rotated.body.secret])
        expect(new Webhook(known).verify(during!.body, during!.headers)).toBeTruthy();
      expect(during!.headers['webhook-signature']!.split(' ')).toHaveLength(2);
      expect(new Webhook(rotated.body.secret).verify(after!.body, after!.headers)).toBeTruthy();
      expect(() => new Webhook(secret).verify(after!.body, after!.headers)).toThrow();
      expect(after!.headers['webhook-signature']!.split(' ')).toHaveLength(1);
    });

    it('an endpoint receives only the requested types of its product', async () => {
      const other = uniqueName('product');
      await applyLifecycleProduct(service, other);
      const { call: elsewhere } = await createApiKey(service, { scopes: SCOPES, product: other });
      await send();
      await endpoint('/kinds', { types: ['usage.*', 'subscription.paused'] });
      await endpoint('/everything', { product: null }, service.admin);
      await endpoint('/elsewhere', {}, elsewhere);
      const { customer, id } = await subscribed();
      await call('POST', `/v1/subscriptions/${id}/pause`, { body: {} });
      await call('POST', `/v1/subscriptions/${id}/unpause`, { body: {} });
      for (let unit = 0; unit < 10; unit++)
        await call('POST', '/v1/usage/consume', { body: { customer, feature: 'calls' } });
      await send();
      const types = (path: string) => receiver.requestsTo(path).map(({ message }) => message.type);
      expect(types('/kinds')).toEqual(['subscription.paused', 'usage.threshold_reached', 'usage.threshold_reached']);
      expect(
        receiver
          .requestsTo('/kinds')
          .slice(1)
          .map(({ message }) => message.data.after.percent),
      ).toEqual([80, 100]);
      expect(types('/everything')).toEqual(
        expect.arrayContaining([
          'customer.created',
          'subscription.created',
          'subscription.paused',
          'webhook_endpoint.created',
        ]),
      );
      // It has heard of its own making, and of nothing on other products.
      expect(types('/elsewhere')).toEqual(['webhook_endpoint.created']);
    });

    it('an endpoint of a product receives customer events of its subscribers', async () => {
      await endpoint('/members', { types: ['customer.*'] });
      const { customer } = await subscribed();
      await call('PUT', `/v1/customers/${customer}`, { body: { region: 'DE' } });
      await send();
      expect(receiver.requestsTo('/members').map(({ message }) => [message.type, message.data.customer])).toEqual([
        ['customer.created', customer],
        ['customer.updated', customer],
      ]);
    });

    it('a test delivery is sent immediately', async () => {
      const { id, secret } = await endpoint('/tried');
      const { status, body } = await call('POST', `/v1/webhook-endpoints/${id}/test`, { body: {} });
      expect([status, body]).toEqual([
        200,
        { delivered: true, outcome: 'delivered', statusCode: 204, durationMs: expect.any(Number) },
      ]);
      const [ping] = receiver.requestsTo('/tried');
      expect(ping!.message).toMatchObject({ type: 'webhook.test', data: { endpoint: id } });
      expect(new Webhook(secret).verify(ping!.body, ping!.headers)).toBeTruthy();
      receiver.handlers.set('/tried', respondWith(500));
      expect((await call('POST', `/v1/webhook-endpoints/${id}/test`, { body: {} })).body).toMatchObject({
        delivered: false,
        outcome: 'status_500',
        statusCode: 500,
      });
    });
  });

  describe('ownership', () => {
    beforeAll(own);

    it('endpoints are separated by product, user and role', async () => {
      const { id } = await endpoint('/mine');
      const { call: other } = await createApiKey(service, { scopes: SCOPES, product: 'api' });
      const somebody = await registerUser(service);
      const theirs = await endpoint('/theirs', {}, somebody.call);
      const support = await registerUserWithRole(service, { role: 'support' });
      const rows = async (by: Call): Promise<string[]> =>
        (await by('GET', '/v1/webhook-endpoints?limit=100')).body.data.map((row: { id: string }) => row.id);
      expect([await rows(call), await rows(other), await rows(somebody.call)]).toEqual([[id], [], [theirs.id]]);
      expect(await rows(service.admin)).toEqual(expect.arrayContaining([id, theirs.id]));
      expect(await rows(support.call)).toEqual(expect.arrayContaining([id, theirs.id]));
      for (const foreign of [other, somebody.call]) {
        for (const [method, path, body] of [
          ['GET', '', undefined],
          ['PATCH', '', {}],
          ['DELETE', '', undefined],
          ['POST', '/rotate-secret', {}],
          ['POST', '/test', {}],
          ['POST', '/redeliver', { from: '2026-11-21T00:00:00Z', to: '2026-11-22T00:00:00Z' }],
        ] as const) {
          expect((await foreign(method, `/v1/webhook-endpoints/${id}${path}`, { body })).status).toBe(404);
        }
        expect((await foreign('GET', `/v1/webhook-deliveries?endpoint=${id}`)).status).toBe(404);
      }
      expect((await support.call('DELETE', `/v1/webhook-endpoints/${id}`)).status).not.toBe(204);
      expect(
        (await other('POST', '/v1/webhook-endpoints', { body: { url: receiver.url('/x'), product } })).body,
      ).toMatchObject({ status: 403, code: 'product_not_allowed' });
      expect(
        (await other('POST', '/v1/webhook-endpoints', { body: { url: receiver.url('/x'), product: null } })).body,
      ).toMatchObject({ status: 403, code: 'product_not_allowed' });
    });

    it('a user endpoint and the profile URL receive only events of that user', async () => {
      const [ann, bob] = [await registerUser(service), await registerUser(service)];
      const { body: me } = await ann.call('PATCH', '/v1/users/me', { body: { webhookUrl: receiver.url('/ann') } });
      expect(me.webhookUrl).toBe(receiver.url('/ann'));
      expect((await service.admin('GET', `/v1/users/${ann.userId}`)).body.webhookUrl).toBe(receiver.url('/ann'));
      for (const { call: by, subscriptionId } of [ann, bob])
        await by('POST', `/v1/subscriptions/${subscriptionId}/cancel`, { body: { when: 'now' } });
      await send();
      expect(new Set(receiver.requestsTo('/ann').map(({ message }) => message.data.customer))).toEqual(
        new Set([ann.customer]),
      );
      expect(receiver.requestsTo('/ann').map(({ message }) => message.type)).toContain('subscription.canceled');
      // One endpoint, however often it is moved; its secret is told when it is rotated.
      await ann.call('PATCH', '/v1/users/me', { body: { webhookUrl: receiver.url('/ann2') } });
      const { data } = (await ann.call('GET', '/v1/webhook-endpoints')).body;
      expect(data.map(({ url }: { url: string }) => url)).toEqual([receiver.url('/ann2')]);
      expect(
        (await ann.call('POST', `/v1/webhook-endpoints/${data[0].id}/rotate-secret`, { body: {} })).body.secret,
      ).toMatch(/^whsec_/);
      expect((await ann.call('PATCH', '/v1/users/me', { body: { webhookUrl: null } })).body.webhookUrl).toBeNull();
      expect((await ann.call('GET', '/v1/webhook-endpoints')).body.data).toEqual([]);
    });

    it('endpoints are deleted with the account, and no one is notified of them afterwards', async () => {
      const somebody = await registerUser(service);
      const { id } = await endpoint('/left', {}, somebody.call);
      await service.admin('DELETE', `/v1/users/${somebody.userId}`);
      await send();
      expect(await service.database.query('select 1 from webhook_endpoints where id = $1', [id])).toEqual([]);
      // What was decided in the moment in which it was deleted is given up, not sent.
      expect(receiver.requestsTo('/left').map(({ message }) => message.type)).not.toContain('subscription.canceled');
      expect(
        await service.database.query(`select 1 from deliveries where lane = $1 and status <> 'failed'`, [id]),
      ).toEqual([]);
    });

    it('the secret is never returned again', async () => {
      const { id, secret } = await endpoint('/secret');
      for (const path of ['', '?limit=5'])
        expect(
          JSON.stringify((await call('GET', `/v1/webhook-endpoints${path === '' ? `/${id}` : path}`)).body),
        ).not.toContain('whsec_');
      const rows = await service.database.query<{ row: string }>(
        'select w::text as row from webhook_endpoints w union all select e::text from events e union all select d::text from deliveries d',
      );
      const bare = Buffer.from(secret.slice(6), 'base64').toString('hex');
      for (const { row } of rows) expect(row.includes(secret) || row.includes(bare)).toBe(false);
    });
  });

  it('invalid input is rejected with the reason', async () => {
    await own();
    const fields = async (body: object) => {
      const answer = await call('POST', '/v1/webhook-endpoints', { body: { url: receiver.url('/bad'), ...body } });
      return [answer.status, answer.body.errors?.map(({ field }: { field: string }) => field)];
    };
    expect(await fields({ types: ['subscription.exploded'] })).toEqual([422, ['types']]);
    expect(await fields({ types: ['support.read'] })).toEqual([422, ['types']]);
    expect(await fields({ types: 'subscription.*' })).toEqual([422, ['types']]);
    expect(await fields({ url: 'nowhere' })).toEqual([422, ['url']]);
    expect(await fields({ url: 'https://does-not-exist.invalid/' })).toEqual([422, ['url']]);
    expect(await fields({ secret: 'mine' })).toEqual([422, ['secret']]);
    const { id } = await endpoint('/range');
    const range = (body: object) =>
      call('POST', `/v1/webhook-endpoints/${id}/redeliver`, { body }).then(({ status }) => status);
    expect(await range({ from: '2026-11-21T00:00:00Z', to: '2026-11-20T00:00:00Z' })).toBe(422);
    expect(await range({ from: '2020-01-01T00:00:00Z', to: '2026-11-20T00:00:00Z' })).toBe(422);
    expect((await call('GET', '/v1/webhook-deliveries?status=lost')).status).toBe(422);
  });

  it('concurrent creates never exceed the endpoint limit of a user', async () => {
    const somebody = await registerUser(service);
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        somebody.call('POST', '/v1/webhook-endpoints', { body: { url: receiver.url(`/many-${index}`) } }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(20);
    expect(answers.filter(({ status }) => status !== 201).map(({ body }) => body.code)).toEqual(
      new Array(10).fill('too_many_endpoints'),
    );
  });

  // Last, because time goes on here, and tokens end with it.
  describe('failed deliveries', () => {
    beforeAll(own);

    it('are retried ten times in three days with the same id and bytes and a new signature each', async () => {
      receiver.handlers.set('/failing', respondWith(500));
      const { id, secret } = await endpoint('/failing', { types: ['subscription.created'] });
      await subscribed();
      const began = clock.now().getTime();
      for (let hour = 0; hour < 100; hour++) {
        await send();
        const [one] = await deliveries(`endpoint=${id}`);
        if (one.status !== 'pending') break;
        clock.set(one.nextAttemptAt);
        // A lane that fails and fails is probed once a minute at most.
        await service.database.query('update delivery_lanes set paused_until = null');
      }
      const [one] = await deliveries(`endpoint=${id}`);
      expect(one).toMatchObject({ status: 'failed', outcome: 'status_500', nextAttemptAt: null });
      expect(one.attempts.map(({ attempt }: { attempt: number }) => attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      const tries = receiver.requestsTo('/failing');
      expect(new Set(tries.map(({ id: event, body }) => `${event} ${body}`)).size).toBe(1);
      const stamps = tries.map(({ headers }) => Number(headers['webhook-timestamp']));
      expect(new Set(stamps).size).toBe(10);
      const library = new Webhook(secret);
      expect(() =>
        library.verify(tries[0]!.body, { ...tries[0]!.headers, 'webhook-timestamp': String(stamps[1]) }),
      ).toThrow();
      const hours = (clock.now().getTime() - began) / 3_600_000;
      expect(hours).toBeGreaterThan(75.5);
      expect(hours).toBeLessThan(75.6 * 1.2 + 0.1);
      // Nothing has arrived there for three days: it is switched off, and it is told.
      expect((await call('GET', `/v1/webhook-endpoints/${id}`)).body).toMatchObject({
        enabled: false,
        disabledReason: 'failing',
        failingSince: expect.any(String),
      });
      expect(
        await service.database.query(
          `select 1 from events where type = 'webhook_endpoint.disabled' and subject_id = $1`,
          [id],
        ),
      ).toHaveLength(1);
    });

    it('wait at least the scheduled delay, plus jitter', async () => {
      receiver.handlers.set('/jitter', respondWith(500));
      const { id } = await endpoint('/jitter', { types: ['subscription.created'] });
      for (let customer = 0; customer < 4; customer++) await subscribed();
      await send();
      const waits = (await deliveries(`endpoint=${id}`)).map(
        ({ nextAttemptAt }) => new Date(nextAttemptAt).getTime() - clock.now().getTime(),
      );
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(5_000);
      expect(Math.max(...waits)).toBeLessThanOrEqual(6_000);
      expect(new Set(waits).size).toBeGreaterThan(1);
    });

    it('stop immediately on 410, and the owner of the endpoint is notified', async () => {
      receiver.handlers.set('/gone', respondWith(410));
      const somebody = await registerUser(service);
      const { id } = await endpoint('/gone', { types: ['subscription.*'] }, somebody.call);
      await somebody.call('POST', `/v1/subscriptions/${somebody.subscriptionId}/cancel`, { body: { when: 'now' } });
      await send();
      await send();
      expect((await somebody.call('GET', `/v1/webhook-endpoints/${id}`)).body).toMatchObject({
        enabled: false,
        disabledReason: 'gone',
      });
      expect((await somebody.call('GET', '/v1/users/me/notifications')).body.data[0]).toMatchObject({
        kind: 'endpoint_disabled',
        text: expect.stringContaining(receiver.url('/gone')),
      });
    });

    it.each([
      [429, '7', 7_000],
      [503, undefined, 60_000],
      [429, '999999', 3_600_000],
    ] as const)(
      'honour the pause that the receiver requests: %d, Retry-After %s',
      async (status, retryAfter, pause) => {
        const path = `/slow-${status}-${retryAfter}`;
        receiver.handlers.set(path, respondWith(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter }));
        const { id } = await endpoint(path, { types: ['subscription.*'] });
        const { id: subscription } = await subscribed();
        await send();
        expect(
          new Date((await call('GET', `/v1/webhook-endpoints/${id}`)).body.pausedUntil).getTime() -
            clock.now().getTime(),
        ).toBe(pause);
        const asked = receiver.requestsTo(path).length;
        receiver.handlers.delete(path);
        await call('POST', `/v1/subscriptions/${subscription}/pause`, { body: {} });
        clock.advance(pause - 1);
        await send();
        expect(receiver.requestsTo(path)).toHaveLength(asked);
        clock.advance(2);
        await send();
        clock.advance(DAY_MS);
        await send();
        expect(
          new Set(
            receiver
              .requestsTo(path)
              .slice(asked)
              .map(({ message }) => message.type),
          ),
        ).toEqual(new Set(['subscription.created', 'subscription.paused']));
        expect((await call('GET', `/v1/webhook-endpoints/${id}`)).body).toMatchObject({
          pausedUntil: null,
          failingSince: null,
        });
      },
    );

    it('are abandoned when the endpoint is deleted, and hidden from others', async () => {
      receiver.handlers.set('/ended', respondWith(500));
      const { id } = await endpoint('/ended', { types: ['subscription.*'] });
      await subscribed();
      await send();
      const [waiting] = await deliveries(`endpoint=${id}`);
      expect(waiting).toMatchObject({ status: 'pending' });
      expect((await call('DELETE', `/v1/webhook-endpoints/${id}`)).status).toBe(204);
      expect((await call('GET', `/v1/webhook-deliveries?endpoint=${id}`)).status).toBe(404);
      expect((await call('GET', `/v1/webhook-deliveries/${waiting.id}`)).status).toBe(404);
      expect((await call('POST', `/v1/webhook-deliveries/${waiting.id}/redeliver`, { body: {} })).status).toBe(404);
      clock.advance(DAY_MS);
      await send();
      expect(receiver.requestsTo('/ended')).toHaveLength(1);
      expect(
        await service.database.query('select status, outcome, due_at from deliveries where lane = $1', [id]),
      ).toEqual([{ status: 'failed', outcome: 'endpoint_disabled', due_at: null }]);
      expect(await service.database.query('select 1 from delivery_lanes where lane = $1', [id])).toEqual([]);
    });

    it('follow no redirect', async () => {
      receiver.handlers.set('/moved', respondWith(302, { location: receiver.url('/target') }));
      const { id } = await endpoint('/moved', { types: ['subscription.created'] });
      await subscribed();
      await send();
      expect((await deliveries(`endpoint=${id}`))[0]).toMatchObject({ status: 'pending', outcome: 'redirect' });
      expect(receiver.requestsTo('/target')).toEqual([]);
    });

    it('can be redelivered one by one or as a range', async () => {
      receiver.handlers.set('/again', respondWith(500));
      const { id } = await endpoint('/again', { types: ['subscription.*'] });
      clock.advance(1_000);
      const from = clock.now();
      const { id: subscription } = await subscribed();
      await send();
      const [one] = await deliveries(`endpoint=${id}`);
      expect((await call('POST', `/v1/webhook-deliveries/${one.id}/redeliver`, { body: {} })).body).toMatchObject({
        code: 'delivery_pending',
      });
      // It is off while something happens, and what waited is given up.
      await call('PATCH', `/v1/webhook-endpoints/${id}`, { body: { enabled: false } });
      await call('POST', `/v1/subscriptions/${subscription}/pause`, { body: {} });
      clock.advance(DAY_MS);
      await send();
      expect((await deliveries(`endpoint=${id}`)).map(({ status, outcome }) => [status, outcome])).toEqual([
        ['failed', 'endpoint_disabled'],
      ]);
      expect((await call('POST', `/v1/webhook-deliveries/${one.id}/redeliver`, { body: {} })).body).toMatchObject({
        status: 409,
        code: 'endpoint_disabled',
      });
      await call('PATCH', `/v1/webhook-endpoints/${id}`, { body: { enabled: true } });
      receiver.handlers.delete('/again');
      const range = { from: from.toISOString(), to: new Date(clock.now().getTime() + 1).toISOString() };
      expect((await call('POST', `/v1/webhook-endpoints/${id}/redeliver`, { body: range })).body).toEqual({
        redelivered: 2,
        nextAfter: null,
      });
      await send();
      const [first] = receiver.requestsTo('/again');
      const again = receiver.requestsTo('/again').slice(1);
      expect(again.map(({ message }) => message.type).sort()).toEqual(['subscription.created', 'subscription.paused']);
      expect(again.find(({ id: event }) => event === first!.id)!.body).toBe(first!.body);
      // Nothing is missing any more; everything can be had once more all the same.
      expect((await call('POST', `/v1/webhook-endpoints/${id}/redeliver`, { body: range })).body.redelivered).toBe(0);
      expect(
        (await call('POST', `/v1/webhook-endpoints/${id}/redeliver`, { body: { ...range, all: true } })).body
          .redelivered,
      ).toBe(2);
      await send();
      const { body: told } = await call('POST', `/v1/webhook-deliveries/${one.id}/redeliver`, { body: {} });
      expect(told).toMatchObject({ status: 'pending' });
      await send();
      expect(
        receiver
          .requestsTo('/again')
          .filter(({ id: event }) => event === first!.id)
          .map(({ body }) => body),
      ).toEqual(new Array(4).fill(first!.body));
    });
  });
});

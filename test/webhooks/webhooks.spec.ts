import { beforeAll, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import type { Call } from '../support/app.js';
import {
  applyLifecycleProduct,
  createApiKey,
  registerUser,
  registerUserWithRole,
  uniqueName,
} from '../support/fixtures.js';
import { respondWith } from '../support/receiver.js';
import { SCOPES, startWebhooks } from './webhooks-fixture.js';

describe('webhooks', () => {
  const webhooks = startWebhooks();
  const { clock, call, createProduct, createEndpoint, createSubscription, listDeliveries, deliver } = webhooks;

  describe('delivery', () => {
    beforeAll(createProduct);

    it('requests follow Standard Webhooks, and its library verifies them', async () => {
      const { secret } = await createEndpoint('/verified');
      expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
      const { customer, id } = await createSubscription();
      await deliver();
      const [created] = webhooks.receiver
        .requestsTo('/verified')
        .filter(({ message }) => message.type === 'subscription.created');
      const library = new Webhook(secret);
      // The library uses the real time and accepts a difference of up to five minutes from the test clock.
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
          product: webhooks.product,
          actor: expect.objectContaining({ kind: 'api_key' }),
          reason: null,
          before: null,
          after: expect.objectContaining({ status: 'active' }),
        },
      });
      // The address of the caller is in the audit log only.
      expect(created!.body).not.toContain('127.0.0.1');
    });

    it('each event is delivered once, numbered in order, and logged', async () => {
      const { id: endpointId } = await createEndpoint('/numbered', { types: ['subscription.*'] });
      const { id } = await createSubscription();
      for (const command of ['pause', 'unpause'])
        await call('POST', `/v1/subscriptions/${id}/${command}`, { body: {} });
      await deliver();
      const requests = webhooks.receiver.requestsTo('/numbered');
      expect(requests.map(({ message }) => [message.type, message.data.sequence, message.data.version])).toEqual([
        ['subscription.created', 1, 1],
        ['subscription.paused', 2, 2],
        ['subscription.unpaused', 3, 3],
      ]);
      const log = await listDeliveries(`endpoint=${endpointId}`);
      expect(log.map(({ event, status }) => [event, status])).toEqual(
        requests.map(({ id: event }) => [event, 'delivered']).reverse(),
      );
      expect(log[0].attempts).toEqual([
        { at: expect.any(String), attempt: 1, outcome: 'delivered', statusCode: 204, durationMs: expect.any(Number) },
      ]);
      expect((await call('GET', `/v1/webhook-deliveries/${log[0].id}`)).body).toEqual(log[0]);
    });

    it('requests carry two signatures during secret rotation and one afterwards', async () => {
      const { id, secret } = await createEndpoint('/rotated', { types: ['subscription.created'] });
      const rotated = await call('POST', `/v1/webhook-endpoints/${id}/rotate-secret`, { body: { overlapSeconds: 60 } });
      expect(rotated.status).toBe(200);
      expect(rotated.body.secret).not.toBe(secret);
      await createSubscription();
      await deliver();
      clock.advance(61_000);
      await createSubscription();
      await deliver();
      const [during, after] = webhooks.receiver.requestsTo('/rotated');
      for (const validSecret of [secret, rotated.body.secret])
        expect(new Webhook(validSecret).verify(during!.body, during!.headers)).toBeTruthy();
      expect(during!.headers['webhook-signature']!.split(' ')).toHaveLength(2);
      expect(new Webhook(rotated.body.secret).verify(after!.body, after!.headers)).toBeTruthy();
      expect(() => new Webhook(secret).verify(after!.body, after!.headers)).toThrow();
      expect(after!.headers['webhook-signature']!.split(' ')).toHaveLength(1);
    });

    it('an endpoint receives only the requested types of its product', async () => {
      const other = uniqueName('product');
      await applyLifecycleProduct(webhooks.service, other);
      const { call: callOther } = await createApiKey(webhooks.service, { scopes: SCOPES, product: other });
      await deliver();
      await createEndpoint('/kinds', { types: ['usage.*', 'subscription.paused'] });
      await createEndpoint('/everything', { product: null }, webhooks.service.admin);
      await createEndpoint('/elsewhere', {}, callOther);
      const { customer, id } = await createSubscription();
      await call('POST', `/v1/subscriptions/${id}/pause`, { body: {} });
      await call('POST', `/v1/subscriptions/${id}/unpause`, { body: {} });
      for (let unit = 0; unit < 10; unit++)
        await call('POST', '/v1/usage/consume', { body: { customer, feature: 'calls' } });
      await deliver();
      const types = (path: string) => webhooks.receiver.requestsTo(path).map(({ message }) => message.type);
      expect(types('/kinds')).toEqual(['subscription.paused', 'usage.threshold_reached', 'usage.threshold_reached']);
      expect(
        webhooks.receiver
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
      // It received the event that reports its creation, and nothing of other products.
      expect(types('/elsewhere')).toEqual(['webhook_endpoint.created']);
    });

    it('an endpoint of a product receives customer events of its subscribers', async () => {
      await createEndpoint('/members', { types: ['customer.*'] });
      const { customer } = await createSubscription();
      await call('PUT', `/v1/customers/${customer}`, { body: { region: 'DE' } });
      await deliver();
      expect(
        webhooks.receiver.requestsTo('/members').map(({ message }) => [message.type, message.data.customer]),
      ).toEqual([
        ['customer.created', customer],
        ['customer.updated', customer],
      ]);
    });

    it('a test delivery is sent immediately', async () => {
      const { id, secret } = await createEndpoint('/tried');
      const { status, body } = await call('POST', `/v1/webhook-endpoints/${id}/test`, { body: {} });
      expect([status, body]).toEqual([
        200,
        { delivered: true, outcome: 'delivered', statusCode: 204, durationMs: expect.any(Number) },
      ]);
      const [ping] = webhooks.receiver.requestsTo('/tried');
      expect(ping!.message).toMatchObject({ type: 'webhook.test', data: { endpoint: id } });
      expect(new Webhook(secret).verify(ping!.body, ping!.headers)).toBeTruthy();
      webhooks.receiver.handlers.set('/tried', respondWith(500));
      expect((await call('POST', `/v1/webhook-endpoints/${id}/test`, { body: {} })).body).toMatchObject({
        delivered: false,
        outcome: 'status_500',
        statusCode: 500,
      });
    });
  });

  describe('ownership', () => {
    beforeAll(createProduct);

    it('endpoints are separated by product, user and role', async () => {
      const { id } = await createEndpoint('/mine');
      const { call: other } = await createApiKey(webhooks.service, { scopes: SCOPES, product: 'api' });
      const user = await registerUser(webhooks.service);
      const userEndpoint = await createEndpoint('/theirs', {}, user.call);
      const support = await registerUserWithRole(webhooks.service, { role: 'support' });
      const rows = async (by: Call): Promise<string[]> =>
        (await by('GET', '/v1/webhook-endpoints?limit=100')).body.data.map((row: { id: string }) => row.id);
      expect([await rows(call), await rows(other), await rows(user.call)]).toEqual([[id], [], [userEndpoint.id]]);
      expect(await rows(webhooks.service.admin)).toEqual(expect.arrayContaining([id, userEndpoint.id]));
      expect(await rows(support.call)).toEqual(expect.arrayContaining([id, userEndpoint.id]));
      for (const foreign of [other, user.call]) {
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
        (
          await other('POST', '/v1/webhook-endpoints', {
            body: { url: webhooks.receiver.url('/x'), product: webhooks.product },
          })
        ).body,
      ).toMatchObject({ status: 403, code: 'product_not_allowed' });
      expect(
        (await other('POST', '/v1/webhook-endpoints', { body: { url: webhooks.receiver.url('/x'), product: null } }))
          .body,
      ).toMatchObject({ status: 403, code: 'product_not_allowed' });
    });

    it('a user endpoint and the profile URL receive only events of that user', async () => {
      const [ann, bob] = [await registerUser(webhooks.service), await registerUser(webhooks.service)];
      const { body: me } = await ann.call('PATCH', '/v1/users/me', {
        body: { webhookUrl: webhooks.receiver.url('/ann') },
      });
      expect(me.webhookUrl).toBe(webhooks.receiver.url('/ann'));
      expect((await webhooks.service.admin('GET', `/v1/users/${ann.userId}`)).body.webhookUrl).toBe(
        webhooks.receiver.url('/ann'),
      );
      for (const { call: by, subscriptionId } of [ann, bob])
        await by('POST', `/v1/subscriptions/${subscriptionId}/cancel`, { body: { when: 'now' } });
      await deliver();
      expect(new Set(webhooks.receiver.requestsTo('/ann').map(({ message }) => message.data.customer))).toEqual(
        new Set([ann.customer]),
      );
      expect(webhooks.receiver.requestsTo('/ann').map(({ message }) => message.type)).toContain(
        'subscription.canceled',
      );
      // The profile has one endpoint, also after changes of its URL. A rotation returns its secret.
      await ann.call('PATCH', '/v1/users/me', { body: { webhookUrl: webhooks.receiver.url('/ann2') } });
      const { data } = (await ann.call('GET', '/v1/webhook-endpoints')).body;
      expect(data.map(({ url }: { url: string }) => url)).toEqual([webhooks.receiver.url('/ann2')]);
      expect(
        (await ann.call('POST', `/v1/webhook-endpoints/${data[0].id}/rotate-secret`, { body: {} })).body.secret,
      ).toMatch(/^whsec_/);
      expect((await ann.call('PATCH', '/v1/users/me', { body: { webhookUrl: null } })).body.webhookUrl).toBeNull();
      expect((await ann.call('GET', '/v1/webhook-endpoints')).body.data).toEqual([]);
    });

    it('endpoints are deleted with the account, and no one is notified of them afterwards', async () => {
      const user = await registerUser(webhooks.service);
      const { id } = await createEndpoint('/left', {}, user.call);
      await webhooks.service.admin('DELETE', `/v1/users/${user.userId}`);
      await deliver();
      expect(await webhooks.service.database.query('select 1 from webhook_endpoints where id = $1', [id])).toEqual([]);
      // Deliveries of the deletion itself are abandoned.
      expect(webhooks.receiver.requestsTo('/left').map(({ message }) => message.type)).not.toContain(
        'subscription.canceled',
      );
      expect(
        await webhooks.service.database.query(`select 1 from deliveries where lane = $1 and status <> 'failed'`, [id]),
      ).toEqual([]);
    });

    it('the secret is never returned again', async () => {
      const { id, secret } = await createEndpoint('/secret');
      for (const path of ['', '?limit=5'])
        expect(
          JSON.stringify((await call('GET', `/v1/webhook-endpoints${path === '' ? `/${id}` : path}`)).body),
        ).not.toContain('whsec_');
      const rows = await webhooks.service.database.query<{ row: string }>(
        'select w::text as row from webhook_endpoints w union all select e::text from events e union all select d::text from deliveries d',
      );
      const bare = Buffer.from(secret.slice(6), 'base64').toString('hex');
      for (const { row } of rows) expect(row.includes(secret) || row.includes(bare)).toBe(false);
    });
  });

  it('invalid input is rejected with the reason', async () => {
    await createProduct();
    const fields = async (body: object) => {
      const response = await call('POST', '/v1/webhook-endpoints', {
        body: { url: webhooks.receiver.url('/bad'), ...body },
      });
      return [response.status, response.body.errors?.map(({ field }: { field: string }) => field)];
    };
    expect(await fields({ types: ['subscription.exploded'] })).toEqual([422, ['types']]);
    expect(await fields({ types: ['support.read'] })).toEqual([422, ['types']]);
    expect(await fields({ types: 'subscription.*' })).toEqual([422, ['types']]);
    expect(await fields({ url: 'nowhere' })).toEqual([422, ['url']]);
    expect(await fields({ url: 'https://does-not-exist.invalid/' })).toEqual([422, ['url']]);
    expect(await fields({ secret: 'mine' })).toEqual([422, ['secret']]);
    const { id } = await createEndpoint('/range');
    const range = (body: object) =>
      call('POST', `/v1/webhook-endpoints/${id}/redeliver`, { body }).then(({ status }) => status);
    expect(await range({ from: '2026-11-21T00:00:00Z', to: '2026-11-20T00:00:00Z' })).toBe(422);
    expect(await range({ from: '2020-01-01T00:00:00Z', to: '2026-11-20T00:00:00Z' })).toBe(422);
    expect((await call('GET', '/v1/webhook-deliveries?status=lost')).status).toBe(422);
  });

  it('concurrent creates never exceed the endpoint limit of a user', async () => {
    const user = await registerUser(webhooks.service);
    const responses = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        user.call('POST', '/v1/webhook-endpoints', { body: { url: webhooks.receiver.url(`/many-${index}`) } }),
      ),
    );
    expect(responses.filter(({ status }) => status === 201)).toHaveLength(20);
    expect(responses.filter(({ status }) => status !== 201).map(({ body }) => body.code)).toEqual(
      new Array(10).fill('too_many_endpoints'),
    );
  });
});

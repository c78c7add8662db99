import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventFeed } from '@app/events';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { deliverDueEvents } from '../support/deliveries.js';
import {
  registerUserWithRole,
  applyLifecycleProduct,
  registerUser,
  createApiKey,
  uniqueName,
} from '../support/fixtures.js';
import { eventually } from '../support/eventually.js';

interface Frame {
  id?: string;
  event?: string;
  data?: any;
}

/** Opens a stream on a dedicated connection. */
const answerOf = (url: string, headers: Record<string, string>): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => void get(url, { agent: false, headers }, resolve).once('error', reject));

/** Reads a stream as a browser would. */
class Listener {
  readonly frames: Frame[] = [];
  status = 0;
  ended = false;
  private stop: () => void = () => undefined;

  async open(url: string, token: string, headers: Record<string, string> = {}): Promise<this> {
    const body = await answerOf(url, { authorization: `Bearer ${token}`, ...headers });
    this.stop = () => body.destroy();
    this.status = body.statusCode!;
    if (this.status === 200) expect(body.headers['content-type']).toBe('text/event-stream');
    void (async () => {
      let rest = '';
      for await (const chunk of body) {
        rest += String(chunk);
        for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
          this.read(rest.slice(0, end));
          rest = rest.slice(end + 2);
        }
      }
    })()
      .catch(() => undefined)
      .finally(() => (this.ended = true));
    return this;
  }

  get events(): Frame[] {
    return this.frames.filter(({ event }) => event !== undefined);
  }

  close(): void {
    this.stop();
  }

  private read(text: string): void {
    const frame: Frame = {};
    for (const line of text.split('\n')) {
      const [, name, value] = /^(id|event|data): (.*)$/.exec(line) ?? [];
      if (name === 'data') frame.data = JSON.parse(value!);
      else if (name) frame[name as 'id' | 'event'] = value!;
    }
    this.frames.push(frame);
  }
}

describe('the event stream', () => {
  let service: TestApp & { database: TestDatabase };
  let product: string;
  let key: Awaited<ReturnType<typeof createApiKey>>;
  const listeners: Listener[] = [];

  beforeAll(async () => {
    service = await startService({ worker: true });
    product = uniqueName('product');
    await applyLifecycleProduct(service, product);
    key = await createApiKey(service, { scopes: ['audit:read', 'customers:write', 'subscriptions:write'], product });
  });
  afterAll(async () => {
    listeners.forEach((listener) => listener.close());
    await service.stop();
  });

  const listen = async (
    query = '',
    { token = key.key, headers = {} }: { token?: string; headers?: Record<string, string> } = {},
  ): Promise<Listener> => {
    const listener = await new Listener().open(`${service.url}/v1/events/stream${query}`, token, headers);
    listeners.push(listener);
    return listener;
  };
  const subscribe = async (call = key.call): Promise<string> => {
    const { body } = await call('PUT', `/v1/customers/${uniqueName('customer')}`, { body: {} });
    return body.subscription.id;
  };

  it('sends events as they happen to the callers that may see them', async () => {
    await deliverDueEvents(service);
    const [mine, kinds] = [await listen(), await listen('?types=subscription.paused,usage.*')];
    const other = await listen('?product=api', { token: service.adminToken });
    const everything = await listen('', { token: service.adminToken });
    const id = await subscribe();
    await key.call('POST', `/v1/subscriptions/${id}/pause`, { body: {} });
    await eventually(
      () => mine.events.map(({ event }) => event),
      (types) => types.includes('subscription.paused'),
    );
    expect(mine.events.map(({ event }) => event)).toEqual([
      'customer.created',
      'subscription.created',
      'subscription.paused',
    ]);
    expect(mine.events[1]!.data).toMatchObject({
      type: 'subscription.created',
      data: { subject: { id }, sequence: 1, product },
    });
    await eventually(
      () => [everything.events.length >= 3, kinds.events.length >= 1],
      (received) => !received.includes(false),
    );
    expect(kinds.events.map(({ event }) => event)).toEqual(['subscription.paused']);
    expect(other.events).toEqual([]);
  });

  it('resumes after the last received event without a gap, with several publishers', async () => {
    const first = await listen();
    await subscribe();
    await eventually(
      () => first.events.length,
      (count) => count === 2,
    );
    const last = first.events[0]!.id!;
    first.close();
    // Without a listener, many events commit concurrently, in another order than that of their ids.
    await Promise.all(Array.from({ length: 40 }, () => subscribe()));
    await deliverDueEvents(service);
    const second = await listen('', { headers: { 'last-event-id': last } });
    await eventually(
      () => second.events.length,
      (count) => count >= 81,
      10_000,
    );
    const published = await service.database.query<{ id: string }>(
      `select event_id as id from event_feed where position > $1 and $2 = any(product_ids) order by position`,
      [
        last,
        (await service.database.query<{ id: string }>('select id from products where key = $1', [product]))[0]!.id,
      ],
    );
    expect(second.events.map(({ data }) => data.data.id)).toEqual(published.map(({ id }) => id));
    const positions = second.events.map(({ id }) => Number(id));
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
    // From the start of the feed, with a query parameter for clients that cannot send headers.
    const all = await listen('?after=0');
    await eventually(
      () => all.events.length,
      (count) => count >= second.events.length,
    );
    expect(all.events.slice(-second.events.length)).toEqual(second.events);
  });

  it('reports when the requested position is no longer kept', async () => {
    await subscribe();
    await deliverDueEvents(service);
    await service.database.query('delete from event_feed where position <= (select min(position) + 4 from event_feed)');
    const late = await listen('', { headers: { 'last-event-id': '1' } });
    const [gap] = await eventually(
      () => late.events,
      (events) => events.length > 0,
    );
    expect(gap).toMatchObject({ event: 'stream.gap', data: { after: 1, next: expect.any(Number) } });
  });

  it('waits for a slow reader without delaying other readers', async () => {
    const feed = service.app.get(EventFeed, { strict: false });
    const read = feed.after.bind(feed);
    let handedOut = 0;
    feed.after = async (...parameters) => {
      const entries = await read(...parameters);
      if (parameters[2].types?.length === 1) handedOut += entries.length;
      return entries;
    };
    const slow = await answerOf(`${service.url}/v1/events/stream?types=customer.created`, {
      authorization: `Bearer ${key.key}`,
    });
    const quick = await listen();
    await service.database.query(
      `insert into event_feed (event_id, type, product_ids, body, published_at)
       select gen_random_uuid(), 'customer.created', array[(select id from products where key = $1)], json_build_object('n', n, 'pad', repeat('x', 10000))::text, now() from generate_series(1, 5000) n`,
      [product],
    );
    await eventually(
      () => quick.events.length,
      (count) => count === 5_000,
      20_000,
    );
    // Of 50 MB that the client does not read, only as much is fetched as fits the buffers of the connection.
    expect(handedOut).toBeLessThan(2_500);
    quick.close();
    let frames = 0;
    for await (const chunk of slow) {
      frames += String(chunk).split('\n\n').length - 1;
      if (frames >= 5_000) break;
    }
    expect(handedOut).toBeGreaterThanOrEqual(5_000);
    feed.after = read;
  }, 60_000);

  it('sends heartbeats, and ends when the credentials are revoked', async () => {
    const temporary = await createApiKey(service, { scopes: ['audit:read'], product });
    const [revoked, kept] = [
      await listen('?types=plan.published', { token: temporary.key }),
      await listen('?types=plan.published'),
    ];
    await service.admin('DELETE', `/v1/api-keys/${temporary.id}`);
    await eventually(() => revoked.ended, Boolean, 25_000);
    await eventually(
      () => kept.frames.some(({ id, event }) => id !== undefined && event === undefined),
      Boolean,
      25_000,
    );
    expect(kept.ended).toBe(false);
  }, 60_000);

  it('rejects callers without permission and invalid parameters', async () => {
    const user = await registerUser(service);
    const support = await registerUserWithRole(service, { role: 'support' });
    const { key: plain } = await createApiKey(service, { scopes: ['customers:read'] });
    expect((await listen('', { token: user.token })).status).toBe(403);
    expect((await listen('', { token: plain })).status).toBe(403);
    expect((await listen('', { token: 'nonsense' })).status).toBe(401);
    expect((await listen('', { token: support.token })).status).toBe(200);
    expect((await listen('?product=api')).status).toBe(403);
    expect((await listen('?customer=absent')).status).toBe(404);
    expect((await listen('?types=..')).status).toBe(422);
    expect((await listen('?after=-1')).status).toBe(422);
    expect((await listen('', { headers: { 'last-event-id': 'x' } })).status).toBe(422);
  });

  it('the number of open streams is limited', async () => {
    const busy = await createApiKey(service, { scopes: ['audit:read'], product });
    const opened = await Promise.all(Array.from({ length: 24 }, () => listen('', { token: busy.key })));
    expect(opened.filter(({ status }) => status === 200)).toHaveLength(20);
    expect(opened.filter(({ status }) => status === 429)).toHaveLength(4);
    // No event that is still to come may end the wait of a stream: closed streams free their places alone.
    await deliverDueEvents(service);
    await Promise.all(
      opened
        .filter(({ status }) => status === 200)
        .map((listener) =>
          eventually(
            () => listener.frames,
            ({ length }) => length > 0,
          ),
        ),
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    opened.forEach((listener) => listener.close());
    await eventually(
      async () => (await listen('', { token: busy.key })).status,
      (status) => status === 200,
    );
  });
});

import type { LookupAddress } from 'node:dns';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { AddressLookup } from '@app/webhooks';
import { startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { deliverDueEvents } from '../support/deliveries.js';
import { registerUser, createApiKey, uniqueName } from '../support/fixtures.js';
import { eventually } from '../support/eventually.js';
import { Receiver } from '../support/receiver.js';
import { SELF_SIGNED } from '../support/self-signed.js';

/** Frees unreachable memory, so that measurements of memory do not include it. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** Resolves names with chosen answers, as a name server of an attacker can. */
class StubLookup extends AddressLookup {
  readonly answers = new Map<string, string[][]>();
  queries = 0;

  override all(hostname: string): Promise<LookupAddress[]> {
    this.queries++;
    const answers = this.answers.get(hostname);
    const addresses = answers && (answers.length > 1 ? answers.shift()! : answers[0]!);
    if (!addresses) return Promise.reject(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }));
    return Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
  }
}

const PUBLIC = '93.184.215.14';

/** Section 4.5 of the attack catalogue: server-side request forgery. */
describe('webhook attacks', () => {
  const lookup = new StubLookup();
  let service: TestApp & { database: TestDatabase };
  /** An internal server that no webhook may reach. */
  let internal: Server;
  let reached = 0;
  let receiver: Receiver;
  let port: number;

  beforeAll(async () => {
    internal = createServer((socket) => {
      reached++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => internal.listen(0, '127.0.0.1', resolve));
    port = (internal.address() as AddressInfo).port;
    // Allowed by the operator: the address of the receiver and a private network, not that of the internal server.
    receiver = await new Receiver().start('127.0.0.2');
    service = await startService({
      worker: true,
      environment: { WEBHOOK_ALLOWED_NETWORKS: '127.0.0.2/32, 10.20.0.0/16' },
      customize: (module) => module.overrideProvider(AddressLookup).useValue(lookup),
    });
  });
  afterAll(async () => {
    await service.stop();
    await receiver.stop();
    await new Promise((resolve) => internal.close(resolve));
  });
  afterEach(async () => {
    expect(reached).toBe(0);
    await service.database.query('delete from webhook_endpoints');
    await service.database.query('delete from deliveries');
  });

  const create = (url: string) =>
    service.admin('POST', '/v1/webhook-endpoints', { body: { url, types: ['customer.created'] } });
  const deliverCustomerEvent = async (): Promise<void> => {
    const { call } = await createApiKey(service, { scopes: ['customers:write'] });
    expect((await call('PUT', `/v1/customers/${uniqueName('customer')}`, { body: {} })).status).toBe(201);
    await deliverDueEvents(service);
  };
  const delivery = async (id: string): Promise<any> =>
    (await service.admin('GET', `/v1/webhook-deliveries?endpoint=${id}`)).body.data[0];

  describe('S-60 to S-62, S-68, S-69: rejected when saved', () => {
    const nonPublicUrls = () => [
      `http://127.0.0.1:${port}/`,
      `http://localhost:${port}/`,
      `http://localhost.:${port}/`,
      `http://0.0.0.0:${port}/`,
      `http://[::]:${port}/`,
      `http://[::1]:${port}/`,
      `http://127.1:${port}/`,
      `http://0x7f.1:${port}/`,
      `http://2130706433:${port}/`,
      `http://017700000001:${port}/`,
      `http://①②⑦.⓪.⓪.①:${port}/`,
      `https://127.0.0.1:${port}/`,
      `http://[::ffff:127.0.0.1]:${port}/`,
      `http://[::ffff:a9fe:a9fe]:${port}/`,
      `http://[64:ff9b::7f00:1]:${port}/`,
      `http://[fd00::1]:${port}/`,
      `http://[fe80::1]:${port}/`,
      `http://[2002:7f00:1::]:${port}/`,
      `http://[::7f00:1]:${port}/`,
      `http://[64:ff9b:1::7f00:1]/`,
      `https://[fec0::1]/`,
      'https://169.254.169.254/latest/meta-data/',
      'https://100.64.0.1/',
      'https://192.168.1.1/',
      'https://10.21.0.1/',
      'https://224.0.0.1/',
      'https://255.255.255.255/',
      'https://198.18.0.1/',
      'https://[ff02::1]/',
      'https://[2001:db8::1]/',
    ];

    it('non-public addresses in any notation are rejected', async () => {
      lookup.answers.set('localhost', [['127.0.0.1']]).set('localhost.', [['127.0.0.1', '::1']]);
      for (const url of nonPublicUrls()) {
        const { status, body } = await create(url);
        expect([url, status, body.errors?.[0].field]).toEqual([url, 422, 'url']);
      }
    });

    it.each([
      'file:///etc/passwd',
      'gopher://example.com/',
      'ftp://example.com/',
      'data:text/plain,x',
      'javascript:alert(1)',
      'https://user:pass@example.com/',
      'http://a@127.0.0.1:80#@good.com/',
    ])('%s is rejected', async (url) => {
      expect((await create(url)).status).toBe(422);
    });

    it.each([22, 25, 6379, 5432, 0, 65_536])('port %d is rejected', async (denied) => {
      expect((await create(`https://${PUBLIC}:${denied}/`)).status).toBe(422);
    });

    it('public addresses need TLS, except in networks that the operator allows', async () => {
      expect((await create(`http://${PUBLIC}/`)).body.errors[0].message).toContain('https');
      expect((await create(`https://${PUBLIC}/`)).status).toBe(201);
      expect((await create('http://10.20.3.4:8080/')).status).toBe(201);
      expect((await create(receiver.url('/').replace('127.0.0.1', '127.0.0.2'))).status).toBe(201);
    });

    it('updates and profile URLs are checked like new endpoints', async () => {
      const { body } = await create(`https://${PUBLIC}/`);
      expect(
        (
          await service.admin('PATCH', `/v1/webhook-endpoints/${body.id}`, {
            body: { url: `http://127.0.0.1:${port}/` },
          })
        ).status,
      ).toBe(422);
      const user = await registerUser(service);
      const { status, body: problem } = await user.call('PATCH', '/v1/users/me', {
        body: { webhookUrl: `http://127.0.0.1:${port}/` },
      });
      expect([status, problem.errors[0].field]).toEqual([422, 'webhookUrl']);
    });
  });

  describe('S-64 to S-66: rejected when connected', () => {
    /** Waits until the cached DNS answer has expired, after 10 s. */
    const expireDnsCache = () => new Promise((resolve) => setTimeout(resolve, 10_100));

    it('a name that resolves to a private address by then is not sent to, not retried, and reported', async () => {
      lookup.answers.set('turns.example', [['127.0.0.2'], ['127.0.0.1']]);
      const { body } = await create(`http://turns.example:${port}/`);
      expect(body.id).toBeDefined();
      await expireDnsCache();
      await deliverCustomerEvent();
      expect(await delivery(body.id)).toMatchObject({
        status: 'failed',
        outcome: 'blocked',
        nextAttemptAt: null,
        attempts: [{ attempt: 1, outcome: 'blocked', statusCode: null }],
      });
      expect((await service.admin('POST', `/v1/webhook-endpoints/${body.id}/test`, { body: {} })).body).toMatchObject({
        delivered: false,
        outcome: 'blocked',
      });
    }, 30_000);

    it('a name server with two answers: the connection goes to the checked address', async () => {
      // Resolved and checked when saved, and again when connected. The connection uses the address of the second check.
      lookup.answers.set('rebinds.example', [['127.0.0.2'], ['127.0.0.2'], ['127.0.0.1']]);
      const { body } = await create(`http://rebinds.example:${receiver.port}/rebound`);
      await expireDnsCache();
      const queriesBefore = lookup.queries;
      await deliverCustomerEvent();
      expect(receiver.requestsTo('/rebound')).toHaveLength(1);
      expect(receiver.requestsTo('/rebound')[0]!.headers['host']).toBe(`rebinds.example:${receiver.port}`);
      expect(lookup.queries - queriesBefore).toBe(1);
      expect(await delivery(body.id)).toMatchObject({ status: 'delivered' });
    }, 30_000);

    it('a name with one private address among several is rejected', async () => {
      lookup.answers.set('both.example', [[PUBLIC, '192.168.0.1']]);
      expect((await create('https://both.example/')).status).toBe(422);
      lookup.answers.set('both6.example', [[PUBLIC, '::ffff:10.0.0.1']]);
      expect((await create('https://both6.example/')).status).toBe(422);
    });
  });

  it('S-69: an untrusted certificate fails the delivery', async () => {
    const secure = createSecureServer(SELF_SIGNED, (_, response) => void response.end());
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.2', resolve));
    const { body } = await create(`https://127.0.0.2:${(secure.address() as AddressInfo).port}/`);
    await deliverCustomerEvent();
    expect(await delivery(body.id)).toMatchObject({ status: 'pending', outcome: 'tls_failed' });
    await new Promise((resolve) => secure.close(resolve));
  });

  describe('S-6A: misbehaving receivers delay no other receiver', () => {
    const MISBEHAVIOURS: Record<
      string,
      { handle: Parameters<Receiver['handlers']['set']>[1]; outcome: string | RegExp }
    > = {
      '/flood': {
        handle: (_, response) => {
          response.writeHead(200);
          const more = (): void => {
            while (!response.destroyed && response.write(Buffer.alloc(65_536)));
          };
          response.on('drain', more);
          more();
        },
        outcome: 'delivered',
      },
      '/drip': {
        handle: (_, response) => {
          response.writeHead(200);
          const drop = setInterval(() => response.write('x'), 3_000);
          response.on('close', () => clearInterval(drop));
        },
        outcome: 'delivered',
      },
      '/silence': { handle: () => undefined, outcome: 'timeout' },
      '/headers': {
        handle: (_, response) => {
          response.writeHead(200, { 'x-much': 'x'.repeat(100_000) }).end();
        },
        outcome: 'answer_too_large',
      },
      '/bomb': {
        handle: (_, response) => {
          response.writeHead(200, { 'content-encoding': 'gzip' }).end(Buffer.alloc(10_000, 0x1f));
        },
        outcome: 'delivered',
      },
      '/reset': {
        handle: (_, __, request) => {
          request.socket.resetAndDestroy();
        },
        outcome: 'connection_lost',
      },
    };

    it('each attempt ends within 15 s, and a healthy receiver gets its events immediately', async () => {
      const ids: Record<string, string> = {};
      for (const [path, { handle }] of Object.entries(MISBEHAVIOURS)) {
        receiver.handlers.set(path, handle);
        ids[path] = (await create(receiver.url(path).replace('127.0.0.1', '127.0.0.2'))).body.id;
      }
      await create(receiver.url('/good').replace('127.0.0.1', '127.0.0.2'));
      collectGarbage();
      const before = process.memoryUsage().rss;
      const { call } = await createApiKey(service, { scopes: ['customers:write'] });
      const startedAt = performance.now();
      for (let event = 0; event < 20; event++)
        await call('PUT', `/v1/customers/${uniqueName('customer')}`, { body: {} });
      await eventually(
        () => receiver.requestsTo('/good').length,
        (count) => count === 20,
      );
      const attemptsOf = async (id: string) =>
        (await service.admin('GET', `/v1/webhook-deliveries?endpoint=${id}&limit=100`)).body.data.flatMap(
          ({ attempts }: { attempts: { outcome: string; durationMs: number }[] }) => attempts,
        );
      // Read from the database: requests to the service would use memory that is measured below.
      const ended = () =>
        service.database.query(`select lane from deliveries where lane = any($1) and log <> '[]' group by lane`, [
          Object.values(ids),
        ]);
      await eventually(ended, (destinations) => destinations.length === Object.keys(MISBEHAVIOURS).length, 25_000);
      expect(performance.now() - startedAt).toBeLessThan(25_000);
      for (const [path, { outcome }] of Object.entries(MISBEHAVIOURS)) {
        const [attempt] = await attemptsOf(ids[path]!);
        expect([path, attempt.outcome]).toEqual([path, outcome]);
        expect(attempt.durationMs).toBeLessThan(16_500);
      }
      collectGarbage();
      expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1_048_576);
    }, 60_000);
  });

  it('S-6C: 10,000 events for an unreachable endpoint: it is only probed, and other endpoints do not wait', async () => {
    const { body: unreachable } = await create('http://127.0.0.2:8999/');
    await create(receiver.url('/alive').replace('127.0.0.1', '127.0.0.2'));
    await service.database.query(
      `with published as (insert into event_feed (event_id, type, product_ids, body, published_at) select gen_random_uuid(), 'customer.created', '{}', '{}', now() from generate_series(1, 10000) returning event_id)
       insert into deliveries (id, channel, lane, message_id, type, status, due_at, created_at) select gen_random_uuid(), 'webhook', $1, event_id, 'customer.created', 'pending', now(), now() from published`,
      [unreachable.id],
    );
    const { call } = await createApiKey(service, { scopes: ['customers:write'] });
    for (let event = 0; event < 20; event++) await call('PUT', `/v1/customers/${uniqueName('customer')}`, { body: {} });
    await eventually(
      () => receiver.requestsTo('/alive').length,
      (count) => count === 20,
    );
    const countDeliveries = async () =>
      (
        await service.database.query<{ attempts: number; pending: number }>(
          `select sum(attempts)::int as attempts, (count(*) filter (where status = 'pending'))::int as pending from deliveries where lane = $1`,
          [unreachable.id],
        )
      )[0]!;
    await eventually(
      () => service.database.query('select 1 from delivery_lanes where lane = $1 and failures > 5', [unreachable.id]),
      (rows) => rows.length === 1,
    );
    const early = await countDeliveries();
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    const late = await countDeliveries();
    expect(early.attempts).toBeLessThan(400);
    expect(late.attempts - early.attempts).toBeLessThan(10);
    expect(late.pending).toBeGreaterThan(9_900);
    expect((await service.admin('GET', `/v1/webhook-endpoints/${unreachable.id}`)).body).toMatchObject({
      enabled: true,
      failingSince: expect.any(String),
      pausedUntil: expect.any(String),
    });
    await service.database.query('analyze deliveries');
    const plan = await service.database.query<{ 'QUERY PLAN': string }>(
      `explain select id from deliveries where lane = '${unreachable.id}' and due_at <= now() order by due_at limit 32`,
    );
    expect(JSON.stringify(plan)).not.toContain('Seq Scan');
  }, 30_000);
});

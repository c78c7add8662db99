import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SECRET_KEY, startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { inParallel, createApiKey, uniqueName } from '../support/fixtures.js';
import { startWorker } from '../support/process.js';
import { eventually } from '../support/eventually.js';
import { respondWith, type RequestHandler, Receiver } from '../support/receiver.js';

const EVENTS = 300;
const KILLS = 5;

/** T-25, I-28, I-29: exactly the committed events arrive despite killed workers, bad receivers and rollbacks. */
describe('a dispatcher that is killed five times', () => {
  let service: TestApp & { database: TestDatabase };
  let receiver: Receiver;

  beforeAll(async () => {
    receiver = await new Receiver().start();
    // This instance only accepts requests; other processes deliver and are killed.
    service = await startService({ environment: { WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1' } });
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    await receiver.stop();
  });

  it('loses no delivery, invents none, and repeats the same bytes', async () => {
    let calls = 0;
    const responses: RequestHandler[] = [
      respondWith(204),
      respondWith(500),
      (_, __, request) => void request.socket.resetAndDestroy(),
      (_, response) => void setTimeout(() => response.writeHead(204).end(), 200),
      respondWith(204),
    ];
    receiver.handlers.set('/unreliable', (...exchange) => responses[calls++ % responses.length]!(...exchange));
    const { body: moody } = await service.admin('POST', '/v1/webhook-endpoints', {
      body: { url: receiver.url('/unreliable'), types: ['customer.*'], product: null },
    });
    await service.admin('POST', '/v1/webhook-endpoints', {
      body: { url: receiver.url('/steady'), types: ['customer.*'], product: null },
    });
    const { call } = await createApiKey(service, { scopes: ['customers:write'] });

    let working = true;
    const killing = (async () => {
      for (let kill = 0; kill < KILLS; kill++) {
        const worker = await startWorker(service.database.url, { WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1', SECRET_KEY });
        await new Promise((resolve) => setTimeout(resolve, 400));
        await worker.end('SIGKILL');
      }
      working = false;
    })();
    await inParallel(EVENTS, 4, async (index) => {
      // Some commands are rejected and roll back: an unknown zone, an unknown plan.
      const body = index % 5 === 0 ? { region: 'DE', plan: 'no-such-plan' } : {};
      await call('PUT', `/v1/customers/${uniqueName('customer')}`, { body });
      if (working) await new Promise((resolve) => setTimeout(resolve, 15));
    });
    await killing;

    const last = await startWorker(service.database.url, { WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1', SECRET_KEY });
    const waiting = async () => {
      // The test skips the wait for leases of killed workers and for the next attempts.
      await service.database.query(
        `update deliveries set due_at = now() where status = 'pending' and due_at > now() + interval '1 second'`,
      );
      await service.database.query('delete from delivery_lanes');
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      const [row] = await service.database.query<{ count: number }>(
        `select (select count(*) from event_outbox)::int + (select count(*) from deliveries where status = 'pending')::int as count`,
      );
      return row!.count;
    };
    await eventually(waiting, (count) => count === 0, 60_000);
    await last.end('SIGTERM');

    const committed = (
      await service.database.query<{ id: string }>(`select id from events where type like 'customer.%'`)
    ).map(({ id }) => id);
    const failed = new Set(
      (
        await service.database.query<{ id: string }>(
          `select message_id as id from deliveries where lane = $1 and status = 'failed'`,
          [moody.id],
        )
      ).map(({ id }) => id),
    );
    expect(committed.length).toBeGreaterThan(EVENTS / 2);
    for (const path of ['/unreliable', '/steady']) {
      const got = receiver.requestsTo(path);
      const distinct = new Set(got.map(({ id }) => id));
      // Each committed event was delivered at least once or is visible as failed; no other event was delivered.
      expect(committed.filter((id) => !distinct.has(id) && !failed.has(id))).toEqual([]);
      expect([...distinct].filter((id) => !committed.includes(id))).toEqual([]);
      expect(new Set(got.map(({ id, body }) => `${id} ${body}`)).size).toBe(distinct.size);
    }
    expect(failed.size).toBe(0);
    // Duplicates did occur.
    expect(receiver.requestsTo('/unreliable').length).toBeGreaterThan(committed.length);
    const positions = await service.database.query<{ doubled: number }>(
      'select (count(*) - count(distinct event_id))::int as doubled from event_feed',
    );
    expect(positions[0]!.doubled).toBe(0);
  }, 120_000);
});

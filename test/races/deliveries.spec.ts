import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Dispatcher } from '@app/deliveries';
import { EventPublisher } from '@app/events';
import { startApp, startService, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { deliverDueEvents } from '../support/deliveries.js';
import { inParallel, createApiKey, uniqueName } from '../support/fixtures.js';
import { Receiver } from '../support/receiver.js';

const NETWORKS = { WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1' };

describe('several workers', () => {
  let service: TestApp & { database: TestDatabase };
  let second: TestApp;
  let receiver: Receiver;

  beforeAll(async () => {
    receiver = await new Receiver().start();
    service = await startService({ environment: NETWORKS });
    second = await startApp({ database: service.database, environment: NETWORKS });
  });
  afterAll(async () => {
    await second.stop();
    await service.stop();
    await receiver.stop();
  });

  it('send each delivery once while all are alive', async () => {
    const { call } = await createApiKey(service, { scopes: ['customers:write'] });
    await deliverDueEvents(service);
    for (const path of ['/one', '/two', '/three'])
      await service.admin('POST', '/v1/webhook-endpoints', {
        body: { url: receiver.url(path), types: ['customer.created'], product: null },
      });
    await inParallel(60, 8, () => call('PUT', `/v1/customers/${uniqueName('customer')}`, { body: {} }));
    const workers = [service, second, service, second].map(({ app }) => ({
      publisher: app.get(EventPublisher, { strict: false }),
      dispatcher: app.get(Dispatcher, { strict: false }),
    }));
    await Promise.all(
      workers.map(async ({ publisher, dispatcher }) => {
        for (let round = 0; round < 25; round++) {
          await publisher.publish();
          await dispatcher.dispatch();
        }
        await dispatcher.idle();
      }),
    );
    expect(receiver.received).toHaveLength(180);
    expect(new Set(receiver.received.map(({ path, id }) => `${path} ${id}`)).size).toBe(180);
    expect(
      await service.database.query(`select 1 from deliveries where status <> 'delivered' or attempts <> 1`),
    ).toEqual([]);
  });

  it('retry what one of them recorded too late', async () => {
    const [delivery] = await service.database.query<{ id: string }>(
      `select id from deliveries where lane = (select id from webhook_endpoints limit 1) limit 1`,
    );
    // The lease of the first claim has expired, and a second worker claims it during the first attempt.
    let answer: () => void = () => undefined;
    let requests = 0;
    const path = new URL((await service.admin('GET', `/v1/webhook-endpoints`)).body.data[2].url).pathname;
    await service.database.query(
      `update deliveries set status = 'pending', due_at = now() - interval '1 second', settled_at = null, attempts = 0, log = '[]' where id = $1`,
      [delivery!.id],
    );
    receiver.handlers.set(path, (_, response) => {
      if (++requests === 1) answer = () => void response.writeHead(500).end();
      else response.writeHead(204).end();
    });
    const [first, other] = [service, second].map(({ app }) => app.get(Dispatcher, { strict: false })) as [
      Dispatcher,
      Dispatcher,
    ];
    await first.dispatch();
    while (requests === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await service.database.query(`update deliveries set due_at = now() - interval '1 second' where id = $1`, [
      delivery!.id,
    ]);
    await other.dispatch();
    await other.idle();
    answer();
    await first.idle();
    const [row] = await service.database.query<{ status: string; attempts: number; log: { attempt: number }[] }>(
      'select status, attempts, log from deliveries where id = $1',
      [delivery!.id],
    );
    expect([row!.status, row!.attempts, row!.log.map(({ attempt }) => attempt)]).toEqual(['delivered', 2, [2]]);
  });
});

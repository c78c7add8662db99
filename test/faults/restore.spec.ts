import * as fs from 'node:fs';
import * as path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { EventFeed } from '@app/events';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../libs/platform/src/embedded/embedded-postgres.js';
import { migrate } from '../../migrations/migrate.js';
import { ADMIN, type ApiResponse, startApp, type TestApp } from '../support/app.js';
import { archiveSettings, recoverySettings, takeBaseBackup } from '../support/base-backup.js';
import { deliverDueEvents } from '../support/deliveries.js';
import { documentedSql } from '../support/documented-sql.js';
import { applyLifecycleProduct, applyMeteredProduct, createApiKey } from '../support/fixtures.js';
import { temporaryFolder } from '../support/process.js';
import { Receiver } from '../support/receiver.js';

/** T-35: docs/backup.md in one run: a base backup under load, loss of the server, recovery to a point in time. */
describe('point-in-time restore', () => {
  const folder = temporaryFolder();
  const [live, backup, archive] = ['live', 'backup', 'archive'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  const environment = { WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1' };
  let receiver: Receiver;
  let server: EmbeddedPostgres;
  let service: TestApp;
  let client: pg.Client;
  let key: { id: string; key: string };
  let subscription: string;
  /** Acknowledged requests by key, before and after the point in time. */
  const before = new Map<string, ApiResponse>();
  const after = new Map<string, ApiResponse>();
  let phase = before;
  let countBefore: number;
  let receivedLater: { id: string; body: string }[];
  let lostPosition: number;

  const start = async (): Promise<TestApp> =>
    startApp({ database: { url: server.url(), query: async () => [], drop: async () => undefined }, environment });
  const call = (method: string, at: string, body?: object, headers: Record<string, string> = {}) =>
    service.call(method, at, { token: key.key, body, headers });
  const consume = (name: string) =>
    call(
      'POST',
      '/v1/usage/consume',
      { customer: 'counted', product: 'counting', feature: 'calls' },
      { 'idempotency-key': name },
    );
  const command = async (name: string, body: object = {}): Promise<void> => {
    expect((await call('POST', `/v1/subscriptions/${subscription}/${name}`, body)).status).toBe(200);
  };
  /** Messages received after the first n, by their sequence: deliveries are concurrent. */
  const receivedSince = (messages: number): { id: string; body: string }[] =>
    receiver.received
      .slice(messages)
      .sort((one, other) => one.message.data.sequence - other.message.data.sequence)
      .map(({ id, body }) => ({ id, body }));
  const connect = async (url: string): Promise<pg.Client> => {
    const connected = new pg.Client({ connectionString: url });
    connected.on('error', () => undefined);
    await connected.connect();
    return connected;
  };

  const counting = async (isOver: () => boolean): Promise<void> => {
    let next = 0;
    const worker = async (): Promise<void> => {
      while (!isOver()) {
        const name = `use-${next++}`;
        const during = phase;
        const response = await consume(name);
        if (during === phase && response.status === 200) phase.set(name, response);
      }
    };
    await Promise.all(Array.from({ length: 3 }, worker));
  };

  beforeAll(async () => {
    fs.mkdirSync(archive);
    fs.chmodSync(archive, 0o777);
    receiver = await new Receiver().start();
    server = await startEmbeddedPostgres({ dataDir: live, settings: archiveSettings(archive) });
    await migrate(server.url());
    service = await start();
    await applyMeteredProduct(service, 'counting', null);
    await applyLifecycleProduct(service, 'selling');
    key = await createApiKey(service);
    await call('PUT', '/v1/customers/counted', { product: 'counting' });
    await call('POST', '/v1/webhook-endpoints', { url: receiver.url(), product: 'selling' });
    subscription = (await call('PUT', '/v1/customers/sold', { product: 'selling' })).body.subscription.id;
    await command('pause');
    await deliverDueEvents(service);
    countBefore = receiver.received.length;

    let over = false;
    const load = counting(() => over);
    await pause(300);
    await takeBaseBackup(server.superuserUrl(), live, backup);
    await command('unpause');
    await pause(300);
    // Requests answered around this instant may be on either side of it.
    phase = new Map();
    client = await connect(server.url());
    const { rows } = await client.query<{ at: string }>('select clock_timestamp()::text as at');
    phase = after;

    // The recovery discards all of this.
    await command('cancel', { when: 'now' });
    await deliverDueEvents(service);
    receivedLater = receivedSince(countBefore);
    lostPosition = await service.app.get(EventFeed).last();
    await service.admin('DELETE', `/v1/api-keys/${key.id}`);
    over = true;
    await load;
    const superuser = await connect(server.superuserUrl());
    await superuser.query('select pg_switch_wal()');
    await superuser.end();
    await client.end();
    await service.stop();
    await server.stop();

    server = await startEmbeddedPostgres({ dataDir: backup, settings: recoverySettings(archive, rows[0]!.at) });
    client = await connect(server.url());
    for (const statement of documentedSql('backup.md', '-- Skip the stream positions')) await client.query(statement);
    service = await start();
  }, 120_000);
  afterAll(async () => {
    await client.end();
    await service.stop();
    await server.stop();
    await receiver.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it('has all requests acknowledged before the instant and none after it', async () => {
    const { rows } = await client.query<{ key: string }>(`select key from idempotency_keys where key like 'use-%'`);
    const kept = new Set(rows.map((row) => row.key));
    expect(before.size).toBeGreaterThan(50);
    expect(after.size).toBeGreaterThan(5);
    expect([...before.keys()].filter((name) => !kept.has(name))).toEqual([]);
    expect([...after.keys()].filter((name) => kept.has(name))).toEqual([]);
    const { body } = await call('POST', '/v1/check', { customer: 'counted', product: 'counting', feature: 'calls' });
    expect(body.used).toBe(kept.size);
    expect((await call('GET', `/v1/subscriptions/${subscription}`)).body).toMatchObject({
      status: 'active',
      version: 3,
    });
  });

  it('the invariants hold', async () => {
    const { body } = await service.admin('POST', '/v1/usage/verify', { body: {} });
    expect(body.mismatches).toEqual([]);
    const questions = documentedSql('backup.md', '-- Each of these must return no row');
    expect(questions.length).toBeGreaterThan(5);
    for (const question of questions) expect([question, (await client.query(question)).rows]).toEqual([question, []]);
    const ready = await service.call('GET', '/health/ready');
    expect(ready.status).toBe(200);
  });

  it('replays keys from before the instant and counts later keys as new', async () => {
    const [[name, first]] = [...before] as [[string, ApiResponse]];
    const again = await consume(name);
    expect([again.status, again.body, again.headers.get('idempotency-replayed')]).toEqual([200, first.body, 'true']);
    const used = async () =>
      (await call('POST', '/v1/check', { customer: 'counted', product: 'counting', feature: 'calls' })).body.used;
    const had = await used();
    const lost = await consume([...after.keys()][0]!);
    expect([lost.body.allowed, lost.headers.get('idempotency-replayed')]).toEqual([true, null]);
    expect(await used()).toBe(had + 1);
  });

  it('publishes unpublished events with the same ids and bytes, after all positions given out', async () => {
    const receivedBefore = receiver.received.length;
    await deliverDueEvents(service);
    const redelivered = receivedSince(receivedBefore);
    // The backup contains the end of the pause, but not the cancellation.
    expect(receivedLater).toHaveLength(2);
    expect(redelivered).toEqual(receivedLater.slice(0, 1));
    await command('cancel', { when: 'now' });
    await deliverDueEvents(service);
    const [lost, now] = [receivedLater.at(-1)!, receiver.received.at(-1)!];
    expect(JSON.parse(lost.body).data.sequence).toBe(now.message.data.sequence);
    expect(lost.id).not.toBe(now.id);
    const { rows } = await client.query<{ position: number }>(
      'select min(position)::float8 as position from event_feed where event_id = $1',
      [now.id],
    );
    expect(rows[0]!.position).toBeGreaterThan(lostPosition);
  });

  it('accepts keys that were revoked later, and no session', async () => {
    expect((await call('GET', '/v1/customers/counted')).status).toBe(200);
    const { rows } = await client.query(`select 1 from sessions where revoked_reason = 'restored'`);
    expect(rows).not.toEqual([]);
    expect((await service.call('POST', '/v1/auth/login', { body: ADMIN })).status).toBe(200);
  });
});

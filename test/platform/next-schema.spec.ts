import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Config, startDatabase } from '@app/platform';
import { startEmbeddedPostgres } from '../../libs/platform/src/embedded/embedded-postgres.js';
import { migrations } from '../../migrations/index.js';
import { migrate } from '../../migrations/migrate.js';
import { SECRET_KEY, startApp, startService, TestClock, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { deliverDueEvents } from '../support/deliveries.js';
import { applyMeteredProduct, createApiKey } from '../support/fixtures.js';
import { runMainScenario, type ScenarioStep } from '../support/main-scenario.js';
import { temporaryFolder } from '../support/process.js';
import { Receiver } from '../support/receiver.js';

const START = '2031-01-10T12:00:00.000Z';
const NEXT = 'Next1800000000000';
const NEXT_INDEXES = 'NextIndexes1800000000001';

/** Every change that an expand migration may make, applied to every table. */
const next = {
  [NEXT]: class {
    async up(runner: QueryRunner): Promise<void> {
      for (const table of await tablesOf(runner)) {
        await runner.query(
          `alter table ${table} add column next_note text, add column next_count integer not null default 7`,
        );
      }
      await runner.query(
        'create table next_things (id uuid primary key, customer_id uuid not null, note text not null)',
      );
    }

    async down(): Promise<void> {}
  },
  [NEXT_INDEXES]: class {
    transaction = false;

    async up(runner: QueryRunner): Promise<void> {
      await runner.query('set lock_timeout = 0');
      // Each partition of a partitioned table has its own.
      for (const table of await tablesOf(runner, `relkind = 'r' and relname <> 'next_things'`))
        await runner.query(`create index concurrently ${table}_next on ${table} (next_note, next_count)`);
    }

    async down(): Promise<void> {}
  },
} as Record<string, new () => MigrationInterface>;
const steps = [...migrations, next[NEXT]!, next[NEXT_INDEXES]!];

async function tablesOf(runner: QueryRunner, kind = 'not relispartition'): Promise<string[]> {
  const rows = (await runner.query(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and ${kind} order by 1`,
  )) as { name: string }[];
  return rows.map(({ name }) => name);
}

describe('this version on the schema of the next', () => {
  const clock = new TestClock();
  let service: TestApp & { database: TestDatabase };
  let receiver: Receiver;
  let before: ScenarioStep[];

  beforeAll(async () => {
    clock.set(START);
    receiver = await new Receiver().start();
    service = await startService({ clock, environment: { WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1' } });
    before = await runMainScenario(service, receiver, 'run-a');
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    await receiver.stop();
  });

  it('serves during the migration: no request fails or waits longer than lock_timeout', async () => {
    await applyMeteredProduct(service, 'concurrent', null);
    const { call } = await createApiKey(service, { product: 'concurrent' });
    await call('PUT', '/v1/customers/concurrent', { body: {} });
    let migrated = false;
    const responses: { status: number; ms: number }[] = [];
    const asking = Array.from({ length: 4 }, async () => {
      while (!migrated) {
        const startedAt = performance.now();
        for (const at of ['/v1/usage/consume', '/v1/check']) {
          const { status } = await call('POST', at, { body: { customer: 'concurrent', feature: 'calls' } });
          responses.push({ status, ms: performance.now() - startedAt });
        }
        await pause(5);
      }
    });
    await migrate(service.database.url, { steps }).finally(() => (migrated = true));
    await Promise.all(asking);
    expect(responses.filter(({ status }) => status !== 200)).toEqual([]);
    expect(Math.max(...responses.map(({ ms }) => ms))).toBeLessThan(1_000);
    const [widened] = await service.database.query<{ count: number }>(
      `select count(*)::int as count from pg_attribute where attname = 'next_count' and attrelid in (select oid from pg_class where relkind in ('r', 'p') and not relispartition)`,
    );
    expect(widened!.count).toBeGreaterThan(30);
  }, 60_000);

  it('prepared statements from before the migration still work', async () => {
    expect(before.length).toBeGreaterThan(60);
    // The last request of a user who has logged out.
    expect(before.filter(({ status }) => status >= 400).map(({ name, status }) => [name, status])).toEqual([
      ['GET /v1/users/me', 401],
    ]);
    expect(await runMainScenario(service, receiver, 'run-b')).toEqual(before);
  }, 60_000);

  it('keeps and returns values that only the next version writes', async () => {
    const { call } = await createApiKey(service, { product: 'concurrent' });
    const { body: endpoint } = await call('POST', '/v1/webhook-endpoints', { body: { url: receiver.url('/newer') } });
    const { body } = await call('PUT', '/v1/customers/newer', { body: {} });
    const { id } = body.subscription;
    const event = randomUUID().replace(/^.{15}/, (await lastEventId()).slice(0, 15));
    await service.database.query(
      `with s as (update subscriptions set version = version + 1 where id = $2 returning *), q as (update event_sequences set last = last + 1 where subject_id = $2 returning last),
       e as (insert into events (id, type, subject_type, subject_id, sequence, customer_id, product_id, actor, after, at)
         select $1, 'subscription.relabelled', 'subscription', s.id, q.last, s.customer_id, s.product_id, '{"kind": "user", "id": null}', jsonb_build_object('version', s.version, 'label', 'x'), now() from s, q)
       insert into event_outbox values ($1)`,
      [event, id],
    );
    expect((await call('POST', `/v1/subscriptions/${id}/pause`, { body: {} })).status).toBe(200);
    await deliverDueEvents(service);
    expect(
      receiver
        .requestsTo('/newer')
        .filter(({ message }) => message.data.subject.id === id)
        .map(({ message: { type, data } }) => [data.sequence, data.version, type])
        .sort(),
    ).toEqual([
      [1, 1, 'subscription.created'],
      [2, 2, 'subscription.relabelled'],
      [3, 3, 'subscription.paused'],
    ]);
    expect(
      (await call('GET', `/v1/subscriptions/${id}/timeline`)).body.data
        .map(({ type }: { type: string }) => type)
        .sort(),
    ).toEqual(['subscription.created', 'subscription.paused', 'subscription.relabelled']);
    expect(
      (await service.admin('GET', '/v1/audit-log?customer=newer')).body.data.map(({ type }: { type: string }) => type),
    ).toContain('subscription.relabelled');
    expect((await service.admin('GET', '/v1/audit-log/export?customer=newer&format=ndjson')).body).toContain(
      'subscription.relabelled',
    );
    expect(
      (await service.admin('GET', `/v1/webhook-deliveries?endpoint=${endpoint.id}`)).body.data.map(
        ({ type }: { type: string }) => type,
      ),
    ).toContain('subscription.relabelled');
    expect((await call('GET', `/v1/customers/newer/entitlements?at=${encodeURIComponent(START)}`)).status).toBe(200);
  }, 30_000);

  it('starts on the newer schema and serves as before', async () => {
    const another = await startApp({
      database: service.database,
      clock,
      environment: { WEBHOOK_ALLOWED_NETWORKS: '127.0.0.1' },
    });
    try {
      expect(await runMainScenario(another, receiver, 'run-c')).toEqual(before);
    } finally {
      await another.stop();
    }
  }, 60_000);

  const lastEventId = async (): Promise<string> =>
    (await service.database.query<{ id: string }>('select max(id::text) as id from events'))[0]!.id;
});

describe('production', () => {
  it('starts on a newer schema, refuses an older one, and changes neither', async () => {
    const folder = temporaryFolder();
    const server = await startEmbeddedPostgres({ dataDir: path.join(folder, 'postgres') });
    const client = new pg.Client({ connectionString: server.url() });
    try {
      await client.connect();
      const names = async () =>
        (await client.query<{ name: string }>('select name from schema_migrations order by id')).rows.map(
          ({ name }) => name,
        );
      const start = () => startDatabase(new Config({ NODE_ENV: 'production', DATABASE_URL: server.url(), SECRET_KEY }));
      await migrate(server.url(), { steps: migrations.slice(0, -1) });
      await expect(start()).rejects.toThrow(
        `The schema lacks ${migrations.at(-1)!.name}: run "npm run migrate" first.`,
      );
      expect(await names()).toHaveLength(migrations.length - 1);
      await migrate(server.url(), { steps });
      await (await start()).stop();
      expect(await names()).toEqual(steps.map(({ name }) => name));
      // The migration job of the previous version leaves the newer schema unchanged.
      await migrate(server.url());
      expect(await names()).toEqual(steps.map(({ name }) => name));
    } finally {
      await client.end();
      await server.stop();
      fs.rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);
});

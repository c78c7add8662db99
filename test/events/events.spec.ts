import * as fs from 'node:fs';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { SYSTEM_ACTOR } from '@app/kernel';
import {
  descriptionOf,
  EventPartitions,
  EventPublisher,
  Events,
  eventsDocument,
  type EventType,
  type NewEvent,
} from '@app/events';
import { Database } from '@app/platform';
import { startService, TestClock, type TestApp } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { deliverDueEvents } from '../support/deliveries.js';
import {
  inParallel,
  applyLifecycleProduct,
  createCustomerOnTestClock,
  registerUser,
  createApiKey,
  uniqueName,
} from '../support/fixtures.js';

const root = path.resolve(import.meta.dirname, '../..');

describe('the event log', () => {
  let service: TestApp & { database: TestDatabase };
  let events: Events;
  let database: Database;
  let publisher: EventPublisher;
  const uuid = (tail: string): string => `01998a4e-8000-7000-8000-${tail.padStart(12, '0')}`;
  const event = (subject: string, over: Partial<NewEvent> = {}): NewEvent => ({
    type: 'customer.updated',
    subject: { type: 'customer', id: subject },
    productId: null,
    actor: SYSTEM_ACTOR,
    ...over,
  });

  beforeAll(async () => {
    service = await startService();
    [events, database, publisher] = [
      service.app.get(Events, { strict: false }),
      service.app.get(Database, { strict: false }),
      service.app.get(EventPublisher, { strict: false }),
    ];
  });
  afterAll(() => service.stop());

  const sequences = async (subject: string): Promise<number[]> =>
    (
      await service.database.query<{ sequence: string }>(
        'select sequence from events where subject_id = $1 order by id',
        [subject],
      )
    ).map(({ sequence }) => Number(sequence));

  describe('sequence numbers of a subject have no gap', () => {
    it('with many concurrent writers, of which some roll back', async () => {
      const subject = uuid('a1');
      await inParallel(60, 12, async (index) => {
        const work = database.transaction(async () => {
          await events.recordMany([event(subject), event(uuid('a2')), event(subject)]);
          if (index % 3 === 0) throw new Error('taken back');
        });
        await work.catch((error: Error) => expect(error.message).toBe('taken back'));
      });
      expect((await sequences(subject)).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 80 }, (_, index) => index + 1),
      );
      expect(await sequences(uuid('a2'))).toHaveLength(40);
    });

    it('in the order of commits', async () => {
      const subject = uuid('a3');
      await database.transaction(() =>
        events.recordMany([
          event(subject, { reason: '1' }),
          event(uuid('a4')),
          event(subject, { reason: '2' }),
          event(subject, { reason: '3' }),
        ]),
      );
      await database.transaction(() => events.record(event(subject, { reason: '4' })));
      const entries = await events.listOf(subject, { limit: 10, after: null });
      expect(entries.map(({ sequence, reason }) => [sequence, reason])).toEqual([
        [1, '1'],
        [2, '2'],
        [3, '3'],
        [4, '4'],
      ]);
    });
  });

  describe('is append-only', () => {
    it('the service role has no privilege to change events', async () => {
      // With the role of the service, which owns the tables.
      const client = new pg.Client({ connectionString: service.database.url });
      await client.connect();
      try {
        const { rows: tables } = await client.query<{ name: string }>(
          `select 'usage_ledger' as name union all select 'events' union all select inhrelid::regclass::text from pg_inherits where inhparent = 'events'::regclass`,
        );
        expect(tables.length).toBeGreaterThan(13);
        for (const { name } of tables) {
          for (const [privilege, expected] of [
            ['insert', true],
            ['select', true],
            ['update', false],
            ['delete', false],
            ['truncate', false],
          ] as const) {
            const { rows } = await client.query<{ has: boolean }>(
              'select has_table_privilege(current_user, $1, $2) as has',
              [name, privilege],
            );
            expect([name, privilege, rows[0]!.has]).toEqual([name, privilege, expected]);
          }
          for (const statement of [`update ${name} set actor = '{}'`, `delete from ${name}`, `truncate ${name}`]) {
            await expect(client.query(statement)).rejects.toThrow(/permission denied/);
          }
        }
        const { rows } = await client.query<{ superuser: boolean }>(
          'select rolsuper as superuser from pg_roles where rolname = current_user',
        );
        expect(rows[0]!.superuser).toBe(false);
      } finally {
        await client.end();
      }
    });

    it('a trigger stops a superuser too', async () => {
      for (const statement of [
        `update events set reason = 'x'`,
        'delete from events',
        'truncate events',
        'truncate usage_ledger',
      ]) {
        await expect(service.database.query(statement)).rejects.toThrow('append-only');
      }
    });
  });

  describe('is partitioned by month', () => {
    it('twelve months exist ahead, and new ones are created in time', async () => {
      const clock = new TestClock();
      const partitions = new EventPartitions(database, clock);
      const names = async () =>
        (
          await service.database.query<{ name: string }>(
            `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'events'::regclass and inhrelid::regclass::text <> 'events_other' order by 1`,
          )
        ).map(({ name }) => name);
      const before = await names();
      expect(before.length).toBeGreaterThanOrEqual(12);
      clock.advance(62 * 86_400_000);
      const responses = await Promise.all(
        [partitions.ensure(), partitions.ensure()].map((made) => made.catch((error: Error) => error.message)),
      );
      expect(responses.filter((made) => typeof made === 'number' && made >= 1)).toHaveLength(1);
      expect((await names()).length).toBeGreaterThan(before.length);
      const [mine] = await service.database.query<{ name: string }>(
        `select tableoid::regclass::text as name from events order by id desc limit 1`,
      );
      expect(mine!.name).toBe(`events_${new Date().toISOString().slice(0, 7).replace('-', '_')}`);
      // Rows of new partitions cannot be changed either.
      const [privilege] = await service.database.query<{ has: boolean }>(
        `select has_table_privilege('tollgate', $1, 'update') as has`,
        [(await names()).at(-1)],
      );
      expect(privilege!.has).toBe(false);
    });

    it('the default partition takes events of missing months', async () => {
      const subject = uuid('b1');
      await service.database.query(
        `insert into events (id, type, subject_type, subject_id, sequence, actor, at) values ('00000000-0000-7000-8000-000000000001', 'customer.updated', 'customer', $1, 1, '{"kind": "system", "id": null}', now())`,
        [subject],
      );
      const [row] = await service.database.query<{ name: string }>(
        'select tableoid::regclass::text as name from events where subject_id = $1',
        [subject],
      );
      expect(row!.name).toBe('events_other');
    });

    it('prune-events drops whole old months on request and no newer ones', async () => {
      const clock = new TestClock();
      const partitions = new EventPartitions(database, clock);
      await service.database.query(`select ensure_event_partitions('2024-01-01', '2024-04-01')`);
      await service.database.query(
        `insert into events (id, type, subject_type, subject_id, sequence, actor, at)
        select (substr(uuid_from_time('2024-02-15')::text, 1, 14) || '7000-8000-000000000001')::uuid, 'customer.updated', 'customer', $1, 1, '{"kind": "system", "id": null}', '2024-02-15'`,
        [uuid('b2')],
      );
      clock.set('2026-02-28T23:00:00Z');
      expect((await partitions.olderThan(24)).map(({ month }) => month)).toEqual(['2024-01']);
      clock.set('2026-03-01T00:00:00Z');
      const old = await partitions.olderThan(24);
      expect(old.map(({ month }) => month)).toEqual(['2024-01', '2024-02']);
      await partitions.drop(old);
      expect(await service.database.query('select 1 from events where subject_id = $1', [uuid('b2')])).toEqual([]);
      expect((await partitions.olderThan(0)).map(({ month }) => month)).toContain('2024-03');
    });
  });

  describe('publishing', () => {
    it('publishes all committed events and nothing else, late commits included', async () => {
      await deliverDueEvents(service);
      const [early, late, never] = [uuid('c1'), uuid('c2'), uuid('c3')];
      const feed = async () =>
        (
          await service.database.query<{ subject: string }>(
            `select e.subject_id as subject from event_feed f join events e on e.id = f.event_id where e.subject_id = any($1::uuid[]) order by f.position`,
            [[early, late, never]],
          )
        ).map(({ subject }) => subject);
      let commit: () => void = () => undefined;
      const waiting = new Promise<void>((resolve) => (commit = resolve));
      let begun: () => void = () => undefined;
      const hasBegun = new Promise<void>((resolve) => (begun = resolve));
      const slow = database.transaction(async () => {
        await events.record(event(late));
        begun();
        await waiting;
      });
      await hasBegun;
      await database.transaction(() => events.record(event(early)));
      await database
        .transaction(async () => {
          await events.record(event(never));
          throw new Error('taken back');
        })
        .catch(() => undefined);
      await publisher.publish();
      expect(await feed()).toEqual([early]);
      commit();
      await slow;
      await publisher.publish();
      // Its id is smaller, but it is published after the events that were committed before it.
      expect(await feed()).toEqual([early, late]);
    });

    it('publishes each event once and in one order with several publishers', async () => {
      await database.transaction(() => events.recordMany(Array.from({ length: 1_200 }, () => event(uuid('d1')))));
      const published = await inParallel(12, 6, async () => {
        let sum = 0;
        for (let round = 0; round < 10; round++) sum += await publisher.publish();
        return sum;
      });
      while ((await publisher.publish()) > 0);
      const [feed] = await service.database.query<{ count: number; ordered: boolean }>(
        `select count(*)::int as count, bool_and(sequence = n) as ordered from (select e.sequence, row_number() over (order by f.position) as n from event_feed f join events e on e.id = f.event_id where e.subject_id = $1) t`,
        [uuid('d1')],
      );
      expect(feed).toEqual({ count: 1_200, ordered: true });
      expect(published.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(1_200);
      expect(await service.database.query('select 1 from event_outbox')).toEqual([]);
    });

    it('rolls back when a subscriber fails, and publishes on the next run', async () => {
      const subject = uuid('e1');
      await database.transaction(() => events.record(event(subject)));
      await service.database.query(
        `alter table event_feed add constraint broken check (type <> 'customer.updated') not valid`,
      );
      await expect(publisher.publish()).rejects.toThrow('broken');
      await service.database.query('alter table event_feed drop constraint broken');
      expect(await publisher.publish()).toBe(1);
    });
  });

  describe('the event catalogue', () => {
    it('an undeclared event type cannot be recorded', async () => {
      await expect(
        database.transaction(() => events.record(event(uuid('f1'), { type: 'customer.exploded' as EventType }))),
      ).rejects.toThrow('not in the catalogue');
    });

    it('docs/events.md matches the catalogue; run `npm run events` when this fails', () => {
      expect(fs.readFileSync(path.join(root, 'docs/events.md'), 'utf8')).toBe(eventsDocument());
    });

    it('examples have the members of real events', async () => {
      const product = uniqueName('product');
      await applyLifecycleProduct(service, product, { trialDays: 0 });
      await applyLifecycleProduct(service, product, { trialDays: 14 });
      const { call, id: keyId } = await createApiKey(service, { product });
      const user = await registerUser(service);
      await user.call('PATCH', '/v1/users/me', {
        body: { name: 'Ann', language: 'de', timezone: 'Europe/Berlin' },
      });
      const { customer, id, advanceTo, command } = await createCustomerOnTestClock(
        call,
        product,
        '2026-01-31T10:00:00Z',
      );
      await advanceTo('2026-03-20T10:00:00Z');
      await command('change', { plan: 'pro', when: 'now' });
      for (const [name, body] of [
        ['pause', {}],
        ['unpause', {}],
        ['record-payment', { outcome: 'failed' }],
        ['record-payment', { outcome: 'succeeded' }],
        ['change', { plan: 'basic', when: 'period_end' }],
        ['resume', {}],
        ['cancel', { when: 'period_end' }],
      ] as const)
        await command(name, body);
      await advanceTo('2026-05-01T10:00:00Z');
      await command('renew', {});
      const reservation = await call('POST', '/v1/usage/reservations', {
        body: { customer, feature: 'calls', quantity: 1, ttlSeconds: 60 },
      });
      await call('POST', `/v1/usage/reservations/${reservation.body.reservation?.id}/release`, { body: {} });
      for (let unit = 0; unit < 10; unit++)
        await call('POST', '/v1/usage/consume', { body: { customer, feature: 'calls' } });
      await call('POST', `/v1/customers/${customer}/grants`, { body: { feature: 'calls', quantity: 5 } });
      await call('PUT', `/v1/customers/${customer}/overrides/calls`, { body: { limit: 5 } });
      await call('DELETE', `/v1/customers/${customer}/overrides/calls`);
      await service.admin('POST', `/v1/plans/basic/moves`, { body: { product, when: 'now' } });
      await service.admin('PATCH', '/v1/plans/basic', { body: { product, name: 'Basic' } });
      await service.admin('POST', '/v1/plans/basic/publish', { body: { product } });
      await service.admin('POST', `/v1/api-keys/${keyId}/rotate`, { body: {} });
      const rows = await service.database.query<{
        type: EventType;
        subject: string;
        before: object | null;
        after: object | null;
      }>(
        `select type, subject_type as subject, before, after from events where (subject_id = $1 or product_id = (select id from products where key = $2) or type like 'user.%' or type like 'api_key.%' or type like 'customer.%') and subject_type <> 'customer' or type like 'usage.%' or type like 'entitlement.%'`,
        [id, product],
      );
      const types = new Set(rows.map(({ type }) => type));
      expect(types.size).toBeGreaterThan(28);
      const untrue = rows.filter(({ type, subject, before, after }) => {
        const described = descriptionOf(type);
        const within = (fields: object | null, example: object | undefined) =>
          Object.keys(fields ?? {}).every((name) => Object.keys(example ?? {}).includes(name));
        return (
          subject !== described.subject ||
          !within(after, described.after) ||
          (before !== null && described.before === undefined)
        );
      });
      expect(
        untrue.map(({ type, subject, before, after }) => ({
          type,
          subject,
          before,
          members: Object.keys(after ?? {}),
          example: Object.keys(descriptionOf(type).after ?? {}),
        })),
      ).toEqual([]);
    }, 60_000);
  });
});
